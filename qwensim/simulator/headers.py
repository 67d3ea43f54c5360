"""Response headers, in the order in which the service sends them."""

import datetime as dt
import math
from email.utils import parsedate_to_datetime
from wsgiref.handlers import format_date_time

from qwensim.exchange import Headers

CORS = "Origin,Access-Control-Request-Method,Access-Control-Request-Headers"
JSON_TYPE = "application/json"
STREAM_TYPE = "text/event-stream;charset=utf-8"
"""As sent in April and May 2026; the charset was upper case before (recorded)."""


def date(moment: float) -> tuple[str, str]:
    """Return the date header of a moment in seconds since the epoch."""
    return ("date", format_date_time(moment))


def seconds_of(retry_after: str, now: float) -> float | None:
    """Return the seconds that a Retry-After asks to wait: a number, or a date; else None."""
    try:
        seconds = float(retry_after)
    except ValueError:
        moment = moment_of(retry_after)
        return None if moment is None else max(moment - now, 0.0)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def moment_of(date: str) -> float | None:
    """Return the moment of a date as headers have it, in seconds since the epoch; else None."""
    try:
        parsed = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return parsed.replace(tzinfo=parsed.tzinfo or dt.UTC).timestamp()


def answer(
    *,
    content_type: str | None,
    arrived: float,
    cost: float,
    request_id: str | None,
    gateway: bool,
    extra: Headers = (),
    vary: str | None = None,
) -> Headers:
    """Return the headers of an answer whose first byte leaves `cost` seconds after it `arrived`."""
    stream = content_type is not None and content_type.startswith("text/event-stream")
    headers = [("vary", vary or ("Origin" if stream else f"{CORS}, Accept-Encoding"))]
    if request_id is not None:
        headers.append(("x-request-id", request_id))
    if gateway:
        headers.append(("x-dashscope-call-gateway", "true"))
    if content_type is not None:
        headers.append(("content-type", content_type))
    headers += extra
    headers += _timing(arrived, cost)
    return tuple(headers)


def _timing(arrived: float, cost: float) -> Headers:
    """Return the headers with which the gateway ends all of its answers."""
    arrive_ms, cost_ms = int(arrived * 1000), max(1, round(cost * 1000))
    return (
        ("req-cost-time", str(cost_ms)),
        ("req-arrive-time", str(arrive_ms)),
        ("resp-start-time", str(arrive_ms + cost_ms)),
        ("x-envoy-upstream-service-time", str(cost_ms)),
        date(arrived + cost),
        ("server", "istio-envoy"),
    )


def task_service(*, content_type: str | None, arrived: float) -> Headers:
    """Return the headers of the task service (alibaba/loongsuite-python-agent cassettes)."""
    kind = () if content_type is None else (("content-type", content_type),)
    return (("vary", "Accept-Encoding"), *kind, *_timing(arrived, 0.0))


def storage_id(request_id: str) -> str:
    """Return the id of a request in the form of the storage service."""
    return request_id.replace("-", "")[:24].upper()


def storage(*, arrived: float, request_id: str, content: Headers) -> Headers:
    """Return the headers of the storage service: those about the content, and its own around."""
    return (
        ("server", "AliyunOSS"),
        date(arrived),
        *content,
        ("x-oss-request-id", storage_id(request_id)),
        ("x-oss-server-time", "1"),
    )


def nothing_here(arrived: float) -> Headers:
    """Return the headers of the empty 404 (QwenLM/qwen-code#81, curl -i)."""
    return (
        ("vary", "Accept-Encoding"),
        ("content-length", "0"),
        date(arrived),
        ("server", "istio-envoy"),
    )
