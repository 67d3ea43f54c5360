"""The Anthropic protocol: who is let in and where, and what is refused in which form."""

from functools import partial
from typing import Any, Final

from qwensim.contract import anthropic
from qwensim.contract.answers import expect, expect_in, expect_that
from qwensim.contract.anthropic import COUNT, MESSAGES, NO_THINKING
from qwensim.contract.case import Case, Need
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import QUESTION, Session
from qwensim.contract.subjects.keys import OF_OTHER_PLAN

_TEXT = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
_MOST_OUTPUT = 65_536
_TOOL: Final = {"name": "weather", "input_schema": {"type": "object", "properties": {}}}
_USE: Final = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}


def routed(session: Session) -> None:
    """Ask where the protocol is: for a message, for a count, for what is not there."""
    anthropic.whole(anthropic.ask(session, thinking=NO_THINKING))
    expect("address", f"https://{session.host.name}{MESSAGES}", str(session.sent[-1].url))
    anthropic.ask(session, path=COUNT).ok()
    answer = session.call("/apps/anthropic/v1/models", method="GET")
    expect_refusal(session, answer, "not-found")


def key_in(session: Session, holder: str, prefix: str) -> None:
    """Send the key in one of the two headers that may hold it."""
    held = {holder: f"{prefix}{session.key}"}
    anthropic.whole(anthropic.ask(session, key=None, headers=held, thinking=NO_THINKING))


def as_agents_do(session: Session) -> None:
    """Send what coding agents send beside the request, and what the service leaves aside."""
    headers = {
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "interleaved-thinking-2025-05-14",
    }
    kept = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    answer = anthropic.ask(
        session,
        path=f"{MESSAGES}?beta=true",
        headers=headers,
        metadata={"user_id": "user_1"},
        context_management=kept,
        service_tier="auto",
        tools=[],
        thinking=NO_THINKING,
    )
    anthropic.whole(answer)


def wrong_key(session: Session, key: str | None = None) -> None:
    """Send a key that cannot be right; a stream is refused in plain JSON too."""
    for stream in (None, True):
        answer = anthropic.ask(session, key=key or OF_OTHER_PLAN[session.host.plan], stream=stream)
        error = session.catalog.plans[session.host.plan].wrong_key
        anthropic.expect_refused(session, answer, error)
        expect_in("content-type", "application/json", answer.headers.get("content-type", ""))


def missing_key(session: Session) -> None:
    """Send no key."""
    error = session.catalog.plans[session.host.plan].missing_key
    anthropic.expect_refused(session, anthropic.ask(session, key=None), error)


def unknown_model(session: Session) -> None:
    """Ask a model that nobody has heard of."""
    error = session.catalog.plans[session.host.plan].unknown_model
    anthropic.refused(session, error, values={"model": session.model})
    answer = anthropic.ask(session, path=COUNT)
    anthropic.expect_refused(session, answer, error, values={"model": session.model})


def no_client(session: Session) -> None:
    """Ask without a User-Agent."""
    answer = anthropic.ask(session, headers={"user-agent": ""})
    anthropic.expect_refused(session, answer, "plan-client-refused")


def no_json(session: Session) -> None:
    """Send what is no JSON."""
    headers = {"content-type": "application/json", "x-api-key": session.key}
    answer = session.call(MESSAGES, key=None, content=b"{", headers=headers)
    anthropic.expect_refused(session, answer, "body-invalid")


def framed(session: Session) -> None:
    """Look at the refusal of a stream: its only event, with the status of the refusal."""
    answer = anthropic.ask(session, stream=True, max_tokens=_MOST_OUTPUT + 1)
    expect("status", 400, answer.status)
    (event,) = anthropic.events(answer)
    expect("keys", ["code", "message", "request_id"], list(event))
    expect("code", "InvalidParameter", event["code"])
    expect_in("message", f"Range of max_tokens should be [1, {_MOST_OUTPUT}]", event["message"])


def account(session: Session, error: str, values: dict[str, Any] | None = None, **is_: Any) -> None:
    """Ask with a key whose account is not what it should be."""
    session.service.account(key=session.key, plan=session.host.plan, **is_)
    anthropic.refused(session, error, values=values)


def busy(session: Session) -> None:
    """Meet a limit."""
    session.service.fault("error", error="rate-limit")
    answer = anthropic.ask(session)
    anthropic.expect_refused(session, answer, "rate-limit")
    expect("type", "rate_limit_error", answer.json()["type"])


def broken(session: Session) -> None:
    """Meet an error in mid-stream: the last event, and no end of the message."""
    session.service.script(text=_TEXT, reasoning="")
    session.service.fault("error-event", error="anthropic-serving-error", after=5)
    *before, error = anthropic.events(anthropic.ask(session, stream=True).ok())
    expect("first event", "message_start", before[0]["type"])
    deltas = [event["delta"] for event in before if event["type"] == "content_block_delta"]
    text = "".join(delta["text"] for delta in deltas)
    expect_that("what had come", "the beginning of the answer", text and text in _TEXT, text)
    expect("keys", ["request_id", "code", "message"], list(error))
    expect("code", "InvalidParameter", error["code"])


def _said(*blocks: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(blocks)}]


_case = partial(Case, surface="anthropic")
_DOCS = "Model Studio docs: Anthropic compatibility"
_MEASURED = "third-party measurements, Sep and Oct 2026"
_ACCOUNT: frozenset[Need] = frozenset({"account"})

_REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "max-tokens-missing": (
        "an answer has a length",
        "anthropic-max-tokens-missing",
        {"max_tokens": None},
    ),
    "max-tokens-range": (
        "an answer may be only so long",
        "max-tokens-range",
        {"max_tokens": _MOST_OUTPUT + 1, "values": {"limit": _MOST_OUTPUT}},
    ),
    "budget": (
        "thinking leaves room for the answer",
        "anthropic-max-tokens-not-above-budget",
        {
            "max_tokens": 1024,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "values": {"value": 1024, "limit": 1024},
        },
    ),
    "temperature": (
        "a temperature is below 2, as on the other surfaces",
        "temperature-range",
        {"temperature": 2},
    ),
    "messages-missing": ("there must be messages", "messages-missing", {"messages": None}),
    "part-unknown": (
        "documents are not taken",
        "content-part-unexpected",
        {"messages": _said({"type": "document", "source": {"type": "url", "url": "https://a.b"}})},
    ),
    "tool-unanswered": (
        "a call must be answered",
        "call-without-answer",
        {
            "messages": [
                {"role": "user", "content": QUESTION},
                {"role": "assistant", "content": [_USE]},
                {"role": "user", "content": QUESTION},
            ],
            "tools": [_TOOL],
            "values": {"index": 2},
        },
    ),
    "tool-forced-in-thinking": (
        "who thinks is not told what to call",
        "forced-tool-in-thinking",
        {"tools": [_TOOL], "tool_choice": {"type": "any"}, "thinking": {"type": "adaptive"}},
    ),
}
"""Title, error, and what is asked."""

CASES = (
    _case(
        id="anthropic-routing",
        title="all four hosts speak the Anthropic protocol; none lists its models",
        holds=f"{_DOCS}; Coding Plan",
        run=routed,
    ),
    *(
        _case(
            id=f"anthropic-key-in-{holder}",
            title=f"the key may stand in {holder}",
            holds=_DOCS,
            run=partial(key_in, holder=holder, prefix=prefix),
        )
        for holder, prefix in (("x-api-key", ""), ("authorization", "Bearer "))
    ),
    _case(
        id="anthropic-agents",
        title="what coding agents send beside it changes nothing",
        holds=f"{_DOCS}; {_MEASURED}",
        run=as_agents_do,
    ),
    _case(
        id="anthropic-key-malformed",
        title="what does not look like a key is refused, flat but on the plan",
        holds=f"{_MEASURED}; public capture, 2026-05-29 (plan)",
        run=partial(wrong_key, key="not-a-key"),
    ),
    _case(
        id="anthropic-key-of-other-plan",
        title="the other plan's key is refused",
        holds=f"{_MEASURED}; QwenLM/qwen-code#1919",
        run=wrong_key,
    ),
    _case(
        id="anthropic-key-missing",
        title="a request without a key is refused",
        holds=f"{_DOCS} (403); Coding Plan",
        run=missing_key,
    ),
    _case(
        id="anthropic-lacks-unheard-of",
        title="a model that nobody has heard of is refused",
        holds=_MEASURED,
        run=unknown_model,
        absent="qwen-unheard-of",
    ),
    _case(
        id="anthropic-client-without-name",
        title="the Coding Plan refuses a client without a User-Agent here too",
        holds="wire C: client check; goose#8005",
        run=no_client,
        plans=("coding",),
    ),
    _case(
        id="anthropic-no-json",
        title="what is no JSON is refused",
        holds="third-party reports of the Anthropic path, 2026",
        run=no_json,
    ),
    _case(
        id="anthropic-error-framed",
        title="a refusal of a stream is an event, with the status of the refusal",
        holds="NousResearch/hermes-agent#2220, 2026-04-23",
        run=framed,
    ),
    *(
        _case(
            id=f"anthropic-{name}",
            title=title,
            holds=_DOCS,
            run=partial(anthropic.refused, error=error, **asking),
        )
        for name, (title, error, asking) in _REFUSED.items()
    ),
    _case(
        id="anthropic-account-overdue",
        title="an account with a debt is refused",
        holds="Model Studio docs: error codes",
        run=partial(account, error="overdue", state="overdue"),
        plans=("standard",),
        needs=_ACCOUNT,
    ),
    _case(
        id="anthropic-plan-quota",
        title="a plan's quota that is spent is told in the plan's own shape",
        holds="public capture, 2026-05-29",
        run=partial(account, error="plan-quota", values={"scope": "week"}, spent="week"),
        plans=("coding",),
        needs=_ACCOUNT,
    ),
    _case(
        id="anthropic-rate-limit",
        title="a limit has a type of the protocol",
        holds=f"{_DOCS}: error codes",
        run=busy,
        plans=("standard",),
        needs=frozenset({"error"}),
    ),
    _case(
        id="anthropic-stream-error",
        title="an error in mid-stream is the last event",
        holds="holon PR #2424",
        run=broken,
        needs=frozenset({"script", "error"}),
    ),
)
