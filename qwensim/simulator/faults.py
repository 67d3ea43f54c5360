"""Everything that can go wrong between the service and a client, by one mechanism.

A fault says which exchanges it meets and what it does to their events. It is deterministic: it
meets the next `times` exchanges that match, or every `every`-th of them.
"""

from collections.abc import Callable, Generator, Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Literal, TypeAlias

import msgspec

from qwensim.exchange import Abort, Chunk, Event, Wait
from qwensim.simulator.refusals import Refused

Kind = Literal[
    "error",
    "delay",
    "connect-error",
    "timeout",
    "drop-before-headers",
    "drop",
    "malformed-chunk",
    "truncated-chunk",
    "missing-usage",
    "missing-done",
    "error-event",
]

SILENT = frozenset({"connect-error", "drop-before-headers", "timeout"})
"""The kinds in which the service never comes to answer."""

Values: TypeAlias = dict[str, str | int | float]
"""The values that the message of an error wants, by name."""

_DAY = 86_400
_FOREVER = 3600.0
"""Longer than any client's patience: the openai SDK gives up after 600 s."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong, where and how often."""

    kind: Kind
    error: str | None = None
    """For `error` and `error-event`: the id of a row of the error table. An answer that is not a
    stream has no events and passes unharmed."""
    values: Values = {}
    """The values that the error's message wants."""
    seconds: Annotated[float, msgspec.Meta(ge=0, le=_DAY)] = 1.0
    """For `delay`: a day at most."""
    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """For what happens in mid-answer: so many chunks come before it."""
    model: str | None = None
    """A model name; `*` and `?` match as in a shell."""
    host: str | None = None
    times: Annotated[int, msgspec.Meta(ge=1)] | None = 1
    """The matching exchanges that it meets before it is used up; None: all."""
    every: Annotated[int, msgspec.Meta(ge=1)] = 1
    """It meets only every so-manyth exchange that matches."""

    def matches(self, *, host: str, model: str | None) -> bool:
        """Return whether the fault is about this exchange."""
        if self.host is not None and self.host != host:
            return False
        return self.model is None or (model is not None and fnmatchcase(model, self.model))


class FaultQueue:
    """The armed faults, in the order in which they were set; the first that meets, acts."""

    def __init__(self) -> None:
        self._armed: list[tuple[Fault, list[int]]] = []

    def add(self, fault: Fault) -> None:
        """Arm a fault."""
        self._armed.append((fault, [0, 0]))

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()

    def armed(self) -> tuple[Fault, ...]:
        """Return the faults that are not used up."""
        return tuple(fault for fault, _ in self._armed)

    def take(self, *, host: str, model: Callable[[], str | None]) -> Fault | None:
        """Return the fault that meets this exchange, if any, and count it."""
        asked_for = model() if self._armed else None
        for position, (fault, counts) in enumerate(self._armed):
            if not fault.matches(host=host, model=asked_for):
                continue
            counts[0] += 1
            if counts[0] % fault.every:
                continue
            counts[1] += 1
            if counts[1] == fault.times:
                del self._armed[position]
            return fault
        return None


def error_of(fault: Fault) -> Refused:
    """Return the refusal that a fault stands for; an internal error unless it names one."""
    return Refused(fault.error or "internal-error", **fault.values)


def transform(events: Iterator[Event], fault: Fault, error_event: bytes) -> Generator[Event]:
    """Play the events with the fault in them; `error_event` is the frame of `error-event`."""
    match fault.kind:
        case "connect-error":
            yield Abort(kind="refuse")
        case "drop-before-headers":
            yield Abort()
        case "timeout":
            yield Wait(seconds=_FOREVER)
            yield Abort()
        case "delay":
            yield Wait(seconds=fault.seconds)
            yield from events
        case "error":
            yield from events
        case "missing-usage" | "missing-done":
            left_out = "usage" if fault.kind == "missing-usage" else "done"
            yield from (
                event
                for event in events
                if not (isinstance(event, Chunk) and event.kind == left_out)
            )
        case _:
            yield from _in_mid_answer(events, fault, error_event)


def _in_mid_answer(events: Iterator[Event], fault: Fault, error_event: bytes) -> Generator[Event]:
    chunks = 0
    for event in events:
        whole = isinstance(event, Chunk) and event.kind == "body"
        if not isinstance(event, Chunk) or (whole and fault.kind == "error-event"):
            yield event
            continue
        if chunks == fault.after:
            match fault.kind:
                case "drop":
                    yield Abort()
                    return
                case "truncated-chunk":
                    yield Chunk(data=event.data[: len(event.data) // 2], kind=event.kind)
                    yield Abort()
                    return
                case "error-event":
                    yield Chunk(data=error_event, kind="error")
                    # Nothing on record follows an error in mid-stream, [DONE] neither.
                    yield from (later for later in events if not isinstance(later, Chunk))
                    return
                case _:
                    yield Chunk(data=_malformed(event.data), kind=event.kind)
        else:
            yield event
        chunks += 1


def _malformed(data: bytes) -> bytes:
    """Break the JSON and keep the framing."""
    return data.replace(b'":', b'"', 1) if b'":' in data else b"data: {\n\n"
