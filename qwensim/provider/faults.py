"""What went wrong, read from whatever the SDK raised or the service sent.

The service has many envelopes: an OpenAI `error` object in three key orders, a flat native body,
either of them framed as a server-sent event even under HTTP 400, a bare string and nothing at all.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import openai

from qwensim.provider import wire

CONNECTION_FAILED = "connection_failed"
TIMED_OUT = "timed_out"
STREAM_TRUNCATED = "stream_truncated"
ANSWER_MALFORMED = "answer_malformed"
DOWNLOAD_REFUSED = "download_refused"
TASK_CANCELED = "task_canceled"
TASK_FAILED = "task_failed"
TASK_UNFINISHED = "task_unfinished"
TASK_UNKNOWN = "task_unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is known of a failure, not yet judged."""

    message: str
    status: int | None = None
    """The HTTP status, 200 for what goes wrong inside a stream; None where no answer came."""
    code: str | None = None
    """The service's code, or one of this module's where the client itself saw what is wrong."""
    request_id: str | None = None
    retry_after: float | None = None
    """Seconds."""
    task_id: str | None = None
    """The task that it is about, if it is about one."""


def of_exception(error: Exception) -> Fault:
    """Read what the SDK or its transport raised."""
    match error:
        case openai.APIStatusError():
            return of_response(error.response)
        case openai.APITimeoutError() | httpx2.TimeoutException():
            return Fault(message=_words(error), code=TIMED_OUT)
        case openai.APIConnectionError() | httpx2.RequestError():
            return Fault(message=_words(error), code=CONNECTION_FAILED)
        case openai.APIError():
            return of_body({"error": error.body}) or Fault(message=_words(error))
        case _:
            return Fault(message=f"an event is no JSON: {_words(error)}", code=ANSWER_MALFORMED)


def of_response(response: httpx2.Response) -> Fault:
    """Read an error answer whose body has come."""
    text = response.text.strip()
    words = text or f"{response.reason_phrase or 'refused'}, without a body"
    fault = of_body(_decoded(text)) or Fault(message=words)
    return replace(
        fault,
        status=response.status_code,
        request_id=request_id(response) or fault.request_id,
        retry_after=retry_after(response.headers),
    )


def of_body(body: object) -> Fault | None:
    """Read a decoded body or event; None if it tells of no error."""
    outer = wire.mapping(body)
    error = outer.get("error")
    if isinstance(error, str):
        return Fault(message=error)
    if not error:
        named = outer.get("code") or outer.get("type")
        if "choices" in outer or not (named and wire.text(outer.get("message"))):
            return None
        error = outer
    inner = wire.mapping(error)
    ids = (outer.get("request_id"), outer.get("requestId"), outer.get("id"), inner.get("id"))
    first_id = next(filter(None, map(wire.text, ids)), "")
    return Fault(
        message=wire.text(inner.get("message")) or "the service gives no reason",
        code=wire.text(inner.get("code")) or None,
        request_id=first_id.removeprefix("chatcmpl-") or None,
    )


def request_id(response: httpx2.Response) -> str | None:
    """Return the id in an answer's headers, which is that of its body."""
    return response.headers.get("x-request-id")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Retry-After asks for; None if it is absent or malformed.

    A date is measured from the answer's own Date, so that the clocks need not agree.
    """
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        until, now = _date(value), _date(headers.get("date", "")) or datetime.now(UTC)
        if until is None:
            return None
        seconds = (until - now).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _decoded(text: str) -> object:
    """Return the JSON of a body, be it bare or the data of a server-sent event."""
    lines = (line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:"))
    for candidate in (text, *lines):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    return None


def _words(error: Exception) -> str:
    """Return what the transport said, which the SDK's own exceptions hide behind a set phrase."""
    cause = error.__cause__ or error
    return str(cause) or type(cause).__name__
