"""The native API for text: formats of the answer, streams, thinking, headers."""

from functools import partial
from itertools import pairwise
from typing import Any

from qwensim.contract import native
from qwensim.contract.answers import expect, expect_in, expect_that, joined
from qwensim.contract.case import Case, Need
from qwensim.contract.native import MEDIA, TEXT
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import QUESTION, Session

_PLUS = ("qwen-plus",)
_MAX = ("qwen3-max",)
_TEXT = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
_THOUGHT = "Numbers are wanted, and they are to be in order."


def text(session: Session, **parameters: Any) -> None:
    """Ask an older model, whose answer is a text unless it is to be a message."""
    body = native.whole(native.ask(session, **parameters))
    expect("keys of the output", ["finish_reason", "text"], list(body["output"]))
    expect("finish_reason", "stop", body["output"]["finish_reason"])
    expect_that("text", "some text", body["output"]["text"], body)
    native.expect_sum(body["usage"])


def prompt(session: Session) -> None:
    """Ask with a prompt in place of messages."""
    body = {"model": session.model, "input": {"prompt": QUESTION}}
    answer = native.whole(session.call(TEXT, json=body))
    expect_that("text", "some text", answer["output"].get("text"), answer)


def message(session: Session, **parameters: Any) -> None:
    """Ask for a message."""
    body = native.whole(native.ask(session, **parameters))
    choice = native.choice(body)
    expect("finish_reason", "stop", choice.get("finish_reason"))
    expect("role", "assistant", choice["message"].get("role"))
    expect_that("content", "some text", native.said(choice["message"]), choice)
    native.expect_sum(body["usage"])


def cumulative(session: Session, **parameters: Any) -> None:
    """Stream so that each frame repeats what was said before."""
    session.service.script(text=_TEXT)
    answer = native.ask(session, stream=True, result_format="message", **parameters)
    texts = [native.said(found) for found in native.messages_of(native.frames(answer))]
    expect("last text", _TEXT, texts[-1])
    for before, after in pairwise(texts):
        expect_that("text", f"{before!r} and more", after.startswith(before), after)
    expect_that("frames", "several", len(texts) > 1, texts)


def cumulative_text(session: Session) -> None:
    """Stream an answer in the older format."""
    session.service.script(text=_TEXT)
    outputs = [body["output"] for body in native.frames(native.ask(session, stream=True))]
    expect("keys", {"finish_reason", "text"}, {key for output in outputs for key in output})
    expect("last text", _TEXT, outputs[-1]["text"])
    expect("last finish reason", "stop", outputs[-1]["finish_reason"])


def incremental(session: Session, **parameters: Any) -> None:
    """Stream so that each frame has only what is new; the last of them has nothing."""
    session.service.script(text=_TEXT)
    answer = native.ask(session, stream=True, result_format="message", **parameters)
    texts = [native.said(found) for found in native.messages_of(native.frames(answer))]
    expect("text", _TEXT, "".join(texts))
    expect("last text", "", texts[-1])


def asked_by(session: Session, headers: dict[str, str]) -> None:
    """Ask for a stream by a header."""
    answer = native.ask(session, headers=headers)
    expect_that("frames", "some", native.frames(answer), answer.content)


def asked_in_body(session: Session) -> None:
    """Ask for a stream where the native API does not look."""
    body = {"model": session.model, "input": {"prompt": QUESTION}, "stream": True}
    native.whole(session.call(TEXT, json=body))


def headers(session: Session) -> None:
    """Look at the headers of an answer; those of a request that say nothing here are taken."""
    given = {"x-dashscope-workspace": "", "x-dashscope-datainspection": '{"input":"cip"}'}
    answer = native.ask(session, headers=given)
    native.whole(answer)
    expect("x-dashscope-call-gateway", "true", answer.headers.get("x-dashscope-call-gateway"))
    expect("x-dashscope-finished", "true", answer.headers.get("x-dashscope-finished"))
    streamed = native.ask(session, stream=True)
    expect("x-dashscope-finished", "false", streamed.headers.get("x-dashscope-finished"))


def thinking(session: Session) -> None:
    """Stream a model that thinks: its reasoning comes before its answer, and is counted."""
    session.service.script(text=_TEXT, reasoning=_THOUGHT)
    asking: dict[str, Any] = {
        "result_format": "message",
        "incremental_output": True,
        "enable_thinking": True,
    }
    bodies = native.frames(native.ask(session, stream=True, **asking))
    found = native.messages_of(bodies)
    expect("reasoning", _THOUGHT, joined(found, "reasoning_content"))
    expect("content", _TEXT, joined(found, "content"))
    order = [bool(message["content"]) for message in found if any(map(message.get, _SAID))]
    expect("order", sorted(order), order)
    usage = bodies[-1]["usage"]
    expect_in("details", "reasoning_tokens", usage.get("output_tokens_details", {}))
    expect_that(
        "reasoning_tokens",
        "some, and fewer than all",
        0 < usage["output_tokens_details"]["reasoning_tokens"] < usage["output_tokens"],
        usage,
    )


_SAID = ("content", "reasoning_content")


def in_thinking(session: Session, error: str, **parameters: Any) -> None:
    """Ask a model that thinks for an answer in a form that has no room for it."""
    native.refused(session, error, stream=True, enable_thinking=True, **parameters)


def on_plan(session: Session) -> None:
    """Ask where nothing but the chat is."""
    for path in (TEXT, MEDIA):
        answer = native.ask(session, path=path)
        expect_refusal(session, answer, "not-found")
        expect("x-request-id", None, answer.headers.get("x-request-id"))


_case = partial(Case, surface="native", plans=("standard",), models=_PLUS)
_SCRIPT: frozenset[Need] = frozenset({"script"})

CASES = (
    _case(
        id="native-text", title="older models answer with a text", holds="wire D: text", run=text
    ),
    _case(
        id="native-text-asked",
        title="so they do if asked to",
        holds="wire D: text",
        run=partial(text, result_format="text"),
    ),
    _case(
        id="native-prompt",
        title="a prompt stands for messages",
        holds="wire D: request",
        run=prompt,
    ),
    _case(
        id="native-message",
        title="they answer with a message if asked to",
        holds="wire D: message",
        run=partial(message, result_format="message"),
    ),
    _case(
        id="native-message-unset",
        title="newer models answer with a message",
        holds="Model Studio docs: DashScope API, result_format",
        run=message,
        models=_MAX,
    ),
    _case(
        id="native-stream-cumulative",
        title="each frame of a stream repeats what was said",
        holds="wire D: SSE",
        run=partial(cumulative, incremental_output=False),
        needs=_SCRIPT,
    ),
    _case(
        id="native-stream-unset",
        title="older models do so unless asked not to",
        holds="wire D: SSE",
        run=cumulative,
        needs=_SCRIPT,
    ),
    _case(
        id="native-stream-text",
        title="a stream may be of texts",
        holds="wire D: SSE, text",
        run=cumulative_text,
        needs=_SCRIPT,
    ),
    _case(
        id="native-stream-incremental",
        title="each frame has only what is new, and the last nothing",
        holds="wire D: SSE",
        run=partial(incremental, incremental_output=True),
        needs=_SCRIPT,
    ),
    _case(
        id="native-stream-incremental-unset",
        title="newer models say only what is new unless asked not to",
        holds="Model Studio docs: DashScope API, incremental_output",
        run=incremental,
        models=_MAX,
        needs=_SCRIPT,
    ),
    _case(
        id="native-stream-by-accept",
        title="a stream is asked for by Accept too",
        holds="wire D: headers",
        run=partial(asked_by, headers={"accept": "text/event-stream"}),
    ),
    _case(
        id="native-stream-in-body",
        title="a flag in the body asks for no stream",
        holds="wire D: headers",
        run=asked_in_body,
    ),
    _case(
        id="native-headers",
        title="an answer has the native headers",
        holds="wire D: headers",
        run=headers,
    ),
    _case(
        id="native-thinking",
        title="reasoning comes before the answer and is counted",
        holds="wire D: thinking",
        run=thinking,
        needs=_SCRIPT,
    ),
    _case(
        id="native-thinking-text",
        title="a model that thinks answers with a message",
        holds="Model Studio docs: error codes",
        run=partial(
            in_thinking,
            error="native-format-in-thinking",
            result_format="text",
            incremental_output=True,
        ),
    ),
    _case(
        id="native-thinking-cumulative",
        title="a model that thinks says only what is new",
        holds="Model Studio docs: error codes",
        run=partial(
            in_thinking,
            error="native-incremental-in-thinking",
            result_format="message",
            incremental_output=False,
        ),
    ),
    _case(
        id="native-on-plan",
        title="Coding Plan hosts have no native API",
        holds="wire C: routes of the plan",
        run=on_plan,
        plans=("coding",),
        models=("qwen3.5-plus",),
    ),
)
