"""`qwensim serve --task-pace` and `--task-polls`."""

from pathlib import Path
from typing import Any

import pytest

from qwensim.cli import serve
from qwensim.cli.app import main
from qwensim.simulator import TASK_PACES, TaskPace

SLOW = "video-slower-than-the-client-waits"


@pytest.fixture
def paces(monkeypatch: pytest.MonkeyPatch) -> list[TaskPace]:
    """The paces of the simulators that were to be served."""
    seen: list[TaskPace] = []

    def note(simulator: Any, **_: Any) -> None:
        seen.append(simulator.tasks.pace)

    monkeypatch.setattr(serve, "serve_until_stopped", note)
    return seen


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["serve", *arguments])
    return int(caught.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "pace"),
    [
        ((), TaskPace()),
        (("--task-pace", "realistic"), TASK_PACES["realistic"]),
        (("--task-pace", "instant"), TaskPace(pending=0, running=0)),
        (("--task-polls", "4"), TaskPace(polls=4)),
        (("--task-pace", "realistic", "--task-polls", "4"), TaskPace(polls=4)),
        (("--scenario", SLOW), TaskPace(pending=0.04, running=120)),
        (("--scenario", SLOW, "--task-pace", "instant"), TaskPace(pending=0, running=0)),
        (("--scenario", "hour-quota"), TaskPace()),
    ],
)
def test_the_options_say_how_long_tasks_take(
    paces: list[TaskPace], arguments: tuple[str, ...], pace: TaskPace
) -> None:
    run(*arguments)
    assert paces == [pace]


@pytest.mark.parametrize("arguments", [("--task-pace", "slow"), ("--task-polls", "0")])
def test_a_pace_that_cannot_be_is_told(
    paces: list[TaskPace], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(*arguments) == 2
    assert arguments[0] in capsys.readouterr().err
    assert paces == []


def test_the_help_names_them(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("--help") == 0
    assert "--task-polls" in capsys.readouterr().out
