"""uvicorn's HTTP protocol with limits, a way for the app to hang up, and no other protocols."""

import asyncio
from functools import partial
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HANG_UP = "qwensim.hang_up"
"""The ASGI scope's extension: a callable that closes the connection, whatever has been sent.

What has been sent still arrives. Without it an app that breaks off is reported as faulty, and one
that has sent nothing gets a 500 sent for it.
"""

MAX_HEAD = 64 * 1024
"""The longest head of a request, in bytes and to one read; a longer one is answered with a 431.

So is as much framing of a body, chunk sizes and trailer, without a byte of the body itself.
"""

MAX_WAITING = 100
"""The most requests that may wait for the answers to others before them on the same connection."""

PATIENCE = 60.0
"""Seconds of silence after which a client that owes its first request, or the rest of one, is left.

The time between requests is uvicorn's `timeout_keep_alive`.
"""

_HEAD_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class _Parser(httptools.HttpRequestParser):
    """Reads a request that offers an upgrade as if it offered none.

    The HTTP client of the JDK offers h2c with each request. By itself the parser takes what follows
    such a head for the other protocol: the body would be lost.
    """

    def __init__(self, protocol: "Protocol") -> None:
        super().__init__(protocol)
        self._protocol = protocol
        # As uvicorn has it: the first of several requests on a connection is answered.
        self.set_dangerous_leniencies(lenient_data_after_close=True)

    def feed_data(self, data: Any) -> None:
        """Feed data; the protocol is told where they leave HTTP."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._protocol.on_upgrade(data[upgrade.args[0] :])


class Protocol(HttpToolsProtocol):
    """Offers `HANG_UP`, declines upgrades, and does not wait for open answers when it stops."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parser = _Parser(self)
        self._answering: RequestResponseCycle | None = None
        self._in_body = False
        self._head = 0  # bytes of a head, or of what frames a body, so far
        self._heard = 0.0  # the loop's time
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to watch over what the client owes."""
        super().connection_made(transport)
        self._heard = self.loop.time()
        self._watch = self.loop.call_later(PATIENCE, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching, and tell the request that is being answered."""
        self.stop_watching()
        if self._answering is not None:  # uvicorn tells the latest, which may be another
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def stop_watching(self) -> None:
        """Expect nothing more of the client."""
        if self._watch is not None:
            self._watch.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what the client sends, but neither a head nor a queue without end."""
        self._heard = self.loop.time()
        self._head += len(data)
        super().data_received(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LONG)
            self.transport.close()
        if len(self.pipeline) > MAX_WAITING:  # uvicorn reads on after each answer
            self.transport.abort()

    def _look(self) -> None:
        left = self._heard + PATIENCE - self.loop.time()
        owes = self.cycle is None or self._in_body or self._head
        if owes and left <= 0:
            self.transport.abort()
        else:
            self._watch = self.loop.call_later(left if left > 0 else PATIENCE, self._look)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of a head; a trailer's are no part of it (RFC 9110, section 6.5.1)."""
        if not self._in_body:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._head = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Put the extensions into the scope of the request, whose task has yet to start."""
        if self.is_offered_upgrade():
            return
        self._in_body = True
        super().on_headers_complete()
        if not self.pipeline:
            self._answering = self.cycle
        cast("dict[str, Any]", self.scope)["extensions"] = self.extensions()

    def extensions(self) -> dict[str, Any]:
        """Return the extensions of the scope of the request whose head is complete."""
        return {HANG_UP: partial(_hang_up, self.cycle)}

    def on_message_complete(self) -> None:
        """Pass over the message if it will be read again."""
        if not self.is_offered_upgrade():
            self._in_body, self._head = False, 0
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on to the next request, if it has come."""
        self._answering = self.pipeline[-1][0] if self.pipeline else None
        super().on_response_complete()

    def on_upgrade(self, rest: bytes) -> None:
        """Read on after a head at which HTTP was to be left; `rest` is what has come after it."""
        if self.is_offered_upgrade():
            self.decline_upgrade(rest)

    def is_offered_upgrade(self) -> bool:
        """Whether the request whose head is complete offers to speak another protocol."""
        return self.parser.should_upgrade() and any(name == b"upgrade" for name, _ in self.headers)

    def decline_upgrade(self, rest: bytes) -> None:
        """Read the request again without the offer; `rest` is what has come after its head."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        head = [b"%s %s HTTP/%s" % (method, self.url, version.encode("ascii"))]
        head += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = _Parser(self)
        self.parser.feed_data(b"\r\n".join([*head, b"", rest]))

    def shutdown(self) -> None:
        """Break the connection at once: a paced stream could go on for minutes."""
        self.transport.abort()


def _hang_up(cycle: RequestResponseCycle) -> None:
    cycle.disconnected = True
    cycle.transport.close()
