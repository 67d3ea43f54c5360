"""The plugin beside the plugins that projects use with it. Those not installed are left out."""

import importlib.metadata
import textwrap

import pytest

TESTS = {
    "anyio": """
        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_anyio(qwensim):
            qwensim.script("Good day")
            assert await ask_async() == "Good day"
            qwensim.assert_requested(stream=True, times=1)

        @pytest.mark.anyio
        async def test_anyio_unused(qwensim):
            qwensim.script("Hello")
    """,
    "pytest-asyncio": """
        import asyncio

        @pytest.mark.asyncio
        async def test_asyncio(qwensim):
            qwensim.script("Good day", times=2)
            assert await asyncio.gather(ask_async(), ask_async()) == ["Good day", "Good day"]

        @pytest.mark.asyncio
        async def test_asyncio_unused(qwensim):
            qwensim.script("Hello")
    """,
    "respx": """
        @pytest.mark.parametrize("order", ["qwensim respx_mock", "respx_mock qwensim"])
        def test_respx(request, order):
            fixtures = {name: request.getfixturevalue(name) for name in order.split()}
            fixtures["respx_mock"].get("https://example.com/").respond(text="mine")
            fixtures["qwensim"].script("Good day")
            assert httpx.get("https://example.com/").text == "mine"
            assert ask() == "Good day"

        def test_respx_unused(qwensim, respx_mock):
            qwensim.script("Hello")
    """,
    "pytest-vcr": """
        @pytest.mark.vcr
        def test_vcr(qwensim):
            qwensim.script("Good day", times=None)
            assert ask() == "Good day"

        def test_vcr_unused(qwensim):
            qwensim.script("Hello")
    """,
    "pytest-recording": """
        @pytest.mark.vcr(record_mode="once")
        def test_recording(qwensim):
            qwensim.script("Good day", times=None)
            assert ask() == "Good day"

        @pytest.mark.block_network
        def test_blocked(qwensim):
            qwensim.script("Good day")
            assert ask() == "Good day"

        def test_recording_unused(qwensim):
            qwensim.script("Hello")
    """,
}
"""By distribution: tests that pass, and one that is failed for a script that was not used."""

PRELUDE = """
    import httpx
    import openai
    import pytest

    URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    QUESTION = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello"}]}
    SETTINGS = {"base_url": URL, "api_key": "sk-not-a-real-key", "max_retries": 0}

    def ask():
        with openai.OpenAI(**SETTINGS) as client:
            return client.chat.completions.create(**QUESTION).choices[0].message.content

    async def ask_async():
        async with openai.AsyncOpenAI(**SETTINGS) as client:
            stream = await client.chat.completions.create(**QUESTION, stream=True)
            pieces = [chunk.choices[0].delta.content async for chunk in stream if chunk.choices]
            return "".join(filter(None, pieces))
"""

INSTALLED = {
    entry.name: distribution.metadata["Name"].lower()
    for distribution in importlib.metadata.distributions()
    for entry in distribution.entry_points
    if entry.group == "pytest11"
}
"""The names under which plugins are loaded, and what they are called."""

RIVALS = {"pytest-vcr", "pytest-recording"}
"""Both define the fixture and marker `vcr`: only one can be loaded."""

SLOW_TO_LOAD = {"pytest-cov", "pytest-benchmark", "hypothesis", "faker"}

PRESENT = set(TESTS) & set(INSTALLED.values())


def test_the_fixtures_work_beside_all_that_get_along(pytester: pytest.Pytester) -> None:
    options = ["-n", "1"] if "pytest-xdist" in INSTALLED.values() else []
    if "pytest-asyncio" in PRESENT:
        options += ["-o", "asyncio_default_fixture_loop_scope=function"]
    check(pytester, PRESENT - RIVALS, without=RIVALS, options=options)


@pytest.mark.parametrize("rival", sorted(PRESENT & RIVALS))
def test_the_fixtures_work_beside_a_vcrpy_plugin(pytester: pytest.Pytester, rival: str) -> None:
    without = {*INSTALLED.values()} - {"qwensim", rival}
    check(pytester, {rival}, without=without, options=[])


def check(
    pytester: pytest.Pytester, beside: set[str], *, without: set[str], options: list[str]
) -> None:
    """Run the tests of some plugins: one fails for each of these, and in plain words."""
    tests = [textwrap.dedent(text) for text in (PRELUDE, *(TESTS[name] for name in beside))]
    pytester.makepyfile(test_neighbour="".join(tests))
    for entry, name in INSTALLED.items():
        if name in without | SLOW_TO_LOAD:
            options += ["-p", f"no:{entry}"]
    result = pytester.runpytest_subprocess(
        "-W", "error", "-p", "no:cacheprovider", "--strict-markers", *options
    )
    passed = "".join(tests).count("def test_") + ("respx" in beside)  # has a test of two cases
    result.assert_outcomes(passed=passed, errors=len(beside))
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_*_unused*", "script not used up*"])
