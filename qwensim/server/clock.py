"""The machine's own clock, which the simulator may not look at itself."""

import time


class SystemClock:
    """Tells the time of day: for a simulator that people talk to, `Simulator(clock=SystemClock())`.

    Under the simulator's default clock, which stands still but for waits, answers are the same in
    every run.
    """

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()
