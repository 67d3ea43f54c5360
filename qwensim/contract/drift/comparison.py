"""Compares two answers: what a client could stumble over, and nothing of what is merely said."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, TypeAlias, TypeVar

import msgspec

from qwensim.contract.drift.answers import Answer, Event
from qwensim.contract.drift.exchanges import DONE

T = TypeVar("T")

Shape: TypeAlias = Any
"""JSON in which a type, a quoted word or a told text stands for each value."""

_ENUMERATED = frozenset({"object", "role", "type", "finish_reason", "task_status"})
_TOLD = frozenset({"code", "message", "param"})
_GENERATED = frozenset(
    {"arguments", "content", "delta", "partial_json", "reasoning_content", "text", "thinking"}
)
"""Texts that a stream cuts where it likes: whether a piece is empty tells nothing."""

_NAMES = {type(None): "null", bool: "boolean", int: "number", float: "number"}

_LINK = re.compile(r"https?://[^\s\"'<>]+")
ID = re.compile(r"\b(?:[a-z]+[-_])?(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,})\b")

_LONGEST = 160
"""Characters of a side that are shown."""

NOT_THERE = "-"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A place in which two answers differ, and what either has there."""

    where: str
    """`status`, `media type`, `header NAME`, `answer` (one is an error), `events` (one has more),
    `framing`, `order of PATH`, or a path in the JSON."""
    recorded: str
    fake: str
    events: tuple[int, ...] = ()
    """The events of the stream, counted from 1, runs of like events counted as one."""


def compare(recorded: Answer, fake: Answer) -> list[Difference]:
    """Return where the answers differ; what the recording does not show is left out of account."""
    found: list[Difference] = []
    for where, ours, theirs in (
        ("status", recorded.status, fake.status),
        ("media type", recorded.media_type, fake.media_type),
    ):
        if ours is not None and ours != theirs:
            found.append(
                Difference(
                    where=where,
                    recorded=str(ours),
                    fake=str(theirs or NOT_THERE),
                )
            )
    if recorded.headers is not None:
        for name in sorted(recorded.headers ^ (fake.headers or frozenset())):
            sides = ("sent", NOT_THERE) if name in recorded.headers else (NOT_THERE, "sent")
            found.append(Difference(where=f"header {name}", recorded=sides[0], fake=sides[1]))
    if (recorded.error is None) != (fake.error is None):
        answers = (_summary(recorded), _summary(fake))
        return [*found, Difference(where="answer", recorded=answers[0], fake=answers[1])]
    return found + _joined(_sequences(_runs(recorded), _runs(fake)))


def _summary(answer: Answer) -> str:
    """Return what an answer amounts to, where one is an error and the other is none."""
    if answer.error is None:
        return "no error"
    return _shown(f"error: {told(str(answer.error.get('message')))}")


def shape_of(value: Any, key: str = "") -> Shape:
    """Return the shape of a JSON value that stands under `key`."""
    if isinstance(value, dict):
        return {name: shape_of(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return _without_repeats(shape_of(item, key) for item in value)
    if not isinstance(value, str):
        return _NAMES[type(value)]
    if key in _ENUMERATED:
        return repr(value)
    if key in _TOLD:
        return repr(told(value))
    return "string" if value or key in _GENERATED else "empty"


def told(text: str) -> str:
    """Return a text with its ids and links taken out: they differ from call to call and by host."""
    return ID.sub("<id>", _LINK.sub("<link>", text))


class _Run(msgspec.Struct, frozen=True, kw_only=True):
    """Events of one shape that follow each other."""

    framing: str
    shape: Shape


def _runs(answer: Answer) -> list[_Run]:
    return _without_repeats(
        _Run(framing=event.framing, shape=_shape(event)) for event in _unwoven(answer.events)
    )


def _unwoven(events: Sequence[Event]) -> Sequence[Event]:
    """Return the events of one choice after those of another: how they alternate is chance."""
    choices = [_choice(event) for event in events]
    if not any(choices):
        return events
    last = max(filter(None, choices))
    order = sorted(zip(choices, events, strict=True), key=lambda pair: _or(pair[0], last))
    return [event for _, event in order]


def _choice(event: Event) -> int | None:
    """Return the choice that an event is about, if it is about one."""
    match event.value:
        case {"choices": [{"index": int(index)}]}:
            return index
    return None


def _or(choice: int | None, last: int) -> int:
    return last if choice is None else choice


def _shape(event: Event) -> Shape:
    if isinstance(event.value, str):
        return DONE if event.value == DONE else "text"
    return shape_of(event.value)


def _without_repeats(items: Iterable[T]) -> list[T]:
    kept: list[T] = []
    for item in items:
        if not kept or _written(kept[-1]) != _written(item):
            kept.append(item)
    return kept


def _written(value: Any) -> str:
    """Return a value as text: unlike objects, texts differ when the order of their keys does."""
    return msgspec.json.encode(value).decode()


def _sequences(recorded: Sequence[_Run], fake: Sequence[_Run]) -> Iterator[Difference]:
    """Yield the differences of two sequences of events, those of like events paired."""
    matcher = SequenceMatcher(
        None, [*map(_written, recorded)], [*map(_written, fake)], autojunk=False
    )
    streamed = len(recorded) > 1 or len(fake) > 1
    for kind, a, a_end, b, b_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        pairs = zip_longest(recorded[a:a_end], fake[b:b_end])
        for number, (ours, theirs) in enumerate(pairs, start=a + 1):
            events = (number,) if streamed else ()
            for where, one, other in _pair(ours, theirs):
                yield Difference(where=where, recorded=one, fake=other, events=events)


def _pair(ours: _Run | None, theirs: _Run | None) -> Iterator[tuple[str, str, str]]:
    if ours is None or theirs is None:
        yield "events", _shown_run(ours), _shown_run(theirs)
        return
    if ours.framing != theirs.framing:
        yield "framing", ours.framing or NOT_THERE, theirs.framing or NOT_THERE
    yield from _within(ours.shape, theirs.shape, "")


def _within(ours: Shape, theirs: Shape, where: str) -> Iterator[tuple[str, str, str]]:
    """Yield place and both sides of all that differs in two shapes."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() & theirs.keys():
        for key in dict.fromkeys([*ours, *theirs]):
            place = f"{where}.{key}" if where else key
            if key in ours and key in theirs:
                yield from _within(ours[key], theirs[key], place)
            else:
                yield place, _shown(ours.get(key)), _shown(theirs.get(key))
        orders = [
            [key for key in one if key in other] for one, other in ((ours, theirs), (theirs, ours))
        ]
        if orders[0] != orders[1]:
            yield f"order of {where or 'body'}", ", ".join(orders[0]), ", ".join(orders[1])
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _within(one, other, f"{where}[{index}]")
    elif _written(ours) != _written(theirs):
        yield where or "body", _shown(ours), _shown(theirs)


def _joined(found: Iterable[Difference]) -> list[Difference]:
    """Return the differences; those that many events have in common are one."""
    joined: dict[tuple[str, str, str], list[int]] = {}
    for difference in found:
        key = (difference.where, difference.recorded, difference.fake)
        joined.setdefault(key, []).extend(difference.events)
    return [
        Difference(where=where, recorded=ours, fake=theirs, events=tuple(events))
        for (where, ours, theirs), events in joined.items()
    ]


def _shown(shape: Shape) -> str:
    """Return a shape as text, cut if it is long; None stands for nothing."""
    if shape is None:
        return NOT_THERE
    text = shape if isinstance(shape, str) else _written(shape)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _shown_run(run: _Run | None) -> str:
    return _shown(None if run is None else run.shape)
