"""The Responses API: who is let in and where, and what is refused in which form."""

from functools import partial
from typing import Any, Final

from qwensim.contract import native, responses
from qwensim.contract.answers import expect, expect_in, expect_that
from qwensim.contract.case import Case, Need
from qwensim.contract.responses import LEGACY, RESPONSES
from qwensim.contract.session import QUESTION, Session
from qwensim.contract.subjects.keys import OF_OTHER_PLAN

_TEXT = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
_QUIET: Final = {"effort": "none"}


def routed(session: Session) -> None:
    """Ask where the API is, and in a way in which it is not asked."""
    for path in (RESPONSES, LEGACY):
        responses.whole(responses.ask(session, path=path, reasoning=_QUIET))
        expect("address", f"https://{session.host.name}{path}", str(session.sent[-1].url))
        values = {"method": "GET", "path": path}
        answer = session.call(path, method="GET")
        error = "responses-method-not-allowed"
        responses.expect_refused(session, answer, error, values=values)


def on_plan(session: Session) -> None:
    """Ask a host of the Coding Plan: the paths are not there."""
    for path in (RESPONSES, LEGACY, "/v1/responses"):
        expect("status", 404, responses.ask(session, path=path).status)


def wrong_key(session: Session, key: str | None, error: str) -> None:
    """Ask with no key, or with a wrong one; a stream is refused in plain JSON too."""
    for stream in (None, True):
        answer = responses.ask(session, key=key, stream=stream)
        responses.expect_refused(session, answer, error)
        expect_in("content-type", "application/json", answer.headers.get("content-type", ""))


def unserved(session: Session) -> None:
    """Ask a model that is not on this surface, or not at all."""
    responses.refused(session, "unknown-model", values={"model": session.model})


def no_json(session: Session) -> None:
    """Send what is no JSON."""
    headers = {"content-type": "application/json"}
    answer = session.call(RESPONSES, content=b"{", headers=headers)
    responses.expect_refused(session, answer, "body-invalid")


def framed(session: Session) -> None:
    """Look at the refusal of a stream: HTTP 200, and a response that has failed."""
    answer = responses.ask(session, stream=True, temperature=2)
    expect("status", 200, answer.status)
    expect("content-type", "text/event-stream;charset=UTF-8", answer.headers.get("content-type"))
    ((kind, status, event),) = native.events(answer)
    expect("kind and status", ("response.failed", "200"), (kind, status))
    expect("sequence_number", 0, event.get("sequence_number"))
    response = event["response"]
    expect("status of the response", "failed", response.get("status"))
    expect("keys of the error", ["message", "code"], list(response["error"]))
    expect("code", "InvalidParameter", response["error"]["code"])


def account(session: Session) -> None:
    """Ask with a key whose account has a debt."""
    session.service.account(key=session.key, plan=session.host.plan, state="overdue")
    responses.refused(session, "overdue")


def busy(session: Session) -> None:
    """Meet a limit."""
    session.service.fault("error", error="rate-limit")
    responses.expect_refused(session, responses.ask(session), "rate-limit")


def broken(session: Session) -> None:
    """Meet an error in mid-stream: the response fails with the next number, and the stream ends."""
    session.service.script(text=_TEXT, reasoning="")
    session.service.fault("error-event", error="moderation-output", after=6)
    answer = responses.ask(session, stream=True)
    *before, (kind, _, failed) = native.events(answer.ok())
    expect("kind", "response.failed", kind)
    expect("sequence_number", len(before), failed.get("sequence_number"))
    expect("status of the response", "failed", failed["response"].get("status"))
    text = "".join(event.get("delta", "") for _, _, event in before)
    expect_that("what had come", "the beginning of the answer", text and text in _TEXT, text)


_case = partial(Case, surface="responses", plans=("standard",))
_DOCS = "Model Studio docs: OpenAI compatible Responses"
_PROBES = "yobo2u/omugw, probes of 2026-09-27"
_ERROR: frozenset[Need] = frozenset({"error"})
_EFFORTS = "none, minimal, low, medium, high, xhigh, max"
_NESTED: Final = {"type": "function", "function": {"name": "f", "parameters": {}}}
_SOUND: Final = {"type": "input_audio", "input_audio": {"data": "https://example.com/a.wav"}}
_CALL: Final = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
_ASKED: Final = {"role": "user", "content": QUESTION}

_REFUSED: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "temperature": (
        "a temperature is below 2",
        "temperature-range",
        _PROBES,
        {"temperature": 5, "values": {"value": 5}},
    ),
    "top-p": (
        "top_p is above 0 and at most 1",
        "top-p-range",
        _PROBES,
        {"top_p": 9, "values": {"value": 9}},
    ),
    "max-output-tokens": (
        "an answer has room for 16 tokens at least",
        "responses-max-output-tokens",
        _PROBES,
        {"max_output_tokens": 1, "values": {"value": 1}},
    ),
    "effort": (
        f"effort is one of {_EFFORTS}",
        "responses-effort",
        _PROBES,
        {"reasoning": {"effort": "bogus"}, "values": {"value": "bogus"}},
    ),
    "store": (
        "store is true or false",
        "responses-store",
        _PROBES,
        {"store": "yes", "values": {"value": "yes"}},
    ),
    "previous-unknown": (
        "a talk goes on from a response that is known",
        "responses-previous-unknown",
        _PROBES,
        {"previous_response_id": "resp_1", "values": {"value": "resp_1"}},
    ),
    "conversation": (
        "a talk goes on from a response or in a conversation",
        "responses-conversation",
        _PROBES,
        {"previous_response_id": "resp_1", "conversation": "conv_1"},
    ),
    "input-missing": (
        "there must be input",
        "responses-input-missing",
        f"{_DOCS}; words by analogy",
        {"given": None},
    ),
    "tool-nested": (
        "a function stands flat, not as in the chat",
        "tool-schema-invalid",
        _PROBES,
        {"tools": [_NESTED], "values": {"value": "null"}},
    ),
    "tool-schema": (
        "parameters are an object's, or left out",
        "tool-schema-invalid",
        "microsoft/vscode#320926, 2026-06-11",
        {
            "tools": [{"type": "function", "name": "terminal_selection", "parameters": {}}],
            "values": {"value": "terminal_selection"},
        },
    ),
    "item-unknown": (
        "an item is of a known kind",
        "content-required",
        "words of a report of Codex with qwen3.6-plus, 2026",
        {"given": [{"type": "item_reference", "id": "msg_1"}]},
    ),
    "extractor-alone": (
        "pages are extracted beside a search",
        "responses-extractor-alone",
        "third-party measurements, 2026",
        {"tools": [{"type": "web_extractor"}]},
    ),
    "part-unknown": (
        "sounds are not taken",
        "content-part-unexpected",
        _DOCS,
        {"given": [{"role": "user", "content": [_SOUND]}]},
    ),
    "call-unanswered": (
        "a call must be answered",
        "call-without-answer",
        _DOCS,
        {"given": [_ASKED, _CALL, _ASKED], "values": {"index": 2}},
    ),
}
"""Title, error, what it rests on, and what is asked."""

CASES = (
    _case(
        id="responses-routing",
        title="Standard hosts have the Responses API under two paths",
        holds=f"{_DOCS}; {_PROBES}",
        run=routed,
    ),
    _case(
        id="responses-on-plan",
        title="Coding Plan hosts have no Responses API",
        holds="wire C: routes of the plan",
        run=on_plan,
        plans=("coding",),
    ),
    *(
        _case(
            id=f"responses-key-{name}",
            title=f"a key must be there and right: {name.replace('-', ' ')}",
            holds=_PROBES,
            run=partial(wrong_key, key=key, error=error),
        )
        for name, key, error in (
            ("missing", None, "missing-key"),
            ("malformed", "not-a-key", "wrong-key"),
            ("of-other-plan", OF_OTHER_PLAN["standard"], "wrong-key"),
        )
    ),
    _case(
        id="responses-lacks-unheard-of",
        title="a model that nobody has heard of is refused",
        holds=_PROBES,
        run=unserved,
        absent="qwen-unheard-of",
    ),
    _case(
        id="responses-lacks-vision",
        title="so is one that is on other surfaces only",
        holds="third-party measurements, Sep 2026",
        run=unserved,
        models=("qwen3-vl-plus",),
    ),
    _case(
        id="responses-no-json",
        title="what is no JSON is refused",
        holds="words by analogy with the Anthropic protocol",
        run=no_json,
    ),
    _case(
        id="responses-error-framed",
        title="a refusal of a stream is a response that failed, with HTTP 200",
        holds=_PROBES,
        run=framed,
    ),
    *(
        _case(
            id=f"responses-{name}",
            title=title,
            holds=holds,
            run=partial(responses.refused, error=error, **asking),
        )
        for name, (title, error, holds, asking) in _REFUSED.items()
    ),
    _case(
        id="responses-account-overdue",
        title="an account with a debt is refused",
        holds="Model Studio docs: error codes",
        run=account,
        needs=frozenset({"account"}),
    ),
    _case(
        id="responses-rate-limit",
        title="a limit is told flat",
        holds=f"{_PROBES}; Model Studio docs: error codes",
        run=busy,
        needs=_ERROR,
    ),
    _case(
        id="responses-stream-error",
        title="an error in mid-stream ends it in a response that failed",
        holds="ginlix-ai/LangAlpha#396, 2026-09-05",
        run=broken,
        needs=_ERROR | {"script"},
    ),
)
