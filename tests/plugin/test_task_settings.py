"""How long tasks take: by the ini file, the configuration, and at a test."""

from typing import Any

import pytest

from qwensim.fake import Settings
from qwensim.simulator import TaskPace

PACES = """
import pytest
from qwensim import TaskPace

def pace(fake):
    return fake.simulator.tasks.pace
"""


def outcomes(pytester: pytest.Pytester, tests: str, *ini: str) -> Any:
    pytester.makeini("\n".join(["[pytest]", *ini]))
    pytester.makepyfile(PACES + tests)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:cov")


def test_by_default_two_polls_are_enough(pytester: pytest.Pytester) -> None:
    result = outcomes(pytester, "def test_it(qwensim):\n    assert pace(qwensim).polls == 2\n")
    result.assert_outcomes(passed=1)


def test_a_marker_overrules_the_configuration_and_that_the_ini_file(
    pytester: pytest.Pytester,
) -> None:
    result = outcomes(
        pytester,
        """
def test_ini(qwensim):
    assert pace(qwensim).running == 120

@pytest.mark.qwensim(task_pace=TaskPace(polls=7))
def test_marked(qwensim):
    assert pace(qwensim) == TaskPace(polls=7)

class TestConfigured:
    @pytest.fixture(scope="session")
    def qwensim_config(self):
        return {"task_pace": {"polls": 5}}

    def test_it(self, qwensim):
        assert pace(qwensim) == TaskPace(polls=5)
""",
        "qwensim_task_pace = realistic",
    )
    result.assert_outcomes(passed=3)


def test_a_scenario_says_it_unless_the_test_does(pytester: pytest.Pytester) -> None:
    result = outcomes(
        pytester,
        """
@pytest.mark.qwensim(scenario="video-slower-than-the-client-waits")
def test_scenario(qwensim):
    assert pace(qwensim).running == 120

@pytest.mark.qwensim(scenario="video-slower-than-the-client-waits", task_pace=TaskPace(polls=7))
def test_marked(qwensim):
    assert pace(qwensim) == TaskPace(polls=7)
""",
    )
    result.assert_outcomes(passed=2)


def test_a_name_that_there_is_not_is_told(pytester: pytest.Pytester) -> None:
    result = outcomes(pytester, "def test_it(qwensim): ...\n", "qwensim_task_pace = slow")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*ini option qwensim_task_pace: no 'slow'; there are: instant, brief, realistic*"]
    )


def test_settings_make_a_pace_of_its_fields() -> None:
    changed = Settings().changed({"task_pace": {"polls": 3}}, where="here")
    assert changed.task_pace == TaskPace(polls=3)
