"""Every scenario of the library shows what was reported, and its remedy helps."""

import re

import pytest

from qwensim.scenarios import Result, ids, read, reproduce, source

WAYS = pytest.mark.parametrize("served", [False, True], ids=["in-process", "served"])


def unexpected(result: Result) -> list[str]:
    return [
        f"{finding.place}: expected {finding.expected}, saw {finding.seen}"
        for finding in result.findings
        if not finding.holds
    ]


@WAYS
@pytest.mark.parametrize("name", ids())
def test_the_symptom_is_there_without_the_remedy(name: str, served: bool) -> None:
    result = reproduce(read(name), served=served)
    assert result.as_expected, unexpected(result)


@WAYS
@pytest.mark.parametrize("name", ids())
def test_the_symptom_is_gone_with_the_remedy(name: str, served: bool) -> None:
    result = reproduce(read(name), remedy=True, served=served)
    assert not result.symptom, "what was reported is still there"
    assert result.as_expected, unexpected(result)


@pytest.mark.parametrize("name", ids())
def test_a_scenario_is_named_plainly_and_says_where_it_was_reported(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9.]+(-[a-z0-9.]+)*", name)
    scenario = read(name)
    assert re.search(r"^https://|^[\w.-]+/[\w.-]+#\d+|^Model Studio docs: ", scenario.reference)
    assert scenario.remedy is not None


@pytest.mark.parametrize("name", ids())
def test_no_line_is_longer_than_the_code_may_be(name: str) -> None:
    for number, line in enumerate(source(name).text.splitlines(), start=1):
        assert len(line) <= 130, f"line {number}"


def test_two_plays_of_a_scenario_are_the_same() -> None:
    first, second = (reproduce(read("usage-zero-without-stream-options")) for _ in range(2))
    assert first == second
