"""Judges request parameters by the table of rules, in the service's own words."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from qwensim.catalog.rows import ModelRow, ParameterRow
from qwensim.simulator.refusals import Refused

_JAVA_NAMES = {"number": "Float", "integer": "Integer", "boolean": "Boolean", "string": "String"}
"""How the service calls the types (recorded for Float; the others by analogy)."""

_UNBOUNDED = 2**31 - 1
"""Stands in a message for a bound that is not on record: the service's largest integer (guess)."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return value.is_integer() if isinstance(value, float) else _is_number(value)


_IS: Mapping[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


class ParameterRules:
    """The rules of one surface. Parameters without a rule are ignored, as by the service."""

    def __init__(self, rows: Mapping[str, ParameterRow]) -> None:
        names = ((row.name.split("."), row) for row in rows.values())
        self._rules = tuple((name, path, row) for (name, *path), row in names)

    def check(self, body: Mapping[str, Any], model: ModelRow) -> None:
        """Raise `Refused` for the first parameter that breaks its rule; a null counts as absent."""
        for name, path, row in self._rules:
            if name not in body:
                continue
            value: Any = body[name]
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            if value is not None:
                _check(row, value, model)


def _check(row: ParameterRow, value: Any, model: ModelRow) -> None:
    if not any(_IS[kind](value) for kind in row.types):
        raise Refused(row.wrong_type, path=row.name, type=_JAVA_NAMES.get(row.types[0], "List"))
    if row.out_of_range is None or not _is_number(value):
        return
    most = row.maximum
    if row.maximum_from is not None:
        most = getattr(model, row.maximum_from)
    too_small = (row.minimum is not None and value < row.minimum) or (
        row.above is not None and value <= row.above
    )
    too_large = (most is not None and value > most) or (
        row.below is not None and value >= row.below
    )
    if too_small and row.too_small is not None:
        raise Refused(row.too_small, path=row.name, value=shown(value), limit=shown(row.minimum))
    if too_small or too_large:
        limit = _UNBOUNDED if most is None else most
        raise Refused(row.out_of_range, path=row.name, value=shown(value), limit=shown(limit))


def shown(value: object) -> str:
    """Return a value as it stands in an error text: a string bare, all else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return msgspec.json.encode(value).decode()
