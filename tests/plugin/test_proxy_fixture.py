"""The fixture `qwensim_proxy`, as a project's own test run meets it."""

import textwrap

import pytest

PRELUDE = """
    import asyncio
    import os
    import subprocess
    import sys

    import aiohttp
    import certifi
    import httpx2
    import openai
    import pytest
    import requests
    import qwensim as q

    URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    QUESTION = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello"}]}

    def headers():
        return {"authorization": "Bearer " + os.environ["DASHSCOPE_API_KEY"]}

    def by_requests(url=URL):
        reply = requests.post(url + "/chat/completions", json=QUESTION, headers=headers())
        return reply.json()["choices"][0]["message"]["content"]

    async def by_aiohttp():
        async with aiohttp.ClientSession(trust_env=True) as session:
            asked = session.post(URL + "/chat/completions", json=QUESTION, headers=headers())
            async with asked as reply:
                return (await reply.json())["choices"][0]["message"]["content"]
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> "Run":
    return Run(pytester)


class Run:
    """Runs tests in this process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, tests: str, *ini: str) -> pytest.RunResult:
        self._pytester.makeini("\n".join(["[pytest]", *ini]))
        text = "\n".join(textwrap.dedent(part) for part in (PRELUDE, tests))
        self._pytester.makepyfile(test_project=text)
        return self._pytester.runpytest_inprocess(
            "-p", "no:cacheprovider", "-p", "no:cov", "-W", "error", "--strict-markers"
        )


def test_clients_of_every_kind_are_answered_under_the_real_host_names(run: Run) -> None:
    result = run(
        """
        def test_requests(qwensim_proxy):
            qwensim_proxy.script("Good day")
            assert by_requests() == "Good day"
            qwensim_proxy.assert_requested(host="dashscope-intl.aliyuncs.com", times=1)

        def test_aiohttp(qwensim_proxy):
            qwensim_proxy.script("Good day")
            assert asyncio.run(by_aiohttp()) == "Good day"

        def test_aiohttp_in_the_next_test_too(qwensim_proxy):
            assert asyncio.run(by_aiohttp())

        def test_openai(qwensim_proxy):
            with openai.OpenAI(base_url=URL) as client:
                stream = client.chat.completions.create(
                    **QUESTION, stream=True, stream_options={"include_usage": True}
                )
                assert [chunk.usage for chunk in stream][-1].total_tokens

        def test_another_process(qwensim_proxy):
            qwensim_proxy.script("Good day")
            program = (
                "import aiohttp, asyncio, certifi, os, ssl\\n"
                "async def main():\\n"
                "    own = ssl.create_default_context(cafile=certifi.where())\\n"
                "    async with aiohttp.ClientSession(trust_env=True) as session:\\n"
                f"        asked = session.post({URL + '/chat/completions'!r}, json={QUESTION},\\n"
                "            headers={'authorization':\\n"
                "                'Bearer ' + os.environ['OPENAI_API_KEY']}, ssl=own)\\n"
                "        async with asked as reply:\\n"
                "            reply = await reply.json()\\n"
                "            print(reply['choices'][0]['message']['content'])\\n"
                "asyncio.run(main())\\n"
            )
            said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
            assert said.stdout == "Good day\\n", said.stderr

        @pytest.mark.qwensim(plan="coding", region="china")
        def test_provider(qwensim_proxy, qwen_provider):
            assert qwen_provider.chat("qwen/qwen3.5-plus", "Hello").content
            qwensim_proxy.assert_requested(host="coding.dashscope.aliyuncs.com", times=1)

        @pytest.mark.qwensim(strict=False)
        def test_marked(qwensim_proxy):
            assert qwensim_proxy.url == os.environ["HTTPS_PROXY"]
            assert by_requests()
        """
    )
    result.assert_outcomes(passed=7)


def test_environment_and_clients_are_as_before_when_it_is_over(run: Run) -> None:
    result = run(
        """
        def seen():
            return dict(os.environ), certifi.where(), aiohttp.connector._SSL_CONTEXT_VERIFIED

        @pytest.fixture
        def before_and_after():
            before = seen()
            yield before
            now = seen()
            del now[0]["PYTEST_CURRENT_TEST"], before[0]["PYTEST_CURRENT_TEST"]
            assert now == before

        def test_it(before_and_after, qwensim_proxy):
            now = seen()
            assert now[1:] != before_and_after[1:]
            assert now[0]["SSL_CERT_FILE"] == now[1]
        """
    )
    result.assert_outcomes(passed=1)


def test_who_asks_another_host_fails_the_test_in_plain_words(run: Run) -> None:
    result = run(
        """
        def leave():
            with pytest.raises(requests.exceptions.ProxyError):
                requests.get("https://api.example.com")

        def test_it(qwensim_proxy):
            leave(); leave()
            assert qwensim_proxy.requests == ()

        def test_failed(qwensim_proxy):
            leave()
            assert False
        """
    )
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(["kept-away: api.example.com, by the proxy (requests: 2)"])
    result.stdout.no_fnmatch_line("*pytest_plugin*")


def test_allowed_hosts_pass_by(run: Run) -> None:
    result = run(
        """
        def test_it(qwensim_proxy):
            assert requests.utils.get_environ_proxies("https://a.example") == {}
            assert requests.utils.get_environ_proxies("https://c.b.example") == {}
            assert "https" in requests.utils.get_environ_proxies("https://b.test")
            assert requests.utils.get_environ_proxies("http://localhost:80") == {}
        """,
        "qwensim_allow_hosts = a.example *.b.example",
    )
    result.assert_outcomes(passed=1)


def test_scripts_that_are_left_fail_the_test(run: Run) -> None:
    result = run(
        """
        def test_it(qwensim_proxy):
            qwensim_proxy.script("Hello")
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["script not used up: text='Hello'"])
