"""When to try again, and after how long."""

from collections.abc import Callable

from qwensim.provider.failures import ProviderError

MAX_RETRIES = 2
FIRST_WAIT = 1.0
"""Seconds; each further wait is twice as long. The service's limits count by the minute."""
LONGEST_WAIT = 60.0
"""Seconds; the longest Retry-After that is waited for. Who is asked to wait longer is told so, and
nothing is sent before the time: it would be refused, and count against the limit."""


def wait_before_retry(
    error: ProviderError, *, retries: int, jitter: Callable[[], float]
) -> float | None:
    """Return the seconds to wait after `retries` earlier ones, or None if the error is final.

    It is that of Retry-After; an error that asks for more than `LONGEST_WAIT` is final. Without a
    Retry-After the wait is between half and all of its full length, by `jitter`, a source
    of numbers in [0, 1).
    """
    if not error.retry or retries >= MAX_RETRIES:
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_WAIT else None
    return FIRST_WAIT * 2.0**retries * (1 + jitter()) / 2
