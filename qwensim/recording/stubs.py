"""What the transports of httpx2 and httpx do while a cassette is in."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from types import ModuleType
from typing import Any, TypeAlias
from unittest import mock

import msgspec
from vcr.cassette import Cassette as Tape
from vcr.errors import CannotOverwriteExistingCassetteException

from qwensim.recording.interactions import STREAM, Chunks, Interaction, media_type, pieces
from qwensim.recording.matching import to_interaction, to_request, to_response
from qwensim.recording.redaction import Scrubber

_TRANSPORTS = ("HTTPTransport", "AsyncHTTPTransport", "MockTransport")
"""Not those to an app in this process: that is the project's own, and runs when it is tested."""

_Arrivals: TypeAlias = list[tuple[float, bytes]]
"""Seconds since the request, and data."""


class Stub:
    """Plays from a cassette or records to it, for the transports of one library.

    What a request asked that the cassette does not hold is added to `misses`: clients retry and
    wrap the exception.
    """

    def __init__(
        self,
        tape: Tape,
        *,
        scrubber: Scrubber,
        library: ModuleType,
        clock: Callable[[], float],
        misses: list[str],
    ) -> None:
        self._tape = tape
        self._scrubber = scrubber
        self._library: Any = library
        self._clock = clock
        self._misses = misses
        self._stream_type = type(
            "Stream", (_Pieces, library.SyncByteStream, library.AsyncByteStream), {}
        )

    def patches(self) -> Iterator[contextlib.AbstractContextManager[Any]]:
        """Yield the patches that put it in the place of what the transports do."""
        for transport in (getattr(self._library, name) for name in _TRANSPORTS):
            for method, wrap in (
                ("handle_request", self._wrapped),
                ("handle_async_request", self._wrapped_async),
            ):
                if method in vars(transport):
                    yield mock.patch.object(transport, method, wrap(vars(transport)[method]))

    def _wrapped(self, real: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def handle_request(transport: Any, request: Any) -> Any:
            asked = self._asked(request, b"".join(request.stream))
            if (answer := self._played(asked)) is not None:
                return answer
            arrivals, started = _Arrivals(), self._clock()
            response = real(transport, request)
            with contextlib.closing(response.stream):
                for data in response.stream:
                    arrivals.append((self._clock() - started, data))
            return self._recorded(asked, response, arrivals)

        return handle_request

    def _wrapped_async(
        self, real: Callable[[Any, Any], Awaitable[Any]]
    ) -> Callable[[Any, Any], Awaitable[Any]]:
        async def handle_async_request(transport: Any, request: Any) -> Any:
            asked = self._asked(request, b"".join([data async for data in request.stream]))
            if (answer := self._played(asked)) is not None:
                return answer
            arrivals, started = _Arrivals(), self._clock()
            response = await real(transport, request)
            async with contextlib.aclosing(response.stream):
                async for data in response.stream:
                    arrivals.append((self._clock() - started, data))
            return self._recorded(asked, response, arrivals)

        return handle_async_request

    def _asked(self, request: Any, body: bytes) -> Interaction:
        """Return the request without its credentials, and make it ready to be sent."""
        request.stream = self._library.ByteStream(body)
        asked = Interaction(
            method=request.method,
            uri=str(request.url),
            request_headers=tuple(request.headers.multi_items()),
            request_body=body,
            status=0,
        )
        # Compressed, neither keys nor the chunks of the text could be seen.
        request.headers["accept-encoding"] = "identity"
        return self._scrubber.request(asked)

    def _played(self, asked: Interaction) -> Any:
        """Return the recorded answer, or None if the request is to be sent and recorded."""
        request = to_request(asked)
        if self._tape.can_play_response_for(request):
            answer = to_interaction(request, self._tape.play_response(request))
            return self._library.Response(
                answer.status,
                headers=answer.headers,
                stream=self._stream_type(pieces(answer)),
                extensions={"reason_phrase": answer.reason.encode("latin-1")}
                if answer.reason
                else {},
            )
        if self._tape.write_protected:
            miss = CannotOverwriteExistingCassetteException(
                cassette=self._tape, failed_request=request
            )
            # The rest is about ways to record that are not ours.
            told = str(miss).partition("\n\nHow to fix:")[0]
            miss.args = (f"{told}\n\nIf the request changed on purpose, record it anew.",)
            self._misses.append(str(miss))
            raise miss
        return None

    def _recorded(self, asked: Interaction, response: Any, arrivals: _Arrivals) -> Any:
        """Keep an exchange that is over, and give the client its answer."""
        came = [data for _, data in arrivals]
        headers = tuple(response.headers.multi_items())
        body = b"".join(came)
        chunks: Chunks = ()
        if "content-encoding" in response.headers:
            body = self._library.Response(200, headers=headers, content=body).content
            headers = tuple(item for item in headers if item[0] != "content-encoding")
        elif media_type(headers) == STREAM:
            chunks = tuple((round(moment, 3), len(data)) for moment, data in arrivals)
        kept = self._scrubber.response(
            msgspec.structs.replace(
                asked,
                status=response.status_code,
                reason=response.reason_phrase,
                headers=headers,
                body=body,
                chunks=chunks,
            )
        )
        self._tape.append(to_request(kept), to_response(kept))
        response.stream = self._stream_type(came)
        return response


class _Pieces:
    """A body in the pieces in which it came; mixed with a library's stream classes."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
