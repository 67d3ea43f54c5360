"""Dresses the outcome of a call in headers and plays it."""

from collections.abc import Generator, Iterable

from qwensim.exchange import Chunk, End, Event, Head, Headers, Wait
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.refusals import Refusal

_THE_END = (End(),)


def play(call: Call, outcome: Answer | Refusal | None) -> Generator[Event]:
    """Dress an outcome in headers and return its events, which keep nothing else of the call."""
    if outcome is None:
        return _played([])
    if isinstance(outcome, Answer):
        wait = [Wait(seconds=outcome.cost)] if outcome.cost else []
        return _played([*wait, _head_of(call, outcome)], outcome.events, _THE_END)
    head = Head(status=outcome.status, headers=_headers_of(call, outcome))
    body = [Chunk(data=outcome.body)] if outcome.body else []
    return _played([head, *body], _THE_END)


def _played(opening: list[Event], *rest: Iterable[Event]) -> Generator[Event]:
    """Yield events; an open stream keeps none of its opening."""
    while opening:
        yield opening.pop(0)
    for events in rest:
        yield from events


def _head_of(call: Call, answer: Answer) -> Head:
    return answer.head or Head(
        status=200,
        headers=headers.answer(
            content_type=answer.content_type,
            arrived=call.arrived,
            cost=answer.cost,
            request_id=call.identity.request_id,
            gateway=answer.gateway,
            extra=answer.extra,
            vary=answer.vary,
        ),
    )


def _headers_of(call: Call, refusal: Refusal) -> Headers:
    if not refusal.body:
        return headers.nothing_here(call.arrived)
    match refusal.headers:
        case "tasks":
            return headers.task_service(content_type=refusal.content_type, arrived=call.arrived)
        case "storage":
            return headers.storage(
                arrived=call.arrived,
                request_id=call.identity.request_id,
                content=(
                    ("content-type", refusal.content_type or ""),
                    ("content-length", str(len(refusal.body))),
                ),
            )
    return headers.answer(
        content_type=refusal.content_type,
        arrived=call.arrived,
        cost=0.0,
        request_id=call.identity.request_id if refusal.request_id_header else None,
        gateway=refusal.gateway_header,
        extra=refusal.extra,
    )
