"""What one schema, known to be well-formed, says of a value and of its parts."""

import math
from collections.abc import Sequence
from typing import Any

from qwensim.simulator.replies.schema_rules import (
    ALTERNATIVES,
    TYPES,
    Json,
    Schema,
    is_number,
    resolve,
)


def type_names(schema: dict[str, Any]) -> tuple[str, ...]:
    """Return the types that the schema allows, in its own order."""
    names = schema.get("type")
    if names is None:
        return tuple(TYPES)
    named = (names,) if isinstance(names, str) else tuple(names)
    if "number" in named:
        named += ("integer",)
    return (*named, "null") if schema.get("nullable") else named


def listed(schema: dict[str, Any]) -> Sequence[Json] | None:
    """Return values beyond which the schema allows none, or None if it lists none."""
    if "const" in schema:
        return (schema["const"],)
    values: Sequence[Json] | None = schema.get("enum")
    return values


def item(schema: dict[str, Any], position: int) -> Schema:
    """Return what the schema says of the item at the position, from 0."""
    prefix = schema.get("prefixItems", ())
    return prefix[position] if position < len(prefix) else schema.get("items", True)


def member(schema: dict[str, Any], name: str) -> Schema:
    """Return what the schema says of the property."""
    properties = schema.get("properties", {})
    return properties[name] if name in properties else schema.get("additionalProperties", True)


def least_number(schema: dict[str, Any]) -> float:
    """Return the least number allowed, minus infinity if there is no bound."""
    bound: float = schema.get("minimum", -math.inf)
    above = schema.get("exclusiveMinimum", False)
    if isinstance(above, bool):  # draft 4: whether the minimum itself is out
        return math.nextafter(bound, math.inf) if above else bound
    return max(bound, math.nextafter(above, math.inf))


def greatest_number(schema: dict[str, Any]) -> float:
    """Return the greatest number allowed, infinity if there is no bound."""
    bound: float = schema.get("maximum", math.inf)
    below = schema.get("exclusiveMaximum", False)
    if isinstance(below, bool):  # draft 4: whether the maximum itself is out
        return math.nextafter(bound, -math.inf) if below else bound
    return min(bound, math.nextafter(below, -math.inf))


def is_valid(value: Json, schema: Schema, root: Schema) -> bool:
    """Tell whether the value is valid for the schema, a part of `root`."""
    if isinstance(schema, bool):
        return schema
    return (
        any(TYPES[name](value) for name in type_names(schema))
        and ("const" not in schema or _same(value, schema["const"]))
        and ("enum" not in schema or any(_same(value, one) for one in schema["enum"]))
        and ("$ref" not in schema or is_valid(value, resolve(root, schema["$ref"]), root))
        and all(is_valid(value, part, root) for part in schema.get("allOf", ()))
        and all(
            any(is_valid(value, branch, root) for branch in schema[keyword])
            for keyword in ALTERNATIVES
            if keyword in schema
        )
        and _is_within(value, schema, root)
    )


def _is_within(value: Json, schema: dict[str, Any], root: Schema) -> bool:
    if isinstance(value, str):
        return _is_size(len(value), schema, "minLength", "maxLength")
    if is_number(value):
        return bool(least_number(schema) <= value <= greatest_number(schema))
    if isinstance(value, list):
        return _is_size(len(value), schema, "minItems", "maxItems") and all(
            is_valid(part, item(schema, position), root) for position, part in enumerate(value)
        )
    if isinstance(value, dict):
        return all(name in value for name in schema.get("required", ())) and all(
            is_valid(part, member(schema, name), root) for name, part in value.items()
        )
    return True


def _is_size(size: int, schema: dict[str, Any], least: str, most: str) -> bool:
    return bool(schema.get(least, 0) <= size <= schema.get(most, math.inf))


def _same(one: Json, other: Json) -> bool:
    """Compare as JSON Schema does: 1 is 1.0, but not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)
