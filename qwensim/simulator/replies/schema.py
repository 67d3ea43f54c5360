"""Makes JSON values that are valid for a JSON schema: structured output and tool arguments.

A *goal* is a tuple of schemas that one value must all satisfy. So `$ref` and `anyOf` beside other
keywords need no merging: the goal of a property is what each schema says of that property.

Near the top a value shows all that it may have. Below `SHALLOW` levels each goal takes the shortest
way out, found by allowing it one level more at a time, so that recursive schemas end.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from qwensim.simulator.replies.schema_reading import (
    greatest_number,
    is_valid,
    item,
    least_number,
    listed,
    member,
    type_names,
)
from qwensim.simulator.replies.schema_rules import (
    ALTERNATIVES,
    DEEPEST,
    INDIRECT,
    TYPES,
    Json,
    Schema,
    UnsupportedSchema,
    check,
    resolve,
)

__all__ = ["UnsupportedSchema", "arguments", "check", "instance"]

SHALLOW: Final = 3
"""Levels that show optional properties, several items and a free choice of alternatives."""

STEPS: Final = 50_000
"""How many values and choices may be tried for one instance."""


def instance(schema: Schema, *, choose: random.Random, word: Callable[[], str]) -> Json:
    """Return a value that is valid for `schema`, which `check` accepts.

    `choose` makes every choice and `word` the text: same seeds, same value. The value may share
    parts with the schema's `enum` and `const`.

    Raises `UnsupportedSchema` if no value is valid, or none is found within `DEEPEST` levels and
    `STEPS` steps.
    """
    return _Maker(schema, choose, word).make((schema,))


def arguments(schema: Schema, *, choose: random.Random, word: Callable[[], str]) -> dict[str, Any]:
    """Return arguments for a tool whose `parameters` are `schema`, or {} if none can be made.

    Tools say more than `check` accepts. `allOf`, `prefixItems`, exclusive bounds and `nullable` are
    honoured, `oneOf` is taken for `anyOf`, some `format`s have a fixed value, the rest is ignored.
    """
    try:
        check(schema, strict=False)
        made: dict[str, Any] = _Maker(schema, choose, word).make((schema, {"type": "object"}))
    except UnsupportedSchema:
        return {}
    return made


_Goal: TypeAlias = tuple[Schema, ...]
_Clause: TypeAlias = tuple[dict[str, Any], ...]
"""A goal whose references are followed and whose alternatives are chosen."""


_HINTS: Final[Mapping[str, str]] = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "maxItems": "array",
    "minimum": "number",
    "maximum": "number",
}
"""What a schema that names no type is probably about, if not about a string."""

_FORMATS: Final[Mapping[str, str]] = {
    "date": "2026-05-18",
    "date-time": "2026-05-18T08:00:00Z",
    "email": "user@example.com",
    "uri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
}


class _DeadEndError(Exception):
    """No value satisfies the goal in the room that is left."""


class _Maker:
    """Makes one instance."""

    def __init__(self, root: Schema, choose: random.Random, word: Callable[[], str]) -> None:
        self._root = root
        self._choose = choose
        self._word = word
        self._steps = STEPS
        self._dead: dict[tuple[int, ...], int] = {}
        """The room, in levels, in which a goal (the identities of its schemas) has no value."""
        self._make_kind: Mapping[str, Callable[[_Clause, int, int], Any]] = {
            "string": self._string,
            "object": self._object,
            "array": self._array,
            "integer": self._integer,
            "number": self._number,
            "boolean": self._boolean,
            "null": self._null,
        }

    def make(self, goal: _Goal) -> Json:
        """Return a value for the goal, or raise `UnsupportedSchema`."""
        try:
            return self._value(goal, 0, DEEPEST)
        except _DeadEndError:
            raise UnsupportedSchema(f"no value of at most {DEEPEST} levels is valid") from None
        except RecursionError:
            raise UnsupportedSchema("the references are too long a chain to follow") from None

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise UnsupportedSchema(f"no valid value was found in {STEPS} steps")

    def _value(self, goal: _Goal, level: int, room: int) -> Json:
        """Return a value at the nesting `level` that has at most `room` levels itself."""
        if level < SHALLOW:
            return self._attempt(goal, level, room)
        least = self._dead.get(tuple(map(id, goal)), 0) + 1
        for enough in range(least, room + 1):
            try:
                return self._attempt(goal, level, enough)
            except _DeadEndError:
                continue
        raise _DeadEndError

    def _attempt(self, goal: _Goal, level: int, room: int) -> Json:
        self._step()
        key = tuple(map(id, goal))
        if self._dead.get(key, 0) >= room:
            raise _DeadEndError
        for clause in self._clauses(goal):
            for make in self._ways(clause):
                try:
                    return make(clause, level, room)
                except _DeadEndError:
                    continue
        self._dead[key] = room
        raise _DeadEndError

    def _clauses(self, goal: _Goal) -> Iterator[_Clause]:
        for schema in goal:
            if isinstance(schema, bool) or not INDIRECT.isdisjoint(schema):
                return self._expand(list(goal), {})
        return iter((goal,))

    def _expand(self, todo: list[Any], met: dict[int, dict[str, Any]]) -> Iterator[_Clause]:
        """Yield the clauses of `met` and `todo`; a list in `todo` stands for one of its schemas."""
        self._step()
        while todo:
            schema = todo.pop()
            if isinstance(schema, list):
                for branch in self._choose.sample(schema, len(schema)):
                    yield from self._expand([*todo, branch], dict(met))
                return
            if schema is False:
                return
            if schema is True or id(schema) in met:
                continue
            met[id(schema)] = schema
            if "$ref" in schema:
                todo.append(resolve(self._root, schema["$ref"]))
            todo.extend(schema.get("allOf", ()))
            todo.extend(schema[keyword] for keyword in ALTERNATIVES if keyword in schema)
        yield tuple(met.values())

    def _ways(self, clause: _Clause) -> Iterator[Callable[[_Clause, int, int], Any]]:
        for schema in clause:
            if "enum" in schema or "const" in schema:
                return iter((self._listed,))
        return map(self._make_kind.__getitem__, self._kinds(clause))

    def _kinds(self, clause: _Clause) -> Sequence[str]:
        """Return the types that the value may have, the one to try first in front."""
        if len(clause) == 1 and isinstance(clause[0].get("type"), str):
            return type_names(clause[0])
        named = [type_names(schema) for schema in clause if "type" in schema]
        kinds = [kind for kind in TYPES if all(kind in names for names in named)]
        if named:
            return self._choose.sample(kinds, len(kinds))
        hints = (kind for hint, kind in _HINTS.items() if any(hint in schema for schema in clause))
        return list(dict.fromkeys([*hints, *kinds]))

    def _few(self) -> int:
        return 1 + int(self._choose.random() * 3)

    def _listed(self, clause: _Clause, _level: int, _room: int) -> Json:
        values = next(values for values in map(listed, clause) if values is not None)
        guess = self._choose.choice(values)
        if self._fits(guess, clause):
            return guess
        fitting = [value for value in values if self._fits(value, clause)]
        if not fitting:
            raise _DeadEndError
        return self._choose.choice(fitting)

    def _fits(self, value: Json, clause: _Clause) -> bool:
        return all(is_valid(value, schema, self._root) for schema in clause)

    def _string(self, clause: _Clause, _level: int, _room: int) -> str:
        least, most = _size(clause, "minLength", "maxLength")
        formats = (_FORMATS.get(schema.get("format", "")) for schema in clause)
        text = next(filter(None, formats), "") or " ".join(self._word() for _ in range(self._few()))
        if least <= len(text) <= most:
            return text
        if len(text) < least:
            text, most = f"{text} " * (least // (len(text) + 1) + 1), least
        return text[: int(most)].rstrip().ljust(least, ".")

    def _integer(self, clause: _Clause, _level: int, _room: int) -> int:
        low, high = _range(clause)
        first = math.ceil(low) if low > -math.inf else low
        last = math.floor(high) if high < math.inf else high
        if first > last:
            raise _DeadEndError
        start = int(min(max(first, 1), last))
        return self._choose.randint(start, int(min(last, start + 99)))

    def _number(self, clause: _Clause, _level: int, _room: int) -> float:
        low, high = _range(clause)
        if low > high:
            raise _DeadEndError
        start = min(max(low, 1), high)
        near = round(start + self._choose.random() * min(high - start, 99), 2)
        return near if low <= near <= high else start

    def _boolean(self, _clause: _Clause, _level: int, _room: int) -> bool:
        return bool(self._choose.getrandbits(1))

    def _null(self, _clause: _Clause, _level: int, _room: int) -> None:
        return None

    def _array(self, clause: _Clause, level: int, room: int) -> list[Any]:
        least, most = _size(clause, "minItems", "maxItems")
        wanted = least
        if level < SHALLOW:
            prefix = max((len(schema.get("prefixItems", ())) for schema in clause), default=0)
            wanted = int(min(max(least, prefix, self._few()), most))
        made: list[Any] = []
        for position in range(wanted):
            goal = _joint([item(schema, position) for schema in clause])
            try:
                made.append(self._value(goal, level + 1, room - 1))
            except _DeadEndError:
                if position < least:
                    raise
                break
        return made

    def _object(self, clause: _Clause, level: int, room: int) -> dict[str, Any]:
        required = {name: None for schema in clause for name in schema.get("required", ())}
        names = required
        if level < SHALLOW:
            known = (name for schema in clause for name in schema.get("properties", ()))
            names = dict.fromkeys(known) | required
            if not names and any(schema.get("additionalProperties") for schema in clause):
                names = {self._word(): None}
        made: dict[str, Any] = {}
        for name in names:
            goal = _joint([member(schema, name) for schema in clause])
            try:
                made[name] = self._value(goal, level + 1, room - 1)
            except _DeadEndError:
                if name in required:
                    raise
        return made


def _joint(parts: list[Schema]) -> _Goal:
    return tuple([part for part in parts if part is not True])


def _size(clause: _Clause, least: str, most: str) -> tuple[int, float]:
    """Return the bounds that the clause sets, or come to a dead end if they leave nothing."""
    low, high = 0, math.inf
    for schema in clause:
        low, high = max(low, schema.get(least, 0)), min(high, schema.get(most, math.inf))
    if low > high:
        raise _DeadEndError
    return low, high


def _range(clause: _Clause) -> tuple[float, float]:
    """Return the least and the greatest number that the clause allows."""
    low, high = -math.inf, math.inf
    for schema in clause:
        low, high = max(low, least_number(schema)), min(high, greatest_number(schema))
    return low, high
