"""The book of responses: what the service remembers of them, so that a talk can go on.

The book has no clock: every method is told the moment.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

KEPT = 7 * 86_400.0
"""Seconds after which a response is forgotten (Model Studio docs: Responses)."""


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """A response, and the turn of the talk that it was."""

    body: Mapping[str, Any]
    """The response as it is told when it is asked for."""
    items: tuple[Mapping[str, Any], ...]
    """What was put in, as it is listed."""
    messages: tuple[Any, ...]
    """What was put in and came out, in the form of the compatible chat, without instructions."""
    previous: "Remembered | None"
    owner: bytes
    """Whose it is: host and key, made unreadable."""
    at: float
    """When it was made, in seconds since the epoch."""
    weight: int = 0
    """Bytes of the requests of the talk up to here, pictures that were sent along included."""

    def spoken(self) -> list[Any]:
        """Return all messages of the talk up to here."""
        turns = [*self._back()]
        return [message for turn in reversed(turns) for message in turn.messages]

    def _back(self) -> "Iterator[Remembered]":
        turn: Remembered | None = self
        while turn is not None:
            yield turn
            turn = turn.previous


class ResponseBook:
    """Keeps responses for a week, no more than `size` of them and of no more than `weight` bytes.

    With a response the talk behind it is kept, and weighs.
    """

    def __init__(self, *, size: int = 1000, weight: int = 2**26) -> None:
        self._size = size
        self._most = weight
        self._weight = 0
        self._entries: OrderedDict[str, Remembered] = OrderedDict()

    def keep(self, response_id: str, response: Remembered) -> None:
        """Remember a response."""
        self._entries[response_id] = response
        self._weight += response.weight
        while len(self._entries) > 1 and self._is_full(response.at):
            self._weight -= self._entries.popitem(last=False)[1].weight

    def find(self, response_id: str, owner: bytes, now: float) -> Remembered | None:
        """Return a response of the owner, or None if there is none."""
        found = self._entries.get(response_id)
        if found is None or found.owner != owner or now - found.at >= KEPT:
            return None
        return found

    def drop(self, response_id: str, owner: bytes, now: float) -> bool:
        """Forget a response of the owner; return whether there was one."""
        if self.find(response_id, owner, now) is None:
            return False
        self._weight -= self._entries.pop(response_id).weight
        return True

    def clear(self) -> None:
        """Forget all responses."""
        self._entries.clear()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    def _is_full(self, now: float) -> bool:
        oldest = next(iter(self._entries.values()))
        return (
            len(self._entries) > self._size or self._weight > self._most or now - oldest.at >= KEPT
        )
