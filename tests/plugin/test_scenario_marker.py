"""The marker's `scenario`: a test meets the service of a support issue."""

import pytest

TESTS = """
    import pytest
    from qwensim.provider import ModelNotOnPlanError, PlanQuotaError

    @pytest.mark.qwensim(scenario="qwen3.6-plus-on-coding-plan", plan="coding")
    def test_the_model_is_not_on_the_plan(qwen_provider):
        with pytest.raises(ModelNotOnPlanError):
            qwen_provider.chat("qwen/qwen3.6-plus", "hi")

    @pytest.mark.qwensim(scenario="hour-quota", plan="coding")
    def test_the_quota_is_spent_and_comes_back(qwensim, qwen_provider):
        with pytest.raises(PlanQuotaError):
            qwen_provider.chat("qwen/qwen3.5-plus", "hi")
        qwensim.advance(18_001)
        assert qwen_provider.chat("qwen/qwen3.5-plus", "hi").content

    @pytest.mark.qwensim(scenario="hour-quota", plan="coding")
    def test_served_too(qwensim_server, qwen_provider):
        with pytest.raises(PlanQuotaError):
            qwen_provider.chat("qwen/qwen3.5-plus", "hi")

    @pytest.mark.qwensim(scenario="mine.yaml")
    def test_a_file_beside_the_test(qwensim, qwen_provider):
        assert qwen_provider.chat("qwen/qwen3.5-plus", "hi").content == "As it is written."
"""

MINE = """
version: 1
title: A title
reference: owner/repository#1
symptom: Something is seen.
scripts: [{text: As it is written.}]
calls: [{do: models}]
reproduced: [{reply: {}}]
"""


def test_a_test_meets_the_service_of_the_scenario(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    pytester.path.joinpath("mine.yaml").write_text(MINE, "utf-8")
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nope", "no scenario 'nope'; there are: *developer-role*"),
        ("nope.yaml", "nope.yaml: cannot be read: No such file or directory"),
    ],
)
def test_a_mistake_fails_the_test_plainly(pytester: pytest.Pytester, name: str, told: str) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.qwensim(scenario={name!r})
        def test_it(qwensim):
            pass
    """)
    result = pytester.runpytest("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{told}*"])
    result.stdout.no_fnmatch_line("*Traceback*")
