"""What the client tries again, how long it waits, and what it does not repeat."""

from functools import partial

from qwensim.catalog.rows import Plan
from qwensim.contract.answers import expect, expect_in, expect_that, failure
from qwensim.contract.case import BOTH, Case, Need
from qwensim.contract.refusals import words
from qwensim.contract.session import QUESTION, Session, read
from qwensim.provider import (
    BadRequestError,
    ConnectionFailure,
    ModerationError,
    PlanQuotaError,
    ProviderError,
    ServerError,
)

_QUIET = ("qwen3-max-2026-01-23",)

_ATTEMPTS = 3
_PASSING: dict[str, tuple[Plan, ...]] = {
    "rate-limit": ("standard",),
    "token-limit": ("standard",),
    "burst-limit": ("standard",),
    "plan-concurrency": ("coding",),
    "plan-usage": ("coding",),
    "plan-rate": ("coding",),
    "internal-error": BOTH,
    "timeout": BOTH,
    "overloaded": BOTH,
    "unavailable": BOTH,
}
_LASTING: dict[str, type[ProviderError]] = {
    "moderation-input": ModerationError,
    "input-repeats-tool-calls": BadRequestError,
}
_LINE: dict[str, frozenset[Need]] = {
    "connect-error": frozenset({"fault"}),
    "drop-before-headers": frozenset({"fault"}),
    "timeout": frozenset({"fault", "clock"}),
}


def passes(session: Session, error: str) -> None:
    """Meet an error once, whole and streamed: the client waits and tries again."""
    provider = session.provider()
    session.service.fault("error", error=error)
    expect_that("reply", "some text", provider.chat(session.model, QUESTION).content, "none")
    expect("attempts", 2, len(session.sent))
    session.service.fault("error", error=error)
    reply = read(provider.chat(session.model, QUESTION, stream=True))
    expect_that("streamed reply", "some text", reply.content, reply)
    expect("attempts", 4, len(session.sent))
    _expect_waits(session, [1.0, 1.0])


def first_event(session: Session) -> None:
    """Meet an error as the first event of a stream: nothing has come, so it is tried again."""
    session.service.fault("error-event", error="internal-error")
    reply = read(session.provider().chat(session.model, QUESTION, stream=True))
    expect_that("streamed reply", "some text", reply.content, reply)
    expect("attempts", 2, len(session.sent))


def given_up(session: Session) -> None:
    """Meet an error that stays: the client gives up, with the service's words."""
    session.service.fault("error", error="overloaded", times=_ATTEMPTS)
    error = failure(ServerError, lambda: session.provider().chat(session.model, QUESTION))
    expect("the service's words", words(session, "overloaded"), error.message)
    expect("status", 503, error.status)
    expect("attempts", _ATTEMPTS, len(session.sent))
    _expect_waits(session, [1.0, 2.0])
    expect_that("request id", "told", error.request_id, error)


def lasts(session: Session, error: str, kind: type[ProviderError]) -> None:
    """Meet an error that no repetition cures."""
    session.service.fault("error", error=error)
    seen = failure(kind, lambda: session.provider().chat(session.model, QUESTION))
    expect("the service's words", words(session, error), seen.message)
    expect("attempts", 1, len(session.sent))


def bad_request(session: Session) -> None:
    """Send a bad parameter, whole and streamed: it is not repeated."""
    provider = session.provider()
    said = words(session, "temperature-range")
    for stream in (False, True):
        ask = partial(provider.chat, session.model, QUESTION, stream=stream, temperature=3)
        error = failure(BadRequestError, ask)
        expect("the service's words", said, error.message)
        expect("status", 400, error.status)
    expect("attempts", 2, len(session.sent))


def quota(session: Session, scope: str) -> None:
    """Spend the plan's quota: it is told for what it is, and not repeated."""
    session.service.account(key=session.key, plan="coding", spent=scope)
    error = failure(PlanQuotaError, lambda: session.provider().chat(session.model, QUESTION))
    expect("the service's words", words(session, "plan-quota", scope=scope), error.message)
    expect("status", 429, error.status)
    expect_in("advice", "quota", error.advice)
    expect("attempts", 1, len(session.sent))


def line(session: Session, fault: str) -> None:
    """Lose the line before an answer: once, and then for good."""
    provider = session.provider()
    session.service.fault(fault)
    expect_that("reply", "some text", provider.chat(session.model, QUESTION).content, "none")
    expect("attempts", 2, len(session.sent))
    session.service.fault(fault, times=_ATTEMPTS)
    error = failure(ConnectionFailure, lambda: provider.chat(session.model, QUESTION))
    expect("status", None, error.status)
    expect("attempts", 2 + _ATTEMPTS, len(session.sent))


def _expect_waits(session: Session, most: list[float]) -> None:
    """See that each wait is between half and all of what is promised at most, in seconds."""
    expect("waits", len(most), len(session.waits))
    for longest, seen in zip(most, session.waits, strict=True):
        expect_that("wait", f"{longest / 2} to {longest} s", longest / 2 <= seen <= longest, seen)


CASES = (
    *(
        Case(
            id=f"retried-{error}",
            title=f"what passes is tried again: {error}",
            holds="wire B and C: 429 and 5xx",
            plans=plans,
            models=_QUIET,
            needs=frozenset({"error"}),
            run=partial(passes, error=error),
        )
        for error, plans in _PASSING.items()
    ),
    Case(
        id="retried-first-event",
        title="an error before the first chunk of a stream is tried again",
        holds="wire B: mid-stream failure",
        models=_QUIET,
        needs=frozenset({"error"}),
        run=first_event,
    ),
    Case(
        id="retries-end",
        title="after three attempts the client gives up",
        holds="wire B: 503",
        models=_QUIET,
        needs=frozenset({"error"}),
        run=given_up,
    ),
    *(
        Case(
            id=f"not-retried-{error}",
            title=f"what does not pass is not tried again: {error}",
            holds="wire B: 400",
            models=_QUIET,
            needs=frozenset({"error"}),
            run=partial(lasts, error=error, kind=kind),
        )
        for error, kind in _LASTING.items()
    ),
    Case(
        id="not-retried-bad-request",
        title="a bad request is not tried again",
        holds="wire B: 400",
        models=_QUIET,
        run=bad_request,
    ),
    *(
        Case(
            id=f"not-retried-quota-{scope}",
            title=f"a plan's quota of the {scope} that is spent is not tried again",
            holds="wire C: quotas",
            plans=("coding",),
            models=_QUIET,
            needs=frozenset({"account"}),
            run=partial(quota, scope=scope),
        )
        for scope in ("hour", "week", "month")
    ),
    *(
        Case(
            id=f"retried-{fault}" if fault != "timeout" else "retried-no-answer",
            title=f"a line that is lost before the answer is tried again: {fault}",
            holds="page 3",
            models=_QUIET,
            needs=needs,
            run=partial(line, fault=fault),
        )
        for fault, needs in _LINE.items()
    ),
)
