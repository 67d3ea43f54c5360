"""The book of tasks where requests do not reach it: its bounds, and tasks told to go on."""

from typing import Any

import pytest

from qwensim.errors import UsageError
from qwensim.simulator import Simulator, TaskPace, VirtualClock
from qwensim.simulator.tasks import Failure, Order, Result, Task, TaskBook

OWNER = b"owner"
FAILURE = Failure(error="e", code="c", message="m", at_once=False)


class Nothing:
    def result(self, name: str, link: Any) -> Result:
        return Result(output={}, usage={})


NOTHING = Nothing()


def task(number: int, *, submitted: float = 0.0, limit: int = 2, end: Any = NOTHING) -> Task:
    return Task(
        id=str(number),
        owner=OWNER,
        order=Order(model="m", function="f", limit=limit, end=end),
        request_id="r",
        submitted=submitted,
    )


def states(book: TaskBook, now: float = 0.0) -> list[Any]:
    return [sight.state for sight in book.of(OWNER, now)][::-1]


def test_only_so_many_tasks_are_kept() -> None:
    book = TaskBook(TaskPace(), size=100)
    for number in range(1000):
        book.submit(task(number, submitted=number / 1000))
    assert len(book) == 100
    assert book.poll("899", OWNER, 1.0) is None
    assert book.poll("900", OWNER, 1.0) is not None


def test_tasks_of_yesterday_make_room() -> None:
    book = TaskBook(TaskPace())
    for number in range(50):
        book.submit(task(number))
    book.submit(task(50, submitted=86_400.0))
    assert len(book) == 1


def test_what_is_dropped_leaves_its_place_to_the_next() -> None:
    book = TaskBook(TaskPace(polls=9), size=3)
    for number in range(2):
        book.submit(task(number))
        book.poll(str(number), OWNER, 0.0)
    book.submit(task(2))
    assert book.poll("2", OWNER, 0.0) is not None
    assert states(book) == ["RUNNING", "RUNNING", "PENDING"]
    book.submit(task(3))
    book.poll("2", OWNER, 0.0)
    assert states(book) == ["RUNNING", "RUNNING", "PENDING"]


def test_a_lane_is_gone_with_its_last_task() -> None:
    book = TaskBook(TaskPace(), size=1)
    book.submit(task(0, limit=1))
    book.cancel("0", OWNER, 0.0)
    book.submit(task(1, limit=1))
    assert [*book._lanes] == [(OWNER, "m")]
    assert book.cancel("1", OWNER, 0.0)


def test_a_task_can_be_brought_to_any_later_state() -> None:
    book = TaskBook(TaskPace(pending=1000, running=1000))
    for number in range(2):
        book.submit(task(number, limit=1))
    book.bring("0", None, "PENDING", 0.0)
    assert states(book) == ["PENDING", "PENDING"]
    book.bring("0", None, "RUNNING", 0.0)
    assert states(book, 86_000.0) == ["RUNNING", "PENDING"], "it goes on until it is told to end"
    book.bring("1", None, "RUNNING", 0.0)
    assert states(book) == ["RUNNING", "PENDING"], "there is no place"
    book.bring("0", None, "SUCCEEDED", 5.0)
    book.bring("0", None, "RUNNING", 6.0)
    book.bring("1", FAILURE, "FAILED", 6.0)
    assert states(book, 7.0) == ["SUCCEEDED", "FAILED"]
    with pytest.raises(KeyError):
        book.bring("9", None, "RUNNING", 0.0)


def test_a_request_found_wrong_fails_at_the_first_poll_where_polls_count() -> None:
    book = TaskBook(TaskPace(polls=7))
    book.submit(task(0, end=Failure(error="e", code="c", message="m", at_once=True)))
    sight = book.poll("0", OWNER, 0.0)
    assert sight is not None
    assert sight.state == "FAILED"


@pytest.mark.parametrize(
    ("pace", "problem"),
    [
        (TaskPace(polls=0), "polls"),
        (TaskPace(pending=-1), "pending"),
        (TaskPace(jitter=2), "jitter"),
        ("brief", "a TaskPace, such as TaskPace"),
    ],
)
def test_a_pace_that_cannot_be_is_told(pace: Any, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        Simulator(task_pace=pace)


def test_real_time_needs_no_polls() -> None:
    class Ours:
        def now(self) -> float:
            return 0.0

    assert Simulator(clock=Ours()).tasks.pace == TaskPace()
    assert Simulator(clock=VirtualClock()).tasks.pace.polls == 2
