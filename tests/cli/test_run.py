"""`qwensim run`: a command of the user's, with the fake as its DashScope."""

import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwensim.recording import read
from qwensim.simulator import Entry

KEY = "sk-mine-0123456789"


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_command_is_answered_under_the_real_host_names(run: Any) -> None:
    result = run(
        "print(json.loads(ask())['model'])\n"
        "print(json.loads(ask('qwen3.5-plus', host='coding.dashscope.aliyuncs.com',"
        " key='sk-sp-0123456789'))['model'])\n"
    )
    assert result.code == 0
    assert result.out == "qwen-plus\nqwen3.5-plus\n"


# ---- exit codes


@pytest.mark.parametrize("code", [0, 3])
def test_it_exits_as_the_command_does(run: Any, code: int) -> None:
    assert run(f"leave(); sys.exit({code})").code == code


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("ask()", 0),
        ("ask('qwen-nope')", 1),
        ("leave()", 1),
        ("leave(); sys.exit(3)", 3),
    ],
)
def test_strict_finds_fault_with_a_command_that_ended_well(
    run: Any, program: str, code: int
) -> None:
    assert run(program, "--strict").code == code


def test_faults_that_were_asked_for_are_no_fault_of_the_commands(run: Any, tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text('[[faults]]\nkind = "error"\nerror = "overloaded"\n')
    result = run("ask(); ask()", "--strict", "--script", str(script))
    assert result.code == 0
    assert " 503 overloaded 1 " in words(result.err)
    assert "refused:" not in result.err


@pytest.mark.parametrize(("name", "code"), [("no-such-command", 127), ("/", 126)])
def test_a_command_that_cannot_be_run_is_told_of_in_a_line(
    qwensim: Any, name: str, code: int
) -> None:
    result = qwensim("run", name)
    assert (result.code, result.out) == (code, "")
    assert re.fullmatch(rf"error: cannot run {name} \(.+\)\n", result.err)


def test_without_a_command_it_is_a_wrong_use(qwensim: Any) -> None:
    result = qwensim("run", "--strict")
    assert result.code == 2
    assert "COMMAND" in result.err


def test_options_after_the_command_are_the_commands(qwensim: Any) -> None:
    program = "import sys; print(sys.argv[1:])"
    result = qwensim("run", sys.executable, "-c", program, "--strict", "--help")
    assert (result.code, result.out) == (0, "['--strict', '--help']\n")


def test_a_signal_ends_the_command_and_leaves_nothing(start: Any, tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print(os.environ['SSL_CERT_FILE'], flush=True)\n"
        "while True: signal.pause()\n"
    )
    process = start("run", "--", sys.executable, "-c", program, TMPDIR=str(tmp_path))
    bundle = Path(process.stdout.readline().strip())
    assert bundle.is_relative_to(tmp_path)
    assert bundle.exists()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (5, "\nqwensim: requests 0, tokens 0 in and 0 out\n\n")
    assert list(tmp_path.iterdir()) == []


# ---- keys and accounts

SHOW_KEYS = (
    "for name in ('QWEN_API_KEY', 'DASHSCOPE_API_KEY', 'OPENAI_API_KEY'): print(os.environ[name])\n"
)


def test_keys_are_the_users_or_test_keys(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    result = run(SHOW_KEYS + "print('choices' in ask())")
    assert result.out.split() == ["sk-not-a-real-key", "sk-not-a-real-key", KEY, "True"]


def test_with_accounts_the_test_key_is_one_of_theirs(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(
        f'[[account]]\nkey = "sk-sp-0123456789"\nplan = "coding"\n[[account]]\nkey = "{KEY}"\n'
    )
    result = run(SHOW_KEYS + "print('choices' in ask())", "--accounts", str(accounts))
    assert result.out.split() == [KEY, KEY, KEY, "True"]


# ---- files


def test_an_overlay_brings_its_models_and_hosts(run: Any, tmp_path: Path) -> None:
    overlay = tmp_path / "ours.toml"
    overlay.write_text(
        '[[model]]\nid = "qwen-ours"\nhosts = ["standard"]\nthinking = "never"\n'
        '[[host]]\nname = "models.example"\nplan = "standard"\nregion = "global"\n'
        'base_path = "/compatible-mode/v1"\nhelp = "https://models.example/help"\n'
    )
    program = "print('qwen-ours' in ask('qwen-ours', host='models.example'))"
    result = run(program, "--catalog", str(overlay))
    assert (result.code, result.out) == (0, "True\n")


def test_the_journal_has_a_line_for_each_without_a_key(run: Any, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    run(f"ask(key={KEY!r}); ask(key={KEY!r}, user={KEY!r}); leave()", "--journal", str(journal))
    text = journal.read_text()
    assert KEY not in text
    entries = [msgspec.json.decode(line, type=Entry) for line in text.splitlines()]
    assert [(entry.host, entry.error) for entry in entries] == [
        ("dashscope-intl.aliyuncs.com", None),
        ("dashscope-intl.aliyuncs.com", None),
        ("api.example.com", "kept-away"),
    ]


def test_a_recording_replays_what_was_asked(run: Any, qwensim: Any, tmp_path: Path) -> None:
    cassette = tmp_path / "tapes" / "one.yaml"
    program = f"print(ask(key={KEY!r}, stream=True)); ask('qwen-nope', key={KEY!r})"
    result = run(program, "--record", str(cassette))
    assert result.code == 0
    assert KEY not in cassette.read_text()
    held = read(cassette)
    first, second = held.interactions
    assert first.uri == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"
    assert result.out == first.body.decode() + "\n"
    assert len(first.chunks) > 2
    assert (second.status, second.reason) == (404, "Not Found")
    assert (held.provenance.kind, held.provenance.host) == (
        "simulated",
        "dashscope-intl.aliyuncs.com",
    )
    assert qwensim("cassettes", "audit", str(cassette.parent)).code == 0


def test_what_was_broken_off_is_not_recorded_and_told_of(run: Any, tmp_path: Path) -> None:
    script, cassette = tmp_path / "script.toml", tmp_path / "one.yaml"
    script.write_text('[[faults]]\nkind = "drop"\nafter = 1\n')
    program = "import http.client\ntry: ask(stream=True)\nexcept http.client.HTTPException: ask()"
    result = run(program, "--record", str(cassette), "--script", str(script))
    assert f"warning: {cassette} is without 1 exchange that was broken off" in result.err
    assert len(read(cassette).interactions) == 1


def test_a_cassette_that_cannot_be_written_is_told_of_before_anything_runs(
    run: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.yaml").mkdir()
    for path in (tmp_path / "folder.yaml", tmp_path / "file" / "one.yaml"):
        result = run("print('ran')", "--record", str(path))
        assert (result.code, result.out) == (2, "")
        assert re.fullmatch(rf"error: cannot write {path} \(.+\)\n", result.err)


def test_a_file_that_is_no_cassette_is_not_replaced(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("my own")
    result = run("print('ran')", "--record", str(path))
    assert (result.code, result.out) == (2, "")
    problem = f"a cassette ends in .yaml or .yml, unlike {path}: it would be replaced"
    assert result.err == f"error: {problem}\n"
    assert path.read_text() == "my own"


def test_a_cassette_that_can_be_written_no_more_is_told_of(run: Any, tmp_path: Path) -> None:
    cassette = tmp_path / "one.yaml"
    result = run(f"os.mkdir({str(cassette)!r}); ask()", "--record", str(cassette))
    assert result.code == 2
    assert result.err.endswith(f"error: cannot write {cassette} (Is a directory)\n")


@pytest.mark.parametrize("option", ["--script", "--accounts", "--catalog"])
def test_a_file_that_is_missing_is_told_of_before_anything_runs(run: Any, option: str) -> None:
    result = run("print('ran')", option, "missing.toml")
    assert (result.code, result.out) == (2, "")
    assert re.fullmatch(r"error: missing\.toml: cannot be read.*\n", result.err)


def test_an_old_node_is_told_of_in_a_line(
    qwensim: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v20.20.2\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    result = qwensim("run", "--", "node", "a.js")
    assert result.code == 0
    assert result.err.startswith(f"warning: {node} is Node 20.20.2, whose fetch honours no proxy")


# ---- the service


def test_limits_are_enforced_if_asked_for(run: Any, tmp_path: Path) -> None:
    overlay = tmp_path / "ours.toml"
    overlay.write_text('[[model]]\nid = "qwen-ours"\nhosts = ["standard"]\nrpm = 1\n')
    program = "print(['error' in json.loads(ask('qwen-ours')) for _ in range(2)])"
    assert run(program, "--catalog", str(overlay)).out == "[False, False]\n"
    assert run(program, "--catalog", str(overlay), "--limits").out == "[False, True]\n"


def test_the_service_may_be_that_of_another_day(run: Any, tmp_path: Path) -> None:
    overlay = tmp_path / "ours.toml"
    overlay.write_text(
        '[[model]]\nid = "qwen-ours"\nhosts = ["standard"]\nsince = 2026-09-01\nrpm = 1\n'
    )
    program = "print('error' in json.loads(ask('qwen-ours')))"
    assert run(program, "--catalog", str(overlay)).out == "True\n"
    assert run(program, "--catalog", str(overlay), "--as-of", "2026-09-01").out == "False\n"


def test_the_coding_plan_may_be_for_agents_alone(run: Any) -> None:
    program = (
        "answer = ask('qwen3.5-plus', host='coding.dashscope.aliyuncs.com',"
        " key='sk-sp-0123456789')\nprint('choices' in json.loads(answer))"
    )
    assert run(program).out == "True\n"
    assert run(program, "--client-check", "agents").out == "False\n"
    result = run(program, "--client-check", "some")
    assert result.code == 2
    assert "--client-check" in result.err
