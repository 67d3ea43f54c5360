"""What the ini file, the configuration and the marker set, and mistakes in them."""

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
