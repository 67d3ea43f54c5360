"""Which JSON schemas are served: the keywords, what each holds, where a reference may point.

The keywords are those of JSON Schema 2020-12 that can be honoured exactly. The parameters of a tool
may say anything: the keywords of `LENIENT` are understood there too and the rest is ignored.
"""

import graphlib
import reprlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import unquote

Json: TypeAlias = Any
"""A decoded JSON value."""

Schema: TypeAlias = Any
"""A decoded JSON schema: a dict, True or False."""

DEEPEST: Final = 64
"""Levels of nesting that are followed, in schemas and in values."""

LARGEST: Final = 10_000
"""The most items or characters that a schema may require."""


class UnsupportedSchema(ValueError):  # noqa: N818 - named for what it says of the schema
    """The schema is malformed, says what is not supported, or no value is valid for it."""

    def __init__(self, problem: str, *, keyword: str = "", path: str = "#") -> None:
        super().__init__(f"{path}: {problem}")
        self.keyword = keyword
        """The keyword at fault; empty if it is the schema as a whole."""
        self.path = path
        """JSON pointer of the schema that is at fault, such as `#/properties/size`."""


def check(schema: Schema, *, strict: bool = True) -> None:
    """Raise `UnsupportedSchema` unless all that the schema says is well-formed and supported.

    With `strict` false unknown keywords are ignored and those of `LENIENT` are understood.
    """
    inspection = _Inspection(strict=strict)
    inspection.visit(schema, path="#", level=0)
    inspection.follow_references(schema)


def resolve(root: Schema, ref: str) -> Schema:
    """Return what the JSON pointer `ref`, such as `#/$defs/node`, names in the schema `root`.

    Raises LookupError if nothing is there.
    """
    head, *parts = unquote(ref).split("/")
    if head != "#":
        raise LookupError(ref)
    found = root
    for part in parts:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(key) if isinstance(found, list) else key]
        except (TypeError, ValueError):
            raise LookupError(ref) from None
    return found


def is_number(value: object) -> bool:
    """Tell whether the value is a number to JSON, which a boolean is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "integer": lambda value: is_number(value) and value % 1 == 0,
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
"""The types of JSON Schema, with the test of each."""


class _Rule(NamedTuple):
    """What a keyword must hold. The schemas in it are judged on their own."""

    holds: Callable[[Any], bool]
    wanted: str


def _names_types(value: object) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and _are_names(names) and all(name in TYPES for name in names)


def _are_names(value: object) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(name, str) for name in value)
        and len(set(value)) == len(value)
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_finite(value: Json) -> bool:
    return is_number(value) and abs(value) <= sys.float_info.max


_ANY = _Rule(lambda _: True, "any value")
_TEXT = _Rule(lambda value: isinstance(value, str), "a string")
_FLAG = _Rule(lambda value: isinstance(value, bool), "true or false")
_FILLED = _Rule(lambda value: isinstance(value, list) and bool(value), "a list that is not empty")
_NAMED = _Rule(lambda value: isinstance(value, dict), "an object of schemas")
_TYPE = _Rule(_names_types, f"one of {', '.join(TYPES)}, or a list of these, each once")
_NAMES = _Rule(_are_names, "a list of property names, each once")
_BOUND = _Rule(_is_finite, "a finite number")
_OPEN_BOUND = _Rule(
    lambda value: isinstance(value, bool) or _is_finite(value),
    "a finite number, or true or false as in draft 4",
)
_AT_MOST = _Rule(_is_count, "a whole number, 0 or more")
_AT_LEAST = _Rule(
    lambda value: _is_count(value) and value <= LARGEST, f"a whole number from 0 to {LARGEST}"
)

STRICT: Final[Mapping[str, _Rule]] = {
    "type": _TYPE,
    "properties": _NAMED,
    "required": _NAMES,
    "additionalProperties": _ANY,
    "enum": _FILLED,
    "const": _ANY,
    "anyOf": _FILLED,
    "$ref": _TEXT,
    "$defs": _NAMED,
    "definitions": _NAMED,
    "items": _ANY,
    "minItems": _AT_LEAST,
    "maxItems": _AT_MOST,
    "minLength": _AT_LEAST,
    "maxLength": _AT_MOST,
    "minimum": _BOUND,
    "maximum": _BOUND,
}
"""Supported everywhere."""

LENIENT: Final[Mapping[str, _Rule]] = {
    "oneOf": _FILLED,
    "allOf": _FILLED,
    "prefixItems": _FILLED,
    "exclusiveMinimum": _OPEN_BOUND,
    "exclusiveMaximum": _OPEN_BOUND,
    "format": _TEXT,
    "nullable": _FLAG,
}
"""Understood in the parameters of a tool only."""

ANNOTATIONS: Final = frozenset(
    {
        *("title", "description", "default", "examples", "deprecated"),
        *("readOnly", "writeOnly", "$schema", "$id", "$comment"),
    }
)
"""Allowed, and change nothing."""

_ONE: Final = frozenset({"additionalProperties", "items"})
_LIST: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_MAP: Final = frozenset({"properties", "$defs", "definitions"})
ALTERNATIVES: Final = ("anyOf", "oneOf")
INDIRECT: Final = frozenset({"$ref", "allOf", *ALTERNATIVES})
"""The keywords whose schemas are about the same value."""

_RANGES: Final = (("minItems", "maxItems"), ("minLength", "maxLength"), ("minimum", "maximum"))


def _parts(schema: dict[str, Any], keyword: str) -> Iterator[tuple[str, Schema]]:
    """Yield the schemas that the keyword holds, each with the way to it."""
    value = schema[keyword]
    if keyword in _ONE:
        yield keyword, value
    elif keyword in _LIST:
        yield from ((f"{keyword}/{position}", part) for position, part in enumerate(value))
    elif keyword in _MAP:
        for name, part in value.items():
            yield f"{keyword}/{name.replace('~', '~0').replace('/', '~1')}", part


class _Inspection:
    """One walk through one schema."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._rules = STRICT if strict else {**STRICT, **LENIENT}
        self._seen: dict[int, tuple[str, dict[str, Any]]] = {}
        """The identity of each schema, its path and the schema."""

    def visit(self, schema: Schema, *, path: str, level: int) -> None:
        """Judge the schema and those that it holds."""
        if isinstance(schema, bool):
            return
        if not isinstance(schema, dict):
            problem = f"a schema is an object, true or false, not {reprlib.repr(schema)}"
            raise UnsupportedSchema(problem, path=path)
        if level > DEEPEST:
            raise UnsupportedSchema(f"nested more than {DEEPEST} levels deep", path=path)
        self._seen[id(schema)] = path, schema
        for keyword, value in schema.items():
            rule = self._rules.get(keyword)
            if rule is None:
                self._pass_over(keyword, path)
            elif rule.holds(value):
                for step, part in _parts(schema, keyword):
                    self.visit(part, path=f"{path}/{step}", level=level + 1)
            else:
                problem = f"{keyword} is {rule.wanted}, not {reprlib.repr(value)}"
                raise UnsupportedSchema(problem, keyword=keyword, path=path)
        for least, most in _RANGES:
            if least in schema and most in schema and schema[least] > schema[most]:
                problem = f"{least} {schema[least]} is more than {most} {schema[most]}"
                raise UnsupportedSchema(problem, keyword=least, path=path)

    def _pass_over(self, keyword: str, path: str) -> None:
        if not self._strict or (keyword in ANNOTATIONS and (keyword != "$id" or path == "#")):
            return
        if keyword == "$id":
            problem = "$id is supported at the root only: it moves the base of the references"
        else:
            problem = f"{keyword} is not supported; supported are {', '.join(STRICT)}"
        raise UnsupportedSchema(problem, keyword=keyword, path=path)

    def follow_references(self, root: Schema) -> None:
        """Judge where the references lead, now that all schemas have been seen."""
        in_place: dict[int, list[int]] = {}
        for identity, (path, schema) in self._seen.items():
            if INDIRECT.isdisjoint(schema):
                continue
            same_value = [part for key in (*ALTERNATIVES, "allOf") for part in schema.get(key, ())]
            if "$ref" in schema:
                same_value.append(self._target(root, schema["$ref"], path))
            in_place[identity] = [id(part) for part in same_value]
        try:
            graphlib.TopologicalSorter(in_place).prepare()
        except graphlib.CycleError as error:
            path = min(self._seen[identity][0] for identity in error.args[1])
            problem = "the schema refers to itself for one and the same value"
            raise UnsupportedSchema(problem, keyword="$ref", path=path) from None

    def _target(self, root: Schema, ref: str, path: str) -> Schema:
        if self._strict and ref != "#" and not ref.startswith(("#/$defs/", "#/definitions/")):
            problem = f"$ref is #, #/$defs/... or #/definitions/..., not {reprlib.repr(ref)}"
            raise UnsupportedSchema(problem, keyword="$ref", path=path)
        try:
            target = resolve(root, ref)
        except LookupError:
            target = None
        if not isinstance(target, bool) and id(target) not in self._seen:
            problem = f"$ref {reprlib.repr(ref)} points at no schema"
            raise UnsupportedSchema(problem, keyword="$ref", path=path)
        return target
