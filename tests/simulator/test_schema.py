"""The judge of every value here is the `jsonschema` package, an independent validator."""

import functools
import json
import random
from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qwensim.simulator.replies.schema import UnsupportedSchema, check, instance

Json: TypeAlias = Any
WORDS = ("amber", "birch", "cedar", "dune")


def make(schema: Json, seed: int = 0) -> Json:
    choose = random.Random(seed)
    return instance(schema, choose=choose, word=lambda: choose.choice(WORDS))


def assert_valid(value: Json, schema: Json) -> None:
    Draft202012Validator(schema).validate(value)
    assert json.loads(json.dumps(value)) == value


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
