"""The simulator behind an httpx2 or httpx client, in process and in virtual time.

    client = httpx2.Client(transport=transport(simulator, httpx2))

Answers stream: a chunk leaves the simulator when the client asks for it. Nobody sleeps: a wait
advances the simulator's clock, and one that is longer than the request's own read timeout raises
the library's `ReadTimeout`.
"""

import math
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NoReturn, Protocol, TypeVar, cast

import httpx2

from qwensim.errors import UsageError
from qwensim.exchange import Abort, Chunk, End, Head, Request, Wait
from qwensim.simulator import Simulator
from qwensim.simulator.clock import VirtualClock

T = TypeVar("T")


class Library(Protocol[T]):
    """What `transport` uses of `httpx2` or `httpx`: hand it the module itself."""

    MockTransport: type[T]
    Response: Any
    SyncByteStream: Any
    AsyncByteStream: Any
    ConnectError: Any
    ReadTimeout: Any
    RemoteProtocolError: Any


def transport(simulator: Simulator, library: Library[T]) -> T:
    """Return a transport of `library` for its `Client` and `AsyncClient` alike.

    It answers for the hosts of the simulator's catalogue, over http and https, and raises the
    library's `ConnectError` for any other. It is the library's `MockTransport`, whose calls vcrpy
    records.
    """
    if not hasattr(simulator, "handle"):
        raise UsageError(f"simulator is a Simulator, not {simulator!r}")
    if not hasattr(library, "MockTransport"):
        raise UsageError(f"library is the module httpx2 or httpx, not {library!r}")
    stream_type = type("Stream", (_Playback, library.SyncByteStream, library.AsyncByteStream), {})
    hosts = simulator.catalog.host_names

    def handle(request: httpx2.Request) -> object:
        host = request.url.host.removesuffix(".")
        if host not in hosts:
            message = (
                f"no host {host!r}: qwensim connects to nothing, it answers for {', '.join(hosts)}"
            )
            raise library.ConnectError(message)
        stream = stream_type(simulator, library, request, host)
        head = stream.head()
        return library.Response(head.status, headers=head.headers, stream=stream)

    return cast("Callable[..., T]", library.MockTransport)(handle)


class _Playback:
    """Plays one exchange; mixed with the library's stream classes it is the response's body."""

    def __init__(
        self, simulator: Simulator, library: Library[Any], request: httpx2.Request, host: str
    ) -> None:
        self._events = simulator.handle(_to_request(request, host))
        self._clock = simulator.clock
        self._library = library
        self._request = request
        self._read_timeout: float | None = request.extensions.get("timeout", {}).get("read")
        self._answering = False

    def head(self) -> Head:
        """Play up to the head; raises as the library does if there is none."""
        head = cast("Head", self._next())
        self._answering = True
        return head

    def __iter__(self) -> Iterator[bytes]:
        while (event := self._next()) is not None:
            if self._request.method != "HEAD":
                yield cast("Chunk", event).data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for data in self:
            yield data

    def close(self) -> None:
        """Tell the simulator that the client has gone, unless all has been played."""
        self._events.close()

    async def aclose(self) -> None:
        """Do as `close` does: nothing here blocks."""
        self.close()

    def _next(self) -> Head | Chunk | None:
        """Return what is sent next, or None at the end."""
        silence = 0.0
        for event in self._events:
            match event:
                case Chunk() | Head():
                    return event
                case Wait():
                    self._wait(event.seconds, silence)
                    silence += event.seconds
                case Abort():
                    self._abort(event)
                case End():
                    pass
        return None

    def _wait(self, seconds: float, silence: float) -> None:
        """Pass `seconds` after so much `silence`, but no more than the read timeout allows."""
        patience = math.inf if self._read_timeout is None else self._read_timeout - silence
        if isinstance(self._clock, VirtualClock):
            self._clock.advance(min(seconds, patience))
        if seconds > patience:
            self._fail(self._library.ReadTimeout, "The read operation timed out")

    def _abort(self, abort: Abort) -> NoReturn:
        """Raise what the library raises, in its words, where the connection ends."""
        if self._answering:
            self._fail(
                self._library.RemoteProtocolError,
                "peer closed connection without sending complete message body "
                "(incomplete chunked read)",
            )
        if abort.kind == "refuse":
            self._fail(self._library.ConnectError, "[Errno 111] Connection refused")
        self._fail(
            self._library.RemoteProtocolError, "Server disconnected without sending a response."
        )

    def _fail(self, error: Callable[..., Exception], message: str) -> NoReturn:
        self.close()
        raise error(message)


def _to_request(request: httpx2.Request, host: str) -> Request:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    return Request(
        method=request.method,
        host=host,
        path=path,
        query=query,
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in request.headers.raw
        ),
        body=request.content,
    )
