"""The Responses API: how it is asked, and how its answers are read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from qwensim.contract import native
from qwensim.contract.answers import Answer, Broken, expect, expect_in, expect_that
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import QUESTION, Session

RESPONSES: Final = "/compatible-mode/v1/responses"
LEGACY: Final = "/api/v2/apps/protocols/compatible-mode/v1/responses"
"""The only path until spring 2026."""

_SAID: Final = ("content_part.added", "output_text.delta", "output_text.done", "content_part.done")
_SEARCHED: Final = tuple(f"web_search_call.{step}" for step in ("in_progress", "searching"))
_STEPS: Final[Mapping[str, Sequence[str]]] = {
    "message": _SAID,
    "function_call": (),
    "web_search_call": (*_SEARCHED, "web_search_call.completed"),
}
"""Kinds of events between beginning and end of an item, by its type, in their order."""


def ask(
    session: Session,
    given: Any = QUESTION,
    *,
    path: str = RESPONSES,
    key: str | None = "",
    **fields: Any,
) -> Answer:
    """Ask for a response; a field that is None is left out."""
    asked = {"model": session.model, "input": given, **fields}
    body = {name: value for name, value in asked.items() if value is not None}
    return session.call(path, key=key, json=body)


def stored(session: Session, response_id: str, rest: str = "", *, method: str = "GET") -> Answer:
    """Ask for a response that was given before, or for what lies below it."""
    return session.call(f"{RESPONSES}/{response_id}{rest}", method=method)


def refused(
    session: Session,
    error: str,
    given: Any = QUESTION,
    *,
    values: Mapping[str, Any] | None = None,
    **asking: Any,
) -> None:
    """Ask whole and streamed, and see that each refusal is the row `error`, with `values`."""
    for stream in (False, True):
        answer = ask(session, given, stream=stream or None, **asking)
        expect_refused(session, answer, error, stream=stream, values=values)


def expect_refused(
    session: Session,
    answer: Answer,
    error: str,
    *,
    stream: bool = False,
    values: Mapping[str, Any] | None = None,
) -> None:
    """See that an answer is the row `error`, on this wire."""
    expect_refusal(session, answer, error, wire="responses", stream=stream, **(values or {}))


def whole(answer: Answer) -> dict[str, Any]:
    """Return a response that was not streamed, whose outside must be the service's."""
    expect_in("content-type", "application/json", answer.headers.get("content-type", ""))
    response = answer.ok().json()
    expect("keys", sorted(response), list(response))
    _expect_response(response)
    return response


def streamed(session: Session, answer: Answer) -> dict[str, Any]:
    """Return the response in which a stream ends, whose events must bring it in their order."""
    events = [data for _, _, data in native.events(answer.ok())]
    expect("types", [kind for kind, *_ in native.events(answer)], [one["type"] for one in events])
    numbers = [event.get("sequence_number") for event in events]
    expect("sequence numbers", [*range(len(events))], numbers)
    begun = [(event["type"], event.get("response", {}).get("status")) for event in events[:2]]
    order = [("response.created", "queued"), ("response.in_progress", "in_progress")]
    expect("first events", order, begun)
    first, _, *inner, last = events
    response: dict[str, Any] = last.get("response", {})
    expect("last event", f"response.{response.get('status')}", last["type"])
    expect("id", first["response"]["id"], response.get("id"))
    expect("output at first", [], first["response"].get("output"))
    items = [_item(session, index, told) for index, told in enumerate(_by_item(inner))]
    expect("output", response.get("output"), items)
    _expect_response(response)
    return response


def said(response: Mapping[str, Any]) -> str:
    """Return what a response says."""
    parts = (part for item in of_type(response, "message") for part in item["content"])
    return "".join(part["text"] for part in parts)


def thought(response: Mapping[str, Any]) -> str:
    """Return what was thought before it."""
    parts = (part for item in of_type(response, "reasoning") for part in item["summary"])
    return "".join(part["text"] for part in parts)


def of_type(response: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the items of a type."""
    return [item for item in response["output"] if item.get("type") == kind]


def types(response: Mapping[str, Any]) -> list[Any]:
    """Return the types of the items, in their order."""
    return [item.get("type") for item in response["output"]]


def _expect_response(response: Mapping[str, Any]) -> None:
    expect("object", "response", response.get("object"))
    expect_that("id", "resp_…", str(response.get("id")).startswith("resp_"), response)
    expect_that("output", "some items", response.get("output"), response)
    expect_usage(response.get("usage") or {})


def expect_usage(usage: Mapping[str, Any]) -> None:
    """See that a usage adds up, and that it is billed as it is told."""
    native.expect_sum(usage)
    expect_in("usage", "cached_tokens", usage.get("input_tokens_details", {}))
    reasoning = usage.get("output_tokens_details", {}).get("reasoning_tokens")
    expect_that("reasoning_tokens", "a number", isinstance(reasoning, int), usage)
    billed = usage.get("x_details")
    expect_that("x_details", "one line", isinstance(billed, list) and len(billed) == 1, usage)
    (line,) = usage["x_details"]
    expect("x_billing_type", "response_api", line.get("x_billing_type"))
    for name in ("input_tokens", "output_tokens", "total_tokens"):
        expect(f"billed {name}", usage[name], line.get(name))
    if reasoning:
        billed = line.get("output_tokens_details", {}).get("reasoning_tokens")
        expect("billed reasoning_tokens", reasoning, billed)


def _by_item(inner: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    items: list[list[dict[str, Any]]] = []
    for event in inner:
        if event["type"] == "response.output_item.added":
            items.append([])
        if not items:
            raise Broken("event", "response.output_item.added", event)
        items[-1].append(event)
    return items


def _item(session: Session, index: int, told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the item that events bring, as a response has it."""
    added, *steps, done = told
    expect("output_index", {index}, {event.get("output_index") for event in told})
    expect("end of an item", "response.output_item.done", done["type"])
    item: dict[str, Any] = done["item"]
    ids = {event.get("item_id") for event in steps} | {added["item"].get("id")}
    expect("ids", {item.get("id")}, ids)
    kind = str(item.get("type"))
    events = session.catalog.wires["responses"].reasoning
    order = (f"{events}.delta", f"{events}.done") if kind == "reasoning" else _STEPS.get(kind)
    seen = dict.fromkeys(event["type"].removeprefix("response.") for event in steps)
    expect(f"steps of {kind}", order, tuple(seen))
    pieces = "".join(event["delta"] for event in steps if "delta" in event)
    if kind == "reasoning":
        expect("pieces", item["summary"][0]["text"], pieces)
    if kind == "message":
        expect("pieces", item["content"][0]["text"], pieces)
        content = [{k: v for k, v in part.items() if k != "logprobs"} for part in item["content"]]
        return {**item, "content": content}
    return item
