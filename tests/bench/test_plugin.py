"""What the plugin adds to the start of pytest where it is installed and unused: CPU time."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

BAR = 10e-3
"""Seconds of CPU more than with the plugin left out."""

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


def test_the_unused_plugin_imports_nothing_but_its_package(tmp_path: Path) -> None:
    program = (
        "import sys, pytest; pytest.main(['-q', '--co', '-p', 'no:cacheprovider', '.'])\n"
        "print(*sorted(n for n in sys.modules if n.partition('.')[0] == 'qwensim'))"
    )
    (tmp_path / "pytest.ini").touch()
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "qwensim qwensim.pytest_plugin"
