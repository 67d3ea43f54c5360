"""The native generation API: how it is asked, and how its answers are read."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from qwensim.contract.answers import Answer, Broken, expect, expect_in, expect_that
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import QUESTION, Session

TEXT: Final = "/api/v1/services/aigc/text-generation/generation"
"""Where models are asked that take text alone."""
MEDIA: Final = "/api/v1/services/aigc/multimodal-generation/generation"
"""Where all others are."""

_EVENT: Final = ("id:", "event:", ":HTTP_STATUS/", "data:")
"""How the lines of an event begin."""


def ask(
    session: Session,
    messages: Any = QUESTION,
    *,
    path: str = TEXT,
    stream: bool = False,
    headers: Mapping[str, str] | None = None,
    **parameters: Any,
) -> Answer:
    """Ask natively; `messages` that are a string are what the user says."""
    if isinstance(messages, str):
        content = messages if path == TEXT else [{"text": messages}]
        messages = [{"role": "user", "content": content}]
    body = {"model": session.model, "input": {"messages": messages}, "parameters": parameters}
    given = {**({"x-dashscope-sse": "enable"} if stream else {}), **(headers or {})}
    return session.call(path, json=body, headers=given)


def refused(
    session: Session,
    error: str,
    messages: Any = QUESTION,
    *,
    stream: bool = False,
    values: Mapping[str, Any] | None = None,
    **asking: Any,
) -> None:
    """Ask, and see that the refusal is the row `error`, its message filled with `values`."""
    answer = ask(session, messages, stream=stream, **asking)
    expect_refusal(session, answer, error, wire="native", stream=stream, **(values or {}))


def whole(answer: Answer) -> dict[str, Any]:
    """Return the body of an answer that was not streamed, whose outside must be the service's."""
    body = answer.ok().json()
    expect("content-type", "application/json", answer.headers.get("content-type"))
    expect("keys of the body", ["output", "usage", "request_id"], list(body))
    expect("request_id", answer.headers.get("x-request-id"), body["request_id"])
    return body


def choice(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the only choice of a body or of a frame."""
    choices = body["output"].get("choices")
    if not isinstance(choices, list) or len(choices) != 1:
        raise Broken("choices", "a list of one", choices)
    return dict(choices[0])


def events(answer: Answer) -> list[tuple[str, str, dict[str, Any]]]:
    """Return kind, status and data of the events, which must be framed and counted rightly."""
    expect_in("content-type", "text/event-stream", answer.headers.get("content-type", ""))
    *frames, rest = answer.content.decode("utf-8", "replace").split("\n\n")
    expect("text after the last event", "", rest)
    found = []
    for number, frame in enumerate(frames, start=1):
        lines = frame.split("\n")
        framed = len(lines) == len(_EVENT) and all(map(str.startswith, lines, _EVENT))
        expect_that("event", "id, event, status and data", framed, frame)
        id_, kind, status, data = map(str.removeprefix, lines, _EVENT)
        expect("number of the event", str(number), id_)
        found.append((kind, status, json.loads(data)))
    return found


def frames(answer: Answer) -> list[dict[str, Any]]:
    """Return the frames of a whole stream: results, of which each tells what it has cost so far."""
    found = events(answer.ok())
    expect("kinds", {("result", "200")}, {(kind, status) for kind, status, _ in found})
    bodies = [data for _, _, data in found]
    for body in bodies:
        expect("keys of a frame", ["output", "usage", "request_id"], list(body))
        expect_sum(body["usage"])
    ids = {body["request_id"] for body in bodies}
    expect("request ids", {answer.headers.get("x-request-id")}, ids)
    counts = [body["usage"]["output_tokens"] for body in bodies]
    expect("output_tokens", sorted(counts), counts)
    return bodies


def messages_of(bodies: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages of frames with one choice each, of which the last alone may end it."""
    choices = [choice(body) for body in bodies]
    *reasons, last = [found.get("finish_reason") for found in choices]
    expect("finish reasons", {"null"}, {*reasons, "null"})
    expect_that("last finish reason", "stop or tool_calls", last in ("stop", "tool_calls"), last)
    return [found["message"] for found in choices]


def said(message: Mapping[str, Any]) -> str:
    """Return the text of a message: a string, or a list of parts."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part["text"] for part in content)
    if not isinstance(content, str):
        raise Broken("content", "a text or parts", content)
    return content


def expect_sum(usage: Mapping[str, Any]) -> None:
    """See that a usage adds up."""
    total = usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
    expect_that("input_tokens", "more than none", usage.get("input_tokens"), usage)
    expect("total_tokens", total, usage.get("total_tokens"))
