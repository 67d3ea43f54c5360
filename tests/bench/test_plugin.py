"""What the plugin adds to the start of pytest where it is installed and unused: CPU time."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

BAR = 20e-3
"""Seconds of CPU more than with the plugin left out; the start itself varies by 5 ms or more."""

ROUNDS = 15
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]


def cpu_of(command: list[str], folder: Path) -> float:
    """Return the seconds of CPU that a program takes."""
    environ = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "byte-code")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "1 passed" in done.stdout
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_unused_plugin_does_not_slow_the_start(
    tmp_path: Path, show: Callable[[str], None]
) -> None:
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_one.py").write_text("def test_one():\n    pass\n")
    spent: dict[str, list[float]] = {"with": [], "without": []}
    for turn in range(ROUNDS + 1):
        # In turns, so that both see the same state of the machine.
        for name, options in (("with", []), ("without", ["-p", "no:qwensim"])):
            seconds = cpu_of([*PYTEST, *options], tmp_path)
            if turn:  # the first one makes the byte code
                spent[name].append(seconds)
    with_it, without = min(spent["with"]), min(spent["without"])
    more = with_it - without
    show(
        f"pytest start: {with_it * 1e3:.0f} ms CPU with the plugin unused, "
        f"{without * 1e3:.0f} ms without: {more * 1e3:.1f} ms more\n"
    )
    assert more <= BAR
