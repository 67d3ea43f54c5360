"""Thinking: every level, every kind of model, and what goes with it."""

from functools import partial

from qwensim.contract.answers import deltas, expect, expect_that, failure, joined
from qwensim.contract.case import Case
from qwensim.contract.refusals import refused, words
from qwensim.contract.session import QUESTION, Session, read
from qwensim.provider import BadRequestError, ThinkingLevel

_HYBRID_ON = ("qwen3.5-plus",)
_HYBRID_OFF = ("qwen3-max-2026-01-23",)
_ONLY = ("MiniMax-M2.5", "qwen3-next-80b-a3b-thinking")
_NEVER = ("qwen3-coder-plus",)

_LEVELS: dict[ThinkingLevel | None, bool | None] = {
    None: None,
    "off": False,
    "none": False,
    "minimal": True,
    "low": True,
    "medium": True,
    "high": True,
    "xhigh": True,
    "max": True,
}
"""The flag that each level becomes (OpenClaw docs/providers/qwen.md, 2026-05-18)."""

_KINDS = {
    ("on", None): (_HYBRID_ON, True),
    ("on", True): (_HYBRID_ON, True),
    ("on", False): (_HYBRID_ON, False),
    ("off", None): (_HYBRID_OFF, False),
    ("off", True): (_HYBRID_OFF, True),
    ("off", False): (_HYBRID_OFF, False),
    ("only", None): (_ONLY, True),
    ("only", True): (_ONLY, True),
    ("never", None): (_NEVER, False),
    ("never", True): (_NEVER, False),
    ("never", False): (_NEVER, False),
}
"""What a kind of model and a flag make of a request: whether it thinks."""

_FLAGS = {
    None: ("default", "without a flag"),
    True: ("flag-on", "with the flag on"),
    False: ("flag-off", "with the flag off"),
}
_SORTS = {
    "on": "that thinks unless told not to",
    "off": "that thinks if told to",
    "only": "that always thinks",
    "never": "that never thinks",
}


def level(session: Session, name: ThinkingLevel | None) -> None:
    """Ask at a level: the flag that is sent, and whether there is reasoning."""
    reply = read(session.provider().chat(session.model, QUESTION, thinking=name, stream=True))
    body = session.body_sent
    flag = _LEVELS[name]
    expect("enable_thinking sent", flag, body.get("enable_thinking"))
    expect("whether it is sent at all", flag is not None, "enable_thinking" in body)
    thinks = flag is not False
    expect("reasoning", thinks, bool(reply.reasoning))


def kind(session: Session, flag: bool | None, thinks: bool) -> None:  # noqa: FBT001 - a table's columns
    """Ask a kind of model with a flag, streamed: whether it thinks, and that first."""
    found = session.ask(enable_thinking=flag, stream=True).deltas()
    expect("reasoning", thinks, bool(joined(found, "reasoning_content")))
    expect_that("content", "some text", joined(found, "content"), found)
    told = [bool(delta.get("content")) for delta in found]
    thought = [bool(delta.get("reasoning_content")) for delta in found]
    if thinks:
        last = len(thought) - 1 - thought[::-1].index(True)
        expect_that("order", "reasoning before the answer", last < told.index(True), found)


def whole(session: Session) -> None:
    """Think in an answer that does not stream."""
    message = session.ask(enable_thinking=True).message()
    expect_that("reasoning_content", "some text", message.get("reasoning_content"), message)
    expect_that("content", "some text", message.get("content"), message)


def cannot_be_off(session: Session) -> None:
    """Switch off what cannot be switched off."""
    refused(session, "thinking-only", enable_thinking=False)
    error = failure(
        BadRequestError, lambda: session.provider().chat(session.model, QUESTION, thinking="off")
    )
    expect("the service's words", words(session, "thinking-only"), error.message)
    expect_that("advice", "leave thinking on", "thinking on" in error.advice, error.advice)


def streams_only_in_thinking(session: Session) -> None:
    """Ask an open-weight hybrid without streaming."""
    refused(session, "thinking-needs-stream")
    session.ask(enable_thinking=False).message()
    session.ask(stream=True).chunks()


def streams_only(session: Session) -> None:
    """Ask a model that only streams without streaming."""
    refused(session, "stream-only")
    session.ask(stream=True).chunks()


def counted(session: Session) -> None:
    """Count the reasoning into the completion."""
    usage = session.ask(enable_thinking=True).ok().json()["usage"]
    details = usage["completion_tokens_details"]
    expect_that("reasoning_tokens", "more than none", details["reasoning_tokens"] > 0, usage)
    within = details["reasoning_tokens"] < usage["completion_tokens"]
    expect_that("completion_tokens", "reasoning and answer", within, usage)


def opener(session: Session) -> None:
    """Look at the first delta of a thinking stream."""
    first = deltas(session.ask(enable_thinking=True, stream=True).chunks())[0]
    expect("role of the first delta", "assistant", first.get("role"))
    expect("content of the first delta", None, first.get("content"))


CASES = (
    *(
        Case(
            id=f"thinking-level-{name or 'unset'}",
            title=f"thinking level {name}"
            + (" sends no flag" if flag is None else f" sends enable_thinking {str(flag).lower()}"),
            holds="page 13",
            run=partial(level, name=name),
        )
        for name, flag in _LEVELS.items()
    ),
    *(
        Case(
            id=f"thinking-{sort}-{_FLAGS[flag][0]}",
            title=f"a model {_SORTS[sort]} {'thinks' if thinks else 'does not'} {_FLAGS[flag][1]}",
            holds="page 13; wire A.8",
            models=models,
            run=partial(kind, flag=flag, thinks=thinks),
        )
        for (sort, flag), (models, thinks) in _KINDS.items()
    ),
    Case(
        id="thinking-only-flag-off",
        title="a model that always thinks refuses to be told not to",
        holds="wire A.8 and B: thinking-only",
        models=_ONLY,
        run=cannot_be_off,
    ),
    Case(
        id="thinking-whole",
        title="an answer that does not stream carries its reasoning",
        holds="wire A.8: non-stream thinking",
        run=whole,
    ),
    Case(
        id="thinking-needs-stream",
        title="an open-weight hybrid thinks in streams only",
        holds="wire A.8 and B: non-stream thinking",
        plans=("standard",),
        models=("qwen3-32b",),
        run=streams_only_in_thinking,
    ),
    Case(
        id="stream-only-model",
        title="a model that only streams refuses another call",
        holds="wire B: stream-only",
        plans=("standard",),
        models=("qwq-plus",),
        run=streams_only,
    ),
    Case(
        id="thinking-counted",
        title="completion tokens include the reasoning",
        holds="wire A.4",
        plans=("standard",),
        run=counted,
    ),
    Case(
        id="thinking-opener",
        title="a thinking stream opens with the role and no content",
        holds="wire A.5",
        run=opener,
    ),
)
