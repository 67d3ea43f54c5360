"""Clients of both libraries, and pytester without reloading what is slow to load."""

import asyncio
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpcore
import httpcore2
import httpx
import httpx2
import openai
import pytest

import qwensim.mocking
import qwensim.recording
import qwensim.server

SLOW_TO_LOAD = (
    openai,
    qwensim.mocking,
    qwensim.recording,
    qwensim.server,
    *map(importlib.import_module, ("aiohttp", "requests", "trustme")),
)
"""pytester unloads after each run what was not loaded before it; some cannot be loaded twice."""

KEY = "sk-not-a-real-key"
CHAT = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"


def patched() -> list[Any]:
    """Return what a mock changes."""
    return [
        getattr(pool, method)
        for pool, method in (
            (httpcore.ConnectionPool, "handle_request"),
            (httpcore.AsyncConnectionPool, "handle_async_request"),
            (httpcore2.ConnectionPool, "handle_request"),
            (httpcore2.AsyncConnectionPool, "handle_async_request"),
        )
    ]


@dataclass(frozen=True, kw_only=True)
class Client:
    """One library, used in one way, with no transport of its own."""

    library: ModuleType
    asynchronous: bool

    def chat(self, url: str = CHAT, *, timeout: float = 5.0, **body: Any) -> Any:
        """Ask for a chat and return the response, read to its end."""
        question = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello"}]}
        return self.send("POST", url, timeout=timeout, json=question | body)

    def send(
        self,
        method: str,
        url: str,
        *,
        timeout: float = 5.0,
        on_piece: Callable[[bytes], None] = lambda _: None,
        **options: Any,
    ) -> Any:
        headers = {"authorization": f"Bearer {KEY}"}
        if self.asynchronous:
            return asyncio.run(
                self._send_async(
                    method, url, timeout=timeout, on_piece=on_piece, headers=headers, **options
                )
            )
        with (
            self.library.Client(timeout=timeout) as client,
            client.stream(method, url, headers=headers, **options) as response,
        ):
            pieces = []
            for piece in response.iter_raw():
                pieces.append(piece)
                on_piece(piece)
            response._content = b"".join(pieces)
            return response

    async def _send_async(
        self,
        method: str,
        url: str,
        *,
        timeout: float,
        on_piece: Callable[[bytes], None],
        **options: Any,
    ) -> Any:
        async with (
            self.library.AsyncClient(timeout=timeout) as client,
            client.stream(method, url, **options) as response,
        ):
            pieces = []
            async for piece in response.aiter_raw():
                pieces.append(piece)
                on_piece(piece)
            response._content = b"".join(pieces)
            return response


@pytest.fixture(
    params=[(httpx2, False), (httpx2, True), (httpx, False), (httpx, True)],
    ids=["httpx2-sync", "httpx2-async", "httpx-sync", "httpx-async"],
)
def client(request: pytest.FixtureRequest) -> Client:
    library, asynchronous = request.param
    return Client(library=library, asynchronous=asynchronous)


@pytest.fixture
def plain_client() -> Client:
    return Client(library=httpx2, asynchronous=False)


@pytest.fixture
def pristine() -> Iterator[Callable[[], bool]]:
    """Say whether the clients are as they were; that they are is checked at the end."""
    before = patched()

    def check() -> bool:
        return patched() == before

    yield check
    assert check()


@pytest.fixture
def local_server() -> Iterator[str]:
    """A server that is not the service: the URL of a simulator's socket."""
    with qwensim.serve(qwensim.Simulator()) as server:
        yield f"{server.url}/dashscope-intl.aliyuncs.com/compatible-mode/v1/models"
