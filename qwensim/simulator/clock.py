"""Time as an argument: the simulator reads it, an adapter or a test moves it."""

import datetime as dt
from typing import Protocol

from qwensim.errors import UsageError

PAGE_MOMENT = dt.datetime(2026, 5, 18, tzinfo=dt.UTC).timestamp()
"""Where virtual time begins: the day of the service that is modelled."""

BEIJING = dt.timezone(dt.timedelta(hours=8))
"""The service's own time, abroad too."""


class Clock(Protocol):
    """Tells the time in seconds since the epoch."""

    def now(self) -> float:
        """Return the time."""
        ...


def check_forward(seconds: object) -> None:
    """Raise `UsageError` for what is no number of seconds from 0 on."""
    if not isinstance(seconds, int | float) or not seconds >= 0:  # NaN is none either
        raise UsageError(f"a clock goes forward only, by seconds from 0 on, not by {seconds!r}")


class VirtualClock:
    """A clock that stands still until it is moved, so that the same run gives the same bytes."""

    def __init__(self, start: float = PAGE_MOMENT) -> None:
        self._now = start

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward; raises `UsageError` for what is no number from 0 on."""
        check_forward(seconds)
        self._now += seconds
