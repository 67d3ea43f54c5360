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
