"""Schemas that are refused, and the words of it."""

import random
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from qwensim.simulator.replies.schema import UnsupportedSchema, check, instance
from qwensim.simulator.replies.schema_rules import DEEPEST, LARGEST

Json: TypeAlias = Any
WORDS = ("amber", "birch", "cedar", "dune")


def make(schema: Json, seed: int = 0) -> Json:
    choose = random.Random(seed)
    return instance(schema, choose=choose, word=lambda: choose.choice(WORDS))


def refusal(act: Callable[[Json], Json], schema: Json) -> UnsupportedSchema:
    with pytest.raises(UnsupportedSchema) as caught:
        act(schema)
    return caught.value


def nested(levels: int) -> Json:
    schema: Json = {"type": "integer"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"in": schema}, "required": ["in"]}
    return schema


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keyword",
    [
        *("pattern", "format", "oneOf", "allOf", "not", "if", "then", "else", "multipleOf"),
        *("exclusiveMinimum", "exclusiveMaximum", "patternProperties", "uniqueItems", "contains"),
        *("prefixItems", "minProperties", "maxProperties", "propertyNames", "dependentSchemas"),
        *("unevaluatedProperties", "$anchor", "$dynamicRef", "nullable", "contentEncoding", "typ"),
    ],
)
def test_a_keyword_that_cannot_be_honoured_is_refused_by_name_and_place(keyword: str) -> None:
    schema = {"type": "object", "properties": {"a/b": {"items": {"anyOf": [{keyword: 1}]}}}}
    error = refusal(check, schema)
    assert error.keyword == keyword
    assert error.path == "#/properties/a~1b/items/anyOf/0"
    assert f"{error.path}: {keyword} is not supported; supported are type, " in str(error)


def test_annotations_are_allowed() -> None:
    check(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "https://example.com/thing",
            "$comment": "c",
            "title": "t",
            "description": "d",
            "default": 1,
            "examples": [1],
            "deprecated": False,
            "properties": {"a": {"readOnly": True}, "b": {"writeOnly": True}},
        }
    )


@pytest.mark.parametrize(
    ("schema", "keyword", "words"),
    [
        (None, "", "object, true or false, not None"),
        ("string", "", "object, true or false, not 'string'"),
        ([], "", "object, true or false, not []"),
        ({"type": "text"}, "type", "one of string, object, array"),
        ({"type": []}, "type", "not []"),
        ({"type": ["string", None]}, "type", "one of string"),
        ({"properties": ["a"]}, "properties", "an object of schemas, not ['a']"),
        ({"required": True}, "required", "a list of property names, each once, not True"),
        ({"required": [1]}, "required", "a list of property names"),
        ({"required": ["a", "a"]}, "required", "each once"),
        ({"type": ["null", "null"]}, "type", "each once"),
        ({"enum": []}, "enum", "a list that is not empty"),
        ({"anyOf": {}}, "anyOf", "a list that is not empty, not {}"),
        ({"minItems": -1}, "minItems", "a whole number from 0"),
        ({"minItems": True}, "minItems", "a whole number from 0"),
        ({"minLength": LARGEST + 1}, "minLength", f"from 0 to {LARGEST}, not {LARGEST + 1}"),
        ({"maxLength": 1.5}, "maxLength", "a whole number, 0 or more, not 1.5"),
        ({"minimum": "1"}, "minimum", "a finite number, not '1'"),
        ({"maximum": float("inf")}, "maximum", "a finite number"),
        ({"minItems": 2, "maxItems": 1}, "minItems", "minItems 2 is more than maxItems 1"),
        ({"minLength": 2, "maxLength": 1}, "minLength", "more than maxLength 1"),
        ({"minimum": 2, "maximum": 1.5}, "minimum", "minimum 2 is more than maximum 1.5"),
        ({"$ref": 1}, "$ref", "a string, not 1"),
        ({"$ref": "#/$defs/none"}, "$ref", "'#/$defs/none' points at no schema"),
        ({"$ref": "#/$defs/a/type", "$defs": {"a": {"type": "null"}}}, "$ref", "no schema"),
        ({"$ref": "#/$defs/a/type/x", "$defs": {"a": {"type": "null"}}}, "$ref", "no schema"),
        ({"$ref": "#/$defs/a/anyOf/x", "$defs": {"a": {"anyOf": [True]}}}, "$ref", "no schema"),
        ({"$ref": "other.json"}, "$ref", "$ref is #, #/$defs/... or #/definitions/..., not"),
        ({"$ref": "#/properties/a", "properties": {"a": {}}}, "$ref", "$ref is #, #/$defs/"),
        ({"$ref": "#"}, "$ref", "refers to itself"),
        ({"anyOf": [{"type": "null"}, {"$ref": "#"}]}, "$ref", "refers to itself"),
    ],
)
def test_a_malformed_schema_is_refused_with_what_was_seen_and_what_is_allowed(
    schema: Json, keyword: str, words: str
) -> None:
    error = refusal(check, schema)
    assert (error.keyword, error.path) == (keyword, "#")
    assert words in str(error)


def test_a_reference_may_point_inside_a_definition() -> None:
    schema = {"$ref": "#/$defs/a/anyOf/1", "$defs": {"a": {"anyOf": [False, {"const": 5}]}}}
    check(schema)
    assert make(schema) == 5


def test_an_identifier_below_the_root_is_refused() -> None:
    error = refusal(check, {"items": {"$id": "https://example.com/item"}})
    assert (error.keyword, error.path) == ("$id", "#/items")


def test_nesting_beyond_the_limit_is_refused() -> None:
    assert "64 levels" in str(refusal(check, nested(DEEPEST + 1)))
