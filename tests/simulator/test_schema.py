"""The judge of every value here is the `jsonschema` package, an independent validator."""

import functools
import json
import random
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qwensim.simulator.replies.schema import SHALLOW, UnsupportedSchema, arguments, check, instance
from qwensim.simulator.replies.schema_rules import DEEPEST, LARGEST

Json: TypeAlias = Any

WORDS = ("amber", "birch", "cedar", "dune")


def make(schema: Json, seed: int = 0) -> Json:
    choose = random.Random(seed)
    return instance(schema, choose=choose, word=lambda: choose.choice(WORDS))


def make_arguments(schema: Json, seed: int = 0) -> dict[str, Json]:
    choose = random.Random(seed)
    return arguments(schema, choose=choose, word=lambda: choose.choice(WORDS))


def assert_valid(value: Json, schema: Json) -> None:
    Draft202012Validator(schema).validate(value)
    assert json.loads(json.dumps(value)) == value


def refusal(act: Callable[[Json], Json], schema: Json) -> UnsupportedSchema:
    with pytest.raises(UnsupportedSchema) as caught:
        act(schema)
    return caught.value


# --- any schema of the supported kind -------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c", "d/e~f%"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(-5, 5).map(lambda number: round(number, 1))
    | st.text("xy ", max_size=4)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"]
DEFINED = ["node", "x/y~z%"]
REFS = st.sampled_from(["#", "#/$defs/node", "#/$defs/x~1y~0z%25"])
COUNTS = st.tuples(st.integers(0, 2), st.integers(2, 4))
BOUNDS = st.tuples(st.integers(-3, 0) | st.floats(-3, 0.5), st.integers(1, 4) | st.floats(0.5, 4))


def ranged(least: str, most: str, bounds: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    both = bounds.map(lambda pair: {least: pair[0], most: pair[1]})
    return (
        both
        | both.map(lambda pair: {least: pair[least]})
        | both.map(lambda pair: {most: pair[most]})
    )


LEAVES = st.one_of(
    st.booleans(),
    st.sampled_from(TYPES).map(lambda name: {"type": name}),
    REFS.map(lambda ref: {"$ref": ref}),
)


def schemas_of(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Draw schemas of one to three groups of keywords, the schemas inside them from `inner`."""
    groups = st.one_of(
        st.sampled_from(TYPES).map(lambda name: {"type": name}),
        st.lists(st.sampled_from(TYPES), min_size=1, max_size=3).map(lambda names: {"type": names}),
        st.dictionaries(NAMES, inner, max_size=3).map(lambda parts: {"properties": parts}),
        st.lists(NAMES, max_size=2).map(lambda names: {"required": names}),
        inner.map(lambda part: {"additionalProperties": part}),
        st.lists(VALUES, min_size=1, max_size=4).map(lambda values: {"enum": values}),
        VALUES.map(lambda value: {"const": value}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
        REFS.map(lambda ref: {"$ref": ref}),
        inner.map(lambda part: {"items": part}),
        ranged("minItems", "maxItems", COUNTS),
        ranged("minLength", "maxLength", COUNTS),
        ranged("minimum", "maximum", BOUNDS),
        st.just({"title": "a title"}),
    )
    return st.lists(groups, min_size=1, max_size=3).map(
        lambda drawn: {key: part for group in drawn for key, part in group.items()}
    )


SCHEMAS = LEAVES | schemas_of(LEAVES | schemas_of(LEAVES))
ROOTS = st.tuples(schemas_of(SCHEMAS), SCHEMAS, SCHEMAS).map(
    lambda drawn: drawn[0] | {"$defs": dict(zip(DEFINED, drawn[1:], strict=True))}
)


@settings(max_examples=200, deadline=None)
@given(ROOTS, st.integers())
def test_what_is_made_is_valid(schema: Json, seed: int) -> None:
    try:
        check(schema)
        value = make(schema, seed)
    except UnsupportedSchema:
        assume(False)
    assert_valid(value, schema)


NOTHING: st.SearchStrategy[Json] = st.just({})


@st.composite
def schemas_for(draw: st.DrawFn, value: Json, definitions: dict[str, Json], depth: int = 0) -> Json:
    """Draw a schema that `value` is valid for, so that it has an instance for certain."""
    inner = functools.partial(schemas_for, definitions=definitions, depth=depth + 1)
    others = st.lists(LEAVES, max_size=2)
    groups = [
        NOTHING | type_for(value),
        NOTHING | NOTHING | st.lists(VALUES, max_size=2).map(lambda rest: {"enum": [*rest, value]}),
        NOTHING | NOTHING | NOTHING | st.just({"const": value}),
        parts_for(value, inner),
    ]
    if depth < 2:
        branches = st.tuples(inner(value), others).flatmap(
            lambda drawn: st.permutations([drawn[0], *drawn[1]])
        )
        groups += [NOTHING | branches.map(lambda drawn: {"anyOf": drawn})]
    schema = {keyword: part for group in groups for keyword, part in draw(group).items()}
    if depth < 2 and draw(st.booleans()):
        target = draw(inner(value))
        schema["$ref"] = f"#/$defs/of{len(definitions)}"
        definitions[f"of{len(definitions)}"] = target
    return schema


def type_for(value: Json) -> st.SearchStrategy[Json]:
    name = next(name for name in TYPES if Draft202012Validator({"type": name}).is_valid(value))
    more = st.sets(st.sampled_from(TYPES), max_size=2).flatmap(
        lambda names: st.permutations(sorted(names | {name}))
    )
    return (st.just(name) | more).map(lambda drawn: {"type": drawn})


@st.composite
def parts_for(
    draw: st.DrawFn, value: Json, inner: Callable[[Json], st.SearchStrategy[Json]]
) -> Json:
    """Draw the keywords about a value of this kind that allow it."""
    less, more = draw(st.integers(0, 3)), draw(st.integers(0, 3) | st.floats(0, 3))
    match value:
        case str():
            return {"minLength": max(len(value) - less, 0), "maxLength": len(value) + int(more)}
        case bool() | None:
            return {}
        case int() | float():
            return {"minimum": value - less, "maximum": value + more}
        case list():
            size = {"minItems": max(len(value) - less, 0), "maxItems": len(value) + int(more)}
            items = [draw(inner(part)) for part in value]
            return size | ({"items": {"anyOf": items}} if items else {})
    kept = draw(st.sets(NAMES))
    described = {name: draw(inner(part)) for name, part in value.items() if name in kept}
    rest = [draw(inner(part)) for name, part in value.items() if name not in kept]
    return {
        "properties": described | {name: draw(LEAVES) for name in sorted(kept - value.keys())},
        "required": [name for name in value if draw(st.booleans())],
        "additionalProperties": {"anyOf": rest} if rest else draw(st.booleans()),
    }


@settings(max_examples=60, deadline=None)
@given(st.data(), VALUES, st.integers())
def test_a_schema_that_has_a_value_gets_one(data: st.DataObject, witness: Json, seed: int) -> None:
    definitions = {name: data.draw(schemas_of(LEAVES)) for name in DEFINED}
    schema = data.draw(schemas_for(witness, definitions)) | {"$defs": definitions}
    try:
        check(schema)
    except UnsupportedSchema:
        assume(False)
    assert_valid(witness, schema)
    assert_valid(make(schema, seed), schema)


@given(ROOTS, st.integers())
def test_the_same_seed_makes_the_same_value(schema: Json, seed: int) -> None:
    try:
        check(schema)
        value = make(schema, seed)
    except UnsupportedSchema:
        assume(False)
    assert json.dumps(make(schema, seed)) == json.dumps(value)


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
