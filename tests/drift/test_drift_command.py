"""`qwensim drift`."""

import json
from pathlib import Path
from typing import Any

import pytest

from qwensim.cli import main


@pytest.fixture
def program(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)

    def run(*args: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            main(["drift", *map(str, args)])
        assert isinstance(exit_.value.code, int)
        return exit_.value.code, *capfd.readouterr()

    return run


def test_recordings_that_are_answered_alike_are_a_success(
    record: Any, chat: Any, write: Any, program: Any, tmp_path: Path
) -> None:
    unknown = record(None, method="GET", path="/compatible-mode/v1/files")
    assert unknown.status == 404
    write(tmp_path / "a.yaml", record(chat()), record(chat(stream=True)), unknown)
    code, out, err = program(tmp_path)
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines() if "/chat/" in line] == [
        ["POST", "/compatible-mode/v1/chat/completions", "2"]
    ]


def test_a_difference_is_shown_with_both_sides(
    record: Any, chat: Any, write: Any, program: Any, tmp_path: Path
) -> None:
    tape = record(chat()).saying(lambda body: body.update(object="text_completion"))
    path = write(tmp_path / "a.yaml", tape)
    code, out, _ = program(path)
    assert code == 1
    assert f"{path} #1 differs: POST /compatible-mode/v1/chat/completions" in out
    assert "  object\n    recorded  'text_completion'\n    fake      'chat.completion'\n" in out


def test_a_known_difference_is_a_success_and_says_why(
    record: Any, chat: Any, write: Any, program: Any, tmp_path: Path
) -> None:
    tape = record(chat()).saying(lambda body: body.update(object="text_completion"))
    path = write(tmp_path / "a.yaml", tape)
    known = tmp_path / "known.toml"
    known.write_text('[[difference]]\nwhere = ["object"]\nreason = "Old."\nchecked = 2026-11-22\n')
    code, out, _ = program(path, "--known", known)
    assert code == 0
    assert "known in 1: Old.\n" in out


def test_what_could_not_be_looked_at_is_no_success(program: Any, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("no: cassette")
    code, out, _ = program(tmp_path)
    assert code == 1
    assert "could not look: is no cassette" in out
    assert "(unreadable)" in out


def test_events_are_numbered(
    record: Any, chat: Any, write: Any, program: Any, tmp_path: Path
) -> None:
    tape = record(chat(stream=True))
    events = tape.events
    events[0]["choices"][0]["delta"]["role"] = "bot"
    _, out, _ = program(write(tmp_path / "a.yaml", tape.streaming(events)))
    assert "  choices[0].delta.role (events 1)\n" in out


def test_findings_come_as_json(
    record: Any, chat: Any, write: Any, program: Any, tmp_path: Path
) -> None:
    tape = record(chat()).saying(lambda body: body.pop("object"))
    path = write(tmp_path / "a.yaml", tape)
    code, out, _ = program(path, "--json")
    assert code == 1
    [finding] = json.loads(out)
    assert finding == {
        "recording": str(path),
        "number": 1,
        "surface": "POST /compatible-mode/v1/chat/completions",
        "host": "dashscope-intl.aliyuncs.com",
        "model": "qwen3-max",
        "day": "2026-05-18",
        "outcome": "differs",
        "detail": "",
        "differences": [
            {
                "where": "object",
                "recorded": "-",
                "fake": "'chat.completion'",
                "events": [],
                "reason": None,
            }
        ],
    }


def test_the_day_and_the_catalogue_are_options(
    record: Any, chat: Any, write: Any, program: Any, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.yaml", record(chat("qwen3.6-plus", stream=True)))
    assert program(path)[0] == 0
    assert program(path, "--as-of", "2026-02-01")[0] == 1
    overlay = tmp_path / "mine.toml"
    overlay.write_text('[[model]]\nid = "qwen3.6-plus"\nhosts = []\n')
    assert program(path, "--catalog", overlay)[0] == 1


def test_mistakes_are_told(program: Any, tmp_path: Path) -> None:
    code, out, err = program(tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert "no such file or folder" in err
    (tmp_path / "a.json").write_text("{}")
    code, _, err = program(tmp_path, "--host", "example.com")
    assert code == 2
    assert "no host 'example.com'" in err
