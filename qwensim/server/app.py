"""The simulator as an ASGI app, to be served with `qwensim.server.protocol.Protocol`."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, TypeAlias

from qwensim.catalog.rows import Region
from qwensim.exchange import Abort, Chunk, End, Event, Head, Request, Wait
from qwensim.server.protocol import HANG_UP
from qwensim.server.routing import locate
from qwensim.simulator import Simulator
from qwensim.simulator.clock import VirtualClock

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Asgi: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]
Pause: TypeAlias = Callable[[float, asyncio.Future[Any]], Awaitable[object]]
"""Lets so many seconds pass, or fewer if the future is done before."""

MAX_BODY = 64 * 1024 * 1024
"""The longest request body that is kept, in bytes. A longer one is answered with a bare 413."""

JOINED = 64 * 1024
"""Chunks between which there is no wait go out together, until there are so many bytes."""


async def pause(seconds: float, departure: asyncio.Future[Any]) -> None:
    """Wait so long, but not for a client that has left. An open stream waits without a task."""
    await asyncio.wait({departure}, timeout=seconds)


class App:
    """Answers HTTP requests with what the simulator says.

    `region` chooses the hosts for requests that name none. `pause` passes the time of a wait.
    """

    def __init__(
        self, simulator: Simulator, *, region: Region = "global", pause: Pause = pause
    ) -> None:
        self._simulator = simulator
        self._region = region
        self._pause = pause

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; breaks off when the client leaves."""
        body = await read_body(receive)
        if body is None:
            return
        if len(body) > MAX_BODY:
            await _start(send, Head(status=413, headers=(("content-length", "0"),)))
            await send({"type": "http.response.body"})
            return
        events = self._simulator.handle(self._request(scope, body))
        departure = _Departure(receive)
        with (
            contextlib.closing(events),
            contextlib.closing(departure),
            contextlib.suppress(_DepartedError),
        ):
            await self._play(events, send, departure, scope["extensions"][HANG_UP])

    def _request(self, scope: Message, body: bytes) -> Request:
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        )
        authority = next((value for name, value in headers if name == "host"), "")
        path = scope["raw_path"].decode("ascii")
        target = locate(
            self._simulator.catalog,
            self._region,
            authority=authority,
            path=path,
            headers=headers,
        )
        addressed = authority and not target.by_name
        return Request(
            method=scope["method"],
            host=target.host,
            path=target.path,
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
            gateway=f"{scope.get('scheme', 'http')}://{authority}" if addressed else "",
        )

    async def _play(
        self,
        events: Iterator[Event],
        send: Send,
        departure: "_Departure",
        hang_up: Callable[[], None],
    ) -> None:
        unsent = bytearray()
        for event in events:
            match event:
                case Chunk():
                    unsent += event.data
                    if len(unsent) >= JOINED:
                        await _flush(send, unsent)
                        await departure.check_during(pause, 0)  # others have a turn
                case Head():
                    await _start(send, event)
                case Wait():
                    await _flush(send, unsent)
                    await departure.check_during(self._pause, event.seconds)
                    if isinstance(self._simulator.clock, VirtualClock):
                        self._simulator.clock.advance(event.seconds)
                case Abort():
                    await _flush(send, unsent)
                    hang_up()
                    return
                case End():
                    await send({"type": "http.response.body", "body": bytes(unsent)})


class _DepartedError(Exception):
    """The client has left."""


class _Departure:
    """Notices that the client leaves. It watches from the first check on: that costs a task."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watch: asyncio.Future[Message] | None = None

    async def check_during(self, pause: Pause, seconds: float) -> None:
        """Wait until the pause is over; raises `_DepartedError` as soon as the client leaves."""
        if self._watch is None:
            self._watch = asyncio.ensure_future(self._receive())
        await pause(seconds, self._watch)
        if self._watch.done():
            raise _DepartedError

    def close(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()


async def read_body(receive: Receive) -> bytes | None:
    """Return the body, or None if the client left; what is far over `MAX_BODY` is dropped."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if len(body) <= MAX_BODY:
            body += message["body"]
        if not message["more_body"]:
            return bytes(body)


async def _start(send: Send, head: Head) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers]
    await send({"type": "http.response.start", "status": head.status, "headers": headers})


async def _flush(send: Send, unsent: bytearray) -> None:
    if unsent:
        await send({"type": "http.response.body", "body": bytes(unsent), "more_body": True})
        unsent.clear()
