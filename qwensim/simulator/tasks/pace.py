"""How long tasks wait and work."""

from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import Annotated, NamedTuple

import msgspec

from qwensim.simulator.chance import Chance

Seconds = Annotated[float, msgspec.Meta(ge=0)]

PENDING = 0.5
RUNNING = 2.5
"""Seconds that a task waits and works by default: long enough to be seen, short enough to wait."""


class Term(NamedTuple):
    """The time of one task: seconds, or so many polls, whichever is over first."""

    pending: float
    running: float
    polls: int | None


class TaskPace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a task is pending, then running: in seconds, or until it is asked for.

    Both left out are 0.5 and 2.5 s, or with `polls` for ever.
    """

    pending: Seconds | None = None
    running: Seconds | None = None
    polls: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The query that finds the task done, whatever the clock says; those before it find it running.
    A task that has not been asked for is pending."""
    jitter: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """The share by which a task runs longer or shorter at most."""

    def term(self, chance: Chance) -> Term:
        """Return the time of one task."""
        pending, running = self.pending, self.running
        if pending is None:
            pending = PENDING if self.polls is None else inf
        if running is None:
            running = RUNNING if self.polls is None else inf
        return Term(pending, running * (1 + self.jitter * (2 * chance.random() - 1)), self.polls)


VIRTUAL_TASKS = TaskPace(pending=PENDING, running=RUNNING, polls=2)
"""By default where time is virtual, and nobody may move it."""

TASK_PACES: Mapping[str, TaskPace] = MappingProxyType(
    {
        "instant": TaskPace(pending=0, running=0),
        "brief": TaskPace(),
        "realistic": TaskPace(pending=0.04, running=120, jitter=0.3),
    }
)
"""`realistic` is as recorded of wan2.6: scheduled after 26 to 40 ms, done after 84 to 167 s."""
