"""What went over the wire, seen from the client's end."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from qwensim.exchange import Headers

ABSENT: Final = object()
"""Stands for a value that is not there."""


@dataclass(kw_only=True)
class Exchange:
    """A request and its answer, as far as it came."""

    method: str
    host: str
    path: str
    """With the query."""
    headers: Headers
    content: bytes
    status: int | None = None
    """None where no answer came."""
    response_headers: Headers = ()
    received: bytearray = field(default_factory=bytearray)
    """The body as it was sent, compressed if it was."""
    failure: str | None = None
    """What the transport said, if the exchange was broken off."""

    @property
    def request_json(self) -> Any:
        """The body of the request, or `ABSENT` if it is no JSON."""
        return _decoded(self.content)

    @property
    def text(self) -> str | None:
        """The body of the answer, uncompressed; None where no answer came."""
        if self.status is None:
            return None
        try:
            return httpx2.Response(
                self.status, headers=self.response_headers, content=bytes(self.received)
            ).text
        except httpx2.DecodingError:
            return self.received.decode("utf-8", "replace")

    @property
    def response_json(self) -> Any:
        """The body of the answer, or `ABSENT` if it is no JSON."""
        return _decoded(self.text or "")

    @property
    def frames(self) -> list[Any]:
        """The data of the server-sent events that are JSON."""
        events = (self.text or "").replace("\r\n", "\n").split("\n\n")
        decoded = (_decoded(_data(event)) for event in events)
        return [value for value in decoded if value is not ABSENT]


class Recorder(httpx2.BaseTransport):
    """Lends a transport and keeps what goes over it, but for keys: of these, `[name]` is kept."""

    def __init__(self, inner: httpx2.BaseTransport, *, keys: Mapping[str, str]) -> None:
        self._inner = inner
        self._names = {key: f"[{name}]" for name, key in keys.items()}
        self._exchanges: list[Exchange] = []

    def take(self) -> tuple[Exchange, ...]:
        """Return the exchanges since the last time."""
        taken, self._exchanges = self._exchanges, []
        return tuple(taken)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request."""
        exchange = Exchange(
            method=request.method,
            host=request.url.host,
            path=request.url.raw_path.decode("ascii"),
            headers=tuple((name, self._shown(value)) for name, value in _listed(request.headers)),
            content=request.read(),
        )
        self._exchanges.append(exchange)
        try:
            response = self._inner.handle_request(request)
        except httpx2.TransportError as error:
            exchange.failure = _told(error)
            raise
        exchange.status = response.status_code
        exchange.response_headers = _listed(response.headers)
        response.stream = _Copied(response.stream, exchange)
        return response

    def _shown(self, value: str) -> str:
        for key in sorted(self._names, key=len, reverse=True):
            value = value.replace(key, self._names[key])
        return value


class _Copied(httpx2.SyncByteStream):
    """A body that is noted down as it is read."""

    def __init__(self, stream: Any, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        try:
            for data in self._stream:
                self._exchange.received += data
                yield data
        except httpx2.TransportError as error:
            self._exchange.failure = _told(error)
            raise

    def close(self) -> None:
        self._stream.close()


def _listed(headers: httpx2.Headers) -> Headers:
    return tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers.raw
    )


def _told(error: httpx2.TransportError) -> str:
    return f"{type(error).__name__}: {error}"


def _data(event: str) -> str:
    lines = (line.partition(":") for line in event.split("\n"))
    return "\n".join(value.removeprefix(" ") for name, _, value in lines if name == "data")


def _decoded(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return ABSENT
