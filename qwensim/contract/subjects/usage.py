"""What a call cost: when it is told, and in which shape."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from qwensim.contract.answers import Broken, expect, expect_that
from qwensim.contract.case import Case
from qwensim.contract.session import QUESTION, Session, read
from qwensim.provider import QwenProvider, Reply

_ASKED = {"include_usage": True}
_TOTALS = ["prompt_tokens", "completion_tokens", "total_tokens"]
_FOREIGN = "https://gateway.example/v1"


def asked(session: Session) -> None:
    """Ask for the usage of a stream: one chunk of its own, at the end."""
    chunks = session.ask(stream=True, stream_options=_ASKED, enable_thinking=False).chunks()
    told = [chunk for chunk in chunks if chunk.get("usage")]
    expect("chunks with usage", 1, len(told))
    expect_that("the chunk with usage", "the last one", told[0] is chunks[-1], chunks[-1])
    expect("its choices", [], told[0].get("choices"))
    _expect_sum(told[0]["usage"])


def not_asked(session: Session, options: Mapping[str, bool] | None) -> None:
    """Do not ask for it: a null in every chunk."""
    chunks = session.ask(stream=True, stream_options=options, enable_thinking=False).chunks()
    for chunk in chunks:
        expect("usage of a chunk", None, chunk.get("usage", "absent"))


def whole(session: Session) -> None:
    """Ask without streaming."""
    usage = session.ask(enable_thinking=False).ok().json().get("usage")
    if not isinstance(usage, dict):
        raise Broken("usage", "an object", usage)
    _expect_sum(usage)


def shape(session: Session, stream: bool) -> None:  # noqa: FBT001 - a table's column
    """Look at the keys of the usage of the plan's default model."""
    options = {"stream": True, "stream_options": _ASKED} if stream else {}
    answer = session.ask(enable_thinking=False, **options)
    usage = answer.chunks()[-1]["usage"] if stream else answer.ok().json()["usage"]
    details: set[str] = set()
    if session.host.plan == "standard":
        details = {"completion_tokens_details", "prompt_tokens_details"}
    expect("totals", _TOTALS, list(usage)[:3])
    expect("details", details, set(usage) - set(_TOTALS))


def native(session: Session) -> None:
    """Stream with the real client on a host of the service."""
    reply = _streamed(session.provider(), session.model)
    expect("stream_options sent", _ASKED, session.body_sent.get("stream_options"))
    usage = reply.usage
    if usage is None:
        raise Broken("usage of the reply", "told", None)
    expect("total", usage.prompt_tokens + usage.completion_tokens, usage.total_tokens)


def custom_id(session: Session) -> None:
    """Configure the host by hand, and call the model by an alias of the provider."""
    provider = session.provider(base_url=f"{session.host.base_url}/")
    reply = _streamed(provider, f"modelstudio/{session.model}")
    expect("stream_options sent", _ASKED, session.body_sent.get("stream_options"))
    expect_that("usage of the reply", "told", reply.usage, None)


def foreign(session: Session) -> None:
    """Stream through a gateway of another name."""
    with session.foreign(_FOREIGN) as provider:
        reply = _streamed(provider, session.model)
    expect("host asked", "gateway.example", session.sent[-1].url.host)
    expect("stream_options sent", "none", session.body_sent.get("stream_options", "none"))
    expect("usage of the reply", None, reply.usage)


def explicit(session: Session) -> None:
    """Decline the usage by hand, on a host of the service."""
    reply = _streamed(session.provider(), session.model, stream_options={"include_usage": False})
    expect("stream_options sent", {"include_usage": False}, session.body_sent["stream_options"])
    expect("usage of the reply", None, reply.usage)


def not_streamed(session: Session) -> None:
    """Ask without streaming: the real client adds nothing."""
    reply = session.provider().chat(session.model, QUESTION, thinking="off")
    expect("keys sent", ["model", "messages", "enable_thinking"], list(session.body_sent))
    expect_that("usage of the reply", "told", reply.usage, None)


def _streamed(provider: QwenProvider, model: str, **parameters: Any) -> Reply:
    return read(provider.chat(model, QUESTION, thinking="off", stream=True, **parameters))


def _expect_sum(usage: Mapping[str, Any]) -> None:
    for name in _TOTALS:
        count = usage.get(name)
        expect_that(name, "more than none", isinstance(count, int) and count > 0, usage)
    expect("total", usage["prompt_tokens"] + usage["completion_tokens"], usage["total_tokens"])


CASES = (
    Case(
        id="usage-asked",
        title="a stream that asks for usage gets it in a last chunk",
        holds="page 14; wire A.5",
        run=asked,
    ),
    Case(
        id="usage-not-asked",
        title="a stream that does not ask for usage gets none",
        holds="page 14; wire A.5",
        run=partial(not_asked, options=None),
    ),
    Case(
        id="usage-declined",
        title="a stream that declines usage gets none",
        holds="page 14; wire A.5",
        run=partial(not_asked, options={"include_usage": False}),
    ),
    Case(
        id="usage-whole",
        title="an answer that does not stream tells its usage, and it adds up",
        holds="wire A.4",
        run=whole,
    ),
    Case(
        id="usage-shape",
        title="usage has details on Standard hosts and totals only on the plan's",
        holds="wire A.4",
        run=partial(shape, stream=False),
    ),
    Case(
        id="usage-shape-streamed",
        title="so has the usage of a stream",
        holds="wire A.4",
        run=partial(shape, stream=True),
    ),
    Case(
        id="usage-native",
        title="the client asks for the usage of streams on the service's hosts",
        holds="page 14",
        run=native,
    ),
    Case(
        id="usage-custom-id",
        title="a custom provider that points to one of them inherits that",
        holds="page 14",
        run=custom_id,
    ),
    Case(
        id="usage-foreign-host",
        title="a foreign host is never asked for usage",
        holds="page 14",
        run=foreign,
    ),
    Case(
        id="usage-explicit",
        title="what the caller says of usage wins",
        holds="page 14",
        run=explicit,
    ),
    Case(
        id="usage-not-streamed",
        title="a call that does not stream asks for nothing",
        holds="page 14",
        run=not_streamed,
    ),
)
