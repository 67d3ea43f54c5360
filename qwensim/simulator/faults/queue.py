"""Which armed faults meet an exchange, and the events with all of them in it."""

from collections.abc import Callable, Generator, Iterable

from qwensim.exchange import Event
from qwensim.simulator.faults.effects import Blow
from qwensim.simulator.faults.fault import Fault, error_of
from qwensim.simulator.faults.kinds import KINDS, SILENT, Reach
from qwensim.simulator.headers import seconds_of


class _Armed:
    """A fault and how often it has matched and met."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.row = KINDS[fault.kind]
        self._matched = self._met = 0

    def is_due(self) -> bool:
        """Count an exchange that matches; return whether the fault meets it."""
        self._matched += 1
        if self._matched % self.fault.every:
            return False
        self._met += 1
        return True

    @property
    def used_up(self) -> bool:
        return self._met == self.fault.times


class FaultQueue:
    """The armed faults, in the order in which they were set."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def __bool__(self) -> bool:
        return bool(self._armed)

    def add(self, fault: Fault) -> None:
        """Arm a fault."""
        self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()

    def armed(self) -> tuple[Fault, ...]:
        """Return the faults that are not used up."""
        return tuple(armed.fault for armed in self._armed)

    def take(self, *, host: str, model: str | None, stream: bool) -> tuple[Fault, ...]:
        """Return the faults that meet this exchange, in the order of setting, and count them."""
        reach = Reach.STREAM if stream else Reach.ANSWER
        matching = [armed for armed in self._armed if armed.fault.matches(host=host, model=model)]
        settling = (armed for armed in matching if armed.row.settles and armed.row.needs <= reach)
        met = [settled] if (settled := next(filter(_Armed.is_due, settling), None)) else []
        if settled is not None:
            reach = min(reach, settled.row.leaves)
        met += [
            armed
            for armed in matching
            if not armed.row.settles and armed.row.needs <= reach and armed.is_due()
        ]
        found = tuple(armed.fault for armed in self._armed if armed in met)
        self._armed = [armed for armed in self._armed if not (armed in met and armed.used_up)]
        return found


def are_silent(met: Iterable[Fault]) -> bool:
    """Return whether the service never comes to answer."""
    return any(fault.kind in SILENT for fault in met)


def error_in_stream(met: Iterable[Fault]) -> str | None:
    """Return the id of the error row that a stream tells in its midst."""
    return next((error_of(fault).error for fault in met if fault.kind == "error-event"), None)


def retry_after(met: Iterable[Fault], now: float) -> float | None:
    """Return the seconds that a Retry-After of the faults asks to wait, if it can be read."""
    for fault in met:
        for name, value in fault.headers.items():
            if name.lower() == "retry-after":
                return seconds_of(value, now)
    return None


def with_script(met: tuple[Fault, ...], scripted: Fault | None) -> tuple[Fault, ...]:
    """Add the fault of a script to those that have met its exchange."""
    if scripted is None:
        return met
    if KINDS[scripted.kind].settles and any(KINDS[fault.kind].settles for fault in met):
        return met
    return (*met, scripted)


def transform(
    events: Generator[Event], faults: Iterable[Fault], error_event: Callable[[Fault, int], bytes]
) -> Generator[Event]:
    """Return the events with the faults in them.

    `error_event` makes the frame of `error-event`, which is the so-manyth of its stream.
    """
    for fault in sorted(faults, key=lambda fault: KINDS[fault.kind].encodes):
        blow = Blow(fault=fault, events=events, error_event=error_event)
        events = KINDS[fault.kind].effect(blow)
    return events
