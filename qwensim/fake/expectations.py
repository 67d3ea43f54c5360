"""Conditions on recorded requests, and in which of them the nearest request differs."""

import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from qwensim.simulator import Entry

Expected = Mapping[str, Any]
"""Condition and the value that it wants, as for `Fake.assert_requested`."""

_OF_THE_EXCHANGE: Final = (
    "method",
    "host",
    "path",
    "query",
    "status",
    "error",
    "fault",
    "scripted",
)
"""Conditions on the exchange; all others are on the body of the request."""

_WITH_WILDCARDS: Final = ("model", "host")

_ABSENT: Final = object()

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 200
_SHORT.maxdict = _SHORT.maxlist = 10


def matching(entries: Sequence[Entry], expected: Expected) -> tuple[Entry, ...]:
    """Return the entries for which all conditions hold."""
    return tuple(entry for entry in entries if not any(differences(entry, expected)))


def differences(entry: Entry, expected: Expected) -> Iterator[str]:
    """Yield a line for each field in which a request is not what is expected."""
    for name, wanted in expected.items():
        yield from _differences(name, wanted, _seen(entry, name))


def describe_nearest(entries: Sequence[Entry], expected: Expected) -> Iterator[str]:
    """Yield lines on the request that differs in the fewest conditions, the latest of several."""
    best: tuple[Entry, list[str]] | None = None
    for entry in reversed(entries):
        lines = list(differences(entry, expected))
        if lines and (best is None or len(lines) < len(best[1])):
            best = entry, lines
    if best is not None:
        yield f"nearest: {line_of(best[0])}"
        yield from (f"  {line}" for line in best[1])


def line_of(entry: Entry) -> str:
    """Return a request in one line."""
    outcome = f"answered {entry.status}" if entry.status else "not answered"
    error = f" {entry.error}" if entry.error else ""
    return f"request {entry.number}, {entry.method} {entry.host}{entry.path}, {outcome}{error}"


def written(fields: Mapping[str, Any]) -> str:
    """Return names and values as in a call, long ones cut."""
    return ", ".join(f"{name}={_shown(value)}" for name, value in fields.items())


def _seen(entry: Entry, name: str) -> Any:
    if name in _OF_THE_EXCHANGE:
        return getattr(entry, name)
    body = entry.body if isinstance(entry.body, dict) else {}
    match name:
        case "last_user":
            return _last_user(body.get("messages"))
        case "thinking":
            return body.get("enable_thinking", _ABSENT)
        case "stream":
            return body.get("stream", False)
        case _:
            return body.get(name, _ABSENT)


def _last_user(messages: Any) -> Any:
    """Return what the user said last in any JSON that stands for messages, as scripts see it."""
    said: list[str] | None = None
    for message in reversed(messages if isinstance(messages, list) else []):
        role = message.get("role") if isinstance(message, dict) else None
        if role == "user":
            said = [_text(message.get("content")), *(said or ())]
        elif role != "system" and said is not None:
            break
    return _ABSENT if said is None else "\n".join(said)


def _text(content: Any) -> str:
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))


def _differences(place: str, wanted: Any, seen: Any) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(seen, dict):
        for key in dict.fromkeys((*wanted, *seen)):
            yield from _differences(
                f"{place}.{key}", wanted.get(key, _ABSENT), seen.get(key, _ABSENT)
            )
    elif isinstance(wanted, list | tuple) and isinstance(seen, list):
        for index in range(max(len(wanted), len(seen))):
            yield from _differences(f"{place}[{index}]", _at(wanted, index), _at(seen, index))
    elif not _fits(place, wanted, seen):
        yield f"{place}: expected {_shown(wanted)}, was {_shown(seen)}"


def _fits(place: str, wanted: Any, seen: Any) -> bool:
    if wanted is None:
        return seen is None or seen is _ABSENT
    if isinstance(wanted, re.Pattern):
        return isinstance(seen, str) and wanted.search(seen) is not None
    if isinstance(wanted, str) and isinstance(seen, str):
        if place == "last_user":
            return wanted in seen
        if place in _WITH_WILDCARDS:
            return fnmatchcase(seen, wanted)
    return bool(wanted == seen) and isinstance(wanted, bool) == isinstance(seen, bool)


def _at(items: Sequence[Any], index: int) -> Any:
    return items[index] if index < len(items) else _ABSENT


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    return repr(value.pattern) if isinstance(value, re.Pattern) else _SHORT.repr(value)
