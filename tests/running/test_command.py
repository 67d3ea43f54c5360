"""A command run in our place: exit codes, signals, and Nodes that are too old."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from qwensim.running import obstacle, run_to_end

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


@pytest.mark.parametrize("code", [0, 1, 42, 127, 255])
def test_the_exit_code_is_the_commands(code: int) -> None:
    assert run_to_end(python(f"raise SystemExit({code})"), os.environ) == code


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_command_that_a_signal_ended_is_told_as_shells_do(number: signal.Signals) -> None:
    program = f"import os; os.kill(os.getpid(), {int(number)})"
    assert run_to_end(python(program), os.environ) == 128 + number


def test_it_has_the_environment_that_it_is_given() -> None:
    program = "import os, sys; sys.exit(os.environ['A'] != 'b' or 'PATH' in os.environ)"
    assert run_to_end(python(program), {"A": "b"}) == 0


def test_files_that_were_opened_for_it_stay_open() -> None:
    program = "import os, sys; os.write(int(sys.argv[1]), b'said')"
    ours, its = os.pipe()
    os.set_inheritable(its, True)
    assert run_to_end([*python(program), str(its)], os.environ) == 0
    os.close(its)
    with os.fdopen(ours, "rb") as file:
        assert file.read() == b"said"


def test_what_cannot_be_run_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_to_end(["no-such-command"], os.environ)
    with pytest.raises(PermissionError):
        run_to_end([str(tmp_path)], os.environ)


# ---- signals

OUTER = """
import os, sys
from qwensim.running import run_to_end
sys.exit(run_to_end([sys.executable, "-c", sys.argv[1]], os.environ))
"""
INNER = """
import signal, sys
signal.signal(signal.{name}, lambda *_: sys.exit(7))
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.fixture
def outer(tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    def start(inner: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*python(OUTER), inner],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # without a terminal
        )

    return start


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"])
def test_a_signal_is_passed_on(outer: Callable[[str], subprocess.Popen[str]], name: str) -> None:
    with outer(INNER.format(name=name)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, name))
        try:
            _, told = process.communicate(timeout=30)
        finally:
            if process.returncode is None:  # or the test would wait for it
                os.killpg(process.pid, signal.SIGKILL)
        assert (process.returncode, told) == (7, "")


def test_the_keys_of_a_terminal_reach_the_command_once() -> None:
    program = (
        "import signal, sys\n"
        "got = []\n"
        "signal.signal(signal.SIGINT, lambda *_: got.append(1))\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('got', len(got)), sys.exit(3)))\n"
        "print('ready', flush=True)\n"
        "while True: signal.pause()\n"
    )
    child = pexpect.spawn(sys.executable, ["-c", OUTER, program], encoding="utf-8", timeout=30)
    child.expect("ready\r\n")
    child.sendintr()
    child.expect(r"\^C")
    child.kill(signal.SIGTERM)
    child.expect(["got 1\r\n"])
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 3


ECHOED = """
import os, signal, sys
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))
{first}
while True: signal.pause()
"""


def test_a_signal_to_this_process_is_passed_on() -> None:
    program = ECHOED.format(first="os.kill(os.getppid(), signal.SIGUSR1)")
    assert run_to_end(python(program), os.environ) == 7


def test_a_signal_that_comes_before_the_command_has_begun_is_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start: Any = subprocess.Popen

    def interrupted(*args: Any, **settings: Any) -> Any:
        process = start(*args, stdout=subprocess.PIPE, **settings)
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline() == b"ready\n"
        signal.raise_signal(signal.SIGUSR1)
        return process

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    program = ECHOED.format(first="print('ready', flush=True)")
    assert run_to_end(python(program), os.environ) == 7


def test_the_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    run_to_end(python("pass"), os.environ)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_is_ignored_stays_ignored_in_the_command() -> None:
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        program = "import os, signal; os.kill(os.getpid(), signal.SIGUSR1)"
        assert run_to_end(python(program), os.environ) == 0
    finally:
        signal.signal(signal.SIGUSR1, before)


# ---- Node


@pytest.fixture
def node(tmp_path: Path) -> Callable[[str], Path]:
    def make(version: str) -> Path:
        program = tmp_path / "node"
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
        return tmp_path

    return make


@pytest.mark.parametrize("version", ["v20.20.2", "v22.20.0", "v23.11.1", "v18.0.0"])
@pytest.mark.parametrize(
    "script", ["#!/usr/bin/env node", "#!{path}/node", "#! /usr/bin/env -S node -x"]
)
def test_a_node_that_honours_no_proxy_is_told_of(
    node: Callable[[str], Path], version: str, script: str
) -> None:
    path = node(version)
    tool = path / "tool"
    tool.write_text(script.format(path=path) + "\n")
    tool.chmod(0o755)
    for command in (["node", "a.js"], [str(path / "node")], ["tool", "--x"]):
        told = obstacle(command, path=f"{path}:/bin")
        assert told is not None
        assert version[1:] in told
        assert "\n" not in told


@pytest.mark.parametrize("version", ["v22.21.0", "v22.23.3", "v24.0.0", "v26.1.0", "unheard-of"])
def test_a_node_that_does_is_not(node: Callable[[str], Path], version: str) -> None:
    assert obstacle(["node"], path=f"{node(version)}:/bin") is None


@pytest.mark.parametrize("command", [sys.executable, "sh", "no-such-command", "/"])
def test_nor_is_what_is_no_node(command: str) -> None:
    assert obstacle([command, "node"], path=os.environ["PATH"]) is None


def test_nor_is_what_cannot_be_asked(
    node: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = node("v20.0.0")
    (path / "node").write_text("no program at all")
    (path / "sealed").write_text("#!/bin/node\n")
    (path / "sealed").chmod(0o111)  # a program that its user may run but not read
    open_file: Any = Path.open

    def open_unsealed(self: Path, *args: Any, **settings: Any) -> Any:
        if self.name == "sealed":  # root may read it
            raise PermissionError
        return open_file(self, *args, **settings)

    monkeypatch.setattr(Path, "open", open_unsealed)
    for command in ("node", "sealed"):
        assert obstacle([command], path=str(path)) is None


def test_nor_is_a_program_that_only_speaks_of_node(node: Callable[[str], Path]) -> None:
    path = node("v20.0.0")
    for name, text in (("a", b"\x7fELF\xff node"), ("b", b"# node\n"), ("c", b"")):
        (path / name).write_bytes(text)
        (path / name).chmod(0o755)
        assert obstacle([name], path=str(path)) is None
