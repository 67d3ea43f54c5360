"""The service's limits: how much an account may ask in a time, and how many answers at once.

They are judged last of all checks, on the clock of the service. What is counted are requests that
are answered, with the tokens of prompt and answer, from the moment of the request.
"""

import math
import threading
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

from qwensim.catalog import Catalog
from qwensim.catalog.rows import LimitRow, ModelRow
from qwensim.exchange import Abort, End, Event
from qwensim.simulator.accounts import Account
from qwensim.simulator.refusals import Refused
from qwensim.simulator.windows import Meter, meter


class _Counted(NamedTuple):
    limit: LimitRow
    meter: Meter


class Ticket(NamedTuple):
    """A request that no limit refuses, and where it is counted if it is answered."""

    now: float
    counted: tuple[_Counted, ...]
    lock: threading.RLock

    def use(self, tokens: int) -> None:
        """Count the request and its tokens, and its answer as one that is being sent."""
        for limit, where in self.counted:
            where.add(self.now, tokens if limit.counts == "tokens" else 1)

    def held(self, events: Generator[Event]) -> Generator[Event]:
        """Play the answer; it no longer counts as being sent at its end, or once it is closed."""
        where = [counted.meter for counted in self.counted if counted.limit.counts == "answers"]
        if not where:
            return events
        playing = _released(events, where, self.lock)
        next(playing)  # a generator that was never begun does nothing when it is closed
        return playing


class Limits:
    """Counts by account, and by host and model where a limit is the model's.

    `lock` is held by whoever calls, and while an answer comes to its end.
    """

    def __init__(self, catalog: Catalog, lock: threading.RLock) -> None:
        self._lock = lock
        self._tiers = catalog.tiers
        self._limits: Mapping[str, list[LimitRow]] = {
            plan: [row for row in catalog.limits.values() if row.plan == plan]
            for plan in catalog.plans
        }
        self._meters: dict[str, dict[tuple[str, ...], Meter]] = {}

    def begin(self, account: Account, now: float) -> None:
        """Forget what an account has used, but for what it says of itself."""
        self._meters[account.key] = {}
        for limit in self._limits[account.plan]:
            owner, _, field = limit.figure.partition(".")
            if owner == "tier" and (used := getattr(account.used, field, 0)):
                self._meter(limit, account, ()).add(now, used)

    def admit(
        self, account: Account, *, plan: str, host: str, model: ModelRow, tokens: int, now: float
    ) -> Ticket:
        """Return a ticket for a request whose prompt has so many tokens, or raise `Refused`."""
        counted = []
        for limit in self._limits[plan]:
            owner, _, field = limit.figure.partition(".")
            whose: Any = model if owner == "model" else self._tiers[account.tier]
            figure: int | None = getattr(whose, field)
            if figure is None:
                continue
            by = (host, model.id) if owner == "model" else ()
            where = self._meter(limit, account, by)
            more = tokens if limit.counts == "tokens" else 1
            if where.total(now) + more > math.ceil(figure * limit.part):
                raise Refused(limit.error, **limit.values)
            counted.append(_Counted(limit, where))
        return Ticket(now, tuple(counted), self._lock)

    def _meter(self, limit: LimitRow, account: Account, by: tuple[str, ...]) -> Meter:
        meters = self._meters.setdefault(account.key, {})
        name = (limit.id, *by)
        if name not in meters:
            meters[name] = meter(limit.window, subscription_day=account.subscription_day)
        return meters[name]


def _released(
    events: Generator[Event], meters: list[Meter], lock: threading.RLock
) -> Generator[Event]:
    def release() -> None:
        with lock:
            while meters:
                meters.pop().add(0.0, -1)

    try:
        yield End()
        for event in events:
            if isinstance(event, End | Abort):
                release()
            yield event
    finally:
        release()
        events.close()
