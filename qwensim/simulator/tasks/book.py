"""The book of tasks: how far each of them is, worked out whenever somebody looks.

Tasks of one owner and model run side by side up to their limit, in the order in which they came;
those beyond stay pending until one ends. The book has no clock: every method is told the moment.
"""

from collections import OrderedDict
from collections.abc import Iterator
from math import inf
from typing import TypeAlias

import msgspec

from qwensim.simulator.chance import Chance
from qwensim.simulator.tasks.pace import TaskPace, Term
from qwensim.simulator.tasks.task import KEPT, Failure, Owner, Sight, State, Task

_SCHEDULED = 0.026
_FOUND_WRONG = 0.074
"""Seconds until a task is scheduled, which it may be long before it runs, and from there until its
request is found wrong (a failure of wan2.6 in the aisa.one docs; pending tasks of
alibaba/loongsuite-python-agent)."""


class _Entry(msgspec.Struct, kw_only=True, eq=False):
    """A task and how it came along; `ends` counts once it has `started`."""

    task: Task
    lane: "_Lane"
    term: Term
    polls: int = 0
    scheduled: float | None = None
    """Set when it starts; before, it follows from the lane."""
    started: float | None = None
    ends: float = inf
    cancelled: float | None = None

    def is_for(self, owner: Owner, now: float) -> bool:
        return self.task.owner == owner and now - self.task.submitted < KEPT

    def state(self, now: float) -> State:
        if self.cancelled is not None:
            return "CANCELED"
        if self.started is None:
            return "PENDING"
        if now < self.ends:
            return "RUNNING"
        return "FAILED" if isinstance(self.task.order.end, Failure) else "SUCCEEDED"

    def sight(self, now: float) -> Sight:
        state = self.state(now)
        ended = self.ends if state in ("SUCCEEDED", "FAILED") else self.cancelled
        scheduled = self.scheduled
        if state == "PENDING":
            scheduled = self.lane.scheduled(self, now)
        return Sight(task=self.task, state=state, scheduled=scheduled, ended=ended)


class _Lane:
    """The tasks of one owner and model: those that wait, and when each place is free."""

    def __init__(self, limit: int) -> None:
        self.waiting: list[_Entry] = []
        self.tasks = 0
        self._free = [-inf] * limit

    def settle(self, now: float) -> None:
        """Start what was to start by now."""
        for entry in tuple(self.waiting):
            if (place := min(self._free)) > now:
                return
            start = max(entry.task.submitted + entry.term.pending, place)
            if start <= now:
                self._start(entry, start)

    def scheduled(self, entry: _Entry, now: float) -> float | None:
        """Return when a task that waits was given a place, if it was."""
        position = self.waiting.index(entry)
        free = sorted(self._free)[position : position + 1]
        moment = max(entry.task.submitted + _SCHEDULED, *free) if free else inf
        return moment if moment <= now else None

    def start(self, entry: _Entry, now: float) -> bool:
        """Start a task now if it waits and there is a place; return whether it has started."""
        if entry in self.waiting and min(self._free) <= now:
            self._start(entry, now)
        return entry.started is not None

    def finish(self, entry: _Entry, now: float) -> None:
        """End a task that has started now, unless it has ended."""
        if now < entry.ends:
            self._free.remove(entry.ends)
            self._free.append(now)
            entry.ends = now

    def hold(self, entry: _Entry, now: float) -> None:
        """Have a task that runs go on until it is finished."""
        if now < entry.ends:
            self._free.remove(entry.ends)
            self._free.append(inf)
            entry.ends = inf

    def _start(self, entry: _Entry, start: float) -> None:
        self.waiting.remove(entry)
        place = min(self._free)
        entry.scheduled = min(start, max(entry.task.submitted + _SCHEDULED, place))
        entry.started, entry.ends = start, start + entry.term.running
        self._free.remove(place)
        self._free.append(entry.ends)


_LaneKey: TypeAlias = tuple[Owner, str]


class TaskBook:
    """Keeps tasks for a day, and no more than `size` of them."""

    def __init__(self, pace: TaskPace, *, size: int = 10_000) -> None:
        self.pace = pace
        """For the tasks to come."""
        self._size = size
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lanes: dict[_LaneKey, _Lane] = {}

    def submit(self, task: Task) -> None:
        """Take a task."""
        self._forget(task.submitted)
        key = task.owner, task.order.model
        lane = self._lanes.setdefault(key, _Lane(task.order.limit))
        entry = _Entry(task=task, lane=lane, term=self._term(task))
        lane.tasks += 1
        lane.waiting.append(entry)
        self._entries[task.id] = entry

    def poll(self, task_id: str, owner: Owner, now: float) -> Sight | None:
        """Return how a task of the owner looks now, and count that it was asked for."""
        if (entry := self._find(task_id, owner, now)) is None:
            return None
        polls = entry.term.polls
        if polls is not None and entry.lane.start(entry, now):
            entry.polls += 1
            if entry.polls >= polls:
                entry.lane.finish(entry, now)
        return entry.sight(now)

    def cancel(self, task_id: str, owner: Owner, now: float) -> bool:
        """Cancel a task that is pending; return whether it was."""
        entry = self._find(task_id, owner, now)
        if entry is None or entry.state(now) != "PENDING":
            return False
        entry.lane.waiting.remove(entry)
        entry.cancelled = now
        return True

    def of(self, owner: Owner, now: float) -> Iterator[Sight]:
        """Yield the tasks of an owner as they look now, newest first."""
        for (lane_owner, _), lane in self._lanes.items():
            if lane_owner == owner:
                lane.settle(now)
        for entry in tuple(reversed(self._entries.values())):
            if entry.is_for(owner, now):
                yield entry.sight(now)

    def bring(self, task_id: str, end: Failure | None, state: State, now: float) -> None:
        """Have a task be running from now on, or done, if it is not that far and there is a place.

        `end` is why it is to fail, None if it is to end as it would. Raises `KeyError` for a task
        that is not in the book.
        """
        entry = self._entries[task_id]
        if end is not None:
            order = msgspec.structs.replace(entry.task.order, end=end)
            entry.task = msgspec.structs.replace(entry.task, order=order)
        if state not in ("RUNNING", "SUCCEEDED", "FAILED") or not entry.lane.start(entry, now):
            return
        if state == "RUNNING":
            entry.lane.hold(entry, now)
        else:
            entry.lane.finish(entry, now)

    def clear(self) -> None:
        """Forget all tasks."""
        self._entries.clear()
        self._lanes.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def _term(self, task: Task) -> Term:
        term = self.pace.term(Chance(task.id.encode()))
        end = task.order.end
        if not isinstance(end, Failure) or not end.at_once:
            return term
        return Term(
            min(term.pending, _SCHEDULED),
            min(term.running, _FOUND_WRONG),
            None if term.polls is None else 1,
        )

    def _find(self, task_id: str, owner: Owner, now: float) -> _Entry | None:
        entry = self._entries.get(task_id)
        if entry is None or not entry.is_for(owner, now):
            return None
        entry.lane.settle(now)
        return entry

    def _forget(self, now: float) -> None:
        """Drop the tasks that are too old, and the oldest if there are too many."""
        while self._entries:
            entry = next(iter(self._entries.values()))
            if now - entry.task.submitted < KEPT and len(self._entries) < self._size:
                return
            self._drop(entry, now)

    def _drop(self, entry: _Entry, now: float) -> None:
        lane = entry.lane
        if entry in lane.waiting:
            lane.waiting.remove(entry)
        elif entry.cancelled is None:
            lane.finish(entry, now)
        lane.tasks -= 1
        if not lane.tasks:
            del self._lanes[entry.task.owner, entry.task.order.model]
        del self._entries[entry.task.id]
