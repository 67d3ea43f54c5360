"""Tasks under any order of submitting, asking, cancelling and time going by.

The model beside the service keeps nothing but the history and works everything out from its start.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from qwensim.simulator import Simulator, TaskPace, VirtualClock

PENDING, RUNNING, DAY = 0.5, 2.5, 86_400.0
PLACES = {"wan2.6-t2v": 5, "wanx2.1-t2v-turbo": 2}
KEYS = ["sk-first-of-two", "sk-second-of-two"]

INDICES = st.integers(0, 10_000)
MODELS = st.sampled_from([*PLACES])


@dataclass
class Past:
    """What has happened to one task."""

    id: str
    key: str
    model: str
    submitted: float
    cancelled: float | None = None


class TaskMachine(RuleBasedStateMachine):
    def __init__(self, client: Any) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.begun = self.clock.now()
        pace = TaskPace(pending=PENDING, running=RUNNING)
        simulator = Simulator(clock=self.clock, task_pace=pace)
        self.clients = {key: client(simulator, key=key) for key in KEYS}
        self.history: list[Past] = []

    @property
    def now(self) -> float:
        return self.clock.now() - self.begun

    def state_of(self, wanted: Past) -> str:
        """Return the state of a task now, worked out from the whole history of its lane."""
        if self.now - wanted.submitted >= DAY:
            return "UNKNOWN"
        ends: list[float] = []
        for past in self.history:
            if (past.key, past.model) != (wanted.key, wanted.model):
                continue
            start = past.submitted + PENDING
            while sum(end > start for end in ends) >= PLACES[past.model]:
                start = min(end for end in ends if end > start)
            if past.cancelled is not None:
                assert past.cancelled < start, "it could not have been cancelled"
            else:
                ends.append(start + RUNNING)
            if past is wanted:
                if past.cancelled is not None:
                    return "CANCELED"
                return (
                    "PENDING"
                    if self.now < start
                    else "RUNNING"
                    if self.now < start + RUNNING
                    else "SUCCEEDED"
                )
        raise AssertionError(wanted)

    @rule(key=st.sampled_from(KEYS), model=MODELS, count=st.integers(1, 7))
    def submit(self, key: str, model: str, count: int) -> None:
        for _ in range(count):
            task_id = self.clients[key].begin(model)
            self.history.append(Past(task_id, key, model, self.now))

    @rule(quarters=st.integers(0, 12))
    def wait(self, quarters: int) -> None:
        self.clock.advance(quarters / 4)

    @rule()
    def wait_a_day(self) -> None:
        self.clock.advance(DAY - 1)

    @precondition(lambda self: self.history)
    @rule(index=INDICES)
    def poll(self, index: int) -> None:
        past = self.history[index % len(self.history)]
        got = self.clients[past.key].poll(past.id)
        assert got.output["task_status"] == self.state_of(past)
        assert ("video_url" in got.output) == (self.state_of(past) == "SUCCEEDED")
        stranger = self.clients[KEYS[past.key == KEYS[0]]]
        assert stranger.state(past.id) == "UNKNOWN"

    @precondition(lambda self: self.history)
    @rule(index=INDICES)
    def cancel(self, index: int) -> None:
        past = self.history[index % len(self.history)]
        pending = self.state_of(past) == "PENDING"
        got = self.clients[past.key].cancel(past.id)
        assert got.status == (200 if pending else 400)
        if pending:
            past.cancelled = self.now

    @rule(key=st.sampled_from(KEYS), status=st.sampled_from(["", "PENDING", "RUNNING", "CANCELED"]))
    def list(self, key: str, status: str) -> None:
        listed = self.clients[key].list(f"page_size=1000&status={status}")
        expected = [
            (past.id, self.state_of(past))
            for past in reversed(self.history)
            if past.key == key and self.state_of(past) in ([status] if status else STATES)
        ]
        assert [(item["task_id"], item["status"]) for item in listed["data"]] == expected
        assert listed["total"] == len(expected)

    @invariant()
    def no_more_run_than_there_are_places(self) -> None:
        for key, client in self.clients.items():
            listed: Any = client.list("page_size=1000&status=RUNNING")["data"]
            for model, places in PLACES.items():
                running = [item for item in listed if item["model_name"] == model]
                assert len(running) <= places, key


STATES = {"PENDING", "RUNNING", "SUCCEEDED", "CANCELED"}


def test_tasks_are_as_their_history_makes_them(make_client: Any) -> None:
    run_state_machine_as_test(
        partial(TaskMachine, make_client),  # type: ignore[arg-type]  # it makes one all the same
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
