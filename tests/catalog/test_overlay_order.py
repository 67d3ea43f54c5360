"""What an overlay adds where the first row that fits wins, and the odd mistakes of a row."""

import datetime as dt

import pytest

from qwensim.catalog import PAGE_DATE, load
from qwensim.errors import CatalogError

FAILURE = {"id": "mine", "kind": "overdue", "status": [418], "advice": "Have some tea."}


def test_a_failure_of_an_overlay_comes_before_the_bundled_ones() -> None:
    assert next(iter(load({"failure": [FAILURE]}).failures)) == "mine"


def test_a_changed_failure_keeps_its_place() -> None:
    names = list(load().failures)
    changed = load({"failure": [{"id": names[3], "advice": "Other advice."}]})
    assert list(changed.failures) == names
    assert changed.failures[names[3]].advice == "Other advice."


@pytest.mark.parametrize("since", [dt.datetime(2026, 7, 1, tzinfo=dt.UTC), "2026-07-01", 7])
def test_since_must_be_a_date(since: object) -> None:
    with pytest.raises(CatalogError, match="overlay 1: model m: since: must be a date such as"):
        load({"model": [{"id": "m", "hosts": ["standard"], "since": since}]})


@pytest.mark.parametrize("pattern", ["(", "a{99999999999999999999}"])
def test_a_pattern_must_be_a_regular_expression(pattern: str) -> None:
    with pytest.raises(CatalogError, match="is no regular expression"):
        load({"failure": [{**FAILURE, "message": pattern}]})


def test_a_moment_stands_for_its_day() -> None:
    noon = dt.datetime.combine(PAGE_DATE, dt.time(12), tzinfo=dt.UTC)
    assert load(as_of=noon) is load(as_of=PAGE_DATE)


def test_an_overlay_changes_one_shape_of_a_dialect_and_leaves_the_others() -> None:
    shape = '{"message":$message,"index":$index}'
    changed = load({"dialect": [{"id": "classic", "shapes": {"choice": shape}}]})
    bundled = load().dialects["classic"].shapes
    assert changed.dialects["classic"].shapes == {**bundled, "choice": shape}


def test_a_shape_must_not_want_what_nothing_gives() -> None:
    with pytest.raises(CatalogError, match=r"dialect classic: shapes.text: no value \$nope goes"):
        load({"dialect": [{"id": "classic", "shapes": {"text": '{"x":$nope}'}}]})
