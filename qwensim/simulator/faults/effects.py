"""What each kind of fault does to the events of an answer."""

import re
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from qwensim.exchange import Abort, Chunk, End, Event, Head, Wait
from qwensim.simulator.faults.fault import Fault

_FOREVER = 3600.0
"""Longer than any client's patience: the openai SDK gives up after 600 s."""

_COMMENT = Chunk(data=b": keep-alive\n\n", kind="comment")
_GZIP = 16 + zlib.MAX_WBITS
_NATIVE_USAGE = re.compile(rb'"usage":\{.*?\},(?="(?:request_id|created_at)":)')
"""The usage of a native frame, and of a response in the Responses API."""
_LAST_USAGE = re.compile(rb',"usage":\{[^{}]*\}(?=\})')
"""The usage of a frame in which nothing follows it, as in the Anthropic protocol."""
_TWO_BYTES = 0xC0
"""Where the bytes begin that open a character of several."""


class Blow(msgspec.Struct, frozen=True, kw_only=True):
    """One fault and the events that it meets."""

    fault: Fault
    events: Iterator[Event]
    error_event: Callable[[Fault, int], bytes]
    """Makes the frame of `error-event`, which is the so-manyth of its stream."""

    def numbered(self) -> Iterator[tuple[Event, int | None]]:
        """Yield each event, a chunk with the number of chunks before it."""
        chunks = 0
        for event in self.events:
            if isinstance(event, Chunk):
                yield event, chunks
                chunks += 1
            else:
                yield event, None


Effect: TypeAlias = Callable[[Blow], Generator[Event]]


def refuse(blow: Blow) -> Generator[Event]:
    """Have nobody there."""
    yield from blow.events  # nothing, or a delay
    yield Abort(kind="refuse")


def hang_up(blow: Blow) -> Generator[Event]:
    """Take the request and close the connection."""
    yield from blow.events
    yield Abort()


def never_answer(blow: Blow) -> Generator[Event]:
    """Take the request and keep silent."""
    yield from blow.events
    yield Wait(seconds=_FOREVER)
    yield Abort()


def delay(blow: Blow) -> Generator[Event]:
    """Keep silent before the answer."""
    yield Wait(seconds=blow.fault.seconds)
    yield from blow.events


def stall(blow: Blow) -> Generator[Event]:
    """Keep silent before a chunk."""
    for event, number in blow.numbered():
        if number == blow.fault.after:
            yield Wait(seconds=blow.fault.seconds)
        yield event


def add_headers(blow: Blow) -> Generator[Event]:
    """Send the answer, which is an error already, with more headers."""
    return _with_headers(blow.events, blow.fault.headers)


def change_content_type(blow: Blow) -> Generator[Event]:
    """Say that the answer is something else."""
    return _with_headers(blow.events, {"content-type": "text/plain", **blow.fault.headers})


def drop(blow: Blow) -> Generator[Event]:
    """Close the connection before a chunk."""
    for event, number in blow.numbered():
        if number == blow.fault.after:
            yield Abort()
            return
        yield event


def truncate(blow: Blow) -> Generator[Event]:
    """Close the connection in the middle of a chunk."""
    for event, number in blow.numbered():
        if number == blow.fault.after and isinstance(event, Chunk):
            yield Chunk(data=event.data[: len(event.data) // 2], kind=event.kind)
            yield Abort()
            return
        yield event


def tell_error(blow: Blow) -> Generator[Event]:
    """Send an error in the place of a chunk and of all that follows, `[DONE]` included.

    Nothing on record follows an error in mid-stream. An answer that is whole has no events.
    """
    frames = 0
    for event, number in blow.numbered():
        if number == blow.fault.after and isinstance(event, Chunk) and event.kind != "body":
            yield Chunk(data=blow.error_event(blow.fault, frames + 1), kind="error")
            yield from (later for later in blow.events if not isinstance(later, Chunk))
            return
        frames += isinstance(event, Chunk) and event.kind != "comment"
        yield event


def malform(blow: Blow) -> Generator[Event]:
    """Break the JSON of a chunk and keep its framing."""
    for event, number in blow.numbered():
        if number == blow.fault.after and isinstance(event, Chunk):
            data = event.data
            data = data.replace(b'":', b'"', 1) if b'":' in data else b"data: {\n\n"
            yield Chunk(data=data, kind=event.kind)
        else:
            yield _without_length(event)


def leave_out_usage(blow: Blow) -> Generator[Event]:
    """Leave out the chunk with the usage, or the usage of all frames where each has one."""
    for event in _without(blow.events, "usage"):
        if isinstance(event, Chunk):
            data = _LAST_USAGE.sub(b"", _NATIVE_USAGE.sub(b"", event.data))
            yield Chunk(data=data, kind=event.kind)
        else:
            yield event


def leave_out_done(blow: Blow) -> Generator[Event]:
    """Leave out the `[DONE]`."""
    return _without(blow.events, "done")


def misplace_usage(blow: Blow) -> Generator[Event]:
    """Put the usage in the chunk with the finish reason, in the place of one of its own."""
    held: Chunk | None = None
    for event in blow.events:
        if held is not None and not isinstance(event, Wait):
            merged = _merged(held, event)
            yield merged or held
            held = None
            if merged is not None:
                continue
        if isinstance(event, Chunk) and event.kind == "finish":
            held = event
        else:
            yield event


def duplicate(blow: Blow) -> Generator[Event]:
    """Send a chunk twice."""
    for event, number in blow.numbered():
        yield event
        if number == blow.fault.after:
            yield event


def split_utf8(blow: Blow) -> Generator[Event]:
    """Write each chunk with a character of several bytes in two pieces, cut in its midst."""
    for event in blow.events:
        if isinstance(event, Chunk) and not event.data.isascii():
            data = event.data
            cut = next(at for at, byte in enumerate(data, start=1) if byte >= _TWO_BYTES)
            yield Chunk(data=data[:cut], kind=event.kind)
            yield Chunk(data=data[cut:], kind=event.kind)
        else:
            yield event


def compress(blow: Blow) -> Generator[Event]:
    """Compress the answer and say so; each chunk can be read as soon as it has come."""
    packer = zlib.compressobj(wbits=_GZIP)
    packed = False
    for event in blow.events:
        match event:
            case Head() if ("content-length", "0") not in event.headers:
                packed = True
                headers = (*_without_length(event).headers, ("content-encoding", "gzip"))
                yield Head(status=event.status, headers=headers)
            case Chunk():
                data = packer.compress(event.data) + packer.flush(zlib.Z_SYNC_FLUSH)
                yield Chunk(data=data, kind=event.kind)
            case End() if packed:
                yield Chunk(data=packer.flush())
                yield event
            case _:
                yield event


def comment(blow: Blow) -> Generator[Event]:
    """Send an SSE comment before each chunk from one on."""
    for event, number in blow.numbered():
        if number is not None and number >= blow.fault.after:
            yield _COMMENT
        yield event


def _with_headers(events: Iterator[Event], headers: Mapping[str, str]) -> Generator[Event]:
    """Play the events with some headers added or in the place of those of the same name."""
    changed = {name.lower(): value for name, value in headers.items()}
    for event in events:
        if isinstance(event, Head):
            kept = tuple((name, changed.pop(name, value)) for name, value in event.headers)
            yield Head(status=event.status, headers=(*kept, *changed.items()))
        else:
            yield event


def _without(events: Iterator[Event], kind: str) -> Generator[Event]:
    yield from (event for event in events if not (isinstance(event, Chunk) and event.kind == kind))


def _without_length(event: Any) -> Any:
    """Take its length from a head: what follows will have another."""
    if not isinstance(event, Head):
        return event
    kept = tuple(header for header in event.headers if header[0] != "content-length")
    return Head(status=event.status, headers=kept)


def _merged(finish: Chunk, usage: Event) -> Chunk | None:
    """Return a finish chunk with the usage in it; None if either is something else."""
    if not isinstance(usage, Chunk) or usage.kind != "usage":
        return None
    before, brace, rest = finish.data.partition(b"{")
    inside, last, after = rest.rpartition(b"}")
    try:
        told = msgspec.json.decode(brace + inside + last)
        told["usage"] = msgspec.json.decode(usage.data.removeprefix(b"data: "))["usage"]
    except (ValueError, KeyError, TypeError):
        return None
    return Chunk(data=before + msgspec.json.encode(told) + after, kind="finish")
