"""`qwensim serve`: scripts to begin with, the journal file, a line for each request."""

import json
import re
import signal
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
import typer

from qwensim.cli.request_log import JournalFile, line_of, show_entry
from qwensim.simulator import Entry, Script, Simulator
from qwensim.simulator.replies.spec import read_scenario

KEY = "sk-0123456789abcdef"

YAML = """\
scripts:
  - {text: Four., last_user: 2+2}
  - {tool_calls: [{name: weather, arguments: {city: Paris}}], times: null}
faults:
  - {kind: error, error: overdue, model: qwen-plus}
"""
TOML = """\
[[scripts]]
text = "Four."
last_user = "2+2"
[[scripts]]
tool_calls = [{ name = "weather", arguments = { city = "Paris" } }]
times = 1
[[faults]]
kind = "error"
error = "overdue"
model = "qwen-plus"
"""


class Program:
    """`qwensim serve` in a process of its own."""

    def __init__(self, start: Any, *args: str) -> None:
        self._process = start("serve", "--port", "0", *args)
        self.url = re.search(r"http://\S+", self._process.stdout.readline())[0]  # type: ignore[index] # it says so

    def ask(self, message: str, model: str = "qwen3.5-plus", **fields: Any) -> httpx2.Response:
        return httpx2.post(
            f"{self.url}/compatible-mode/v1/chat/completions",
            json={"model": model, "messages": [{"role": "user", "content": message}], **fields},
            headers={"authorization": f"Bearer {KEY}"},
        )

    def stop(self, *signals: signal.Signals) -> str:
        """Stop it and return what it said to stderr."""
        for number in signals or (signal.SIGTERM,):
            self._process.send_signal(number)
        _, err = self._process.communicate(timeout=30)
        assert self._process.returncode == 0
        return str(err)


# ---- --script


@pytest.fixture(params=["yaml", "yml", "toml", "json", "JSON"])
def scenario(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    written = {
        "toml": TOML,
        "json": json.dumps(msgspec.yaml.decode(YAML)),
    }.get(request.param.lower(), YAML)
    path = tmp_path / f"scenario.{request.param}"
    path.write_text(written)
    return path


def test_a_file_of_scripts_and_faults_is_read_by_its_suffix(scenario: Path) -> None:
    scripts, faults = read_scenario(scenario)
    assert scripts[0] == Script(text="Four.", last_user="2+2")
    assert scripts[1].tool_calls[0].arguments == '{"city":"Paris"}'
    assert [(fault.kind, fault.error, fault.model) for fault in faults] == [
        ("error", "overdue", "qwen-plus")
    ]


@pytest.mark.parametrize(
    ("name", "written", "told"),
    [
        ("a.yaml", "scripts: [", "is no YAML: while parsing"),
        ("a.yaml", "", "Expected `object`, got `null`; seen: None"),
        ("a.yaml", "scripts: [!!python/name:os.system x]", "is no YAML: could not determine"),
        ("a.yaml", "scripts: &x [*x]", r"scripts\[0\]: Expected `object`, got `array`"),
        (
            "a.yaml",
            "scripts: [{tool_calls: [{name: f, arguments: &x [*x]}]}]",
            "is nested too deep",
        ),
        ("a.yaml", "faults: [{kind: delay, seconds: .inf}]", r"faults\[0\]\.seconds: .* <= 86400"),
        ("a.json", "{", "is no JSON: "),
        ("a.toml", "a =", "is no TOML: "),
        ("a.toml", b"a = '\xff'", "is no TOML: "),
        ("a.txt", "", r"no suffix '\.txt'; there are: \.json, \.toml, \.yaml, \.yml"),
        ("a.json", '{"script": []}', "unknown field `script`; there are: scripts, faults"),
        ("a.json", '{"scripts": [{}, {"error": "x"}]}', r"scripts\[1\]: no error 'x'; there are: "),
        ("a.json", '{"faults": [{"kind": "x"}]}', r"faults\[0\]\.kind: no 'x'; there are: "),
        ("a.json", None, r"cannot be read \(No such file or directory\)"),
    ],
)
def test_a_file_that_is_wrong_is_told_of(
    qwensim: Any, tmp_path: Path, name: str, written: str | bytes | None, told: str
) -> None:
    path = tmp_path / name
    if written is not None:
        path.write_bytes(written if isinstance(written, bytes) else written.encode())
    result = qwensim("serve", "--port", "0", "--script", str(path))
    assert (result.code, result.out) == (2, "")
    assert re.fullmatch(rf"error: {re.escape(str(path))}: .*{told}.*\n", result.err)


# ---- the program


@pytest.fixture
def program(start: Any, tmp_path: Path) -> tuple[Program, Path]:
    script, journal = tmp_path / "scenario.yaml", tmp_path / "journal.jsonl"
    script.write_text(YAML)
    journal.write_text("{}\n")
    return Program(start, "--script", str(script), "--journal", str(journal)), journal


def test_scripts_answer_and_each_request_is_told_of_without_its_key(
    program: tuple[Program, Path],
) -> None:
    serving, journal = program
    assert serving.ask("2+2").json()["choices"][0]["message"]["content"] == "Four."
    assert serving.ask("hi", model="qwen-plus").json()["error"]["code"] == "Arrearage"
    serving.ask("hi", model=f"qwen {KEY}", user=KEY)
    control = httpx2.get(f"{serving.url}/__qwensim/health")
    assert control.json()["requests"] == 3
    err = serving.stop(signal.SIGINT, signal.SIGTERM, signal.SIGINT)

    assert KEY not in err
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    asked = r"dashscope-intl\.aliyuncs\.com POST /compatible-mode/v1/chat/completions"
    answered, overdue, unknown = err.splitlines()
    assert re.fullmatch(rf"{time} {asked} qwen3\.5-plus 200 - \d+\+\d+", answered)
    assert re.fullmatch(rf"{time} {asked} qwen-plus 400 overdue -", overdue)
    assert re.fullmatch(rf"{time} {asked} 'qwen \[redacted\]' 404 unknown-model -", unknown)

    first, *lines = journal.read_text().splitlines()
    assert first == "{}"
    assert KEY not in "".join(lines)
    entries = [msgspec.json.decode(line, type=Entry) for line in lines]
    assert [entry.status for entry in entries] == [200, 400, 404]
    assert [entry.number for entry in entries] == [1, 2, 3]


def test_a_quiet_one_says_nothing(start: Any) -> None:
    serving = Program(start, "--quiet")
    assert serving.ask("hi").status_code == 200
    assert serving.stop() == ""


def test_limits_are_enforced_with_the_accounts_of_a_file(start: Any, tmp_path: Path) -> None:
    accounts, overlay = tmp_path / "accounts.toml", tmp_path / "one-a-minute.toml"
    accounts.write_text(f'[[account]]\nkey = "{KEY}"\n')
    intl = 'on."dashscope-intl.aliyuncs.com" = { rpm = 1 }'
    overlay.write_text(f'[[model]]\nid = "qwen3.5-plus"\n{intl}\n')
    serving = Program(
        start, "--limits", "--accounts", str(accounts), "--catalog", str(overlay), "--quiet"
    )
    assert [serving.ask("hi").status_code for _ in range(2)] == [200, 429]
    settings = httpx2.get(f"{serving.url}/__qwensim/settings").json()
    assert settings == {"limits": True, "client_check": "any"}
    assert serving.stop() == ""


# ---- lines


def entry(**fields: Any) -> Entry:
    known: dict[str, Any] = {
        "number": 1,
        "at": 1_779_062_400.9,
        "method": "GET",
        "host": "dashscope.aliyuncs.com",
        "path": "/compatible-mode/v1/models",
        "query": "",
        "headers": (),
        "body": None,
        "status": 200,
        "error": None,
        "message": None,
        "request_id": "r",
        "model": None,
        "stream": False,
        "usage": None,
        "scripted": False,
        "fault": None,
    }
    return Entry(**{**known, **fields})


START = "2026-05-18T00:00:00Z dashscope.aliyuncs.com GET "


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({}, "/compatible-mode/v1/models - 200 - -"),
        (
            {"model": "qwen-plus", "usage": {"prompt": 3, "completion": 14}},
            "/compatible-mode/v1/models qwen-plus 200 - 3+14",
        ),
        ({"usage": {"prompt": 7}}, "/compatible-mode/v1/models - 200 - 7"),
        ({"usage": {"video_count": 1, "SR": 720}}, "/compatible-mode/v1/models - 200 - -"),
        ({"status": 0, "fault": "timeout"}, "/compatible-mode/v1/models - - timeout -"),
        (
            {"status": 429, "fault": "error", "error": "rate-limit"},
            "/compatible-mode/v1/models - 429 rate-limit -",
        ),
        ({"path": "", "status": 403, "error": "kept-away"}, "- - 403 kept-away -"),
        ({"model": "a\nb\x1b[2J"}, r"/compatible-mode/v1/models 'a\nb\x1b[2J' 200 - -"),
        ({"model": "a b"}, "/compatible-mode/v1/models 'a b' 200 - -"),
        ({"model": "通义"}, "/compatible-mode/v1/models 通义 200 - -"),
        ({"path": "/" + "a" * 300, "model": "m" * 300}, f"/{'a' * 199}… {'m' * 200}… 200 - -"),
    ],
)
def test_a_line_has_eight_columns_whatever_was_asked(fields: dict[str, Any], end: str) -> None:
    assert line_of(entry(**fields)) == START + end


def test_a_log_that_nobody_reads_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def broken(*line: Any, **__: Any) -> None:
        tried.append(line)
        raise BrokenPipeError

    monkeypatch.setattr(typer, "echo", broken)
    show_entry(entry())
    assert len(tried) == 1


# ---- --journal


def test_a_journal_that_cannot_be_opened_is_told_of(qwensim: Any, tmp_path: Path) -> None:
    result = qwensim("serve", "--port", "0", "--journal", str(tmp_path))
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: cannot write {tmp_path} (Is a directory)\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_journal_that_cannot_be_written_ends_and_is_told_of_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    simulator = Simulator()
    journal = JournalFile(Path("/dev/full"))
    simulator.journal.listen(journal)
    journal(entry())
    journal(entry())
    assert capfd.readouterr().err == (
        "warning: /dev/full: No space left on device; no more requests are written to it\n"
    )
