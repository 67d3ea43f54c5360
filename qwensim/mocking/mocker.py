"""respx for httpx2: a mocker whose targets are the connection pools of httpcore2.

    respx.mock(using=qwensim.mocking.HTTPCORE2)

Routes are respx's own and speak httpx. What they raise is raised as httpcore2's exception of the
same name, which httpx2 makes its own.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import httpcore2
import httpx
from respx.mocks import HTTPCoreMocker

HTTPCORE2: Final = "qwensim-httpcore2"
"""The mocker's name among respx's."""


class HTTPCore2Mocker(HTTPCoreMocker):
    """Intercepts the requests of httpx2's clients, sync and async, proxied ones too."""

    name = HTTPCORE2
    targets = [  # noqa: RUF012 - a ClassVar of the base
        # Proxies are derived from these. Single connections are not targets: a request that passes
        # through a pool would meet the routes once more there, and a proxy's CONNECT too.
        "httpcore2.ConnectionPool",
        "httpcore2.AsyncConnectionPool",
    ]

    @classmethod
    def _send_sync_request(cls, httpx_request: httpx.Request, **kwargs: Any) -> Any:
        with _in_httpcore2_words():
            return super()._send_sync_request(httpx_request, **kwargs)  # type: ignore[no-untyped-call] # respx's

    @classmethod
    async def _send_async_request(cls, httpx_request: httpx.Request, **kwargs: Any) -> Any:
        with _in_httpcore2_words():
            return await super()._send_async_request(httpx_request, **kwargs)  # type: ignore[no-untyped-call] # respx's

    @classmethod
    def from_sync_httpx_response(
        cls, httpx_response: httpx.Response, target: Any, **kwargs: Any
    ) -> httpcore2.Response:
        """Return the route's response as httpcore2's."""
        return httpcore2.Response(
            status=httpx_response.status_code,
            headers=httpx_response.headers.raw,
            content=_Stream(httpx_response.stream),
            extensions=httpx_response.extensions,
        )


class _Stream:
    """Reads a stream of httpx, sync or async, for httpcore2."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _in_httpcore2_words():
            yield from self._stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_httpcore2_words():
            async for part in self._stream:
                yield part

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


@contextlib.contextmanager
def _in_httpcore2_words() -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise getattr(httpcore2, type(error).__name__)(str(error)) from None
