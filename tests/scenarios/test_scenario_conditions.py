"""Conditions on values, and places in JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.scenarios.conditions import all_hold, described, found, holds, shown
from qwensim.scenarios.expectations import Condition, Match
from qwensim.scenarios.wire import ABSENT

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("condition", "holding", "failing"),
    [
        ("a", ["a"], ["b", "A", None, ABSENT, ["a"]]),
        (1, [1, 1.0], [True, "1", 2, ABSENT]),
        (True, [True], [1, "true", False, ABSENT]),
        (None, [None], [ABSENT, False, 0, ""]),
        ([], [[]], [None, ABSENT, {}, [1]]),
        ([1, [2]], [[1, [2]]], [[1], [True, [2]], [[2], 1]]),
        (Match(equals={"a": 1}), [{"a": 1}], [{"a": True}, {"a": 1, "b": 2}, {}, ABSENT]),
        (Match(contains="b"), ["abc", ["a", "b"]], ["ac", ["abc"], None, ABSENT, 5]),
        (Match(contains=1), [[0, 1]], [[True], "1", ABSENT]),
        (Match(lacks="b"), ["ac", ["abc"], ""], ["abc", ["b"], None, ABSENT, 5]),
        (Match(present=True), ["", 0, False, []], [None, ABSENT]),
        (Match(present=False), [None, ABSENT], ["", 0, False]),
        (Match(least=2), [2, 2.5], [1, "2", True, None, ABSENT]),
        (Match(most=2), [2, 1.5], [3, "2", False, ABSENT]),
        (Match(least=1, most=2, equals=2), [2], [1, 3]),
    ],
)
def test_a_condition_holds_of_what_it_should(
    condition: Condition, holding: list[Any], failing: list[Any]
) -> None:
    assert all(holds(condition, value) for value in holding)
    assert not any(holds(condition, value) for value in failing)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("a", {"b": [{"c": 1}, {"c": 2}]}),
        ("a.b.0.c", 1),
        ("a.b.-1.c", 2),
        ("a.b.2", ABSENT),
        ("a.b.x", ABSENT),
        ("a.b.0.c.d", ABSENT),
        ("x", ABSENT),
        ("a..b", ABSENT),
    ],
)
def test_a_place_leads_to_its_value(place: str, value: Any) -> None:
    assert found({"a": {"b": [{"c": 1}, {"c": 2}]}}, place) == value


@given(JSON)
def test_every_value_equals_itself_and_is_found_where_it_stands(value: Any) -> None:
    assert holds(Match(equals=value), value)
    assert found({"a": [value]}, "a.0") == value
    assert all_hold({"a.0": Match(equals=value)}, {"a": [value]})


@given(JSON, JSON)
def test_equality_is_that_of_json(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert holds(Match(equals=one), other) == same


def test_conditions_are_told_in_words() -> None:
    both = Match(contains="a", lacks="b")
    assert described(both) == 'something with "a" in it and something without "b"'
    assert (
        described(Match(present=True, least=1, most=2)) == "something and 1 or more and 2 or less"
    )
    assert described(Match(present=False)) == "nothing"
    assert described(Match(equals=[1])) == "[1]"
    assert described("é") == '"é"'


def test_long_values_are_cut() -> None:
    assert shown("x" * 500) == f'"{"x" * 199}… (502 characters)'
    assert shown(ABSENT) == "nothing"
