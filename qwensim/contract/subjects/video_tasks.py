"""Videos are made as tasks: ordered, asked for, listed, cancelled, forgotten."""

import datetime as dt
import uuid
from functools import partial
from typing import Any

from qwensim.contract import tasks
from qwensim.contract.answers import expect, expect_in, expect_that
from qwensim.contract.case import Case
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import Session

_TEXT = ("wan2.6-t2v",)
_SMALL: Any = {"size": "1280*720"}
_DAY = 86_400
_WRONG: Any = {"size": "1*1"}
"""Of no model: the order is taken, and fails as soon as the task begins."""
_BEIJING = dt.timezone(dt.timedelta(hours=8))
_RUNNING = ["task_id", "task_status", "submit_time", "scheduled_time"]


def states(session: Session) -> None:
    """Follow a task from its order to its end."""
    task_id = tasks.ordered(session, **_SMALL)
    session.pause(1)
    running = tasks.look(session, task_id)
    expect("keys", ["request_id", "output"], list(running))
    expect("keys of the output", _RUNNING, list(running["output"]))
    expect("task_status", "RUNNING", running["output"]["task_status"])
    done = tasks.ended(session, task_id)
    expect("keys", ["request_id", "output", "usage"], list(done))
    output = done["output"]
    more = ["end_time", "orig_prompt", "video_url"]
    expect("keys of the output", [*_RUNNING, *more], list(output))
    expect("task_status", "SUCCEEDED", output["task_status"])
    expect("orig_prompt", tasks.PROMPT, output["orig_prompt"])
    moments = [_moment(output[name]) for name in ("submit_time", "scheduled_time", "end_time")]
    expect("order of the moments", sorted(moments), moments)
    expect("a later answer", output, tasks.look(session, task_id)["output"])


def with_slash(session: Session) -> None:
    """Ask with a slash at the end, as asynchronous clients do."""
    task_id = tasks.ordered(session, **_WRONG)
    body = session.call(f"{tasks.TASKS}/{task_id}/", method="GET").ok().json()
    expect("task_id", task_id, body["output"]["task_id"])


def unheaded(session: Session) -> None:
    """Order without the header that makes a task of it."""
    for headers in ({}, {"x-dashscope-async": "disable"}):
        answer = tasks.order(session, headers=headers, **_SMALL)
        expect_refusal(session, answer, "native-sync", wire="native")


def without_input(session: Session) -> None:
    """Order nothing."""
    answer = session.call(tasks.VIDEO, json={"model": session.model}, headers=tasks.ASYNC)
    expect_refusal(session, answer, "native-input-empty", wire="native")


def unknown_model(session: Session) -> None:
    """Order from a model that nobody has heard of."""
    answer = tasks.order(session)
    expect_refusal(session, answer, "unknown-model", wire="native", model=session.model)


def wrong_key(session: Session) -> None:
    """Order, ask, list and cancel with a wrong key."""
    key = "not-a-key"
    answers = (
        session.call(tasks.VIDEO, key=key, headers=tasks.ASYNC, json={"model": session.model}),
        session.call(f"{tasks.TASKS}/{uuid.UUID(int=1)}", key=key, method="GET"),
        session.call(tasks.TASKS, key=key, method="GET"),
        session.call(f"{tasks.TASKS}/{uuid.UUID(int=1)}/cancel", key=key),
    )
    for answer in answers:
        expect_refusal(session, answer, "wrong-key", wire="native")


def unknown(session: Session) -> None:
    """Ask for a task that nobody has ordered: it is UNKNOWN, and no error."""
    body = tasks.look(session, str(uuid.UUID(int=1)))
    expect("keys", ["request_id", "output"], list(body))
    expect("keys of the output", ["task_id", "task_status"], list(body["output"]))
    expect("task_status", "UNKNOWN", body["output"]["task_status"])


def of_another(session: Session) -> None:
    """Ask for a task with the key of another account."""
    other = f"{session.key}-other"
    for key in (session.key, other):
        session.service.account(key=key, plan=session.host.plan)
    task_id = tasks.ordered(session, **_WRONG)
    body = tasks.look(session, task_id, key=other)
    expect("task_status", "UNKNOWN", body["output"]["task_status"])


def forgotten(session: Session) -> None:
    """Ask for a task after a day: it is forgotten, and its video is gone."""
    task_id = tasks.ordered(session, **_SMALL)
    session.pause(_DAY - 10)
    done = tasks.look(session, task_id)
    tasks.expect_video(session.fetch(done["output"]["video_url"]))
    session.pause(20)
    expect("task_status", "UNKNOWN", tasks.state(session, task_id))
    answer = session.fetch(done["output"]["video_url"])
    tasks.expect_storage_refusal(answer, 403, "AccessDenied", "Request has expired.")


def cancelled(session: Session) -> None:
    """Cancel a task that has not begun."""
    task_id = tasks.ordered(session, **_SMALL)
    body = tasks.cancel(session, task_id).ok().json()
    expect("keys", ["request_id"], list(body))
    expect("task_status", "CANCELED", tasks.state(session, task_id))
    expect_refusal(session, tasks.cancel(session, task_id), "task-not-pending", wire="tasks")


def cancelled_late(session: Session) -> None:
    """Cancel a task that has ended, and one that there is not."""
    task_id = tasks.ordered(session, **_WRONG)
    tasks.ended(session, task_id)
    for id_ in (task_id, str(uuid.UUID(int=1))):
        expect_refusal(session, tasks.cancel(session, id_), "task-not-pending", wire="tasks")


def cancelled_running(session: Session) -> None:
    """Cancel a task that runs: it goes on."""
    task_id = tasks.ordered(session, **_SMALL)
    session.pause(1)
    expect("task_status", "RUNNING", tasks.state(session, task_id))
    expect_refusal(session, tasks.cancel(session, task_id), "task-not-pending", wire="tasks")
    expect("end", "SUCCEEDED", tasks.ended(session, task_id)["output"]["task_status"])


def waiting(session: Session) -> None:
    """Order one more than may run at the same time: it waits for its turn."""
    ids = [tasks.ordered(session, **_SMALL) for _ in range(6)]
    session.pause(1)
    seen = [tasks.state(session, task_id) for task_id in ids]
    expect("states", ["RUNNING"] * 5 + ["PENDING"], seen)
    for task_id in ids:
        expect("end", "SUCCEEDED", tasks.ended(session, task_id)["output"]["task_status"])


def listed(session: Session) -> None:
    """List tasks: the newest first, in pages, and by state, model and id."""
    ids = [tasks.ordered(session, **_WRONG) for _ in range(2)]
    for task_id in ids:
        tasks.ended(session, task_id)
    first = _list(session, page_no=1, page_size=1)
    keys = ["total", "data", "total_page", "page_no", "request_id", "page_size"]
    expect("keys", keys, list(first))
    expect_that("total", "2 or more", first["total"] >= len(ids), first)
    expect("total_page", first["total"], first["total_page"])
    (row,) = first["data"]
    expect("task_id", ids[-1], row["task_id"])
    expect("status", "FAILED", row["status"])
    expect("model_name", session.model, row["model_name"])
    expect_that("moments", "in their order", row["gmt_create"] <= row["end_time"], row)
    (row,) = _list(session, task_id=ids[0])["data"]
    expect("task_id", ids[0], row["task_id"])
    failed = [row["task_id"] for row in _list(session, status="FAILED")["data"]]
    expect_in("failed tasks", ids[0], failed)
    pending = [row["task_id"] for row in _list(session, status="PENDING")["data"]]
    expect("pending tasks", [], [task_id for task_id in pending if task_id in ids])
    expect("tasks of another model", [], _list(session, model_name="no-such-model")["data"])


def on_plan(session: Session) -> None:
    """Order, ask and list where nothing but the chat is."""
    for answer in (
        tasks.order(session),
        session.call(tasks.TASKS, method="GET"),
        session.call(f"{tasks.TASKS}/{uuid.UUID(int=1)}", method="GET"),
    ):
        expect_refusal(session, answer, "not-found")


def _list(session: Session, **query: Any) -> dict[str, Any]:
    return session.call(tasks.TASKS, method="GET", params=query).ok().json()


def _moment(text: str) -> dt.datetime:
    """Return a moment as tasks tell it, in Beijing's time everywhere."""
    return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=_BEIJING)


_case = partial(Case, surface="video", plans=("standard",), models=_TEXT)
_PACE: Any = frozenset({"pace"})

CASES = (
    _case(
        id="task-states",
        title="a task is pending, runs and ends, and tells when",
        holds="wire E: states",
        needs=_PACE,
        run=states,
    ),
    _case(
        id="task-with-slash",
        title="a slash at the end does no harm",
        holds="dashscope package: asynchronous classes",
        run=with_slash,
    ),
    _case(
        id="video-without-header",
        title="a video is made as a task or not at all",
        holds="wire E: X-DashScope-Async",
        run=unheaded,
    ),
    _case(
        id="video-without-input",
        title="an order has an input",
        holds="Model Studio docs: error codes",
        run=without_input,
    ),
    _case(
        id="video-unknown-model",
        title="a model that nobody has heard of makes no videos",
        holds="wire D: JSON errors",
        models=(),
        absent="wan-unheard-of",
        run=unknown_model,
    ),
    _case(
        id="task-wrong-key",
        title="a wrong key is refused on each path of tasks",
        holds="wire D: JSON errors",
        run=wrong_key,
    ),
    _case(
        id="task-unknown",
        title="a task that there is not is UNKNOWN",
        holds="wire E: UNKNOWN",
        run=unknown,
    ),
    _case(
        id="task-of-another",
        title="a task is shown to its owner only",
        holds="wire E: UNKNOWN",
        needs=frozenset({"account"}),
        run=of_another,
    ),
    _case(
        id="task-forgotten",
        title="tasks and their videos are gone after a day",
        holds="wire E: UNKNOWN; asset URL",
        needs=frozenset({"clock"}),
        run=forgotten,
    ),
    _case(
        id="task-cancelled",
        title="a task that has not begun is cancelled",
        holds="wire E: cancel",
        needs=_PACE,
        run=cancelled,
    ),
    _case(
        id="task-cancelled-late",
        title="a task that has ended is not cancelled",
        holds="cnblogs/dashscope-sdk RawHttpData/cancel-completed-task-nosse",
        run=cancelled_late,
    ),
    _case(
        id="task-cancelled-running",
        title="a task that runs is not cancelled",
        holds="wire E: cancel",
        needs=_PACE,
        run=cancelled_running,
    ),
    _case(
        id="task-waiting",
        title="five tasks of a model run at the same time, the next one waits",
        holds="wire E: limits",
        needs=_PACE,
        run=waiting,
    ),
    _case(
        id="task-list",
        title="tasks are listed in pages and by filters",
        holds="cnblogs/dashscope-sdk RawHttpData/list-task-nosse",
        run=listed,
    ),
    _case(
        id="video-on-plan",
        title="Coding Plan hosts make no videos",
        holds="wire C: routes of the plan",
        plans=("coding",),
        models=("qwen3.5-plus",),
        run=on_plan,
    ),
)
