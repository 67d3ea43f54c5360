"""JSON5 is read as it is meant and changed where it stands."""

import copy
import json
from typing import Any

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.errors import ConfigError
from qwensim.provider.openclaw.document import edited, parse

WRITTEN = """\
// mine
{
  "a": 1, /* one */
  models: {
    mode: 'merge', // as it should be
    providers: {
      modelstudio: { baseUrl: "https://old.example/v1", models: [{ id: "a" } /* last */] },
    },
  } // end of models
}
// the end
"""

JSON5, JSON5_CRLF = -2, -1

names = st.sampled_from(["a", "b", "qwen/x", "it's", "ü", "with space"]) | st.text(max_size=3)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(names, values, max_size=4)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are one JSON value; the order of keys means nothing."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def written(data: Any, style: int) -> str:
    """Write JSON in one of several styles: the first two as JSON5, the last two with comments."""
    if style == JSON5:
        return str(json5.dumps(data, indent=2, quote_style=json5.QuoteStyle.PREFER_SINGLE))
    if style == JSON5_CRLF:
        return str(json5.dumps(data, indent="\t")).replace("\n", "\r\n")
    if style == 0:
        return json.dumps(data)
    text = json.dumps(data, indent=4, ensure_ascii=False)
    if style == 1 or text.count("\n") == 0:
        return text
    lines = text.split("\n")
    if style == 2:
        return "\n".join(f"{line} // line {number}" for number, line in enumerate(lines))
    return "\n".join(f"/* line {number} */ {line}" for number, line in enumerate(lines))


@settings(max_examples=300, deadline=None)
@given(old=objects, new=objects, style=st.integers(-2, 3))
def test_any_change_yields_a_text_that_holds_the_new_value(
    old: dict[str, Any], new: dict[str, Any], style: int
) -> None:
    text = written(old, style)
    assert same(parse(text, file="f"), old)
    change = edited(text, new)
    assert same(parse(change.text, file="f"), new)


@settings(max_examples=200, deadline=None)
@given(data=objects, added=values, style=st.integers(-2, 3))
def test_an_addition_loses_no_comment_and_leaves_the_rest_as_it_is(
    data: dict[str, Any], added: Any, style: int
) -> None:
    text = written(data, style)
    change = edited(text, {**data, "added": added} if "added" not in data else data)
    assert change.lost_comments == ()
    for number in range(text.count("\n") if style > 1 else 0):
        assert f"line {number}" in change.text
    assert edited(text, data).text == text


def test_values_change_where_they_stand_and_comments_stay_beside_them() -> None:
    data = parse(WRITTEN, file="f")
    new = copy.deepcopy(data)
    provider = new["models"]["providers"].pop("modelstudio")
    provider |= {"baseUrl": "https://new.example/v1", "api": "openai-completions"}
    provider["models"].append({"id": "b"})
    new["models"]["providers"]["qwen"] = provider
    new["more"] = {"x": [1]}
    text, lost = edited(WRITTEN, new, renamed=lambda key: "qwen" if key == "modelstudio" else key)
    assert lost == ()
    assert (
        text
        == """\
// mine
{
  "a": 1, /* one */
  models: {
    mode: 'merge', // as it should be
    providers: {
      "qwen": { baseUrl: "https://new.example/v1", models: [{ id: "a" }, /* last */ {"id": "b"}], \
"api": "openai-completions" },
    },
  }, // end of models
  "more": {
    "x": [
      1
    ]
  }
}
// the end
"""
    )


@pytest.mark.parametrize(
    ("text", "added", "expected"),
    [
        ("{a:1}", {"b": 2}, '{a:1, "b": 2}'),
        ("{ a: 1, }", {"b": 2}, '{ a: 1, "b": 2, }'),
        ("{ a: 1 // x\n}", {"b": 2}, '{ a: 1, // x\n  "b": 2\n}'),
        ("{\r\n\ta: 1\r\n}", {"b": [2]}, '{\r\n\ta: 1,\r\n\t"b": [\r\n\t  2\r\n\t]\r\n}'),
        ("{ /* none yet */ }", {"b": 2}, '{ /* none yet */\n  "b": 2\n }'),
        ("\ufeff{}", {"b": 2}, '\ufeff{\n  "b": 2\n}'),
        ("{ 'it\\'s': 1 }", {"it's": 2}, "{ 'it\\'s': 2 }"),
        ("{ \\u0061b: 1 }", {"ab": 2}, "{ \\u0061b: 2 }"),
    ],
)
def test_what_is_added_takes_on_the_style_of_its_place(
    text: str, added: dict[str, Any], expected: str
) -> None:
    change = edited(text, {**parse(text, file="f"), **added})
    assert change.text == expected


def test_a_long_value_gets_lines_of_its_own() -> None:
    change = edited("{ a: { b: 1 } }", {"a": {"b": 1, "long": ["x" * 50, "y" * 50]}})
    assert change.text.count("\n") == 3


def test_comments_of_what_goes_are_named() -> None:
    text = "{ // first\n  a: { /* of a */ b: 1 }, // of a\n}\n"
    change = edited(text, {"a": {}})
    assert change.text == "{ // first\n  a: {}, // of a\n}\n"
    assert change.lost_comments == ("/* of a */",)


def test_of_several_keys_with_one_name_the_last_counts() -> None:
    text = "{ a: { x: 1 }, b: 1, a: { y: 2 } }"
    assert parse(text, file="f") == {"a": {"y": 2}, "b": 1}
    assert parse(edited(text, {"a": {"y": 3}, "b": 1}).text, file="f") == {"a": {"y": 3}, "b": 1}


def test_a_key_is_not_renamed_onto_one_that_is_there() -> None:
    change = edited("{ old: 1, qwen: 2 }", {"qwen": 3}, renamed=lambda _: "qwen")
    assert parse(change.text, file="f") == {"qwen": 3}


@pytest.mark.parametrize("text", ["", "  \n", "\ufeff{}"])
def test_a_blank_text_is_an_empty_configuration(text: str) -> None:
    assert parse(text, file="f") == {}
    assert parse(edited(text, {"a": 1}).text, file="f") == {"a": 1}


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse(r'{"a": "\ud83d\ude00"}', file="f") == {"a": "😀"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{\n  a: }", "line 2, column 6"),
        ("{ a: 1 b: 2 }", "line 1, column 8"),
        ("{ a: 01 }", "line 1, column 7"),
        ("{ a: 1", "line 1, column 7"),
        ("// only a comment", "line 1, column 18"),
        ("{ sk-abcdefgh12345678: 1 }", "line 1"),
    ],
)
def test_what_is_no_json5_names_the_file_and_the_place(text: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, file="/home/me/openclaw.json")
    message = str(caught.value)
    assert message.startswith(f"/home/me/openclaw.json: {place}")
    assert "not JSON5" in message
    assert "sk-" not in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ a: " + "9" * 5000 + " }", "ValueError"),
        ("[" * 50_000 + "]" * 50_000, "RecursionError"),
        (r'{ "half a character": "\ud83d" }', "UnicodeEncodeError"),
    ],
)
def test_what_breaks_the_parser_is_no_json5_either(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=rf"^f: the text cannot be read as JSON5 \({reason}\)$"):
        parse(text, file="f")


@pytest.mark.parametrize("nest", ['{"a":', "["])
def test_a_configuration_is_no_abyss(nest: str) -> None:
    shut = {"[": "]", '{"a":': "}"}[nest]

    def nested(levels: int) -> str:
        return f'{{"a": {nest * (levels - 1)}1{shut * (levels - 1)}}}'

    assert parse(nested(100), file="f")
    with pytest.raises(ConfigError, match=r"^f: is nested more than the 100 levels allowed$"):
        parse(nested(101), file="f")


@pytest.mark.parametrize("text", ["[]", "1", "null", '"text"'])
def test_a_configuration_is_an_object(text: str) -> None:
    with pytest.raises(ConfigError, match="must be an object"):
        parse(text, file="f")
