"""How long the tasks on record took, by the states in which they were seen."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from qwensim.scenarios.conditions import found
from qwensim.scenarios.drafting.calls import Fields
from qwensim.scenarios.drafting.record import Record

TASK: Final = re.compile(r"(?<=/tasks/)[^/?]+")
"""The id in the path of a request that asks for a task."""

_STATE: Final = "output.task_status"
_DONE: Final = ("SUCCEEDED", "FAILED")
_BEGUN: Final = ("RUNNING", *_DONE)

_MORE: Final = 1.0
"""Seconds after which goes on what was not seen to go on."""


class Sight(NamedTuple):
    """A task when it was asked for."""

    after: float
    """Seconds since it was ordered."""
    state: str


def pace_of(
    calls: Sequence[Fields],
    made: Sequence[Sequence[Record]],
    ids: Mapping[int, str],
) -> Fields | None:
    """Return the pace at which all tasks are seen again in their states, None if there is none.

    `made` are the records of what each call makes again; `ids` are the tasks by the numbers of the
    records that ordered them. The pace is in seconds, or in polls where these do not tell.
    """
    tasks = _tasks(calls, made, ids)
    sights = [sight for task in tasks for sight in task]
    if not sights:
        return None
    begun, done = _moment(sights, _BEGUN), _moment(sights, _DONE)
    if begun is not None and done is not None:
        return {"pending": begun, "running": round(max(done - begun, 0.0), 2)}
    polls = {_polls(task) for task in tasks if task}
    return {"polls": polls.pop()} if len(polls) == 1 else None


def _tasks(
    calls: Sequence[Fields], made: Sequence[Sequence[Record]], ids: Mapping[int, str]
) -> list[list[Sight]]:
    """Return how each task looked whenever it was asked for."""
    ordered: dict[str, tuple[float, list[Sight]]] = {}
    now, number = 0.0, 0
    for call, records in zip(calls, made, strict=True):
        asked = TASK.search(call["path"])
        for record in records:
            now += call.get("wait", 0.0)
            state = record.task or found(record.exchange.response_json, _STATE)
            if number in ids:
                ordered[ids[number]] = now, []
            elif asked and asked[0] in ordered and state in ("PENDING", *_BEGUN):
                since, sights = ordered[asked[0]]
                sights.append(Sight(now - since, state))
            number += 1
    return [sights for _, sights in ordered.values()]


def _moment(sights: Sequence[Sight], states: Sequence[str]) -> float | None:
    """Return the seconds after which tasks are in one of the states, None if that is not one."""
    before = max((sight.after for sight in sights if sight.state not in states), default=None)
    by_then = min((sight.after for sight in sights if sight.state in states), default=None)
    if before is None:
        return 0.0
    if by_then is None:
        return round(before + _MORE, 2)
    return round((before + by_then) / 2, 2) if before < by_then else None


def _polls(task: Sequence[Sight]) -> int:
    """Return the number of the poll that finds a task done."""
    return next((i for i, sight in enumerate(task, start=1) if sight.state in _DONE), len(task) + 1)
