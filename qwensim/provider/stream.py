"""A streamed answer: iterate over its deltas, then read the whole reply."""

from collections.abc import AsyncIterator, Iterator
from typing import Final, Self

import httpx2
import openai

from qwensim.errors import UsageError
from qwensim.provider.replies import Delta, Reply
from qwensim.provider.transcript import Transcript

TRANSPORT_ERRORS: Final = (openai.APIError, httpx2.RequestError)
"""What the SDK raises when a request fails; the second while it reads the body of a refusal."""

_READ_ERRORS: Final = (*TRANSPORT_ERRORS, ValueError, RecursionError)
"""The last two come from an event that is no JSON."""


class _Stream:
    """What both streams share: whether they are still open, and the reply at the end."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._first: Delta | None = None
        self._closed = False
        self._whole = False

    @property
    def reply(self) -> Reply:
        """The whole reply; raises `UsageError` until the stream has been read to its end."""
        if not self._whole:
            raise UsageError("the reply is not whole yet; iterate over the stream to its end first")
        return self._transcript.reply()

    def _finish(self, cause: Exception | None) -> None:
        """Note the end of the events; raises `ProviderError` if it came too early."""
        error = self._transcript.end(cause)
        if error is not None:
            raise error
        self._whole = True


class ChatStream(_Stream):
    """The deltas of one answer, and its `reply` once they have been read.

    The connection is closed at the end, at an error, and when the context manager is left. Errors
    are `ProviderError`s; nothing is tried again once the first chunk has come.
    """

    def __init__(self, events: openai.Stream[object], transcript: Transcript) -> None:
        super().__init__(transcript)
        self._events = events

    def start(self) -> Self:
        """Wait for the first chunk: until it has come the provider may try again."""
        self._first = self._read()
        return self

    def __iter__(self) -> Iterator[Delta]:
        return self

    def __next__(self) -> Delta:
        if self._closed:
            raise StopIteration
        delta, self._first = self._first, None
        delta = delta or self._read()
        if delta is None:
            raise StopIteration
        return delta

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; what has not been read is lost."""
        self._closed = True
        self._events.close()

    def _read(self) -> Delta | None:
        delta = cause = None
        try:
            delta = self._transcript.add(next(self._events))
        except StopIteration:
            pass
        except _READ_ERRORS as error:
            cause = error
        finally:
            if delta is None:
                self.close()
        if delta is None:
            self._finish(cause)
        return delta


class AsyncChatStream(_Stream):
    """`ChatStream` for `async with` and `async for`."""

    def __init__(self, events: openai.AsyncStream[object], transcript: Transcript) -> None:
        super().__init__(transcript)
        self._events = events

    async def start(self) -> Self:
        """Wait for the first chunk: until it has come the provider may try again."""
        self._first = await self._read()
        return self

    def __aiter__(self) -> AsyncIterator[Delta]:
        return self

    async def __anext__(self) -> Delta:
        if self._closed:
            raise StopAsyncIteration
        delta, self._first = self._first, None
        delta = delta or await self._read()
        if delta is None:
            raise StopAsyncIteration
        return delta

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; what has not been read is lost."""
        self._closed = True
        await self._events.close()

    async def _read(self) -> Delta | None:
        delta = cause = None
        try:
            delta = self._transcript.add(await anext(self._events))
        except StopAsyncIteration:
            pass
        except _READ_ERRORS as error:
            cause = error
        finally:
            if delta is None:
                await self.close()
        if delta is None:
            self._finish(cause)
        return delta
