"""The server, the provider and cassettes in a project's own tests."""

import textwrap

import pytest

PRELUDE = """
    import os
    import httpx2
    import openai
    import pytest
    import qwensim as q

    HOSTS = {
        "global": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "china": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    }

    def ask(base_url=HOSTS["global"], api_key="sk-not-a-real-key", **more):
        with openai.OpenAI(base_url=base_url, api_key=api_key, max_retries=0) as client:
            reply = client.chat.completions.create(
                model="qwen-plus", messages=[{"role": "user", "content": "Hello"}], **more
            )
            return reply.choices[0].message.content
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> "Run":
    return Run(pytester)


class Run:
    """Runs tests in this process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.folder = pytester.path

    def __call__(self, tests: str, *arguments: str) -> pytest.RunResult:
        self.pytester.makepyfile(test_project=_joined(PRELUDE, tests))
        return self.pytester.runpytest_inprocess(
            "-p", "no:cacheprovider", "-p", "no:cov", "-W", "error", "--strict-markers", *arguments
        )

    def conftest(self, text: str) -> None:
        self.pytester.makeconftest(_joined("import pytest\n", text))

    def ini(self, *lines: str) -> None:
        self.pytester.makeini("\n".join(["[pytest]", *lines]))


def _joined(*texts: str) -> str:
    return "\n".join(textwrap.dedent(text) for text in texts)


def test_the_server_answers_other_processes_and_the_environment_points_at_it(run: Run) -> None:
    result = run(
        """
        import subprocess
        import sys
        import textwrap

        NAMES = [
            "OPENAI_BASE_URL", "OPENAI_API_KEY", "DASHSCOPE_HTTP_BASE_URL", "DASHSCOPE_API_KEY",
            "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "QWEN_API_KEY",
        ]
        PROGRAM = '''
        import json, os, urllib.request
        request = urllib.request.Request(
            os.environ["OPENAI_BASE_URL"] + "/chat/completions",
            json.dumps(
                {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}]}
            ).encode(),
            {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        print(json.load(opener.open(request))["choices"][0]["message"]["content"])
        '''

        @pytest.fixture(autouse=True)
        def before_and_after():
            os.environ["OPENAI_API_KEY"] = "mine"
            former = dict(os.environ)
            yield
            assert {name: os.environ.get(name) for name in NAMES} == {
                name: former.get(name) for name in NAMES
            }

        def test_it(before_and_after, qwensim_server):
            qwensim_server.script("Good day")
            program = textwrap.dedent(PROGRAM)
            said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
            assert said.stdout == "Good day\\n", said.stderr
            qwensim_server.assert_requested(host="dashscope-intl.aliyuncs.com", last_user="Hi")
            base = f"{qwensim_server.url}/dashscope-intl.aliyuncs.com"
            assert {name: os.environ[name].removeprefix(base) for name in NAMES} == {
                name: {"OPENAI_BASE_URL": "/compatible-mode/v1",
                       "DASHSCOPE_HTTP_BASE_URL": "/api/v1",
                       "ANTHROPIC_BASE_URL": "/apps/anthropic"}.get(name, "sk-not-a-real-key")
                for name in NAMES
            }
            assert qwensim_server.base_urls["dashscope-intl.aliyuncs.com"].startswith(base)

        def test_unused(qwensim_server):
            qwensim_server.script("Hello")
        """
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_unused*", "script not used up*"])


@pytest.mark.parametrize("fixture", ["qwensim", "qwensim_server"])
def test_the_provider_asks_the_fake_on_the_host_of_plan_and_region(run: Run, fixture: str) -> None:
    result = run(
        f"""
        @pytest.fixture
        def fake({fixture}):
            return {fixture}

        def test_default(fake, qwen_provider):
            assert qwen_provider.chat("qwen/qwen-plus", "Hello").content
            fake.assert_requested(host="dashscope-intl.aliyuncs.com", times=1)

        @pytest.mark.qwensim(plan="coding", region="china")
        def test_marked(fake, qwen_provider):
            assert qwen_provider.endpoint.plan == "coding"
            fake.fault("error", error="internal-error")
            with qwen_provider.chat("qwen/qwen3.5-plus", "Hello", stream=True) as stream:
                list(stream)
            assert stream.reply.usage.total_tokens
            fake.assert_requested(host="coding.dashscope.aliyuncs.com", times=2)

        @pytest.mark.qwensim(
            plan="coding",
            accounts=[
                q.Account(key="sk-another-key"),
                q.Account(key="sk-sp-this-key", plan="coding"),
            ],
        )
        def test_account(fake, qwen_provider):
            assert qwen_provider.chat("qwen/qwen3.5-plus", "Hello").content
        """
    )
    result.assert_outcomes(passed=3)


def test_in_process_and_behind_a_socket_it_is_the_same_service(run: Run) -> None:
    result = run(
        """
        def test_it(qwensim, qwensim_server, qwen_provider):
            qwensim.script("Good day", times=3)
            for base_url in (HOSTS["china"], os.environ["OPENAI_BASE_URL"]):
                assert ask(base_url) == "Good day"
            assert qwen_provider.chat("qwen/qwen-plus", "Hello").content == "Good day"
            assert len(qwensim.requests) == len(qwensim_server.requests) == 3
        """
    )
    result.assert_outcomes(passed=1)


CASSETTE_TESTS = """
    @pytest.mark.qwensim(cassette="greeting.yaml", strict=True)
    def test_it(qwensim):
        qwensim.script("Good day")
        assert ask() == "Good day"
        print("asked", len(qwensim.requests))
"""


def test_a_cassette_is_recorded_beside_the_tests_and_then_plays(run: Run) -> None:
    cassette = run.folder / "cassettes" / "greeting.yaml"
    run(CASSETTE_TESTS, "--qwensim-record=once").assert_outcomes(passed=1)
    recorded = cassette.read_bytes()
    for arguments in ((), ("--qwensim-record=once",)):
        played = run(CASSETTE_TESTS, "-s", *arguments)
        played.assert_outcomes(passed=1)
        played.stdout.fnmatch_lines(["*asked 0*"])
    assert cassette.read_bytes() == recorded
    anew = run(CASSETTE_TESTS, "-s", "--qwensim-record=all")
    anew.assert_outcomes(passed=1)
    anew.stdout.fnmatch_lines(["*asked 1*"])
    assert cassette.read_bytes() == recorded


def test_a_cassette_is_judged_where_its_test_passed(run: Run) -> None:
    run(CASSETTE_TESTS, "--qwensim-record=once").assert_outcomes(passed=1)
    result = run(
        """
        @pytest.mark.qwensim(cassette="greeting.yaml")
        def test_passed(): pass

        @pytest.mark.qwensim(cassette="greeting.yaml")
        def test_failed(): assert False
        """
    )
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_passed*", "*recordings in*not played*"]
    )
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_nothing_is_recorded_of_a_test_that_fails(run: Run) -> None:
    result = run(
        """
        @pytest.mark.qwensim(cassette="greeting.yaml")
        def test_it():
            ask()
            assert False
        """,
        "--qwensim-record=once",
    )
    result.assert_outcomes(failed=1)
    assert not (run.folder / "cassettes").exists()


def test_nothing_is_recorded_of_a_test_that_leaves_a_script(run: Run) -> None:
    result = run(
        """
        @pytest.mark.qwensim(cassette="greeting.yaml")
        def test_it(qwensim):
            ask()
            qwensim.script("Good day")
        """,
        "--qwensim-record=once",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["script not used up*"])
    assert not (run.folder / "cassettes").exists()
