"""How long tasks take: on virtual time, by polls, at a realistic pace."""

from typing import Any

import pytest

from qwensim.simulator import Simulator, TaskPace, VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def test_by_default_virtual_time_needs_nobody_to_move_it(make_client: Any) -> None:
    lazy = make_client(Simulator())
    task = lazy.begin()
    assert [lazy.state(task) for _ in range(3)] == ["RUNNING", "SUCCEEDED", "SUCCEEDED"]


def test_by_default_virtual_time_counts_where_it_is_moved(make_client: Any) -> None:
    clock = VirtualClock()
    lazy = make_client(Simulator(clock=clock))
    task = lazy.begin()
    clock.advance(3)
    assert lazy.state(task) == "SUCCEEDED"


@pytest.mark.parametrize("polls", [1, 3])
def test_tasks_can_end_by_polls_alone(make_client: Any, clock: VirtualClock, polls: int) -> None:
    counted = make_client(Simulator(clock=clock, task_pace=TaskPace(polls=polls)))
    task = counted.begin()
    clock.advance(1000)
    assert [counted.list()["data"][0]["status"] for _ in range(5)] == ["PENDING"] * 5
    assert [counted.state(task) for _ in range(polls + 1)] == (
        ["RUNNING"] * (polls - 1) + ["SUCCEEDED"] * 2
    )


def test_by_polls_too_five_run_at_once(make_client: Any) -> None:
    counted = make_client(Simulator(task_pace=TaskPace(polls=2)))
    tasks = [counted.begin() for _ in range(6)]
    assert [counted.state(task) for task in tasks] == ["RUNNING"] * 5 + ["PENDING"]
    assert counted.state(tasks[5]) == "PENDING"
    assert counted.state(tasks[0]) == "SUCCEEDED"
    assert [counted.state(tasks[5]) for _ in range(2)] == ["RUNNING", "SUCCEEDED"]


def test_a_realistic_pace_takes_minutes_which_differ(make_client: Any) -> None:
    clock = VirtualClock()
    simulator = Simulator(clock=clock, task_pace=TaskPace(pending=0.04, running=120, jitter=0.3))
    patient = make_client(simulator)
    tasks = [patient.begin() for _ in range(5)]
    clock.advance(83)
    assert {patient.state(task) for task in tasks} == {"RUNNING"}
    clock.advance(75)
    ends = {patient.poll(task).output["end_time"] for task in tasks}
    assert len(ends) == 5
