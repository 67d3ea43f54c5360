"""The requests of a client as rules look at them: which repeats which, and how each ended."""

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Any, Final, TypeAlias

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.failures import Failures
from qwensim.catalog.rows import ModelRow, RouteRow
from qwensim.simulator import Entry
from qwensim.simulator.faults import KINDS, Reach
from qwensim.simulator.routes import Routes

RETRIED_WITHIN: Final = 120.0
"""Seconds in which the same request is a retry; later it is somebody who asks anew. Clients wait a
minute at most."""

_CUTTING: Final = frozenset({"drop", "truncated-chunk"})
"""The kinds of faults that end an answer before its end."""

Series: TypeAlias = tuple[Entry, ...]
"""Requests that are the same, in their order: of one key to one address, with one body."""


class Traffic:
    """What came to the service, and what can be told of it.

    `returned` are the numbers of requests after which the client's caller had no error, or None if
    that is not known.
    """

    def __init__(
        self, entries: Iterable[Entry], catalog: Catalog, *, returned: Collection[int] | None
    ) -> None:
        self.entries = tuple(entry for entry in entries if entry.arrived)
        self.returned = returned
        self._catalog = catalog
        self._failures = Failures(catalog)
        self._routes = Routes(catalog)
        self._marks = {entry.number: _mark(entry) for entry in self.entries}

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """All requests, the same ones together."""
        found: dict[object, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(self._marks[entry.number], []).append(entry)
        return tuple(map(tuple, found.values()))

    @cached_property
    def runs(self) -> tuple[Series, ...]:
        """Tries of one request: one that failed, its retries, and what ended them if it came."""
        return tuple(run for series in self.series for run in _runs(series))

    @property
    def cut(self) -> Iterator[Entry]:
        """The streams that were broken off."""
        for entry in self.entries:
            if entry.stream and entry.error is None and _kinds(entry) & _CUTTING:
                yield entry

    def ask_the_same(self, one: Entry, other: Entry) -> bool:
        """Return whether two requests are the same, or about the same conversation."""
        if self._marks[one.number] == self._marks[other.number]:
            return True
        return bool(messages(one)) and messages(one) == messages(other)

    def after(self, earlier: Entry) -> Iterator[Entry]:
        """Yield the later requests with the same key."""
        for entry in self.entries:
            if entry.number > earlier.number and entry.key == earlier.key:
                yield entry

    def route(self, entry: Entry) -> RouteRow | None:
        """Return the route that a request took, if there is one."""
        match = self._routes.find(entry.host, entry.path)
        return match.route if match is not None else None

    def model(self, entry: Entry) -> ModelRow | None:
        """Return the model that a request asked for, as its host serves it."""
        return self._catalog.served.get(entry.host, {}).get(entry.model or "")

    def passes(self, entry: Entry) -> bool:
        """Return whether what a request failed with may pass, so that it may be sent again."""
        if entry.error is None:
            return True
        row, host = self._catalog.errors.get(entry.error), self._catalog.hosts.get(entry.host)
        return self._failures.find(
            status=entry.status,
            code=row.code if row else None,
            message=entry.message or (row.message if row else ""),
            plan=host.plan if host else None,
            task=entry.task is not None,
        ).retry


def failed(entry: Entry) -> bool:
    """Return whether a request got no answer, none that is whole, or an error."""
    return entry.error is not None or bool(_kinds(entry) & _ENDING)


def messages(entry: Entry) -> list[Any]:
    """Return the conversation of a request; empty if it has none."""
    body = entry.body if isinstance(entry.body, dict) else {}
    holder = body.get("input", body) if "messages" not in body else body
    found = holder.get("messages") if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []


def is_turn(message: Any, role: str) -> bool:
    """Return whether a message is one of that role."""
    return isinstance(message, dict) and message.get("role") == role


_ENDING: Final = _CUTTING | {kind for kind, row in KINDS.items() if row.leaves is Reach.REQUEST}


def _kinds(entry: Entry) -> set[str]:
    return set(entry.fault.split("+")) if entry.fault else set()


def _mark(entry: Entry) -> object:
    """Return what is equal for equal requests."""
    try:
        body = msgspec.json.encode(entry.body, order="deterministic")
    except RecursionError:  # nobody repeats that
        return entry.number
    return (entry.key, entry.method, entry.host, entry.path, entry.query, body)


def followed(series: Series) -> Iterator[tuple[Entry, Entry | None]]:
    """Yield each request with the one that follows, if one does."""
    yield from zip(series, (*series[1:], None), strict=True)


def _runs(series: Series) -> Iterator[Series]:
    run: list[Entry] = []
    for entry, following in followed(series):
        run.append(entry)
        again = following is not None and following.at - entry.at <= RETRIED_WITHIN
        if not (failed(entry) and again):
            if failed(run[0]):
                yield tuple(run)
            run = []
