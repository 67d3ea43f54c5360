"""`qwensim onboard` on a real terminal."""

import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.server import Server, serve
from qwensim.simulator import Simulator

KEY = FAKE_KEYS["coding"]
STANDARD_KEY = FAKE_KEYS["standard"]
PROGRAM = "import sys; from qwensim.cli import main; main(sys.argv[1:])"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "openclaw.json"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def server(simulator: Simulator) -> Iterator[Server]:
    with serve(simulator) as served:
        yield served


def store(config: Path) -> Path:
    return config.parent / "agents" / "main" / "agent" / "auth-profiles.json"


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


# ---- on a terminal


@pytest.fixture
def terminal(config: Path) -> Iterator[Callable[..., Any]]:
    running = []

    def spawn(*options: str) -> Any:
        child = pexpect.spawn(
            sys.executable,
            ["-c", PROGRAM, "onboard", "--config", str(config), *options],
            encoding="utf-8",
            timeout=30,
            dimensions=(40, 100),
            env={**os.environ, "TERM": "xterm"},
        )
        running.append(child)
        return child

    yield spawn
    for child in running:
        child.close(force=True)


def rest(child: Any) -> str:
    """Read to the end; the exit code is then known."""
    child.expect(pexpect.EOF)
    child.wait()
    return re.sub(r"\x1b\[[0-9;]*m", "", child.before)


def test_everything_is_asked_for_on_a_terminal(
    terminal: Callable[..., Any], config: Path, server: Server
) -> None:
    child = terminal("--verify", "--target", server.url)
    shown = []

    def answer(question: str, words: str) -> None:
        child.expect(question)
        shown.append(child.before)
        child.sendline(words)

    answer("Plan ", "both")
    answer("Plan ", "standard")
    answer("Region .*global", "china")
    answer("API key", STANDARD_KEY)
    answer("Default model .*qwen3.6-plus", "qwen3.6-plus")
    answer("Write this", "y")
    shown.append(rest(child))
    assert child.exitstatus == 0
    assert STANDARD_KEY not in "".join(shown)
    assert "Verified: qwen/qwen3.6-plus" in "".join(shown)
    written = json.loads(config.read_text("utf-8"))
    assert written["agents"]["defaults"]["model"]["primary"] == "qwen/qwen3.6-plus"
    assert written["models"]["providers"]["qwen"]["baseUrl"] == (
        "https://dashscope.aliyuncs.com/compatible-mode/v1"
    )
    assert STANDARD_KEY in store(config).read_text("utf-8")


def test_the_defaults_are_those_of_the_client(terminal: Callable[..., Any], config: Path) -> None:
    child = terminal()
    for question in ("Plan ", "Region "):
        child.expect(question)
        child.sendline("")
    child.expect("API key")
    child.sendline(KEY)
    child.expect("Default model .*: ")
    assert "qwen3.6-plus" not in child.before
    child.sendline("")
    child.expect("Write this")
    child.sendline("")
    rest(child)
    assert child.exitstatus == 0
    written = json.loads(config.read_text("utf-8"))
    assert written["models"]["providers"]["qwen"]["baseUrl"] == (
        "https://coding-intl.dashscope.aliyuncs.com/v1"
    )


def test_a_no_writes_nothing(terminal: Callable[..., Any], config: Path) -> None:
    child = terminal("--auth-choice", "qwen-api-key")
    child.expect("API key")
    child.sendline(KEY)
    child.expect("Write this")
    child.sendline("n")
    assert "Nothing has been written." in rest(child)
    assert child.exitstatus == 1
    assert not files(config.parent)


QUESTIONS = {
    "Plan ": "coding",
    "Region ": "global",
    "API key": KEY,
    "Default model": "glm-5",
    "Write this": "y",
}


@pytest.mark.parametrize("last", QUESTIONS)
def test_ctrl_c_at_any_question_writes_nothing(
    terminal: Callable[..., Any], config: Path, last: str
) -> None:
    child = terminal()
    for question, answer in QUESTIONS.items():
        child.expect(question)
        if question == last:
            break
        child.sendline(answer)
    child.sendintr()
    assert rest(child).endswith("\r\nstopped: Nothing has been written.\r\n")
    assert child.exitstatus == 130
    assert not files(config.parent)


def test_ctrl_c_while_the_key_is_verified_writes_nothing(
    terminal: Callable[..., Any], config: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = ("--auth-choice", "qwen-api-key", "--api-key", KEY)
        child = terminal(*options, "--verify", "--target", address)
        connection, _ = silent.accept()
        with connection:
            child.sendintr()
            assert rest(child).endswith("\r\nstopped: Nothing has been written.\r\n")
    assert child.exitstatus == 130
    assert not files(config.parent)


def test_the_end_of_input_writes_nothing(terminal: Callable[..., Any], config: Path) -> None:
    child = terminal("--api-key", KEY)
    child.expect("Plan .*: ")
    child.sendeof()
    assert "Nothing has been written." in rest(child)
    assert child.exitstatus == 130
    assert not files(config.parent)


def test_an_empty_key_is_asked_for_again(terminal: Callable[..., Any], config: Path) -> None:
    child = terminal("--auth-choice", "qwen-api-key", "--dry-run")
    child.expect("API key, not shown: ")
    child.sendline("")
    child.expect("API key, not shown: ")
    child.sendline(KEY)
    assert "Nothing has been written." in rest(child)
    assert child.exitstatus == 0
    assert not files(config.parent)
