"""A check names the row of a refusal; here it is rendered as the layer that answers would."""

from collections.abc import Iterable, Mapping
from string import Formatter, Template
from typing import Any, Literal
from xml.sax.saxutils import escape

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import EnvelopeRow, ErrorRow, HostRow, WireRow
from qwensim.catalog.rows.wire import EnvelopeKey
from qwensim.errors import UsageError
from qwensim.exchange import Headers
from qwensim.simulator.headers import storage_id


class Refused(Exception):  # noqa: N818 - it is an answer of the service, not an error of ours
    """A check failed: the id of an error row and the values for its message."""

    def __init__(self, error: str, **values: object) -> None:
        super().__init__(error)
        self.error, self.values = error, values


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A rendered refusal."""

    error: ErrorRow
    message: str
    status: int
    body: bytes
    content_type: str | None
    headers: Literal["gateway", "tasks", "storage"]
    extra: Headers
    gateway_header: bool
    request_id_header: bool


def placeholders(template: str) -> set[str]:
    """Return the names of the values that a message template wants."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def check_error(catalog: Catalog, error: str, values: Iterable[str]) -> None:
    """Raise `UsageError` unless the catalogue has the error and `values` fill its message."""
    if error not in catalog.errors:
        raise UsageError(f"no error {error!r}; there are: {', '.join(sorted(catalog.errors))}")
    wanted = placeholders(catalog.errors[error].message) - {"link", "request_id"}
    if missing := wanted - set(values):
        names = ", ".join(sorted(missing))
        raise UsageError(f"the message of {error!r} wants values for: {names}")


class _Values(dict[str, object]):
    """Values for a template; one that is missing, as an overlay's row may want, stays a hole."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def render(
    catalog: Catalog,
    refused: Refused,
    *,
    wire: str,
    host: HostRow,
    request_id: str,
    moment: float,
    stream: bool,
) -> Refusal:
    """Render a refusal on a wire, for a request to `host` that asked for a stream or not."""
    row = catalog.errors_on[wire][refused.error]
    envelope = catalog.envelopes[row.envelope]
    template = row.message_stream if stream and row.message_stream is not None else row.message
    told = _told(row, template, refused, host=host, request_id=request_id, moment=moment)
    status, content_type = row.status, envelope.content_type
    if envelope.literal is not None:
        if envelope.headers == "storage":
            request_id = storage_id(request_id)
        known = {
            "code": row.code,
            "message": told.message,
            "host": host.name,
            "request_id": request_id,
        }
        body = _filled(envelope.literal, {**told.values, **known})
    elif stream and envelope.stream is not None:
        body = told.framed(catalog.wires[wire], envelope, envelope.stream)
        status, content_type = envelope.stream_status or status, envelope.stream_type
    else:
        body = told.body(envelope.error, envelope.body)
    return Refusal(
        error=row,
        message=told.message,
        status=status,
        body=body,
        content_type=content_type if envelope.literal != "" else None,
        headers=envelope.headers,
        extra=tuple(envelope.extra.items()),
        gateway_header=envelope.gateway_header,
        request_id_header=envelope.request_id_header,
    )


def worded(row: ErrorRow, refused: Refused, host: HostRow) -> str:
    """Return the message of a refusal, in the words of a row."""
    return row.message.format_map(_Values(link=host.help, **refused.values))


def _filled(literal: str, values: Mapping[str, object]) -> bytes:
    """Return a body that is a text with holes."""
    texts = {name: escape(str(value)) for name, value in values.items()}
    return Template(literal).safe_substitute(texts).encode()


def event(
    catalog: Catalog,
    refused: Refused,
    *,
    wire: str,
    host: HostRow,
    request_id: str,
    moment: float,
    number: int,
) -> bytes:
    """Render a refusal as an event in the middle of a stream, of which it is the `number`th."""
    row = catalog.errors_on[wire][refused.error]
    envelope = catalog.envelopes[row.envelope]
    told = _told(row, row.message, refused, host=host, request_id=request_id, moment=moment)
    return told.framed(catalog.wires[wire], envelope, envelope.body, number)


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal in its words."""

    row: ErrorRow
    message: str
    values: _Values
    request_id: str
    moment: float

    def body(self, error: tuple[EnvelopeKey, ...], outer: tuple[EnvelopeKey, ...]) -> bytes:
        """Return it as JSON with these keys in the inner object and beside it."""
        row, request_id = self.row, self.request_id
        param = row.param.format_map(self.values) if row.param is not None else None
        known: dict[EnvelopeKey, tuple[str, Any]] = {
            "code": ("code", row.code),
            "type": ("type", row.type),
            "param": ("param", param),
            "message": ("message", self.message),
            "id": ("id", f"chatcmpl-{request_id}"),
            "bare_id": ("id", request_id),
            "request_id": ("request_id", request_id),
            "chat_request_id": ("request_id", f"chatcmpl-{request_id}"),
            "camel_request_id": ("requestId", request_id),
        }
        body: dict[str, Any] = {}
        if error:
            inner = dict(known[name] for name in error)
            if "id" in error:
                inner["id"] = request_id
            body["error"] = inner
        body.update(known[name] for name in outer)
        return msgspec.json.encode(body)

    def framed(
        self,
        wire: WireRow,
        envelope: EnvelopeRow,
        outer: tuple[EnvelopeKey, ...],
        number: int = 1,
    ) -> bytes:
        """Return it as the `number`th event of a stream."""
        if wire.event_body is not None:
            body = self.body((), wire.event_body)
        else:
            body = self.body(envelope.stream_error or envelope.error, outer)
        frame = Template(wire.event or envelope.event).safe_substitute(
            status=self.row.status,
            id=number,
            position=number - 1,
            request_id=self.request_id,
            created=int(self.moment),
        )
        before, _, after = frame.partition("$body")
        return before.encode() + body + after.encode()


def _told(
    row: ErrorRow,
    template: str,
    refused: Refused,
    *,
    host: HostRow,
    request_id: str,
    moment: float,
) -> _Told:
    values = _Values({"link": host.help, "request_id": request_id, **refused.values})
    message = template.format_map(values)
    return _Told(row=row, message=message, values=values, request_id=request_id, moment=moment)
