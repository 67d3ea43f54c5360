"""What must hold of one value, and where it is in JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from qwensim.scenarios.expectations import At, Condition, Match
from qwensim.scenarios.wire import ABSENT

_LONGEST: Final = 200
"""Characters of a value that are shown."""


def holds(condition: Condition, value: Any) -> bool:
    """Return whether a condition holds of a value; `ABSENT` is one too."""
    if not isinstance(condition, Match):
        return _same(condition, value)
    return all(_HOLDS[name](wanted, value) for name, wanted in condition.given.items())


def all_hold(conditions: At, value: Any) -> bool:
    """Return whether all conditions hold at their places."""
    return all(holds(condition, found(value, place)) for place, condition in conditions.items())


def found(value: Any, place: str) -> Any:
    """Return what stands at a place in JSON, like `choices.0.delta`, or `ABSENT`."""
    for step in place.split("."):
        match value:
            case dict():
                value = value.get(step, ABSENT)
            case list():
                value = _item(value, step)
            case _:
                return ABSENT
    return value


def described(condition: Condition) -> str:
    """Return a condition in words."""
    if not isinstance(condition, Match):
        return shown(condition)
    return " and ".join(_WORDS[name](wanted) for name, wanted in condition.given.items())


def shown(value: Any) -> str:
    """Return a value as JSON, in one line, a long one cut."""
    if value is ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _item(items: list[Any], step: str) -> Any:
    try:
        return items[int(step)]
    except (ValueError, IndexError):
        return ABSENT


def _same(wanted: Any, value: Any) -> bool:
    """Compare as JSON does: `true` is no 1."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    if isinstance(wanted, list) and isinstance(value, list):
        return len(wanted) == len(value) and all(map(_same, wanted, value))
    if isinstance(wanted, dict) and isinstance(value, dict):
        return wanted.keys() == value.keys() and all(_same(wanted[k], value[k]) for k in wanted)
    return bool(wanted == value)


def _contains(wanted: Any, value: Any) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list) and any(_same(wanted, item) for item in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_HOLDS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "equals": _same,
    "contains": _contains,
    "lacks": lambda wanted, value: isinstance(value, str | list) and not _contains(wanted, value),
    "present": lambda wanted, value: (value is not ABSENT and value is not None) is wanted,
    "least": lambda wanted, value: _is_number(value) and value >= wanted,
    "most": lambda wanted, value: _is_number(value) and value <= wanted,
}

_WORDS: Final[Mapping[str, Callable[[Any], str]]] = {
    "equals": shown,
    "contains": lambda wanted: f"something with {shown(wanted)} in it",
    "lacks": lambda wanted: f"something without {shown(wanted)}",
    "present": lambda wanted: "something" if wanted else "nothing",
    "least": lambda wanted: f"{shown(wanted)} or more",
    "most": lambda wanted: f"{shown(wanted)} or less",
}
