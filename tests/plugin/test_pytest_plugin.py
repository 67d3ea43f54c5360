"""The fixtures, the marker and the options, as a project's own test run meets them."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

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


def test_scripts_answer_and_the_journal_tells(run: Run) -> None:
    result = run(
        """
        def test_it(qwensim):
            qwensim.script("Good day", model="qwen-*")
            assert ask(temperature=0.5) == "Good day"
            qwensim.assert_requested(model="qwen-plus", temperature=0.5, times=1)
            assert qwensim.requests[0].scripted

        def test_the_next_has_a_fake_of_its_own(qwensim):
            assert qwensim.requests == ()
        """
    )
    result.assert_outcomes(passed=2)


def test_a_failed_assertion_shows_the_test_and_not_the_plugin(run: Run) -> None:
    result = run(
        """
        def test_it(qwensim):
            ask()
            qwensim.assert_requested(thinking=True)
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*expected a request with thinking=True", "E*thinking: expected True, was absent"]
    )
    result.stdout.no_fnmatch_line("*def assert_requested*")


def test_what_is_left_fails_a_test_that_passed_in_plain_words(run: Run) -> None:
    result = run(
        """
        def test_unused(qwensim):
            qwensim.script("Hello", times=2)
            ask()

        def test_refused(qwensim):
            with pytest.raises(httpx2.ConnectError, match="example.com is refused"):
                httpx2.get("https://example.com")
        """
    )
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_unused*",
            "script not used up: text='Hello', times=2",
            "*ERROR at teardown of test_refused*",
            "host refused: example.com (requests: 1)*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_what_is_left_is_no_matter_in_a_test_that_did_not_pass(run: Run) -> None:
    result = run(
        """
        import unittest

        def test_failed(qwensim):
            qwensim.script("Hello")
            assert False

        def test_skipped(qwensim):
            qwensim.script("Hello")
            pytest.skip()

        @pytest.mark.xfail(strict=True)
        def test_expected_to_fail(qwensim):
            qwensim.script("Hello")
            assert False

        class Test(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def fake(self, qwensim):
                self.qwensim = qwensim

            def test_failed(self):
                self.qwensim.script("Hello")
                self.fail()

            def test_passed(self):
                self.qwensim.script("Hello")
        """
    )
    result.assert_outcomes(failed=2, skipped=1, xfailed=1, passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of Test.test_passed*"])


def test_a_fixture_that_asks_at_its_end_still_meets_the_fake(run: Run) -> None:
    result = run(
        """
        @pytest.fixture
        def app(qwensim):
            yield
            assert ask() == "Goodbye"

        def test_it(qwensim, app):
            qwensim.script("Goodbye")
        """
    )
    result.assert_outcomes(passed=1)


def test_strict_comes_from_the_ini_file_the_fixture_or_the_marker(run: Run) -> None:
    run.ini("qwensim_strict = true")
    run.conftest(
        """
        @pytest.fixture
        def qwensim_config(request):
            return {"strict": False} if "fixture" in request.node.name else {}
        """
    )
    result = run(
        """
        def test_ini(qwensim):
            ask()

        def test_fixture(qwensim):
            ask()

        @pytest.mark.qwensim(strict=False)
        def test_marker(qwensim):
            ask()

        @pytest.mark.qwensim(strict=True)
        class TestMarked:
            def test_fixture_and_class(self, qwensim):
                ask()

            @pytest.mark.qwensim(strict=False)
            def test_class_and_marker(self, qwensim):
                ask()
        """
    )
    result.assert_outcomes(passed=5, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_ini*",
            "no script matched: request 1*",
            "*ERROR at teardown of TestMarked.test_fixture_and_class*",
        ]
    )


def test_a_marked_test_meets_the_fake_without_asking_for_the_fixture(run: Run) -> None:
    result = run(
        """
        @pytest.fixture
        def asked_early():
            return ask()

        @pytest.mark.qwensim(strict=False)
        def test_it(asked_early):
            assert asked_early == ask()
        """
    )
    result.assert_outcomes(passed=1)


def test_the_ini_file_sets_seed_catalogue_and_allowed_hosts(run: Run) -> None:
    (run.folder / "ours.toml").write_text(
        '[[model]]\nid = "qwen-ours"\nhosts = ["standard"]\nthinking = "never"\n', "utf-8"
    )
    run.ini(
        "qwensim_seed = 7", "qwensim_catalog = ours.toml", "qwensim_allow_hosts = a.com *.b.com"
    )
    result = run(
        """
        def test_it(qwensim):
            with q.mock(seed=7):
                expected = ask()
            assert ask() == expected
            assert "qwen-ours" in qwensim.simulator.catalog.models
            assert qwensim.allows("a.com") and qwensim.allows("c.b.com")
        """
    )
    result.assert_outcomes(passed=1)


def test_the_simulator_can_be_ones_own(run: Run) -> None:
    result = run(
        """
        @pytest.fixture
        def qwensim_simulator(qwensim_catalog):
            return q.Simulator(catalog=qwensim_catalog, pace=q.Pace(first_token=9))

        def test_it(qwensim):
            start = qwensim.simulator.clock.now()
            ask()
            assert qwensim.simulator.clock.now() == start + 9
        """
    )
    result.assert_outcomes(passed=1)


def test_mistakes_are_told_plainly_with_what_is_allowed(run: Run) -> None:
    run.conftest(
        """
        @pytest.fixture
        def qwensim_config(request):
            return {"sede": 1} if "config" in request.node.name else {}
        """
    )
    result = run(
        """
        @pytest.mark.qwensim(unknown=1)
        def test_unknown(): pass

        @pytest.mark.qwensim("greeting.yaml")
        def test_positional(): pass

        @pytest.mark.qwensim(plan="golden")
        def test_plan(): pass

        @pytest.mark.qwensim(accounts=[q.Account(key="short")])
        def test_account(): pass

        @pytest.mark.qwensim(cassette="missing.yaml")
        def test_cassette(): pass

        def test_config(qwensim): pass
        """,
        "--qwensim-record=none",
    )
    result.assert_outcomes(errors=6)
    result.stdout.fnmatch_lines(
        [
            "marker qwensim: no setting 'unknown'; there are: cassette, strict, plan, region, acc*",
            "the marker qwensim takes its arguments by name*",
            "marker qwensim: no plan 'golden'; there are: coding, standard",
            "Account: key is no key of plan 'standard'*",
            "no cassette *cassettes/missing.yaml: record it with --qwensim-record=once",
            "qwensim_config: no setting 'sede'; there are: seed, strict*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*During handling*")


def test_a_cassette_is_not_for_the_server(run: Run) -> None:
    result = run(
        """
        @pytest.mark.qwensim(cassette="greeting.yaml")
        def test_it(qwensim_server): pass
        """,
        "--qwensim-record=once",
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["a cassette plays in process: use the fixture qwensim for it"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("qwensim_seed = seven", "ini option qwensim_seed: no whole number: 'seven'"),
        ("qwensim_catalog = missing.toml", "*missing.toml: cannot be read*"),
        ("qwensim_allow_hosts = dashscope.aliyuncs.com", "*is the service's own host*"),
    ],
    ids=["seed", "catalog", "hosts"],
)
def test_mistakes_in_the_ini_file_are_told_plainly(run: Run, line: str, told: str) -> None:
    run.ini(line)
    result = run("def test_it(qwensim): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([told])
    result.stdout.no_fnmatch_line("*During handling*")


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


def test_the_plugin_says_what_it_offers(run: Run) -> None:
    fixtures = run("", "--fixtures").stdout.str()
    assert all(
        f"\n{name} " in fixtures
        for name in ("qwensim", "qwensim_server", "qwensim_proxy", "qwen_provider")
    )
    assert "\n_qwensim" not in fixtures
    markers = run("", "--markers").stdout
    markers.fnmatch_lines(["@pytest.mark.qwensim(cassette=…, strict=…, plan=…, region=…, accou*"])


def test_an_unused_plugin_loads_nothing_but_itself(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    ours = sorted(name for name in sys.modules if name.startswith('qwensim'))\n"
        "    plugin = 'qwensim.pytest_plugin'\n"
        "    assert ours == ['qwensim', plugin, f'{plugin}.fixtures', f'{plugin}.settings']\n"
        "    assert not {'httpx', 'httpx2', 'openai', 'msgspec', 'respx.mocks', 'vcr'}"
        " & set(sys.modules)\n",
        "utf-8",
    )
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "qwensim", "-p", "no:cacheprovider", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert finished.returncode == 0, finished.stdout
