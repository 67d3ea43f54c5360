"""Whether what is expected of the calls was seen, condition by condition."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from qwensim.exchange import Headers
from qwensim.scenarios.conditions import all_hold, described, found, holds, shown
from qwensim.scenarios.expectations import At, Condition, Expectation, Frames, Got, Sent
from qwensim.scenarios.outcome import Outcome
from qwensim.scenarios.wire import ABSENT, Exchange


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A condition, and what was there."""

    call: int
    """Counted from 1."""
    place: str
    """Like `response.body.error.code`."""
    expected: str
    seen: str
    holds: bool


def findings(
    expectations: Sequence[Expectation], outcomes: Sequence[Outcome]
) -> tuple[Finding, ...]:
    """Return what there is to say of every condition. Of a call that was not made none holds."""
    return tuple(
        Finding(call=expectation.call, place=place, expected=expected, seen=seen, holds=held)
        for expectation in expectations
        for place, expected, seen, held in _judged(expectation, outcomes)
    )


_Judged: TypeAlias = tuple[str, str, str, bool]
"""Place, what is expected there, what is there, and whether that is the same."""


def _judged(expectation: Expectation, outcomes: Sequence[Outcome]) -> Iterator[_Judged]:
    number = expectation.call
    if number > len(outcomes):
        yield "the call", "it to be made", f"{len(outcomes)} calls", False
        return
    outcome = outcomes[number - 1]
    exchange = outcome.exchanges[-1] if outcome.exchanges else None
    if expectation.error is not UNSET:
        yield "error", "an error", outcome.summary, outcome.error is not None
        yield from _fields("error", expectation.error, outcome.error)
    if expectation.reply is not UNSET:
        yield "reply", "a reply", outcome.summary, outcome.reply is not None
        yield from _fields("reply", expectation.reply, outcome.reply)
    if expectation.requests is not UNSET:
        yield _value("requests", expectation.requests, len(outcome.exchanges))
    if expectation.request is not UNSET:
        yield from _request(expectation.request, exchange)
    if expectation.response is not UNSET:
        yield from _response(expectation.response, exchange)


def _request(expected: Sent, exchange: Exchange | None) -> Iterator[_Judged]:
    if exchange is None:
        yield "request", "one to be sent", "none", False
        return
    yield from _fields("request", expected, exchange)
    yield from _headers("request.headers", expected.headers, exchange.headers)
    yield from _places("request.body", expected.body, exchange.request_json)


def _response(expected: Got, exchange: Exchange | None) -> Iterator[_Judged]:
    if exchange is None or exchange.status is None:
        failure = exchange.failure if exchange else None
        yield "response", "one to come", failure or "none", False
        return
    yield from _fields("response", expected, exchange)
    yield from _headers("response.headers", expected.headers, exchange.response_headers)
    yield from _places("response.body", expected.body, exchange.response_json)
    yield from _frames(expected.frames, exchange.frames)


def _frames(expected: Frames, frames: Sequence[Any]) -> Iterator[_Judged]:
    place = "response.frames"
    if expected.count is not UNSET:
        yield _value(f"{place}.count", expected.count, len(frames))
    for name, position in (("first", 0), ("last", -1)):
        frame = frames[position] if frames else ABSENT
        yield from _places(f"{place}.{name}", getattr(expected, name), frame)
    for name, wanted in (("any", True), ("none", False)):
        conditions: At = getattr(expected, name)
        if conditions:
            fitting = sum(all_hold(conditions, frame) for frame in frames)
            words = ", ".join(f"{at} {described(one)}" for at, one in conditions.items())
            held = (fitting > 0) is wanted
            yield f"{place}.{name}", words, f"{fitting} such of {len(frames)}", held


def _fields(place: str, expected: msgspec.Struct, seen: object) -> Iterator[_Judged]:
    """Judge the plain conditions of a struct on the attributes of the same names."""
    for name in expected.__struct_fields__:
        condition = getattr(expected, name)
        if condition is not UNSET and not isinstance(condition, dict | Frames):
            yield _value(f"{place}.{name}", condition, getattr(seen, name, ABSENT))


def _headers(place: str, expected: At, headers: Headers) -> Iterator[_Judged]:
    seen = dict(reversed(headers))  # the first of several with one name
    for name, condition in expected.items():
        yield _value(f"{place}.{name}", condition, seen.get(name.lower(), ABSENT))


def _places(place: str, expected: At, seen: Any) -> Iterator[_Judged]:
    for at, condition in expected.items():
        yield _value(f"{place}.{at}", condition, found(seen, at))


def _value(place: str, condition: Condition, seen: Any) -> _Judged:
    seen = list(seen) if isinstance(seen, tuple) else seen
    return place, described(condition), shown(seen), holds(condition, seen)
