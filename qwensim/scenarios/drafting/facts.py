"""What is to be seen of an answer again: conditions, as scenarios have them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from qwensim.scenarios.conditions import found
from qwensim.scenarios.drafting.record import Record, Told, told_in
from qwensim.scenarios.wire import ABSENT, Exchange

DONE: Final = "data: [DONE]"
_LONGEST: Final = 300
"""Characters of a text that is to be seen as it stands."""

_SAME: Final = (
    "object",
    "type",
    "model",
    "stop_reason",
    "choices.0.finish_reason",
    "choices.0.message.tool_calls.0.function.name",
    "choices.0.delta.tool_calls.0.function.name",
    "usage.prompt_tokens",
    "usage.completion_tokens",
    "usage.total_tokens",
    "output.task_status",
    "output.code",
    "output.message",
    "output.finish_reason",
    "output.choices.0.finish_reason",
)
"""Places whose values are to be the same."""

_THERE: Final = (
    "choices.0.message.content",
    "choices.0.message.reasoning_content",
    "content",
    "data",
    "output.choices",
    "output.embeddings",
    "output.results",
    "output.text",
    "output.task_id",
    "output.video_url",
)
"""Places where there is to be something, or nothing."""

Conditions = Iterator[tuple[tuple[str, ...], Any]]
"""The places that lead to a condition in an expectation, and the condition."""


def facts(record: Record, played: Exchange) -> Conditions:
    """Yield what is on record of an answer; `played` tells where errors stand if that does not."""
    if not record.status or set(record.kinds) & {"drop", "truncated-chunk"}:
        yield ("error", "type"), {"present": True}
    if not record.status:
        return
    yield ("response", "status"), record.status
    if record.retry_after is not None:
        yield ("response", "headers", "retry-after"), {"present": True}
    if record.task is not None:
        yield ("response", "body", "output.task_status"), record.task
    if record.told is not None:
        yield from _error(record, told_in(played))
    elif record.answered:
        yield from _answer(record.exchange)


def _error(record: Record, played: Told | None) -> Conditions:
    told = record.told if record.answered else played
    message = record.told.message if record.told else ""
    if told is None:  # the answer is no JSON
        yield ("response", "text"), {"contains": message}
        return
    holder = ("response", "body") if told.event is None else ("response", "frames", "any")
    if told.code is not None:
        yield (*holder, f"{told.place}code"), told.code
    yield (*holder, f"{told.place}message"), message


def _answer(exchange: Exchange) -> Conditions:
    body, text = exchange.response_json, exchange.text or ""
    if body is not ABSENT:
        for place in _SAME:
            if _tells(body, place):
                yield ("response", "body", place), found(body, place)
        for place in _THERE:
            if _tells(body, place):
                yield ("response", "body", place), {"present": True}
    elif frames := exchange.frames:
        yield from _stream(frames, text)
    elif len(text) <= _LONGEST and text.isprintable():
        yield ("response", "text"), text


def _stream(frames: list[Any], text: str) -> Conditions:
    yield ("response", "text"), {"contains" if DONE in text else "lacks": DONE}
    last, any_of = len(frames) - 1, None
    for place in _SAME:
        told = [number for number, frame in enumerate(frames) if _tells(frame, place)]
        if not told:
            continue
        at = last if told[-1] == last else told[0]
        if at != last and any_of not in (None, at):
            continue  # of one frame all that is expected must hold
        any_of = any_of if at == last else at
        where = "last" if at == last else "any"
        yield ("response", "frames", where, place), found(frames[at], place)
    if not any(_tells(frame, "usage") for frame in frames):
        yield ("response", "frames", "none", "usage"), {"present": True}


def _tells(value: Any, place: str) -> bool:
    return found(value, place) not in (ABSENT, None, "")


def nested(conditions: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Return conditions as an expectation has them."""
    whole: dict[str, Any] = {}
    for steps, condition in conditions.items():
        holder = whole
        for step in steps[:-1]:
            holder = holder.setdefault(step, {})
        holder[steps[-1]] = condition
    return whole
