"""Services that answer in process, and the clients that ask them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest

from qwensim.simulator import REALISTIC, Simulator
from qwensim.transport import transport

URL = "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
KEY = "sk-0123456789abcdef"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a client got, in the pieces in which it came."""

    status: int
    headers: list[tuple[str, str]]
    pieces: list[bytes]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


@dataclass(frozen=True, kw_only=True)
class Client:
    """One library, used in one way."""

    library: ModuleType
    asynchronous: bool = False

    def __call__(
        self,
        service: Callable[..., Any] | None,
        url: str = URL,
        *,
        method: str = "POST",
        **fields: Any,
    ) -> Answer:
        """Ask a service; None asks one that must not be reached."""
        way = self.library.MockTransport(service or self.unreachable)
        if isinstance(service, Fake):
            way = transport(service.simulator, self.library)
        if self.asynchronous:
            return asyncio.run(self._ask_async(way, method, url, fields))
        with (
            self.library.Client(transport=way) as client,
            client.stream(method, url, **fields) as response,
        ):
            pieces = [*response.iter_raw()]
            return Answer(
                status=response.status_code, headers=response.headers.multi_items(), pieces=pieces
            )

    async def _ask_async(self, way: Any, method: str, url: str, fields: dict[str, Any]) -> Answer:
        async with (
            self.library.AsyncClient(transport=way) as client,
            client.stream(method, url, **fields) as response,
        ):
            pieces = [piece async for piece in response.aiter_raw()]
            return Answer(
                status=response.status_code, headers=response.headers.multi_items(), pieces=pieces
            )

    def unreachable(self, request: Any) -> Any:
        raise self.library.ConnectError(f"{request.url} was asked", request=request)


@dataclass(kw_only=True)
class Fake:
    """The simulator as a service, at a model's pace."""

    simulator: Simulator = field(default_factory=lambda: Simulator(pace=REALISTIC))

    def __call__(self, request: Any) -> Any:
        raise NotImplementedError

    def now(self) -> float:
        return self.simulator.clock.now()


def chat(text: str = "Say hello.", **fields: Any) -> dict[str, Any]:
    """Return the fields of a chat call with a key in its header."""
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": text}], **fields}
    return {"json": body, "headers": {"authorization": f"Bearer {KEY}"}}


@pytest.fixture(
    params=[(httpx2, False), (httpx2, True), (httpx, False), (httpx, True)],
    ids=["httpx2-sync", "httpx2-async", "httpx-sync", "httpx-async"],
)
def client(request: pytest.FixtureRequest) -> Client:
    library, asynchronous = request.param
    return Client(library=library, asynchronous=asynchronous)


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def ask() -> Client:
    """A client on httpx2."""
    return Client(library=httpx2)


@pytest.fixture
def ask_httpx() -> Client:
    return Client(library=httpx)


@pytest.fixture(name="chat", scope="session")
def chat_fields() -> Callable[..., dict[str, Any]]:
    return chat
