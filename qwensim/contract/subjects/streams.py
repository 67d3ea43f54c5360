"""Streams: their framing, and what is left when they break."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from qwensim.contract.answers import choices, expect, expect_that, failure, joined
from qwensim.contract.case import Case, Need
from qwensim.contract.refusals import words
from qwensim.contract.session import QUESTION, Session
from qwensim.provider import (
    BadRequestError,
    ChatStream,
    MalformedAnswerError,
    ModerationError,
    ProviderError,
    RateLimitError,
    ServerError,
    TruncatedStreamError,
)

_QUIET = ("qwen3-max-2026-01-23",)
_TEXT = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."


def framing(session: Session) -> None:
    """Look at a stream from end to end."""
    chunks = session.ask(stream=True).chunks()
    expect("ids", 1, len({chunk.get("id") for chunk in chunks}))
    expect("objects", {"chat.completion.chunk"}, {chunk.get("object") for chunk in chunks})
    expect("models", {session.model}, {chunk.get("model") for chunk in chunks})
    found = choices(chunks)
    expect("role of the first delta", "assistant", found[0]["delta"].get("role"))
    reasons = [choice.get("finish_reason") for choice in found]
    expect("finish reasons", ["stop"], [reason for reason in reasons if reason])
    expect("last finish reason", "stop", reasons[-1])


def same_words(session: Session) -> None:
    """Say the same whole and streamed."""
    session.service.script(text=_TEXT, times=2)
    expect("content", _TEXT, session.ask().message()["content"])
    expect("content of the stream", _TEXT, joined(session.ask(stream=True).deltas(), "content"))


def by_client(session: Session) -> None:
    """Put a stream together with the real client."""
    session.service.script(text=_TEXT, reasoning="Numbers are wanted.")
    stream = _open(session, thinking="high")
    deltas = [*stream]
    reply = stream.reply
    expect("reasoning", "Numbers are wanted.", reply.reasoning)
    expect("content", _TEXT, reply.content)
    expect("pieces", _TEXT, "".join(delta.content for delta in deltas))
    expect("finish_reason", "stop", reply.finish_reason)


def error_event(session: Session, error: str, kind: type[ProviderError]) -> None:
    """Meet an error in mid-stream: the service's words, what had come, and no other attempt."""
    session.service.script(text=_TEXT)
    session.service.fault("error-event", error=error, after=3)
    seen = _broken(session, kind)
    expect("the service's words", words(session, error), seen.message)
    expect("code", session.catalog.errors[error].code, seen.code)
    _expect_partial(seen)
    expect("requests sent", 1, len(session.sent))


def broken(session: Session, fault: str, kind: type[ProviderError]) -> None:
    """Meet a broken line in mid-stream."""
    session.service.script(text=_TEXT)
    session.service.fault(fault, after=3)
    _expect_partial(_broken(session, kind))
    expect("requests sent", 1, len(session.sent))


def without_done(session: Session) -> None:
    """Miss the last event: the reply is whole all the same."""
    session.service.script(text=_TEXT)
    session.service.fault("missing-done")
    stream = _open(session)
    expect("content", _TEXT, _content(stream))
    expect("finish_reason", "stop", stream.reply.finish_reason)
    expect_that("usage", "told", stream.reply.usage, None)


def without_usage(session: Session) -> None:
    """Miss the usage: the reply is whole and says that it does not know."""
    session.service.script(text=_TEXT)
    session.service.fault("missing-usage")
    stream = _open(session)
    expect("content", _TEXT, _content(stream))
    expect("usage", None, stream.reply.usage)


def left(session: Session) -> None:
    """Leave a stream after its first delta, and ask again."""
    with _open(session) as stream:
        next(stream)
    expect("deltas after it was closed", [], [*stream])
    session.ask(enable_thinking=False).ok()


def _open(session: Session, *, thinking: Any = None) -> ChatStream:
    return session.provider().chat(session.model, QUESTION, thinking=thinking, stream=True)


def _content(deltas: Iterator[Any]) -> str:
    return "".join(delta.content for delta in deltas)


def _broken(session: Session, kind: type[ProviderError]) -> ProviderError:
    return failure(kind, lambda: [*_open(session)])


def _expect_partial(error: ProviderError) -> None:
    partial_content = error.partial.content if error.partial else ""
    expect_that(
        "what had come",
        "the beginning of the answer",
        partial_content and _TEXT.startswith(partial_content) and partial_content != _TEXT,
        partial_content,
    )


_BREAKS: dict[str, tuple[Need, type[ProviderError]]] = {
    "drop": ("fault", TruncatedStreamError),
    "truncated-chunk": ("fault", ProviderError),
    "malformed-chunk": ("error", MalformedAnswerError),
}

CASES = (
    Case(
        id="stream-framing",
        title="a stream is data lines, one id, one finish reason, and [DONE]",
        holds="wire A.5",
        models=_QUIET,
        run=framing,
    ),
    Case(
        id="stream-same-words",
        title="a stream says what an answer that does not stream says",
        holds="wire A.5",
        models=_QUIET,
        needs=frozenset({"script"}),
        run=same_words,
    ),
    Case(
        id="stream-by-client",
        title="the client puts reasoning and answer together",
        holds="page 22",
        models=_QUIET,
        needs=frozenset({"script"}),
        run=by_client,
    ),
    *(
        Case(
            id=f"stream-error-{error}",
            title=f"an error in mid-stream is raised with what had come: {error}",
            holds="wire B: mid-stream failure",
            models=_QUIET,
            needs=frozenset({"script", "error"}),
            run=partial(error_event, error=error, kind=kind),
        )
        for error, kind in {
            "moderation-output": ModerationError,
            "internal-error": ServerError,
            "rate-limit": RateLimitError,
            "content-required": BadRequestError,
        }.items()
    ),
    *(
        Case(
            id=f"stream-{fault}",
            title=f"a broken stream is raised with what had come: {fault.replace('-', ' ')}",
            holds="page 3; wire B: mid-stream failure",
            models=_QUIET,
            needs=frozenset({"script", need}),
            run=partial(broken, fault=fault, kind=kind),
        )
        for fault, (need, kind) in _BREAKS.items()
    ),
    Case(
        id="stream-missing-done",
        title="a stream without [DONE] is whole if it has its finish reason",
        holds="wire A.5",
        models=_QUIET,
        needs=frozenset({"script", "error"}),
        run=without_done,
    ),
    Case(
        id="stream-missing-usage",
        title="a stream without its usage is whole, and the usage unknown",
        holds="page 14",
        models=_QUIET,
        needs=frozenset({"script", "error"}),
        run=without_usage,
    ),
    Case(
        id="stream-left",
        title="a stream may be left",
        holds="page 3",
        models=_QUIET,
        run=left,
    ),
)
