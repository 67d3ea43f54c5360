"""The Anthropic protocol: how it is asked, and how its answers are read."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from qwensim.contract.answers import Answer, Broken, expect, expect_in, expect_that
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import QUESTION, Session

MESSAGES: Final = "/apps/anthropic/v1/messages"
COUNT: Final = "/apps/anthropic/v1/messages/count_tokens"

NO_THINKING: Final = {"type": "disabled"}
_MOST: Final = 4096
"""Tokens of an answer; requests must say how many it may have."""

_DELTAS: Final = {
    "text": ["text_delta"],
    "thinking": ["thinking_delta", "signature_delta"],
    "tool_use": ["input_json_delta"],
}
"""Kinds of deltas by the kind of their block, in the order in which they come."""


def ask(
    session: Session,
    messages: Any = QUESTION,
    *,
    path: str = MESSAGES,
    headers: Mapping[str, str] | None = None,
    key: str | None = "",
    **fields: Any,
) -> Answer:
    """Ask for a message; `messages` that are a string are what the user says.

    The key goes where clients of the protocol put it; a field that is None is left out.
    """
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    given = {"model": session.model, "max_tokens": _MOST, "messages": messages, **fields}
    body = {name: value for name, value in given.items() if value is not None}
    borne = {} if key is None else {"x-api-key": key or session.key}
    return session.call(path, key=None, json=body, headers={**borne, **(headers or {})})


def refused(
    session: Session,
    error: str,
    messages: Any = QUESTION,
    *,
    values: Mapping[str, Any] | None = None,
    **asking: Any,
) -> None:
    """Ask whole and streamed, and see that each refusal is the row `error`, with `values`."""
    for stream in (False, True):
        answer = ask(session, messages, **{"stream": stream or None, **asking})
        expect_refused(session, answer, error, stream=stream, values=values)


def expect_refused(
    session: Session,
    answer: Answer,
    error: str,
    *,
    stream: bool = False,
    values: Mapping[str, Any] | None = None,
) -> None:
    """See that an answer is the row `error`, whose message may name the request itself."""
    named = {"request_id": answer.headers.get("x-request-id"), **(values or {})}
    expect_refusal(session, answer, error, wire="anthropic", stream=stream, **named)


def whole(answer: Answer) -> dict[str, Any]:
    """Return a message that was not streamed, whose outside must be the service's."""
    message = answer.ok().json()
    expect_in("content-type", "application/json", answer.headers.get("content-type", ""))
    expect("type", "message", message.get("type"))
    expect("role", "assistant", message.get("role"))
    expect_that("id", "msg_…", str(message.get("id")).startswith("msg_"), message)
    expect("stop_sequence", None, message.get("stop_sequence", "absent"))
    expect_that("content", "some blocks", message.get("content"), message)
    expect_usage(message.get("usage"))
    return message


def expect_usage(usage: Any) -> None:
    """See that a usage has what the protocol counts, and that something was counted."""
    counted = (
        "output_tokens",
        "cache_creation_input_tokens",
        "input_tokens",
        "cache_read_input_tokens",
    )
    for name in counted:
        expect_in("usage", name, usage or {})
    expect_that(
        "usage", "more than nothing", usage["input_tokens"] and usage["output_tokens"], usage
    )


def events(answer: Answer) -> list[dict[str, Any]]:
    """Return the events of a stream, which must be framed as the service does: without spaces."""
    expect_in("content-type", "text/event-stream", answer.headers.get("content-type", ""))
    *frames, rest = answer.content.decode("utf-8", "replace").split("\n\n")
    expect("text after the last event", "", rest)
    found = []
    for frame in frames:
        kind, _, data = frame.partition("\n")
        framed = kind.startswith("event:") and data.startswith("data:{")
        expect_that("event", "event:… and data:{…", framed, frame)
        event = json.loads(data.removeprefix("data:"))
        expect("type", kind.removeprefix("event:"), event.get("type", "error"))
        found.append(event)
    return found


def streamed(answer: Answer) -> list[dict[str, Any]]:
    """Return the events of a whole stream between its beginning and its end: those of blocks.

    They must come in the order of the protocol, whose pings may be anywhere.
    """
    found = [event for event in events(answer.ok()) if event["type"] != "ping"]
    kinds = [event["type"] for event in found]
    expect("first event", ["message_start"], kinds[:1])
    expect("last events", ["message_delta", "message_stop"], kinds[-2:])
    start, *inner, end, _ = found
    expect(
        "keys of the message",
        ["model", "id", "role", "type", "content", "usage"],
        list(start["message"]),
    )
    expect("content", [], start["message"]["content"])
    expect("output_tokens", 0, start["message"]["usage"]["output_tokens"])
    expect_usage(end.get("usage"))
    for index, block in enumerate(_blocks(inner)):
        _expect_block(index, block)
    return inner


def message_of(answer: Answer) -> dict[str, Any]:
    """Return the message that a stream tells of, put together of its pieces."""
    inner = streamed(answer)
    start = next(event for event in events(answer) if event["type"] == "message_start")
    end = events(answer)[-2]
    return {
        **start["message"],
        "content": [_joined(block) for block in _blocks(inner)],
        **end["delta"],
        "usage": end["usage"],
    }


def told(message: Mapping[str, Any], kind: str) -> str:
    """Return what a message says (`text`) or thinks (`thinking`)."""
    blocks = (block for block in message["content"] if block.get("type") == kind)
    return "".join(block[kind] for block in blocks)


def calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the calls in a message."""
    return [block for block in message["content"] if block.get("type") == "tool_use"]


def _blocks(inner: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    blocks: list[list[dict[str, Any]]] = []
    for event in inner:
        if event["type"] == "content_block_start":
            blocks.append([])
        if not blocks:
            raise Broken("event", "content_block_start", event)
        blocks[-1].append(event)
    return blocks


def _expect_block(index: int, block: list[dict[str, Any]]) -> None:
    start, *deltas, stop = block
    expect("index", {index}, {event.get("index") for event in block})
    expect("kind of an end", "content_block_stop", stop["type"])
    expect("kinds of deltas", {"content_block_delta"}, {event["type"] for event in deltas})
    kinds = dict.fromkeys(event["delta"].get("type") for event in deltas)
    expect("deltas", _DELTAS.get(start["content_block"].get("type")), list(kinds))


def _joined(block: list[dict[str, Any]]) -> dict[str, Any]:
    begun = block[0]["content_block"]
    kind = begun["type"]
    deltas = [event["delta"] for event in block[1:-1]]
    if kind == "tool_use":
        return {**begun, "input": json.loads("".join(delta["partial_json"] for delta in deltas))}
    return {**begun, kind: "".join(delta.get(kind, "") for delta in deltas)}
