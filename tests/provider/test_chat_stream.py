"""Streams: deltas, tool calls, usage, and every way in which one can end."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.errors import UsageError
from qwensim.provider import (
    AsyncQwenProvider,
    ConnectionFailure,
    InputTooLongError,
    MalformedAnswerError,
    ModerationError,
    ProviderError,
    QwenProvider,
    RateLimitError,
    ToolCall,
    TruncatedStreamError,
    Usage,
)

DONE = "data: [DONE]\n\n"
USAGE = {
    "prompt_tokens": 24,
    "completion_tokens": 13,
    "total_tokens": 37,
    "completion_tokens_details": {"reasoning_tokens": 10},
    "prompt_tokens_details": {"cached_tokens": 4},
}


def came(error: ProviderError) -> str | None:
    """Return the text that had come before an error."""
    return None if error.partial is None else error.partial.content


def thinking_answer(wire: Any) -> list[Any]:
    """Return a thinking answer in the classic dialect, usage and all."""
    return [
        wire.chunk({"content": None, "role": "assistant", "reasoning_content": ""}),
        wire.chunk({"content": None, "reasoning_content": "Let me "}),
        wire.chunk({"content": None, "reasoning_content": "思考。"}),
        wire.chunk({"content": "Grüß ", "reasoning_content": None}),
        wire.chunk({"content": "Gott 👋", "reasoning_content": None}),
        wire.chunk({"content": "", "reasoning_content": None}, finish="stop"),
        wire.chunk(choices=[], usage=USAGE),
        DONE,
    ]


def piece(index: int | None, id_: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    function = {"arguments": arguments} | ({} if name is None else {"name": name})
    return {"index": index, "id": id_, "type": "function", "function": function}


@given(splits=st.lists(st.integers(0, 2500), max_size=40))
def test_any_split_of_the_bytes_decodes_alike(splits: list[int], wire: Any, call: Any) -> None:
    outcome = call(wire.peer(wire.stream(*thinking_answer(wire), splits=splits)), stream=True)
    assert [delta.reasoning for delta in outcome.deltas if delta.reasoning] == ["Let me ", "思考。"]
    assert [delta.content for delta in outcome.deltas if delta.content] == ["Grüß ", "Gott 👋"]
    assert [delta.raw["object"] for delta in outcome.deltas] == ["chat.completion.chunk"] * 7
    reply = outcome.reply
    assert (reply.reasoning, reply.content) == ("Let me 思考。", "Grüß Gott 👋")
    assert (reply.finish_reason, reply.model) == ("stop", "qwen3.5-plus")
    assert reply.request_id == wire.request_id
    assert reply.usage == Usage(
        prompt_tokens=24,
        completion_tokens=13,
        total_tokens=37,
        cached_tokens=4,
        reasoning_tokens=10,
    )


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        (  # classic: an empty id goes on
            [piece(0, "call_1", "f", ""), piece(0, "", None, '{"a'), piece(0, "", None, '":1}')],
            [("call_1", "f", '{"a":1}')],
        ),
        (  # the new dialect repeats the id with an empty name
            [piece(0, "call_1", "f", ""), piece(0, "call_1", "", "{"), piece(0, "", None, "}")],
            [("call_1", "f", "{}")],
        ),
        (  # parallel calls, one after the other
            [
                piece(0, "call_1", "f", ""),
                piece(0, "", None, "{}"),
                piece(1, "call_2", "g", ""),
                piece(1, "", None, "{}"),
            ],
            [("call_1", "f", "{}"), ("call_2", "g", "{}")],
        ),
        (  # interleaved
            [
                piece(0, "call_1", "f", "{"),
                piece(1, "call_2", "g", "["),
                piece(0, "", None, "}"),
                piece(1, "", None, "]"),
            ],
            [("call_1", "f", "{}"), ("call_2", "g", "[]")],
        ),
        (  # a new id opens a call even under the same index
            [piece(0, "call_1", "f", "{}"), piece(0, "call_2", "f", "{}")],
            [("call_1", "f", "{}"), ("call_2", "f", "{}")],
        ),
        (  # neither index nor further ids
            [piece(None, "call_1", "f", "{"), piece(None, None, None, "}")],
            [("call_1", "f", "{}")],
        ),
    ],
    ids=["classic", "new", "parallel", "interleaved", "same-index", "no-index"],
)
def test_tool_calls_are_put_together(
    pieces: list[Any], calls: list[Any], wire: Any, call: Any
) -> None:
    chunks = [wire.chunk({"content": None, "tool_calls": [piece]}) for piece in pieces]
    peer = wire.peer(wire.stream(*chunks, wire.chunk(finish="tool_calls"), DONE))
    reply = call(peer, stream=True).reply
    expected = [ToolCall(id=id_, name=name, arguments=text) for id_, name, text in calls]
    assert list(reply.tool_calls) == expected
    assert reply.finish_reason == "tool_calls"
    assert reply.usage is None


@given(
    arguments=st.lists(
        st.dictionaries(st.text(max_size=3), st.integers(), max_size=3), min_size=1, max_size=3
    ),
    sizes=st.lists(st.integers(1, 7), min_size=1),
    repeat_id=st.booleans(),
)
def test_arguments_survive_any_cutting(
    arguments: list[Any], sizes: list[int], repeat_id: bool, wire: Any, call: Any
) -> None:
    chunks = []
    for index, value in enumerate(arguments):
        text, size = json.dumps(value), sizes[index % len(sizes)]
        pieces = [piece(index, f"call_{index}", "f", "")]
        again = f"call_{index}" if repeat_id else ""
        pieces += [
            piece(index, again, None, text[at : at + size]) for at in range(0, len(text), size)
        ]
        chunks += [wire.chunk({"tool_calls": [piece]}) for piece in pieces]
    peer = wire.peer(wire.stream(*chunks, wire.chunk(finish="tool_calls"), DONE))
    reply = call(peer, stream=True).reply
    assert [tool_call.parsed() for tool_call in reply.tool_calls] == arguments


def test_of_interleaved_choices_the_first_is_the_reply(wire: Any, call: Any) -> None:
    events = [
        wire.chunk({"content": "A"}),
        wire.chunk({"content": "B"}, index=1),
        wire.chunk({}, finish="stop", index=1),
        wire.chunk({"content": "a"}, finish="length"),
    ]
    reply = call(wire.peer(wire.stream(*events, DONE)), stream=True).reply
    assert (reply.content, reply.finish_reason) == ("Aa", "length")


@given(kept=st.integers(1, 5), done=st.booleans())
def test_an_end_without_a_finish_reason_raises_with_what_had_come(
    kept: int, done: bool, wire: Any, call: Any
) -> None:
    events = thinking_answer(wire)[:kept] + [DONE] * done
    outcome = call(wire.peer(wire.stream(*events)), stream=True)
    assert isinstance(outcome.error, TruncatedStreamError)
    assert len(outcome.deltas) == kept
    partial = outcome.error.partial
    assert partial is not None
    assert partial.content == "".join(delta.content for delta in outcome.deltas)
    assert partial.reasoning == "".join(delta.reasoning for delta in outcome.deltas)
    assert partial.finish_reason is None
    assert outcome.error.request_id == wire.request_id


@pytest.mark.parametrize(
    "failure", [httpx2.RemoteProtocolError("peer closed"), httpx2.ReadTimeout("slow")]
)
def test_a_line_that_breaks_in_mid_stream_raises_with_what_had_come(
    failure: Exception, wire: Any, call: Any
) -> None:
    peer = wire.peer(wire.stream(wire.chunk({"content": "Hel"}), error=failure))
    outcome = call(peer, stream=True)
    assert isinstance(outcome.error, TruncatedStreamError)
    assert came(outcome.error) == "Hel"
    assert str(failure) in outcome.error.message
    assert len(peer.requests) == 1
    assert peer.streams[0].closed


def test_a_line_that_breaks_after_the_finish_reason_leaves_the_reply_whole(
    wire: Any, call: Any
) -> None:
    chunk = wire.chunk({"content": "Hi"}, finish="stop")
    peer = wire.peer(wire.stream(chunk, error=httpx2.RemoteProtocolError("peer closed")))
    outcome = call(peer, stream=True)
    assert outcome.error is None
    assert (outcome.reply.content, outcome.reply.usage) == ("Hi", None)


def test_a_line_that_breaks_before_the_first_chunk_is_tried_again(wire: Any, call: Any) -> None:
    broken = wire.stream(error=httpx2.RemoteProtocolError("peer closed"))
    whole = wire.stream(*thinking_answer(wire))
    peer = wire.peer(broken, broken, whole)
    outcome = call(peer, stream=True)
    assert outcome.reply.content == "Grüß Gott 👋"
    assert len(peer.requests) == 3
    assert all(stream.closed for stream in peer.streams)


def test_a_line_that_always_breaks_is_given_up(wire: Any, call: Any) -> None:
    peer = wire.peer(wire.stream(error=httpx2.ReadError("reset")))
    outcome = call(peer, stream=True)
    assert isinstance(outcome.error, ConnectionFailure)
    assert outcome.error.partial is None
    assert len(peer.requests) == 3


def test_an_empty_stream_is_truncated_and_not_tried_again(wire: Any, call: Any) -> None:
    peer = wire.peer(wire.stream(DONE))
    outcome = call(peer, stream=True)
    assert isinstance(outcome.error, TruncatedStreamError)
    assert outcome.error.partial is None
    assert len(peer.requests) == 1


MODERATION = {
    "error": {
        "message": "Output data may contain inappropriate content.",
        "type": "data_inspection_failed",
        "param": None,
        "code": "data_inspection_failed",
    }
}
THROTTLED = (
    "id:1\nevent:error\n:HTTP_STATUS/429\n"
    'data:{"request_id":"70acdc21","code":"Throttling.AllocationQuota",'
    '"message":"Allocated quota exceeded, please increase your quota limit."}\n\n'
)


@pytest.mark.parametrize(
    ("event", "kind"),
    [(MODERATION, ModerationError), (THROTTLED, RateLimitError), ({"error": "?"}, ProviderError)],
    ids=["openai-framed", "native-framed", "bare"],
)
def test_an_error_event_in_mid_stream_is_raised_with_what_had_come(
    event: Any, kind: type[ProviderError], wire: Any, call: Any
) -> None:
    peer = wire.peer(wire.stream(wire.chunk({"content": "Hel"}), event))
    outcome = call(peer, stream=True)
    assert type(outcome.error) is kind
    assert came(outcome.error) == "Hel"
    assert (outcome.error.status, outcome.error.request_id) == (200, wire.request_id)
    assert len(peer.requests) == 1
    assert peer.streams[0].closed


def test_a_passing_error_before_the_first_chunk_is_tried_again(wire: Any, call: Any) -> None:
    closed_by_then = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        closed_by_then.append(peer.streams[0].closed)
        return wire.stream(*thinking_answer(wire))(request)  # type: ignore[no-any-return] # a fixture

    peer = wire.peer(wire.stream(THROTTLED), answer)
    outcome = call(peer, stream=True)
    assert outcome.reply.content == "Grüß Gott 👋"
    assert outcome.waits == [0.75]
    assert closed_by_then == [True]


def test_a_final_error_before_the_first_chunk_is_not(wire: Any, call: Any) -> None:
    peer = wire.peer(wire.stream(MODERATION))
    outcome = call(peer, stream=True)
    assert isinstance(outcome.error, ModerationError)
    assert outcome.error.partial is None
    assert len(peer.requests) == 1


def test_a_refusal_that_is_framed_as_an_event_is_read(wire: Any, call: Any) -> None:
    words = "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]"
    error = {"code": "invalid_parameter_error", "param": None, "message": words, "type": "x"}
    text = wire.frames({"error": error, "id": "chatcmpl-9"}).decode()
    outcome = call(wire.peer(wire.answer(status=400, text=text)), stream=True)
    assert isinstance(outcome.error, InputTooLongError)
    assert (outcome.error.status, outcome.error.message) == (400, words)


@pytest.mark.parametrize(
    "event",
    ["data: {\n\n", "data: 5\n\n", "data: null\n\n", 'data: {"object":"x"}\n\n', "data: [[\n\n"],
)
def test_an_event_that_is_no_chunk_is_malformed(event: str, wire: Any, call: Any) -> None:
    peer = wire.peer(wire.stream(wire.chunk({"content": "Hel"}), event))
    outcome = call(peer, stream=True)
    assert isinstance(outcome.error, MalformedAnswerError)
    assert came(outcome.error) == "Hel"
    assert peer.streams[0].closed


def test_bytes_that_are_no_utf8_are_malformed(wire: Any) -> None:
    headers = {"content-type": "text/event-stream"}
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(200, headers=headers, content=b'data: {"a": "\xff"}\n\n')
    )
    with httpx2.Client(transport=transport) as client:
        provider = QwenProvider(api_key=wire.key, http_client=client)
        with pytest.raises(MalformedAnswerError):
            provider.chat("qwen3.5-plus", "hi", stream=True)


def test_the_reply_waits_for_the_end_and_a_closed_stream_is_over(wire: Any) -> None:
    peer = wire.peer(wire.stream(*thinking_answer(wire)))
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


def test_an_async_stream_that_is_left_is_closed(wire: Any) -> None:
    peer = wire.peer(wire.stream(*thinking_answer(wire)))

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
def test_cancelling_closes_the_connection_and_sends_nothing_more(pieces: int, wire: Any) -> None:
    async def cancel() -> tuple[Stalling, int]:
        body = Stalling(*(wire.frames(chunk) for chunk in thinking_answer(wire)[:pieces]))
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
