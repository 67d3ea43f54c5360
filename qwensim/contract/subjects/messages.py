"""The rules on messages, in the words of the layer that looks at them."""

from functools import partial
from typing import Any

from qwensim.contract.case import Case
from qwensim.contract.refusals import expect_refusal, refused
from qwensim.contract.session import Session

_QUIET = ("qwen3-max-2026-01-23",)
_USER = {"role": "user", "content": "Say hello."}
_CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    ],
}

_MESSAGES: dict[str, tuple[str, Any, dict[str, object]]] = {
    "messages-empty": ("empty-list", [], {"path": "messages"}),
    "role-unknown": (
        "role-unknown",
        [{"role": "developer", "content": "Be brief."}, _USER],
        {"value": "developer", "index": 0},
    ),
    "content-of-wrong-type": (
        "content-type-invalid",
        [{"role": "user", "content": {"text": "hello"}}],
        {"path": "messages.[0].content"},
    ),
    "content-missing": ("content-required", [{"role": "user", "content": None}], {}),
    "content-part-unknown": (
        "content-part-unexpected",
        [{"role": "user", "content": [{"type": "telepathy", "telepathy": "hello"}]}],
        {},
    ),
    "user-missing": ("user-missing", [{"role": "system", "content": "Be brief."}], {}),
    "assistant-last": (
        "last-message-role",
        [_USER, {"role": "assistant", "content": "Hello."}],
        {},
    ),
    "tool-without-call": (
        "tool-without-call",
        [_USER, {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}],
        {},
    ),
    "call-without-answer": ("call-without-answer", [_USER, _CALL, _USER], {"index": 2}),
    "call-arguments-invalid": (
        "call-arguments-invalid",
        [
            _USER,
            {
                **_CALL,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": "{city"},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        ],
        {},
    ),
}
"""Error, messages, and what the error's message names."""


def rule(session: Session, name: str) -> None:
    """Send messages that break a rule, streamed too."""
    error, messages, values = _MESSAGES[name]
    refused(session, error, messages, values=values)
    refused(session, error, messages, values=values, stream=True)


def without(session: Session, field: str, error: str) -> None:
    """Leave a field out."""
    body = session.body()
    del body[field]
    expect_refusal(session, session.send(json=body), error)


def no_json(session: Session, content: bytes) -> None:
    """Send a body that is no JSON object."""
    headers = {"content-type": "application/json"}
    expect_refusal(session, session.send(content=content, headers=headers), "body-invalid")


def parts(session: Session) -> None:
    """Say something in parts."""
    content = [{"type": "text", "text": "Say hello "}, {"type": "text", "text": "twice."}]
    session.ask([{"role": "user", "content": content}]).message()


def conversation(session: Session) -> None:
    """Go on with a conversation in which a tool was called."""
    answer = {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
    system = {"role": "system", "content": "Be brief."}
    session.ask([system, _USER, _CALL, answer, _USER]).message()


CASES = (
    *(
        Case(
            id=name,
            title=f"refused: {name.replace('-', ' ')}",
            holds="wire B: messages",
            models=_QUIET,
            run=partial(rule, name=name),
        )
        for name in _MESSAGES
    ),
    Case(
        id="messages-missing",
        title="a request without messages is refused",
        holds="wire B: messages",
        models=_QUIET,
        run=partial(without, field="messages", error="messages-missing"),
    ),
    Case(
        id="model-missing",
        title="a request without a model is refused",
        holds="wire B: no model field",
        models=_QUIET,
        run=partial(without, field="model", error="model-missing"),
    ),
    *(
        Case(
            id=f"body-{name}",
            title=f"a body that is {name.replace('-', ' ')} is refused",
            holds="wire B: body not JSON",
            models=_QUIET,
            run=partial(no_json, content=content),
        )
        for name, content in {"broken": b'{"model": ', "no-object": b"[]", "empty": b""}.items()
    ),
    Case(
        id="content-in-parts",
        title="what the user says may come in parts",
        holds="wire A.7: messages",
        run=parts,
    ),
    Case(
        id="conversation",
        title="a conversation with a tool call goes on",
        holds="wire A.7: messages",
        models=_QUIET,
        run=conversation,
    ),
)
