"""A draft has tasks take as long as they did."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwensim.scenarios import Scenario, Source, reproduce, scenario_of
from qwensim.scenarios.drafting import Draft, draft
from qwensim.simulator import Simulator, TaskPace, VirtualClock
from qwensim.transport import transport

API = "https://dashscope-intl.aliyuncs.com/api/v1"
HEADERS = {"authorization": "Bearer sk-0123456789", "x-dashscope-async": "enable"}
ORDER: dict[str, Any] = {"model": "wan2.6-t2v", "input": {"prompt": "A cat."}}
MORNING = 1_779_062_400  # seconds since the epoch


def scenario(made: Draft) -> Scenario:
    return scenario_of(Source(id="draft", name="draft", text=made.text))


def exchange(method: str, path: str, moment: float | None, output: dict[str, Any]) -> Any:
    told = {"content-type": ["application/json"]}
    if moment is not None:
        told["req-arrive-time"] = [str(round(moment * 1000))]
    return {
        "request": {
            "method": method,
            "uri": f"{API}/{path}",
            "headers": {name: [value] for name, value in HEADERS.items()},
            "body": json.dumps(ORDER) if method == "POST" else None,
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": told,
            "body": {"string": json.dumps({"output": output, "request_id": "1"})},
        },
    }


def recorded(folder: Path, *tasks: list[str], every: float | None = 10.0) -> Path:
    """Write what came of tasks, one after the other; `every`: the seconds between requests."""
    now, interactions = float(MORNING), []
    for number, states in enumerate(tasks):
        task = f"0385dc79-{number}"
        for poll, state in enumerate(("PENDING", *states)):
            path = f"tasks/{task}" if poll else "services/aigc/video-generation/video-synthesis"
            output = {"task_id": task, "task_status": state}
            moment = None if every is None else now
            interactions.append(exchange("GET" if poll else "POST", path, moment, output))
            now += every or 0.0
    file = folder / "tasks.yaml"
    file.write_text(yaml.safe_dump({"version": 1, "interactions": interactions}), "utf-8")
    return file


@pytest.mark.parametrize(
    ("states", "pace"),
    [
        (["PENDING", "RUNNING", "RUNNING", "SUCCEEDED"], TaskPace(pending=15, running=20)),
        (["RUNNING", "SUCCEEDED"], TaskPace(pending=0, running=15)),
        (["SUCCEEDED"], TaskPace(pending=0, running=0)),
        (["PENDING", "PENDING"], TaskPace(pending=21, running=0)),
        (["PENDING", "RUNNING"], TaskPace(pending=15, running=6)),
    ],
)
def test_the_pace_lies_between_what_was_seen(
    states: list[str], pace: TaskPace, tmp_path: Path
) -> None:
    made = draft(recorded(tmp_path, states))
    assert scenario(made).task_pace == pace
    assert made.left_out == ()


def test_without_times_it_is_polls_that_tell(tmp_path: Path) -> None:
    made = draft(recorded(tmp_path, ["RUNNING"] * 4 + ["SUCCEEDED"], every=None))
    assert scenario(made).task_pace == TaskPace(polls=5)
    assert made.left_out == ()
    made = draft(recorded(tmp_path, ["PENDING", "RUNNING"], every=None))
    assert scenario(made).task_pace == TaskPace(polls=3)


def test_several_tasks_have_one_pace(tmp_path: Path) -> None:
    slow, quick = ["RUNNING"] * 4 + ["SUCCEEDED"], ["RUNNING", "RUNNING", "RUNNING"]
    made = draft(recorded(tmp_path, slow, quick))
    assert scenario(made).task_pace == TaskPace(pending=0, running=45)
    assert made.left_out == ()


def test_tasks_that_cannot_have_one_pace_are_told_of(tmp_path: Path) -> None:
    made = draft(recorded(tmp_path, ["RUNNING"] * 4 + ["SUCCEEDED"], ["SUCCEEDED"]))
    assert scenario(made).task_pace is None
    assert any('task_status: "RUNNING" is on record' in line for line in made.left_out)


def test_a_draft_without_tasks_has_no_pace(tmp_path: Path) -> None:
    made = draft(recorded(tmp_path, ["UNKNOWN"]))
    assert "task_pace" not in made.text


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    pending=st.integers(0, 30),
    running=st.integers(0, 200),
    waits=st.lists(st.integers(1, 40), min_size=1, max_size=8),
)
def test_a_task_of_any_pace_is_seen_again(
    pending: int, running: int, waits: list[int], tmp_path: Path
) -> None:
    clock = VirtualClock(MORNING)
    simulator = Simulator(
        clock=clock, task_pace=TaskPace(pending=pending + 0.5, running=running + 0.25)
    )
    client = httpx2.Client(transport=transport(simulator, httpx2), headers=HEADERS)
    path = "services/aigc/video-generation/video-synthesis"
    order = client.post(f"{API}/{path}", json=ORDER).json()["output"]
    interactions = [exchange("POST", path, clock.now(), order)]
    for wait in waits:
        clock.advance(wait)
        path = f"tasks/{order['task_id']}"
        output = client.get(f"{API}/{path}").json()["output"]
        shown = {name: output[name] for name in ("task_id", "task_status")}
        interactions.append(exchange("GET", path, clock.now(), shown))
    file = tmp_path / "tasks.yaml"
    file.write_text(yaml.safe_dump({"version": 1, "interactions": interactions}), "utf-8")
    made = draft(file)
    assert reproduce(scenario(made)).as_expected
    assert made.left_out == ()
