"""Streams: deltas, usage, and every way in which one can end."""

from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.provider import (
    ConnectionFailure,
    InputTooLongError,
    MalformedAnswerError,
    ModerationError,
    ProviderError,
    QwenProvider,
    RateLimitError,
    TruncatedStreamError,
    Usage,
)

DONE = "data: [DONE]\n\n"


def came(error: ProviderError) -> str | None:
    """Return the text that had come before an error."""
    return None if error.partial is None else error.partial.content


@given(splits=st.lists(st.integers(0, 2500), max_size=40))
def test_any_split_of_the_bytes_decodes_alike(
    splits: list[int], wire: Any, call: Any, thinking_answer: list[Any]
) -> None:
    outcome = call(wire.peer(wire.stream(*thinking_answer, splits=splits)), stream=True)
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


@given(kept=st.integers(1, 5), done=st.booleans())
def test_an_end_without_a_finish_reason_raises_with_what_had_come(
    kept: int, done: bool, wire: Any, call: Any, thinking_answer: list[Any]
) -> None:
    events = thinking_answer[:kept] + [DONE] * done
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


def test_a_line_that_breaks_before_the_first_chunk_is_tried_again(
    wire: Any, call: Any, thinking_answer: list[Any]
) -> None:
    broken = wire.stream(error=httpx2.RemoteProtocolError("peer closed"))
    whole = wire.stream(*thinking_answer)
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


def test_a_passing_error_before_the_first_chunk_is_tried_again(
    wire: Any, call: Any, thinking_answer: list[Any]
) -> None:
    closed_by_then = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        closed_by_then.append(peer.streams[0].closed)
        return wire.stream(*thinking_answer)(request)  # type: ignore[no-any-return] # a fixture

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
