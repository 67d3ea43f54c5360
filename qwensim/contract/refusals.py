"""What a refusal must look like, worked out from the catalogue's rows."""

import json
import re
from collections.abc import Mapping
from string import Template
from typing import Any, Final

from qwensim.catalog.rows import ErrorRow
from qwensim.contract.answers import Answer, Broken, expect
from qwensim.contract.session import QUESTION, Session

_OUTER_NAMES: Final = {
    "bare_id": "id",
    "chat_request_id": "request_id",
    "camel_request_id": "requestId",
}
"""Keys beside the error whose name is not that of the row."""

_IDS: Final = {
    "id": "chatcmpl-",
    "bare_id": "",
    "request_id": "",
    "chat_request_id": "chatcmpl-",
    "camel_request_id": "",
}
"""Those that hold the id of the answer's header, and what stands before it."""


def refused(
    session: Session,
    error: str,
    messages: Any = QUESTION,
    *,
    values: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Answer:
    """Ask, and see that the refusal is the row `error`, its message filled with `values`."""
    answer = session.ask(messages, **fields)
    expect_refusal(session, answer, error, stream=fields.get("stream") is True, **(values or {}))
    return answer


def expect_refusal(
    session: Session,
    answer: Answer,
    error: str,
    *,
    wire: str = "compatible",
    stream: bool = False,
    **values: object,
) -> None:
    """See that an answer is the row `error`: status, envelope, order of keys, and words.

    `wire` is the id of the row in whose way the route refuses.
    """
    row = session.catalog.errors_on[wire][error]
    envelope = session.catalog.envelopes[row.envelope]
    framed = stream and envelope.stream is not None
    expect("status", (framed and envelope.stream_status) or row.status, answer.status)
    if envelope.literal is not None:
        expect("body", envelope.literal, answer.content.decode("utf-8", "replace"))
        return
    way = session.catalog.wires[wire]
    outer = (way.event_body or envelope.stream or ()) if framed else envelope.body
    body = _event(answer, way.event or envelope.event, row) if framed else answer.json()
    inner: object = body
    if envelope.error:
        inner = body.get("error")
        if not isinstance(inner, dict):
            raise Broken("body", "an error object", body)
        keys = (framed and envelope.stream_error) or envelope.error
        expect("keys of the error", list(keys), list(inner))
    names = [_OUTER_NAMES.get(name, name) for name in outer]
    expect("keys of the body", ["error", *names] if envelope.error else names, list(body))
    _expect_words(session, inner, row, stream=stream, **values)
    if request_id := answer.headers.get("x-request-id"):
        for name, key in zip(outer, names, strict=True):
            if name in _IDS:
                expect(f"the body's {key}", _IDS[name] + request_id, body[key])


def words(
    session: Session,
    error: str,
    *,
    wire: str = "compatible",
    stream: bool = False,
    **values: object,
) -> str:
    """Return the service's words for the row `error`."""
    return _worded(session, session.catalog.errors_on[wire][error], stream=stream, **values)


def _worded(session: Session, row: ErrorRow, *, stream: bool, **values: object) -> str:
    template = row.message_stream if stream and row.message_stream is not None else row.message
    return template.format(link=session.host.help, **values)


def _expect_words(
    session: Session, seen: Any, row: ErrorRow, *, stream: bool, **values: object
) -> None:
    promised = {
        "message": _worded(session, row, stream=stream, **values),
        "code": row.code,
        "type": row.type,
        "param": row.param and row.param.format(**values),
    }
    for name, value in promised.items():
        if name in seen:
            expect(name, value, seen[name])


def _event(answer: Answer, frame: str, row: ErrorRow) -> dict[str, Any]:
    """Return the body of a refusal that is framed as the only event of a stream."""
    event = Template(frame).safe_substitute(
        status=row.status, id=1, position=0, request_id=answer.headers.get("x-request-id")
    )
    form = re.escape(event).replace(r"\$created", r"\d+").replace(r"\$body", "(.*)")
    content = answer.content.decode("utf-8", "replace")
    found = re.fullmatch(form, content, re.DOTALL)
    if found is None:
        raise Broken("body", f"one event {event!r}", content)
    body = json.loads(found[1])
    if not isinstance(body, dict):
        raise Broken("event", "a JSON object", body)
    return body
