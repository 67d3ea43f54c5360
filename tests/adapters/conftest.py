"""A service that plays events of a test's choosing, and the clients that it is called with."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, cast

import httpx
import httpx2
import pytest

from qwensim.catalog import Redactor, load
from qwensim.exchange import Event, Request
from qwensim.server import Server, serve
from qwensim.simulator import Simulator
from qwensim.simulator.clock import VirtualClock
from qwensim.simulator.journal import Journal

HOP_BY_HOP = {"connection", "date", "transfer-encoding"}


class Scripted:
    """Stands in for the simulator and shows how far each exchange has come."""

    def __init__(self, *events: Event) -> None:
        self.catalog = load()
        self.clock = VirtualClock()
        self.journal = Journal(Redactor(self.catalog), size=1000)
        self.answer: Callable[[Request], Iterable[Event]] = lambda _: events
        self.requests: list[Request] = []
        self.played = 0
        self.begun = threading.Event()
        self.ended = threading.Semaphore(0)
        self._exchanges: list[Iterator[Event]] = []  # so that none is closed by being forgotten

    def handle(self, request: Request) -> Iterator[Event]:
        self.requests.append(request)
        self.played = 0
        self._exchanges.append(self._play(request))
        return self._exchanges[-1]

    def _play(self, request: Request) -> Iterator[Event]:
        try:
            for event in self.answer(request):
                self.played += 1
                self.begun.set()
                yield event
        finally:
            self.ended.release()

    def wait_for_end(self) -> bool:
        """Say whether one more exchange ends or is closed within reasonable time."""
        return self.ended.acquire(timeout=10)


@dataclass(kw_only=True)
class Outcome:
    """What a client got, piece by piece."""

    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    error: Exception | None = None

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def end_to_end(self) -> dict[str, Any]:
        """Return what must be the same whatever carried it."""
        return {
            "status": self.status,
            "headers": [item for item in self.headers if item[0] not in HOP_BY_HOP],
            "body": self.body,
            "error": (type(self.error).__name__, str(self.error)),
        }


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One library, used in one way."""

    library: ModuleType
    asynchronous: bool

    def __call__(
        self,
        transport: Any,
        url: str = "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
        *,
        method: str = "POST",
        timeout: float | None = 5.0,
        on_progress: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> Outcome:
        """Send a request and read the answer; `on_progress` is called at its head and pieces.

        A `StopIteration` from `on_progress` makes the client leave.
        """
        outcome = Outcome()
        arguments = (outcome, on_progress, transport, timeout, method, url, options)
        try:
            if self.asynchronous:
                asyncio.run(self._call_async(*arguments))
            else:
                self._call(*arguments)
        except self.library.HTTPError as error:
            outcome.error = error
        return outcome

    def _call(
        self,
        outcome: Outcome,
        on_progress: Callable[[], None],
        transport: Any,
        timeout: float | None,
        method: str,
        url: str,
        options: dict[str, Any],
    ) -> None:
        with (
            self.library.Client(transport=transport, timeout=timeout) as client,
            client.stream(method, url, **options) as response,
            contextlib.suppress(StopIteration),
        ):
            outcome.status, outcome.headers = response.status_code, response.headers.multi_items()
            on_progress()
            for piece in response.iter_raw():
                outcome.pieces.append(piece)
                on_progress()

    async def _call_async(
        self,
        outcome: Outcome,
        on_progress: Callable[[], None],
        transport: Any,
        timeout: float | None,
        method: str,
        url: str,
        options: dict[str, Any],
    ) -> None:
        async with (
            self.library.AsyncClient(transport=transport, timeout=timeout) as client,
            client.stream(method, url, **options) as response,
        ):
            with contextlib.suppress(StopIteration):
                outcome.status = response.status_code
                outcome.headers = response.headers.multi_items()
                on_progress()
                async for piece in response.aiter_raw():
                    outcome.pieces.append(piece)
                    on_progress()


@pytest.fixture(scope="session")
def scripted() -> type[Scripted]:
    return Scripted


@pytest.fixture(scope="session")
def caller() -> type[Caller]:
    return Caller


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Scripted, Server]]:
    service = Scripted()
    with serve(cast("Simulator", service), proxy=True, tls_port=0) as server:
        yield service, server


@dataclass(frozen=True, kw_only=True)
class Line:
    """A connection to a server, spoken to in bytes."""

    server: Server

    def trusting(self) -> ssl.SSLContext:
        """Return the settings of a TLS client that trusts the server's authority alone."""
        return ssl.create_default_context(cadata=self.server.certificate.decode("ascii"))

    def open(self, data: bytes = b"", *, port: int | None = None) -> socket.socket:
        """Connect and send."""
        address = ("127.0.0.1", port or self.server.port)
        connection = socket.create_connection(address, timeout=20)
        connection.sendall(data)
        return connection

    def connect(self, target: str = "dashscope.aliyuncs.com:443") -> socket.socket:
        """Open a tunnel, in which nothing has been said yet."""
        connection = self.open(f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n".encode())
        answer = connection.recv(4096)
        assert answer == b"HTTP/1.1 200 Connection established\r\n\r\n"
        return connection

    def secure(self, name: str = "dashscope.aliyuncs.com") -> ssl.SSLSocket:
        """Open a tunnel with TLS in it."""
        return self.trusting().wrap_socket(self.connect(f"{name}:443"), server_hostname=name)

    def ask(self, data: bytes) -> bytes:
        """Connect, send, and return all that comes until the connection is closed."""
        return self.read_all(self.open(data))

    @staticmethod
    def read_all(connection: socket.socket) -> bytes:
        """Return all that comes until the connection is closed, in whatever way."""
        pieces = []
        with connection, contextlib.suppress(ConnectionResetError, ssl.SSLError):
            while piece := connection.recv(65536):
                pieces.append(piece)
        return b"".join(pieces)


@pytest.fixture(scope="session")
def line() -> type[Line]:
    return Line


@pytest.fixture(
    params=[(httpx2, False), (httpx2, True), (httpx, False), (httpx, True)],
    ids=["httpx2-sync", "httpx2-async", "httpx-sync", "httpx-async"],
)
def call(request: pytest.FixtureRequest) -> Caller:
    library, asynchronous = request.param
    return Caller(library=library, asynchronous=asynchronous)
