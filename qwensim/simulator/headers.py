"""Response headers, in the order in which the service sends them."""

from wsgiref.handlers import format_date_time

from qwensim.exchange import Headers

_CORS = "Origin,Access-Control-Request-Method,Access-Control-Request-Headers"
JSON_TYPE = "application/json"
STREAM_TYPE = "text/event-stream;charset=utf-8"
"""As sent in April and May 2026; the charset was upper case before (recorded)."""


def date(moment: float) -> tuple[str, str]:
    """Return the date header of a moment in seconds since the epoch."""
    return ("date", format_date_time(moment))


def answer(
    *,
    content_type: str | None,
    arrived: float,
    cost: float,
    request_id: str | None,
    gateway: bool,
    extra: Headers = (),
) -> Headers:
    """Return the headers of an answer whose first byte leaves `cost` seconds after it `arrived`."""
    stream = content_type is not None and content_type.startswith("text/event-stream")
    headers = [("vary", "Origin" if stream else f"{_CORS}, Accept-Encoding")]
    if request_id is not None:
        headers.append(("x-request-id", request_id))
    if gateway:
        headers.append(("x-dashscope-call-gateway", "true"))
    if content_type is not None:
        headers.append(("content-type", content_type))
    headers += extra
    arrive_ms, cost_ms = int(arrived * 1000), max(1, round(cost * 1000))
    headers += [
        ("req-cost-time", str(cost_ms)),
        ("req-arrive-time", str(arrive_ms)),
        ("resp-start-time", str(arrive_ms + cost_ms)),
        ("x-envoy-upstream-service-time", str(cost_ms)),
        date(arrived + cost),
        ("server", "istio-envoy"),
    ]
    return tuple(headers)


def nothing_here(arrived: float) -> Headers:
    """Return the headers of the empty 404 (QwenLM/qwen-code#81, curl -i)."""
    return (
        ("vary", "Accept-Encoding"),
        ("content-length", "0"),
        date(arrived),
        ("server", "istio-envoy"),
    )
