"""Makes JSON values that are valid for a JSON schema: structured output and tool arguments.

A *goal* is a tuple of schemas that one value must all satisfy. So `$ref` and `anyOf` beside other
keywords need no merging: the goal of a property is what each schema says of that property.

Near the top a value shows all that it may have. Below `SHALLOW` levels each goal takes the shortest
way out, found by allowing it one level more at a time, so that recursive schemas end.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from qwensim.simulator.replies.schema_leaves import (
    Clause,
    DeadEndError,
    integer,
    number,
    size,
    string,
)
from qwensim.simulator.replies.schema_reading import is_valid, item, listed, member, type_names
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


class _Maker:
    """Makes one instance."""

    def __init__(self, root: Schema, choose: random.Random, word: Callable[[], str]) -> None:
        self._root = root
        self._choose = choose
        self._word = word
        self._steps = STEPS
        self._dead: dict[tuple[int, ...], int] = {}
        """The room, in levels, in which a goal (the identities of its schemas) has no value."""
        self._make_kind: Mapping[str, Callable[[Clause, int, int], Any]] = {
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
        except DeadEndError:
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
            except DeadEndError:
                continue
        raise DeadEndError

    def _attempt(self, goal: _Goal, level: int, room: int) -> Json:
        self._step()
        key = tuple(map(id, goal))
        if self._dead.get(key, 0) >= room:
            raise DeadEndError
        for clause in self._clauses(goal):
            for make in self._ways(clause):
                try:
                    return make(clause, level, room)
                except DeadEndError:
                    continue
        self._dead[key] = room
        raise DeadEndError

    def _clauses(self, goal: _Goal) -> Iterator[Clause]:
        for schema in goal:
            if isinstance(schema, bool) or not INDIRECT.isdisjoint(schema):
                return self._expand(list(goal), {})
        return iter((goal,))

    def _expand(self, todo: list[Any], met: dict[int, dict[str, Any]]) -> Iterator[Clause]:
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

    def _ways(self, clause: Clause) -> Iterator[Callable[[Clause, int, int], Any]]:
        for schema in clause:
            if "enum" in schema or "const" in schema:
                return iter((self._listed,))
        return map(self._make_kind.__getitem__, self._kinds(clause))

    def _kinds(self, clause: Clause) -> Sequence[str]:
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

    def _listed(self, clause: Clause, _level: int, _room: int) -> Json:
        values = next(values for values in map(listed, clause) if values is not None)
        guess = self._choose.choice(values)
        if self._fits(guess, clause):
            return guess
        fitting = [value for value in values if self._fits(value, clause)]
        if not fitting:
            raise DeadEndError
        return self._choose.choice(fitting)

    def _fits(self, value: Json, clause: Clause) -> bool:
        return all(is_valid(value, schema, self._root) for schema in clause)

    def _string(self, clause: Clause, _level: int, _room: int) -> str:
        return string(clause, lambda: " ".join(self._word() for _ in range(self._few())))

    def _integer(self, clause: Clause, _level: int, _room: int) -> int:
        return integer(clause, self._choose)

    def _number(self, clause: Clause, _level: int, _room: int) -> float:
        return number(clause, self._choose)

    def _boolean(self, _clause: Clause, _level: int, _room: int) -> bool:
        return bool(self._choose.getrandbits(1))

    def _null(self, _clause: Clause, _level: int, _room: int) -> None:
        return None

    def _array(self, clause: Clause, level: int, room: int) -> list[Any]:
        least, most = size(clause, "minItems", "maxItems")
        wanted = least
        if level < SHALLOW:
            prefix = max((len(schema.get("prefixItems", ())) for schema in clause), default=0)
            wanted = int(min(max(least, prefix, self._few()), most))
        made: list[Any] = []
        for position in range(wanted):
            goal = _joint([item(schema, position) for schema in clause])
            try:
                made.append(self._value(goal, level + 1, room - 1))
            except DeadEndError:
                if position < least:
                    raise
                break
        return made

    def _object(self, clause: Clause, level: int, room: int) -> dict[str, Any]:
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
            except DeadEndError:
                if name in required:
                    raise
        return made


def _joint(parts: list[Schema]) -> _Goal:
    return tuple([part for part in parts if part is not True])
