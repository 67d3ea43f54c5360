"""The outside of answers: addresses, methods, headers, ids, and which layer refuses how."""

import json
from typing import Any, Final

from qwensim.contract.answers import Answer, expect, expect_in, expect_that
from qwensim.contract.case import Case
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import Session

_QUIET = ("qwen3-max-2026-01-23",)
_CALL_GATEWAY = "x-dashscope-call-gateway"

_GATEWAY: Final = ["message", "type", "param", "code"]
_PLAN: Final = ["code", "message", "param", "type"]
_MODEL: Final = ["message", "type", "param", "code"]
_MODEL_STREAMED: Final = ["code", "param", "message", "type"]


def wrong_key(session: Session) -> None:
    """Look at what the host's gateway says of a wrong key."""
    answer = session.send(key="not-a-key", json=session.body())
    inner = _GATEWAY if session.host.plan == "standard" else _PLAN
    body = _expect_keys(answer, inner, ["error", "request_id"])
    expect("request_id", answer.headers.get("x-request-id"), body["request_id"])
    expect(_CALL_GATEWAY, None, answer.headers.get(_CALL_GATEWAY))


def wrong_parameter(session: Session) -> None:
    """Look at what the model's layer says of a parameter."""
    answer = session.ask(temperature=3)
    body = _expect_keys(answer, _MODEL, ["error", "id", "request_id"])
    expect("request_id", answer.headers.get("x-request-id"), body["request_id"])
    expect("id", f"chatcmpl-{body['request_id']}", body["id"])
    expect(_CALL_GATEWAY, "true", answer.headers.get(_CALL_GATEWAY))


def wrong_parameter_streamed(session: Session) -> None:
    """Look at the same refusal of a stream: status 400, and the body is an event."""
    answer = session.ask(temperature=3, stream=True)
    expect("status", 400, answer.status)
    frames = answer.frames()
    expect("events", 1, len(frames))
    body = json.loads(frames[0])
    expect("keys of the body", ["error", "id"], list(body))
    expect("keys of the error", _MODEL_STREAMED, list(body["error"]))


def wrong_role(session: Session) -> None:
    """Look at what the validator in front of the models says of a role."""
    answer = session.ask([{"role": "wizard", "content": "hello"}])
    body = _expect_keys(answer, _GATEWAY, ["error", "request_id"])
    expect("request_id", f"chatcmpl-{answer.headers.get('x-request-id')}", body["request_id"])


def unframed(session: Session) -> None:
    """Ask for a stream of a model that is not there: the gateway answers in plain JSON."""
    answer = session.ask(stream=True)
    error = session.catalog.plans[session.host.plan].unknown_model
    expect_refusal(session, answer, error, stream=True, model=session.model)
    expect_in("content-type", "application/json", answer.headers.get("content-type", ""))


def not_found(session: Session) -> None:
    """Call an address at which there is nothing."""
    answer = session.send("/no/such/thing", json={})
    expect_refusal(session, answer, "not-found")
    expect("x-request-id", None, answer.headers.get("x-request-id"))


def too_far(session: Session) -> None:
    """Call an address below that of the chat, as a client does whose base URL is too long."""
    path = "/chat/completions/chat/completions"
    answer = session.send(path, json=session.body())
    expect_refusal(session, answer, "path-below-chat", path="chat/completions")


def wrong_method(session: Session) -> None:
    """Call the chat with another method."""
    answer = session.send(method="GET")
    expect_refusal(session, answer, "method-not-allowed", method="GET")


def outside(session: Session) -> None:
    """Look at the headers and keys of an answer."""
    answer = session.ask(enable_thinking=False)
    body = answer.ok().json()
    request_id = answer.headers.get("x-request-id", "")
    expect("id", f"chatcmpl-{request_id}", body.get("id"))
    expect_that("x-request-id", "36 characters", len(request_id) == len(body["id"]) - 9, request_id)
    expect("content-type", "application/json", answer.headers.get("content-type"))
    expect(_CALL_GATEWAY, "true", answer.headers.get(_CALL_GATEWAY))
    fingerprint = ["system_fingerprint"] if session.host.plan == "standard" else []
    keys = ["choices", "object", "usage", "created", *fingerprint, "model", "id"]
    expect("keys", keys, list(body))
    expect("object", "chat.completion", body["object"])
    expect("role", "assistant", answer.message().get("role"))


def unlike(session: Session) -> None:
    """Ask the same twice."""
    ids = [session.ask(enable_thinking=False).ok().json().get("id") for _ in range(2)]
    expect_that("ids", "two that differ", ids[0] != ids[1], ids)


def choices(session: Session) -> None:
    """Ask for two answers at once, whole and streamed."""
    found = session.ask(n=2).ok().json()["choices"]
    expect("indices", [0, 1], [choice["index"] for choice in found])
    chunks = session.ask(n=2, stream=True).chunks()
    seen = {choice["index"] for chunk in chunks for choice in chunk["choices"]}
    expect("indices in the stream", {0, 1}, seen)


def no_waiting_time(session: Session) -> None:
    """Look at the headers of a rate limit: they do not say how long to wait."""
    session.service.fault("error", error="rate-limit")
    answer = session.ask()
    expect_refusal(session, answer, "rate-limit")
    named = [name for name in answer.headers if name.lower().startswith(("retry-", "x-ratelimit"))]
    expect("headers of the limit", [], named)


def _expect_keys(answer: Answer, inner: list[str], outer: list[str]) -> dict[str, Any]:
    body = answer.json()
    expect("keys of the body", outer, list(body))
    expect("keys of the error", inner, list(body["error"]))
    return body


CASES = (
    Case(
        id="envelope-gateway",
        title="each plan's gateway has its own order of keys",
        holds="wire B (a), C",
        run=wrong_key,
    ),
    Case(
        id="envelope-model",
        title="the model's layer has another, and names the completion",
        holds="wire B (b)",
        models=_QUIET,
        run=wrong_parameter,
    ),
    Case(
        id="envelope-model-streamed",
        title="a stream that is refused there is a 400 with one event",
        holds="wire B: stream=true",
        models=_QUIET,
        run=wrong_parameter_streamed,
    ),
    Case(
        id="envelope-front",
        title="the validator in front of the models prefixes the request id",
        holds="felinics/Memoh#744",
        models=_QUIET,
        run=wrong_role,
    ),
    Case(
        id="envelope-unframed",
        title="what the gateway refuses is plain JSON for a stream too",
        holds="wire B: stream=true",
        absent="qwen-unheard-of",
        run=unframed,
    ),
    Case(
        id="path-unknown",
        title="an unknown address is an empty 404 without a request id",
        holds="wire 0: QwenLM/qwen-code#81",
        run=not_found,
    ),
    Case(
        id="path-too-long",
        title="an address below the chat's is no static resource",
        holds="vanna-ai/vanna#732",
        plans=("standard",),
        run=too_far,
    ),
    Case(
        id="method-not-allowed",
        title="the chat is not read with GET",
        holds="wire B: GET on chat",
        run=wrong_method,
    ),
    Case(
        id="answer-outside",
        title="an answer has the service's headers, keys and id",
        holds="wire A.1 to A.3",
        run=outside,
    ),
    Case(
        id="answer-ids",
        title="two answers have two ids",
        holds="wire A.2",
        run=unlike,
    ),
    Case(
        id="answer-choices",
        title="several choices are numbered",
        holds="wire A.6: n=2",
        models=_QUIET,
        run=choices,
    ),
    Case(
        id="rate-limit-headers",
        title="a rate limit does not say how long to wait",
        holds="wire A.1: no Retry-After",
        needs=frozenset({"error"}),
        run=no_waiting_time,
    ),
)
