"""The command line run in this process, and as the program that users start."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from qwensim.catalog import load
from qwensim.cli import main

PROGRAM = (sys.executable, "-c", "import sys; from qwensim.cli import main; main(sys.argv[1:])")


PRELUDE = """
import json, os, sys, urllib.error, urllib.request

def ask(model="qwen-plus", *, host="dashscope-intl.aliyuncs.com", key=None, **fields):
    path = "/v1" if host.startswith("coding") else "/compatible-mode/v1"
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], **fields}
    request = urllib.request.Request(
        f"https://{host}{path}/chat/completions",
        json.dumps(body).encode(),
        {"authorization": "Bearer " + (key or os.environ["DASHSCOPE_API_KEY"])},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()

def leave():
    try:
        urllib.request.urlopen("https://api.example.com/")
    except urllib.error.URLError as error:
        return str(error)
"""
"""What programs under `qwensim run` begin with."""


@dataclass(frozen=True, kw_only=True)
class Result:
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what would show through: keys, and what rich reads of the terminal."""
    for name in load().key_variables:
        monkeypatch.delenv(name, raising=False)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def qwensim(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the command line in process, without a terminal."""

    def run(*args: str) -> Result:
        with pytest.raises(SystemExit) as exit_:
            main(args)
        out, err = capfd.readouterr()
        assert isinstance(exit_.value.code, int)
        return Result(code=exit_.value.code, out=out, err=err)

    return run


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the program; what still runs at the end of the test is killed."""
    running: list[subprocess.Popen[str]] = []

    def popen(*args: str, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*PROGRAM, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )
        running.append(process)
        return process

    yield popen
    for process in running:
        with process:
            process.kill()


@pytest.fixture
def run(qwensim: Callable[..., Result]) -> Callable[..., Result]:
    """Run a program of Python's under `qwensim run`, with the options before it."""

    def run(program: str, *options: str) -> Result:
        return qwensim("run", *options, "--", sys.executable, "-c", PRELUDE + program)

    return run
