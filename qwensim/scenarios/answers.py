"""What a call takes from the answers to those before it, like the id of a task."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from msgspec.structs import replace

from qwensim.scenarios.calls import AnyCall, Http, Task
from qwensim.scenarios.conditions import found
from qwensim.scenarios.wire import ABSENT

Answers: TypeAlias = Sequence[Any]
"""The JSON that came last of each call, `ABSENT` where none did."""

_PLACE: Final = re.compile(r"\{([1-9][0-9]{0,3})\.([^{}]+)\}")
"""As in `{1.output.task_id}`: a call, counted from 1, and a place in its answer."""


def sources(call: AnyCall) -> Iterator[tuple[str, int]]:
    """Yield each field of a call that takes something, and from which call."""
    for name, text in _texts(call).items():
        for number, _ in _PLACE.findall(text):
            yield name, int(number)


def with_answers(call: AnyCall, answers: Answers) -> AnyCall:
    """Return a call with what it takes, quoted as in a path.

    What is not in an answer stays as it is written.
    """

    def taken(match: re.Match[str]) -> str:
        value = found(answers[int(match[1]) - 1], match[2])
        return match[0] if value is ABSENT else quote(str(value), safe="", errors="replace")

    return replace(call, **{name: _PLACE.sub(taken, text) for name, text in _texts(call).items()})


def _texts(call: AnyCall) -> dict[str, str]:
    """Return the fields that may take something."""
    match call:
        case Http():
            return {"path": call.path}
        case Task():
            return {"id": call.id}
    return {}
