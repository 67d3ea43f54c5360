"""`qwensim run`: a command of the user's, with the fake as its DashScope."""

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qwensim.catalog import load
from qwensim.cli.run_summary import Tally
from qwensim.recording import read
from qwensim.simulator import Entry

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
KEY = "sk-mine-0123456789"


@pytest.fixture
def run(qwensim: Any) -> Any:
    """Run a program of Python's under `qwensim run`, with the options before it."""

    def run(program: str, *options: str) -> Any:
        return qwensim("run", *options, "--", sys.executable, "-c", PRELUDE + program)

    return run


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


def test_in_the_end_it_tells_what_was_asked(run: Any) -> None:
    result = run(
        "for _ in range(3): ask()\n"
        "ask('qwen-nope'); ask(key='sk-sp-0123456789')\n"
        "ask(host='coding-intl.dashscope.aliyuncs.com', key='sk-sp-0123456789')\n"
        "leave(); leave()\n"
    )
    assert (result.code, result.out) == (0, "")
    told = words(result.err)
    assert re.match(r"qwensim: requests 6, tokens \d+ in and \d+ out ", told)
    standard = "dashscope-intl.aliyuncs.com"
    assert re.search(rf"{standard} qwen-plus 200 3 \d+ \+ \d+ ", told)
    assert f"{standard} qwen-nope 404 unknown-model 1 - " in told
    assert f"{standard} qwen-plus 401 wrong-key 1 - " in told
    assert f"refused: qwen-nope on {standard}: The model `qwen-nope` does not exist" in told
    assert "a Coding Plan key" in told
    assert "refused: qwen-plus on coding-intl.dashscope.aliyuncs.com: " in told
    assert "(auth choice qwen-standard-api-key, with a Standard key)" in told
    assert told.endswith("kept from: api.example.com (requests: 2)")


def test_a_command_that_asks_nothing_is_told_so(run: Any) -> None:
    result = run("print('done', file=sys.stderr)")
    assert result.err == "done\n\nqwensim: requests 0, tokens 0 in and 0 out\n\n"


def test_a_client_that_trusts_nobody_is_explained(run: Any) -> None:
    result = run(
        "del os.environ['SSL_CERT_FILE']; os.environ['SSL_CERT_DIR'] = ''\n"
        "try: ask()\nexcept OSError: pass"
    )
    assert result.code == 0
    assert re.search(r"no TLS: dashscope-intl\S+ \(\w+UNKNOWN_CA\): a client that", result.err)


def test_a_refusal_of_the_storage_is_told_too(run: Any) -> None:
    result = run(
        "host = 'dashscope-result-bj.oss-cn-beijing.aliyuncs.com'\n"
        "try: urllib.request.urlopen(f'https://{host}/a.mp4')\nexcept OSError: pass"
    )
    assert re.search(r"refused: a request on dashscope-result-bj\S+ .+ \(\d{3} .+\)", result.err)


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
    for path in (tmp_path, tmp_path / "file" / "one.yaml"):
        result = run("print('ran')", "--record", str(path))
        assert (result.code, result.out) == (2, "")
        assert re.fullmatch(rf"error: cannot write {path} \(.+\)\n", result.err)


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


# ---- the tally


def test_entries_beyond_what_the_journal_keeps_are_counted(
    capfd: pytest.CaptureFixture[str],
) -> None:
    entry = json.loads(
        '{"number":1,"at":0,"method":"GET","host":"dashscope.aliyuncs.com","path":"/","query":"",'
        '"headers":[],"body":null,"status":0,"error":null,"message":null,"request_id":"r",'
        '"model":null,"stream":false,"usage":null,"scripted":false,"fault":"timeout"}'
    )
    tally = Tally(load())
    for _ in range(2000):
        tally(msgspec.convert(entry, Entry))
    assert tally.blameless
    tally.show()
    assert "dashscope.aliyuncs.com - timeout 2,000 -" in words(capfd.readouterr().err)
