"""Dresses the outcome of a call in headers and plays it."""

from collections.abc import Generator

from qwensim.exchange import Chunk, End, Event, Head, Headers, Wait
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.refusals import Refusal


def play(call: Call, outcome: Answer | Refusal | None) -> Generator[Event]:
    """Dress an outcome in headers and play it."""
    if outcome is None:
        return
    request_id = call.identity.request_id
    if isinstance(outcome, Answer):
        if outcome.cost:
            yield Wait(seconds=outcome.cost)
        yield outcome.head or Head(
            status=200,
            headers=headers.answer(
                content_type=outcome.content_type,
                arrived=call.arrived,
                cost=outcome.cost,
                request_id=request_id,
                gateway=outcome.gateway,
                extra=outcome.extra,
                vary=outcome.vary,
            ),
        )
        yield from outcome.events
    elif outcome.body:
        yield Head(
            status=outcome.status,
            headers=_headers_of(call, outcome),
        )
        yield Chunk(data=outcome.body)
    else:
        yield Head(status=outcome.status, headers=headers.nothing_here(call.arrived))
    yield End()


def _headers_of(call: Call, refusal: Refusal) -> Headers:
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
