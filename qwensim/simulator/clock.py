"""Time as an argument: the simulator reads it, an adapter or a test moves it."""

import datetime as dt
from typing import Protocol

PAGE_MOMENT = dt.datetime(2026, 5, 18, tzinfo=dt.UTC).timestamp()
"""Where virtual time begins: the day of the service that is modelled."""

BEIJING = dt.timezone(dt.timedelta(hours=8))
"""The service's own time, abroad too."""


class Clock(Protocol):
    """Tells the time in seconds since the epoch."""

    def now(self) -> float:
        """Return the time."""
        ...


class VirtualClock:
    """A clock that stands still until it is moved, so that the same run gives the same bytes."""

    def __init__(self, start: float = PAGE_MOMENT) -> None:
        self._now = start

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward; raises `ValueError` for a negative number."""
        if seconds < 0:
            raise ValueError(f"a clock goes forward only, not by {seconds} s")
        self._now += seconds
