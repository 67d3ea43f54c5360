"""What of an answer is compared: status, media type, header names and the shapes of its events."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from qwensim.contract.drift.exchanges import DONE, Recorded, Unreadable

_PASSING = frozenset(
    {
        # hop-by-hop (RFC 9110, 7.6.1), and what the way of delivery decides
        "connection",
        "content-encoding",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        # of one call, one edge or one recorder
        "age",
        "date",
        "eagleeye-traceid",
        "request-duration",
        "set-cookie",
    }
)
"""Headers that are left out of account; the media type is compared by itself."""

_FIELD = re.compile(r"(?P<name>id|event|data|retry|)(?P<colon>:[ ]?)(?P<value>.*)")
"""A line of a server-sent event; one without a name is a comment."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A frame of a stream, or the whole body of an answer that is none."""

    framing: str = ""
    """The fields of the frame up to its data, as `id:`, `event:result`, `data: `; `<id>` aside."""
    value: Any
    """The decoded JSON, or a text."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, recorded or given by the fake. What a recording does not show is None."""

    status: int | None
    media_type: str | None
    headers: frozenset[str] | None
    events: tuple[Event, ...]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The JSON objects among the events."""
        return [event.value for event in self.events if isinstance(event.value, dict)]

    @property
    def error(self) -> dict[str, Any] | None:
        """The error object of the first event that holds one, or a flat error itself."""
        for body in self.bodies:
            match body:
                case {"error": dict(error)} | {"response": {"error": dict(error)}}:
                    return error
            if isinstance(body.get("message"), str) and "code" in body:
                return body
        return None


def read_answer(exchange: Recorded) -> Answer:
    """Take an answer apart; raises `Unreadable` if its body is not what it says it is."""
    body, known = exchange.body, dict(exchange.headers or ())
    media_type = known.get("content-type")
    if media_type is not None:
        media_type = ";".join(part.strip().lower() for part in media_type.split(";"))
    framed = re.match(rb"\s*(?:id|event|data|retry)?:", body) is not None
    if not body:
        events: tuple[Event, ...] = ()
    elif framed:
        events = tuple(_frames(body.decode("utf-8")))
    elif media_type is None or "json" in media_type:
        events = (Event(value=_json(body.strip())),)
    else:
        events = (Event(value=body.decode("utf-8")),)
    return Answer(
        status=exchange.status,
        media_type=media_type,
        headers=frozenset(known) - _PASSING - {"content-type"} if known else None,
        events=events,
    )


def _frames(text: str) -> Iterator[Event]:
    """Yield the frames of a stream; each has one line of data, so blank lines may be missing."""
    fields: list[str] = []
    for line in text.splitlines():
        if not line:
            continue
        if (field := _FIELD.fullmatch(line)) is None:
            raise Unreadable(f"the stream has a line that is no field: {line[:40]!r}")
        name, colon, value = field["name"], field["colon"], field["value"]
        if name != "data":
            fields.append(f"{name}{colon}{'<id>' if name == 'id' else value}")
            continue
        data = value if value.strip() == DONE else _json(value.encode())
        yield Event(framing=" ".join([*fields, f"data{colon}"]), value=data)
        fields = []
    if fields:
        raise Unreadable("the stream ends in the middle of a frame")


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise Unreadable(f"the body is no JSON: {error}") from error
