"""Schemas that people write: what is made for them."""

import json
import random
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from jsonschema import Draft202012Validator

from qwensim.simulator.replies.schema import SHALLOW, UnsupportedSchema, check, instance
from qwensim.simulator.replies.schema_rules import DEEPEST

Json: TypeAlias = Any
WORDS = ("amber", "birch", "cedar", "dune")


def make(schema: Json, seed: int = 0) -> Json:
    choose = random.Random(seed)
    return instance(schema, choose=choose, word=lambda: choose.choice(WORDS))


def assert_valid(value: Json, schema: Json) -> None:
    Draft202012Validator(schema).validate(value)
    assert json.loads(json.dumps(value)) == value


def refusal(act: Callable[[Json], Json], schema: Json) -> UnsupportedSchema:
    with pytest.raises(UnsupportedSchema) as caught:
        act(schema)
    return caught.value


TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"]


# --- schemas that people write --------------------------------------------------------------------

TREE = {
    "type": "object",
    "properties": {
        "value": {"type": "integer"},
        "children": {"type": "array", "items": {"$ref": "#"}},
    },
    "required": ["value", "children"],
    "additionalProperties": False,
}
LINKED = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "string"},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["value", "next"],
            "additionalProperties": False,
        }
    },
}
EXPRESSION = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
            "required": ["left", "right"],
        },
        {"type": "number", "minimum": 0.25, "maximum": 0.75},
    ]
}


def nested(levels: int) -> Json:
    schema: Json = {"type": "integer"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"in": schema}, "required": ["in"]}
    return schema


def chained(length: int, link: Callable[[Json], Json]) -> Json:
    """A chain of definitions, each of which leads to the next."""
    steps = {f"d{at}": link({"$ref": f"#/$defs/d{at + 1}"}) for at in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": steps | {f"d{length}": {"type": "null"}}}


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        TREE,
        LINKED,
        EXPRESSION,
        nested(DEEPEST - 1),
        chained(500, lambda ref: ref),
        chained(40, lambda ref: {"type": "object", "properties": {"in": ref}, "required": ["in"]}),
        {"type": "string", "minLength": 5_000},
        {"type": "string", "minLength": 3, "maxLength": 3},
        {"type": "string", "maxLength": 0},
        {"type": "integer", "minimum": 0.5, "maximum": 1.5},
        {"type": "integer", "minimum": -10.5, "maximum": -2.5},
        {"type": "integer", "minimum": 10**30},
        {"type": "integer", "maximum": -(10**30)},
        {"type": "number", "minimum": 1.0000001, "maximum": 1.0000002},
        {"type": "number", "minimum": -1e308, "maximum": 1e308},
        {"type": "number", "minimum": 1e308},
        {"type": "number", "maximum": -0.001},
        {"type": ["integer", "number"], "minimum": 0.1, "maximum": 0.9},
        {"type": "array", "minItems": 50, "maxItems": 50, "items": {"type": "null"}},
        {"type": "array", "items": False},
        {"minItems": 2},
        {"minimum": 7},
        {"minLength": 7},
        {"type": "object", "required": ["not", "described"]},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"never": False}},
        {"enum": ["abc", "a", 3, 30], "type": ["string", "integer"], "maxLength": 1, "minimum": 9},
        {"enum": [True, 1, "1"], "type": "integer"},
        {"enum": [{"a": [1]}, {"a": ["x"]}], "properties": {"a": {"items": {"type": "string"}}}},
        {
            "enum": [[1.0], [True]],
            "$ref": "#/definitions/one",
            "definitions": {"one": {"const": [1]}},
        },
        {"const": {"a": None}, "required": ["a"]},
        {
            "type": "object",
            "properties": {"kind": {"enum": ["circle", "square"]}, "size": {"type": "number"}},
            "required": ["kind"],
            "anyOf": [
                {"properties": {"kind": {"const": "circle"}}, "required": ["radius"]},
                {"properties": {"kind": {"const": "triangle"}}, "required": ["base"]},
            ],
        },
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "anyOf": [{"properties": {"b": True}, "additionalProperties": False}],
        },
    ],
    ids=lambda schema: json.dumps(schema)[:60],
)
@pytest.mark.parametrize("seed", range(3))
def test_each_of_these_has_a_value(schema: Json, seed: int) -> None:
    check(schema)
    value = make(schema, seed)
    if schema not in (nested(DEEPEST - 1), chained(500, lambda ref: ref)):
        assert_valid(value, schema)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "string", "const": 1},
        {"type": "integer", "minimum": 0.1, "maximum": 0.9},
        {"type": "array", "minItems": 1, "items": False},
        {"type": "object", "required": ["a"], "additionalProperties": False},
        {"type": "object", "properties": {"self": {"$ref": "#"}}, "required": ["self"]},
        {"type": "string", "anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"type": "number", "minimum": 2, "anyOf": [{"maximum": 1}]},
        {"type": "string", "minLength": 2, "anyOf": [{"maxLength": 1}]},
        nested(DEEPEST),
    ],
    ids=lambda schema: json.dumps(schema)[:60],
)
def test_a_schema_that_nothing_satisfies_is_refused_when_a_value_is_wanted(schema: Json) -> None:
    error = refusal(make, schema)
    assert "no value of at most 64 levels is valid" in str(error)
    assert (error.keyword, error.path) == ("", "#")


def test_a_schema_whose_least_value_is_enormous_is_refused() -> None:
    doubling = chained(
        40,
        lambda ref: {"properties": {"a": ref, "b": ref}, "required": ["a", "b"], "type": "object"},
    )
    check(doubling)
    assert "steps" in str(refusal(make, doubling))


def test_a_chain_of_choices_too_long_to_follow_is_refused() -> None:
    long = chained(2_000, lambda ref: {"anyOf": [ref]})
    check(long)
    assert "too long a chain" in str(refusal(make, long))


def test_optional_properties_are_shown_near_the_top_and_dropped_below() -> None:
    optional: Json = {"type": "object", "properties": {"note": {"type": "string"}}}
    for _ in range(3):
        optional = {"type": "object", "properties": {"in": optional}, "required": ["in"]}
    assert make(optional) == {"in": {"in": {"in": {}}}}
    assert make(optional["properties"]["in"])["in"]["in"]["note"]


def depth_of(value: Json) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, parts), default=0)


@pytest.mark.parametrize("schema", [EXPRESSION, LINKED, TREE], ids=["choice", "list", "tree"])
def test_recursion_takes_the_shortest_way_out_below_the_top(schema: Json) -> None:
    depths = {depth_of(make(schema, seed)) for seed in range(60)}
    assert 2 <= max(depths) <= SHALLOW + 2


def test_values_are_plausible() -> None:
    schema = {"type": "object", "properties": {name: {"type": name} for name in TYPES}}
    for seed in range(20):
        value = make(schema, seed)
        assert set(value) == set(TYPES)
        assert set(value["string"].split()) <= set(WORDS)
        assert 1 <= len(value["string"].split()) <= 3
        assert 1 <= value["integer"] <= 100
        assert 1 <= value["number"] <= 100
        assert 1 <= len(value["array"]) <= 3


def test_different_seeds_choose_every_alternative() -> None:
    schema = {"anyOf": [{"const": "left"}, {"const": "right"}]}
    assert {make(schema, seed) for seed in range(20)} == {"left", "right"}
