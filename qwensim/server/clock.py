"""The machine's own clock, which the simulator may not look at itself."""

import time

from qwensim.simulator.clock import check_forward


class SystemClock:
    """Tells the time of day: for a simulator that people talk to, `Simulator(clock=SystemClock())`.

    It can be moved forward, and then goes on from there. Under the simulator's default clock, which
    stands still but for waits, answers are the same in every run.
    """

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock forward; raises `UsageError` for what is no number from 0 on."""
        check_forward(seconds)
        self._ahead += seconds
