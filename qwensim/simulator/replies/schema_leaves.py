"""Makes the values that have no parts: texts and numbers that are valid for a clause."""

import math
import random
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from qwensim.simulator.replies.schema_reading import greatest_number, least_number

Clause: TypeAlias = tuple[dict[str, Any], ...]
"""The schemas that one value must all satisfy: references followed, alternatives chosen."""

_FORMATS: Final[Mapping[str, str]] = {
    "date": "2026-05-18",
    "date-time": "2026-05-18T08:00:00Z",
    "email": "user@example.com",
    "uri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
}


class DeadEndError(Exception):
    """No value is valid in the room that is left."""


def string(clause: Clause, words: Callable[[], str]) -> str:
    """Return the text of a `format`, or else `words`, as long as the clause wants it."""
    least, most = size(clause, "minLength", "maxLength")
    formats = (_FORMATS.get(schema.get("format", "")) for schema in clause)
    text = next(filter(None, formats), "") or words()
    if least <= len(text) <= most:
        return text
    if len(text) < least:
        text, most = f"{text} " * (least // (len(text) + 1) + 1), least
    return text[: int(most)].rstrip().ljust(least, ".")


def integer(clause: Clause, choose: random.Random) -> int:
    """Return an integer within the bounds: positive if one is, and not far from the least."""
    low, high = _range(clause)
    first = math.ceil(low) if low > -math.inf else low
    last = math.floor(high) if high < math.inf else high
    if first > last:
        raise DeadEndError
    start = int(min(max(first, 1), last))
    return choose.randint(start, int(min(last, start + 99)))


def number(clause: Clause, choose: random.Random) -> float:
    """Return a number within the bounds, of two decimal places where they allow it."""
    low, high = _range(clause)
    if low > high:
        raise DeadEndError
    start = min(max(low, 1), high)
    near = round(start + choose.random() * min(high - start, 99), 2)
    return near if low <= near <= high else start


def size(clause: Clause, least: str, most: str) -> tuple[int, float]:
    """Return the bounds of a length that the clause sets under these two keywords.

    Raises `DeadEndError` if they leave nothing.
    """
    low, high = 0, math.inf
    for schema in clause:
        low, high = max(low, schema.get(least, 0)), min(high, schema.get(most, math.inf))
    if low > high:
        raise DeadEndError
    return low, high


def _range(clause: Clause) -> tuple[float, float]:
    """Return the least and the greatest number that the clause allows."""
    low, high = -math.inf, math.inf
    for schema in clause:
        low, high = max(low, least_number(schema)), min(high, greatest_number(schema))
    return low, high
