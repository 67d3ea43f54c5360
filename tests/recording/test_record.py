"""The cassettes of the project, and the command that makes them."""

import datetime as dt
import filecmp
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

import qwensim
from qwensim.catalog import load
from qwensim.cli import main
from qwensim.cli.record import conversations, fake_recorder, record, tokens_in
from qwensim.contract import Broken, Case, Session
from qwensim.recording import Cassette, Interaction, read, write

CASSETTES = Path(__file__).parents[2] / "cassettes"
HOST = "dashscope.aliyuncs.com"
VARIABLES = {
    row.host: row.id.upper().replace("-", "_") for row in [*load().auth_choices.values()][::-1]
}
KEY = "sk-0123456789abcdef"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line; return exit code, stdout and stderr."""

    def run(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            main(args)
        return (cast("int", exit_.value.code), *capfd.readouterr())

    return run


def test_the_committed_cassettes_are_what_the_command_makes(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    code, out, err = run("record", "--out", str(tmp_path))
    assert (code, err) == (0, "")
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.yaml")}
    kept = {path.relative_to(CASSETTES) for path in CASSETTES.rglob("*.yaml")}
    assert kept == made, "run: qwensim record, and remove what it no longer makes"
    _, differing, unread = filecmp.cmpfiles(tmp_path, CASSETTES, map(str, made), shallow=False)
    assert (differing, unread) == ([], []), "run: qwensim record"
    assert out.startswith(f"{len(made)} of {len(made)} recorded from fake, ")


def test_there_are_enough_cassettes_for_each_host() -> None:
    counted = Counter(path.relative_to(CASSETTES).parts[0] for path in CASSETTES.rglob("*.yaml"))
    assert set(counted) == set(load().hosts)
    assert min(counted.values()) >= 30


def test_each_cassette_says_that_it_is_simulated() -> None:
    for path in CASSETTES.rglob("*.yaml"):
        provenance = read(path).provenance
        assert provenance.kind == "simulated"
        assert provenance.host == path.relative_to(CASSETTES).parts[0]
        assert path.read_text("utf-8").startswith("# Simulated by qwensim "), path


def test_a_case_and_a_host_can_be_chosen(tmp_path: Path, run: Callable[..., Any]) -> None:
    code, out, _ = run("record", "--out", str(tmp_path), "--case", "usage-asked", "--host", HOST)
    assert code == 0
    assert out.startswith("1 of 1 recorded from fake")
    assert [*tmp_path.rglob("*.yaml")] == [tmp_path / HOST / "chat" / "usage-asked.yaml"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--host", "example.com"], f"no host 'example.com'; there are: {HOST}"),
        (["--case", "nothing-of-this"], "no case 'nothing-of-this'"),
        (["--case", "stream-drop"], "nothing to record: no recording can hold it: fault"),
        (["--live", "--host", HOST], f"nothing to record: no key: set {VARIABLES[HOST]}"),
    ],
)
def test_what_cannot_be_recorded_is_told(
    tmp_path: Path,
    run: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    problem: str,
) -> None:
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    code, _, err = run("record", "--out", str(tmp_path), *options)
    assert code == 2
    assert problem in err
    assert not [*tmp_path.iterdir()]


def test_a_promise_that_is_broken_leaves_no_cassette(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_it(session: Session) -> None:
        session.ask().ok()
        raise Broken("an answer", expected="silence", seen="words")

    case = Case(id="silence", title="It is silent.", holds="nothing", run=break_it)
    recorder = fake_recorder(tmp_path)
    assert not record(recorder, conversations(recorder, [case], HOST))
    out, err = capsys.readouterr()
    assert out == "0 of 1 recorded from fake, 0 tokens\n"
    assert err.startswith(f"silence on {HOST}: ")
    assert not [*tmp_path.iterdir()]


def test_the_command_fails_if_a_promise_is_broken(tmp_path: Path, run: Callable[..., Any]) -> None:
    in_the_way = tmp_path / HOST / "chat" / "usage-asked.yaml"
    in_the_way.mkdir(parents=True)
    code, out, _ = run("record", "--out", str(tmp_path), "--case", "usage-asked", "--host", HOST)
    assert (code, out) == (1, "0 of 1 recorded from fake, 0 tokens\n")


def test_the_live_service_is_asked_only_if_the_user_says_so(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLES[HOST], KEY)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    with qwensim.mock() as fake:
        code, out, err = run(
            "record", "--live", "--out", str(tmp_path), "--case", "usage-*", "--host", HOST
        )
        assert not [*fake.requests]
    assert code == 1
    assert "conversations with the live service, at your cost? [y/N]" in out + err
    assert not [*tmp_path.iterdir()]


def test_a_live_recording_says_so_and_holds_no_key(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLES[HOST], KEY)
    options = ["--case", "usage-asked", "--host", HOST]
    with qwensim.mock() as fake:
        code, out, _ = run("record", "--live", "--yes", "--out", str(tmp_path), *options)
        assert len(fake.requests) == 1
    assert code == 0
    path = tmp_path / HOST / "chat" / "usage-asked.yaml"
    told = read(path).provenance
    assert (told.kind, told.host, told.date) == ("live", HOST, dt.datetime.now(dt.UTC).date())
    assert "openai " in told.client
    assert out == f"1 of 1 recorded from live, {tokens_in(path)} tokens\n"
    assert tokens_in(path) > 0
    assert KEY not in path.read_text("utf-8")


def test_tokens_are_those_of_every_answer_and_of_a_stream_the_last(tmp_path: Path) -> None:
    bodies = (
        b'{"usage": {"total_tokens": 5}}',
        b'data: {"usage":{"total_tokens":6}}\n\ndata: {"usage":{"total_tokens":7}}\n\n',
        b'{"error": {}}',
        b'{"usage":{"output_tokens":7,"cache_creation_input_tokens":0,"input_tokens":100}}',
        b'data:{"usage":{"input_tokens":200,"output_tokens":0}}\n\ndata:{"usage":{"output_tokens":9}}\n\n',
        b'{"input_tokens":4000}',
    )
    path = tmp_path / "case.yaml"
    write(
        path,
        Cassette(
            interactions=tuple(
                Interaction(method="POST", uri="https://a/", status=200, body=body)
                for body in bodies
            )
        ),
    )
    assert tokens_in(path) == 12 + 107 + 209
