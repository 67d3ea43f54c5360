"""Limits and the client check, as a project's own test run sets them."""

import textwrap

import pytest

ASK = """
    import httpx2
    import pytest
    import qwensim as q

    INTL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    PLAN = "https://coding-intl.dashscope.aliyuncs.com/v1"

    def ask(base=INTL, key="sk-not-a-real-key", agent="curl/8", model="qwen3-max"):
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
        headers = {"authorization": f"Bearer {key}", "user-agent": agent}
        return httpx2.post(f"{base}/chat/completions", json=body, headers=headers).status_code

    def ask_plan(**more):
        return ask(PLAN, "sk-sp-not-a-real-key", model="qwen3.5-plus", **more)
"""


def run(pytester: pytest.Pytester, tests: str, *ini: str) -> pytest.RunResult:
    pytester.makeini("\n".join(["[pytest]", *ini]))
    pytester.makepyfile(test_project=textwrap.dedent(ASK + tests))
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:cov", "-W", "error")


def test_the_marker_turns_limits_on(pytester: pytest.Pytester) -> None:
    run(
        pytester,
        """
    SPENT = q.Account(key="sk-sp-not-a-real-key", plan="coding", used=q.Used(hours=1_199))

    @pytest.mark.qwensim(limits=True, accounts=[SPENT])
    def test_on(qwensim):
        assert [ask_plan(), ask_plan()] == [200, 429]
        qwensim.advance(5 * 3600)
        assert ask_plan() == 200

    @pytest.mark.qwensim(accounts=[SPENT])
    def test_off(qwensim):
        assert [ask_plan(), ask_plan()] == [200, 200]

    @pytest.mark.qwensim(client_check="agents")
    def test_agents(qwensim):
        assert [ask_plan(), ask_plan(agent="QwenCode/1")] == [405, 200]
""",
    ).assert_outcomes(passed=3)


def test_the_ini_file_turns_limits_on(pytester: pytest.Pytester) -> None:
    run(
        pytester,
        """
    def test_burst(qwensim):
        assert [ask() for _ in range(61)] == [200] * 60 + [429]
        assert ask_plan() == 405

    @pytest.mark.qwensim(limits=False, client_check="any")
    def test_none(qwensim):
        assert {ask() for _ in range(61)} == {200}
        assert ask_plan() == 200
""",
        "qwensim_limits = true",
        "qwensim_client_check = agents",
    ).assert_outcomes(passed=2)


def test_wrong_values_are_told_plainly(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
    @pytest.mark.qwensim(limits="yes")
    def test_limits(): pass

    @pytest.mark.qwensim(client_check="none")
    def test_check(): pass
""",
    )
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "marker qwensim: limits: Expected `bool`, got `str`; seen: *",
            "marker qwensim: no client_check 'none'; there are: agents, any, off",
        ]
    )
