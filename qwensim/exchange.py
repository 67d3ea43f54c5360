"""The frozen values that cross every boundary between the service and its adapters.

An adapter makes a `Request` of what came over its wire and plays the events that
`Simulator.handle` yields for it, in order:

    Wait* Head (Wait | Chunk)* End      an answer, whole or streamed
    Wait* Abort                         the connection is refused or dropped before an answer
    Wait* Head (Wait | Chunk)* Abort    the connection is dropped in mid-answer

Events refer to nothing that could refer back: the garbage collector need not look at them.
"""

from typing import Literal, TypeAlias

import msgspec

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Header names (lower case) and values, in the order in which they stand on the wire."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request as the service sees it, whatever carried it there."""

    method: str
    """Upper case."""
    host: str
    """The host name that the client meant: lower case, no port, no trailing dot."""
    path: str
    """As sent, percent-encoded, without the query."""
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    gateway: str = ""
    """Where the client reaches the service's hosts by the first part of a path, such as
    `http://127.0.0.1:8000`; empty where it reaches them under their own names."""

    def header(self, name: str) -> str | None:
        """Return the first value of the header `name` (lower case), or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def __repr__(self) -> str:
        """Show neither path nor headers nor body: each of them may carry a key."""
        return f"Request({self.method} to {self.host}, {len(self.body)} bytes)"


class Head(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Status and headers. The reason phrase is the standard one of the status."""

    status: int
    headers: Headers


class Chunk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One write of the service: a body, or one frame of a stream."""

    data: bytes
    kind: Literal["body", "delta", "finish", "usage", "done", "error", "comment"] = "body"
    """What the bytes are, so that a fault can find the frame that it is about."""


class Wait(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The service is silent for so many seconds."""

    seconds: float


class Abort(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The connection ends without an answer's end."""

    kind: Literal["drop", "refuse"] = "drop"
    """`drop`: closed by the peer. `refuse`: never accepted (as near as the adapter can come)."""


class End(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answer is complete."""


Event: TypeAlias = Head | Chunk | Wait | Abort | End
