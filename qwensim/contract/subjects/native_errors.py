"""The native API refuses: flat bodies, framed ones, and which path is for which model."""

from functools import partial
from typing import Any

from qwensim.contract import native
from qwensim.contract.answers import expect, expect_in, expect_that
from qwensim.contract.case import Case
from qwensim.contract.native import MEDIA, TEXT
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import QUESTION, Session

_PLUS = ("qwen-plus",)
_VIDEO = "/api/v1/services/aigc/video-generation/video-synthesis"
_TEXT = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."


def key(session: Session, key: str | None, error: str) -> None:
    """Ask with no key, or with a wrong one; a stream is refused in plain JSON too."""
    body = {"model": session.model, "input": {"prompt": QUESTION}}
    for headers in ({}, {"x-dashscope-sse": "enable"}):
        answer = session.call(TEXT, key=key, headers=headers, json=body)
        expect_refusal(session, answer, error, wire="native", stream=bool(headers))
        expect_in("content-type", "application/json", answer.headers.get("content-type", ""))


def unknown_model(session: Session) -> None:
    """Ask a model that nobody has heard of, for text and for media."""
    for path in (TEXT, MEDIA):
        native.refused(session, "unknown-model", path=path, values={"model": session.model})


def misrouted(session: Session, path: str) -> None:
    """Ask a model where models of another kind are."""
    native.refused(session, "native-url-error", path=path)
    native.refused(session, "native-url-error", path=path, stream=True)


def misordered(session: Session) -> None:
    """Order a video from a model that talks."""
    body = {"model": session.model, "input": {"prompt": QUESTION}}
    answer = session.call(_VIDEO, headers={"x-dashscope-async": "enable"}, json=body)
    expect_refusal(session, answer, "native-url-error", wire="native")


def body(session: Session, error: str, **body: Any) -> None:
    """Leave out what a request must have."""
    given = {"model": session.model, "input": {"prompt": QUESTION}, **body}
    sent = {name: value for name, value in given.items() if value is not None}
    expect_refusal(session, session.call(TEXT, json=sent), error, wire="native")


def no_json(session: Session) -> None:
    """Send what is no JSON."""
    answer = session.call(TEXT, content=b"{", headers={"content-type": "application/json"})
    expect_refusal(session, answer, "body-invalid", wire="native")


def parameter(session: Session) -> None:
    """Ask with a parameter out of range: a stream gets the refusal as its only event."""
    asking: dict[str, Any] = {"temperature": 3, "result_format": "message"}
    native.refused(session, "temperature-range", **asking)
    native.refused(session, "temperature-range", stream=True, **asking)


def framed(session: Session) -> None:
    """Look at such an event: the HTTP status is 200, that of the refusal stands in the event."""
    answer = native.ask(session, [], stream=True)
    expect("status", 200, answer.status)
    ((kind, status, data),) = native.events(answer)
    expect("kind and status", ("error", "400"), (kind, status))
    expect("keys", ["code", "message", "request_id"], list(data))
    expect("code", "InvalidParameter", data["code"])


def asynchronous(session: Session) -> None:
    """Ask for a task where there are none."""
    native.refused(session, "native-async", headers={"x-dashscope-async": "enable"})


def account(session: Session) -> None:
    """Ask with a key whose account has a debt."""
    session.service.account(key=session.key, plan=session.host.plan, state="overdue")
    native.refused(session, "overdue")


def busy(session: Session) -> None:
    """Meet a limit."""
    session.service.fault("error", error="rate-limit")
    native.refused(session, "rate-limit")


def broken(session: Session) -> None:
    """Meet an error in mid-stream: an event with the next number, and nothing after it."""
    session.service.script(text=_TEXT)
    session.service.fault("error-event", error="moderation-output", after=3)
    answer = native.ask(session, stream=True, result_format="message", incremental_output=True)
    *results, (kind, _, data) = native.events(answer.ok())
    expect("events before it", ["result"] * 3, [found for found, _, _ in results])
    expect("kind", "error", kind)
    expect("code", "DataInspectionFailed", data["code"])
    texts = native.said(native.choice(results[-1][2])["message"])
    expect_that("what had come", "the beginning of the answer", texts in _TEXT, texts)


_case = partial(Case, surface="native", plans=("standard",), models=_PLUS)
CASES = (
    _case(
        id="native-key-unknown",
        title="a wrong key is refused in the flat envelope",
        holds="wire D: JSON errors",
        run=partial(key, key="not-a-key", error="wrong-key"),
    ),
    _case(
        id="native-key-missing",
        title="no key is refused in words of its own",
        holds="wire D: JSON errors",
        run=partial(key, key=None, error="missing-key"),
    ),
    _case(
        id="native-lacks-unheard-of",
        title="a model that nobody has heard of is refused",
        holds="wire D: JSON errors",
        run=unknown_model,
        absent="qwen-unheard-of",
    ),
    _case(
        id="native-routing-text",
        title="a model of text is not asked where media are",
        holds="wire D: routing",
        run=partial(misrouted, path=MEDIA),
    ),
    _case(
        id="native-routing-media",
        title="a model that takes media is not asked where text is",
        holds="wire D: routing",
        run=partial(misrouted, path=TEXT),
        models=("qwen3.5-plus",),
    ),
    _case(
        id="native-routing-video",
        title="a model that makes videos does not talk",
        holds="wire D: routing",
        run=partial(misrouted, path=TEXT),
        models=("wan2.6-t2v",),
    ),
    _case(
        id="native-routing-talk",
        title="a model that talks makes no videos",
        holds="wire D: routing",
        run=misordered,
    ),
    _case(
        id="native-model-missing",
        title="a request names a model",
        holds="Model Studio docs: error codes",
        run=partial(body, error="model-missing", model=None),
    ),
    _case(
        id="native-input-missing",
        title="a request has messages or a prompt",
        holds="Model Studio docs: error codes",
        run=partial(body, error="messages-missing", input={}),
    ),
    _case(
        id="native-messages-empty",
        title="there must be a message",
        holds="cnblogs/dashscope-sdk RawHttpData/parameter-error-nosse",
        run=partial(body, error="native-role-content", input={"messages": []}),
    ),
    _case(
        id="native-no-json",
        title="what is no JSON is refused",
        holds="wire B: malformed body",
        run=no_json,
    ),
    _case(
        id="native-parameter",
        title="a parameter out of range is refused, in a stream as an event",
        holds="wire D: SSE error",
        run=parameter,
    ),
    _case(
        id="native-error-framed",
        title="a refusal in a stream has HTTP status 200 and its own in the event",
        holds="cnblogs/dashscope-sdk RawHttpData/parameter-error-sse",
        run=framed,
    ),
    _case(
        id="native-async",
        title="generation makes no tasks",
        holds="Model Studio docs: error codes",
        run=asynchronous,
    ),
    _case(
        id="native-account-overdue",
        title="an account with a debt is refused",
        holds="Model Studio docs: error codes",
        run=account,
        needs=frozenset({"account"}),
    ),
    _case(
        id="native-rate-limit",
        title="a limit has the native words",
        holds="Model Studio docs: error codes",
        run=busy,
        needs=frozenset({"error"}),
    ),
    _case(
        id="native-stream-error",
        title="an error in mid-stream is the last event",
        holds="wire D: SSE error",
        run=broken,
        needs=frozenset({"script", "error"}),
    ),
)
