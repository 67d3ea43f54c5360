"""Runs a command as if it had been started in our place: its signals, its exit code."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

NOT_FOUND: Final = 127
NOT_RUNNABLE: Final = 126
"""What shells exit with where there is no such command, and where it is no program."""

_KILLED: Final = 128
"""What shells add to the number of the signal that ended a command."""

_FROM_KEYS: Final = ("SIGINT", "SIGQUIT")
"""The terminal sends these to all processes of its foreground."""

_PASSED_ON: Final = (*_FROM_KEYS, "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")


def run_to_end(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command and return its exit code: 128 + n if signal n ended it.

    Signals that come meanwhile are passed on. For the main thread only. Raises `OSError` if there
    is no such command, or if it cannot be run.
    """
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        if child is None:
            early.append(number)
        elif signal.Signals(number).name not in _FROM_KEYS or not _is_in_foreground():
            child.send_signal(number)

    with _handled(pass_on):
        # Files that our caller opened for the command are its too, as a shell has it.
        child = subprocess.Popen(command, env=environ, close_fds=False)  # noqa: S603 - the user's own command
        for number in early:
            child.send_signal(number)
        code = child.wait()
    return code if code >= 0 else _KILLED - code


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have the signals handled, but for those that are ignored: the child ignores them too."""
    numbers = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
    former = {
        number: signal.signal(number, handler)
        for number in numbers
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before)


def _is_in_foreground() -> bool:
    """Whether the keys of a terminal reach us, and so the child without us."""
    try:
        with Path("/dev/tty").open("rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False
