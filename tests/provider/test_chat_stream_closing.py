"""Whoever stops reading a stream, or is cancelled, closes its connection."""

import asyncio
from typing import Any

import httpx2
import pytest

from qwensim.errors import UsageError
from qwensim.provider import (
    AsyncQwenProvider,
    QwenProvider,
)


def piece(index: int | None, id_: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    function = {"arguments": arguments} | ({} if name is None else {"name": name})
    return {"index": index, "id": id_, "type": "function", "function": function}


def test_the_reply_waits_for_the_end_and_a_closed_stream_is_over(
    wire: Any, thinking_answer: list[Any]
) -> None:
    peer = wire.peer(wire.stream(*thinking_answer))
    with httpx2.Client(transport=httpx2.MockTransport(peer)) as client:
        provider = QwenProvider(api_key=wire.key, http_client=client)
        with provider.chat("qwen3.5-plus", "hi", stream=True) as stream:
            next(stream)
            with pytest.raises(UsageError, match="not whole yet"):
                _ = stream.reply
        assert peer.streams[0].closed
        assert list(stream) == []
        with pytest.raises(UsageError, match="not whole yet"):
            _ = stream.reply


def test_an_async_stream_that_is_left_is_closed(wire: Any, thinking_answer: list[Any]) -> None:
    peer = wire.peer(wire.stream(*thinking_answer))

    async def leave() -> list[Any]:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(peer)) as client:
            provider = AsyncQwenProvider(api_key=wire.key, http_client=client)
            async with await provider.chat("qwen3.5-plus", "hi", stream=True) as stream:
                await anext(stream)
            return [delta async for delta in stream]

    assert asyncio.run(leave()) == []
    assert peer.streams[0].closed


class Stalling(httpx2.AsyncByteStream):
    """Sends its pieces and then nothing, for ever."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces, self.stalled, self.closed = pieces, asyncio.Event(), False

    async def __aiter__(self) -> Any:
        for piece in self.pieces:
            yield piece
        self.stalled.set()
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("pieces", [0, 2], ids=["before-the-first-chunk", "in-mid-stream"])
def test_cancelling_closes_the_connection_and_sends_nothing_more(
    pieces: int, wire: Any, thinking_answer: list[Any]
) -> None:
    async def cancel() -> tuple[Stalling, int]:
        body = Stalling(*(wire.frames(chunk) for chunk in thinking_answer[:pieces]))
        peer = wire.peer(lambda _: httpx2.Response(200, stream=body))

        async def read(provider: AsyncQwenProvider) -> None:
            async with await provider.chat("qwen3.5-plus", "hi", stream=True) as stream:
                async for _ in stream:
                    pass

        async with (
            httpx2.AsyncClient(transport=httpx2.MockTransport(peer)) as client,
            AsyncQwenProvider(api_key=wire.key, http_client=client) as provider,
        ):
            task = asyncio.create_task(read(provider))
            await body.stalled.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        return body, len(peer.requests)

    body, requests = asyncio.run(cancel())
    assert body.closed
    assert requests == 1


def test_cancelling_a_wait_for_a_retry_sends_nothing_more(wire: Any) -> None:
    async def cancel() -> int:
        peer = wire.peer(wire.refusal(503, None, "?"))
        waiting = asyncio.Event()

        async def sleep(_: float) -> None:
            waiting.set()
            await asyncio.Event().wait()

        async with httpx2.AsyncClient(transport=httpx2.MockTransport(peer)) as client:
            provider = AsyncQwenProvider(api_key=wire.key, http_client=client, sleep=sleep)
            task = asyncio.create_task(provider.chat("qwen3.5-plus", "hi"))
            await waiting.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        return len(peer.requests)

    assert asyncio.run(cancel()) == 1


def test_an_async_client_of_its_own_is_closed_with_the_provider(wire: Any) -> None:
    async def close() -> tuple[bool, bool]:
        async with AsyncQwenProvider(api_key=wire.key) as provider:
            before = provider._client.is_closed()
        return before, provider._client.is_closed()

    assert asyncio.run(close()) == (False, True)
