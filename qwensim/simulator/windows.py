"""Counting in windows of time, in memory that does not grow with what is counted."""

import datetime as dt
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from qwensim.simulator.clock import BEIJING


class Meter(Protocol):
    """Counts something over some time. Moments are in seconds since the epoch."""

    def total(self, now: float) -> int:
        """Return how much there is in the window that holds now."""
        ...

    def add(self, now: float, amount: int) -> None:
        """Count an amount."""
        ...


class Rolling:
    """Counts over the last so many steps of so many seconds, the one that is not over included."""

    def __init__(self, *, steps: int, seconds: int) -> None:
        self._steps, self._seconds = steps, seconds
        self._counts: deque[list[int]] = deque()  # a step and what was counted in it, oldest first
        self._total = 0

    def total(self, now: float) -> int:
        """Return what was counted in the window that ends with the step of `now`."""
        first = int(now // self._seconds) - self._steps + 1
        while self._counts and self._counts[0][0] < first:
            self._total -= self._counts.popleft()[1]
        return self._total

    def add(self, now: float, amount: int) -> None:
        """Count an amount; a clock that has gone back counts in the latest step."""
        self.total(now)
        step = int(now // self._seconds)
        if not self._counts or self._counts[-1][0] < step:
            self._counts.append([step, 0])
        self._counts[-1][1] += amount
        self._total += amount


class Calendar:
    """Counts from the beginning of a week or month, which `period` tells by a name of its own."""

    def __init__(self, period: Callable[[dt.date], object]) -> None:
        self._period = period
        self._current: object = None
        self._total = 0

    def total(self, now: float) -> int:
        """Return what was counted in the period of `now`."""
        period = self._period(dt.datetime.fromtimestamp(now, BEIJING).date())
        if period != self._current:
            self._current, self._total = period, 0
        return self._total

    def add(self, now: float, amount: int) -> None:
        """Count an amount."""
        self._total = self.total(now) + amount


class Open:
    """Counts what has begun and not come to its end."""

    def __init__(self) -> None:
        self._total = 0

    def total(self, _now: float) -> int:
        """Return how many are open."""
        return self._total

    def add(self, _now: float, amount: int) -> None:
        """Count so many more, or less."""
        self._total += amount


def week(day: dt.date) -> object:
    """Return the Monday on which the week of a day began."""
    return day - dt.timedelta(days=day.weekday())


def month(day: dt.date, *, begins: int) -> object:
    """Return year and month in which the subscription month of a day began.

    It `begins` on that day of the month, or on the last where the month is too short for it.
    """
    following = day.replace(day=28) + dt.timedelta(days=4)
    last = (following - dt.timedelta(days=following.day)).day
    before = day.replace(day=1) - dt.timedelta(days=1)
    start = day if day.day >= min(begins, last) else before
    return start.year, start.month


_ROLLING: Mapping[str, tuple[int, int]] = {
    "second": (1, 1),
    "minute": (60, 1),
    "hour": (60, 60),
    "five-hours": (300, 60),
}
"""Steps and seconds. That of the five hours is official, the precision of the others a guess."""


def meter(window: str | None, *, subscription_day: int) -> Meter:
    """Return a meter of a window of `LimitRow`."""
    if window is None:
        return Open()
    if window == "week":
        return Calendar(week)
    if window == "month":
        return Calendar(lambda day: month(day, begins=subscription_day))
    steps, seconds = _ROLLING[window]
    return Rolling(steps=steps, seconds=seconds)
