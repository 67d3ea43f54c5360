"""Arguments of tools follow their schemas, whatever these are."""

import json
import random
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qwensim.simulator.replies.schema import UnsupportedSchema, arguments, check

Json: TypeAlias = Any
WORDS = ("amber", "birch", "cedar", "dune")


def make_arguments(schema: Json, seed: int = 0) -> dict[str, Json]:
    choose = random.Random(seed)
    return arguments(schema, choose=choose, word=lambda: choose.choice(WORDS))


# --- any schema of the supported kind -------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c", "d/e~f%"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(-5, 5).map(lambda number: round(number, 1))
    | st.text("xy ", max_size=4)
)
TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"]


# --- arguments of tools ---------------------------------------------------------------------------


def tool(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": sorted(properties)}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"properties": {"city": {"type": "string"}}},
        {"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"},
        tool(path={"type": "string", "description": "a path", "pattern": ".*"}),
        tool(either={"oneOf": [{"type": "string"}, {"type": "integer"}]}),
        tool(both={"allOf": [{"minimum": 3}, {"type": "integer"}, {"maximum": 3}]}),
        tool(open={"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 4}),
        tool(open={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001}),
        tool(pair={"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False}),
        tool(
            one={"const": 1, "allOf": [{"type": "integer"}]},
            two={"enum": [1], "oneOf": [{"minimum": 1}]},
        ),
        tool(again={"$ref": "#/properties/first"}, first={"type": "boolean"}),
        tool(
            at={"type": "string", "format": "date-time"},
            day={"type": "string", "format": "date"},
            mail={"type": "string", "format": "email"},
            page={"type": "string", "format": "uri"},
            key={"type": "string", "format": "uuid"},
            other={"type": "string", "format": "hostname-ish"},
        ),
    ],
    ids=lambda schema: json.dumps(schema)[:70],
)
def test_arguments_are_valid_for_the_tools_of_the_wild(schema: Json) -> None:
    for seed in range(5):
        value = make_arguments(schema, seed)
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
            value
        )
        assert set(schema.get("properties", ())) == set(value)


def test_arguments_honour_the_older_dialects() -> None:
    nullable = tool(maybe={"type": "string", "nullable": True, "enum": [None]})
    assert make_arguments(nullable) == {"maybe": None}
    draft_4 = tool(
        above={"type": "integer", "minimum": 3, "exclusiveMinimum": True, "maximum": 4},
        below={"type": "integer", "minimum": 3, "maximum": 4, "exclusiveMaximum": True},
    )
    assert make_arguments(draft_4) == {"above": 4, "below": 3}


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        False,
        {"type": "array"},
        {"type": "object", "properties": None},
        {"type": "object", "properties": {"a": {"type": "STRING"}}},
        tool(a={"$ref": "#/$defs/none"}),
        tool(a={"$ref": "other.json#/a"}),
        tool(a=False),
        {"$ref": "#"},
    ],
    ids=repr,
)
def test_arguments_are_empty_where_none_can_be_made(schema: Json) -> None:
    assert make_arguments(schema) == {}


KEYWORDS = st.sampled_from(
    [
        *(
            "type",
            "properties",
            "required",
            "additionalProperties",
            "enum",
            "const",
            "anyOf",
            "oneOf",
        ),
        *("allOf", "$ref", "$defs", "items", "prefixItems", "minItems", "maxItems", "minLength"),
        *(
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "format",
            "nullable",
            "not",
        ),
    ]
)
WILD = st.recursive(
    SCALARS | st.sampled_from([*TYPES, "#", "#/$defs/a", "#/properties/a"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS | NAMES, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(WILD, st.integers())
def test_anything_at_all_is_judged_without_a_crash(schema: Json, seed: int) -> None:
    assert isinstance(make_arguments(schema, seed), dict)
    try:
        check(schema)
    except UnsupportedSchema:
        return
    Draft202012Validator.check_schema(schema)
