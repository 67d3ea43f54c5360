"""YAML is read as JSON with dates, and every value knows its line."""

import datetime as dt
import json
import math
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qwensim.scenarios.document import DocumentError, parse

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.dates(min_value=dt.date(1000, 1, 1)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_another_library_writes_is_read(value: Any) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    assert parse(text).data == value


@given(VALUES.filter(lambda value: isinstance(value, list | dict)))
def test_every_value_has_a_line(value: Any) -> None:
    document = parse(yaml.safe_dump(value))

    def check(part: Any, steps: tuple[str | int, ...]) -> None:
        assert document.line_of(steps) >= 1
        assert steps in document.lines
        if isinstance(part, dict):
            for name, item in part.items():
                check(item, (*steps, name))
        elif isinstance(part, list):
            for index, item in enumerate(part):
                check(item, (*steps, index))

    check(value, ())


def test_lines_are_those_of_the_names() -> None:
    document = parse("# a comment\na: 1\nb:\n  - c\n  - {d: 1,\n     e: 2}\n")
    assert document.lines == {
        (): 2,
        ("a",): 2,
        ("b",): 3,
        ("b", 0): 4,
        ("b", 1): 5,
        ("b", 1, "d"): 5,
        ("b", 1, "e"): 6,
    }
    assert document.line_of(("b", 1, "f", "g")) == 5


def test_words_are_texts() -> None:
    words = ["on", "off", "yes", "no", "y", "1_000", "0x10", "12:30", "<<", "=", ".inf", ".nan"]
    assert parse("\n".join(f"- {word}" for word in words)).data == words


def test_numbers_and_dates_are_what_they_look_like() -> None:
    text = "[1, -2, 1.5, .5, 2., 1e3, true, FALSE, null, ~, 2026-05-18, 007]"
    wanted = [1, -2, 1.5, 0.5, 2.0, 1000.0, True, False, None, None, dt.date(2026, 5, 18), 7]
    found = parse(text).data
    assert found == wanted
    assert [type(value) for value in found] == [type(value) for value in wanted]
    assert math.isfinite(found[5])


def test_an_empty_text_holds_nothing() -> None:
    assert parse("").data is None
    assert parse("# only a comment\n").line_of(("a",)) == 1


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: *a", 2, "anchors and aliases are not read"),
        ("a: &x [1]\nb: *x", 1, "anchors and aliases"),
        ("a: 1\nb: &x c", 2, "anchors and aliases"),
        (f"a: {'9' * 5000}", 1, "the number is too large$"),
        ("\na: !!python/object/apply:os.system ['true']", 2, "no tag 'tag:yaml.org,2002:python"),
        ("a: !mine 1", 1, "no tag '!mine'"),
        ("a: !!set {x}", 1, "no tag"),
        ("a: 1\n\na: 2", 3, "'a' stands twice"),
        ("a:\n  1: 2", 2, "a name is a text, not 1: put it in quotes"),
        ("? [a]\n: b", 1, r"a name is a text, not \['a'\]"),
        ('a:\n  - "\\ud800"', 2, "cannot be read: .*surrogates"),
        ("a: 1e999", 1, "the number is too large"),
        ("a: " + "1" * 5000, 1, "cannot be read"),
        ("a: 2026-02-31", 1, "'2026-02-31' cannot be read"),
        ("a: !!int x", 1, "'x' cannot be read"),
        ("a: [1", 1, "expected ',' or ']'"),
        ("a: 1\n\tb: 2", 2, "found character '.t'"),
        ("a: 1\nb: \x01", 2, r"no character of YAML: '\\x01'"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a: 'b", 1, "unexpected end"),
    ],
)
def test_what_is_no_such_yaml_is_told_with_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem) as caught:
        parse(text)
    assert caught.value.line == line


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_read_or_refused_with_a_line_of_it(text: str) -> None:
    lines = len(re.split(r"\r\n|[\n\r\x85\u2028\u2029]", text))  # as YAML 1.1 has them
    try:
        data = parse(text).data
    except DocumentError as refused:
        error = refused
    else:
        json.dumps(data, default=str)
        return
    assert 1 <= error.line <= lines
