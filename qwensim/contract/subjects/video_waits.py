"""The real client waits for videos, gives them up, and fetches them."""

import dataclasses
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qwensim.contract import tasks
from qwensim.contract.answers import expect, expect_in, expect_that, failure
from qwensim.contract.case import Case
from qwensim.contract.session import Session
from qwensim.errors import UsageError
from qwensim.provider import (
    BadRequestError,
    ProviderError,
    Task,
    TaskError,
    UnfinishedTaskError,
    Video,
)

_TEXT = ("wan2.6-t2v",)
_SMALL: Any = {"resolution": "720P"}
_NO_TASK = "11111111-1111-1111-1111-111111111111"


def failed(session: Session) -> None:
    """Have a task fail: the client tells code, message, task and request."""
    task_id = tasks.ordered(session, size="1*1")
    error = failure(BadRequestError, lambda: session.provider().wait_for_video(task_id))
    expect("code", "InvalidParameter", error.code)
    expect_in("message", "size must be in", error.message)
    expect("task", task_id, error.task_id)
    for fact in (error.code, error.message, task_id, error.request_id):
        expect_in("what is shown", fact, str(error))


def moderated(session: Session) -> None:
    """Have a video withheld after the work is done."""
    session.service.script(error="task-failed-moderation")
    error = failure(ProviderError, lambda: session.provider().video(tasks.PROMPT, **_SMALL))
    expect("code", "DataInspectionFailed", error.code)
    expect("kind", "moderation", error.kind)
    expect_that("task", "named", error.task_id, error)


def unknown(session: Session) -> None:
    """Wait for a task that there is not: that is final."""
    provider = session.provider()
    error = failure(TaskError, lambda: provider.wait_for_video(_NO_TASK))
    expect("requests sent", 1, len(session.sent))
    expect("task", _NO_TASK, error.task_id)


def unfinished(session: Session) -> None:
    """Wait no longer than allowed; the task goes on, and is taken up again by its id."""
    provider = session.provider()
    error = failure(UnfinishedTaskError, lambda: provider.video(tasks.PROMPT, timeout=0, **_SMALL))
    expect_that("task", "named", error.task_id, error)
    video = provider.wait_for_video(str(error.task_id))
    expect("task", error.task_id, video.task_id)
    orders = [request for request in session.sent if request.url.path == tasks.VIDEO]
    expect("orders sent", 1, len(orders))


def asked_again(session: Session) -> None:
    """Meet a limit when asking: a question is repeated."""
    task_id = tasks.ordered(session, size="1280*720")
    session.service.fault("error", error="rate-limit")
    expect("task", task_id, session.provider().wait_for_video(task_id).task_id)


def interrupted(session: Session) -> None:
    """Press Ctrl-C while waiting: the client cancels the task."""

    def press(task: Task) -> None:
        if task.state != "CANCELED":
            raise KeyboardInterrupt

    try:
        video: Video | None = session.provider().video(tasks.PROMPT, progress=press, **_SMALL)
    except KeyboardInterrupt:
        video = None
    expect("video", None, video)
    path = session.sent[-1].url.path
    expect_that("last request", "…/cancel", path.endswith("/cancel"), path)


def cancelled(session: Session) -> None:
    """Cancel a task by its id; it ends without a video."""
    provider = session.provider()
    task_id = tasks.ordered(session, size="1280*720")
    provider.cancel_video(task_id)
    error = failure(TaskError, lambda: provider.wait_for_video(task_id))
    expect("task", task_id, error.task_id)
    failure(ProviderError, lambda: provider.cancel_video(task_id))


def fetched(session: Session) -> None:
    """Fetch a video: whole, or not at all if it is larger than it may be."""
    provider = session.provider()
    video = provider.video(tasks.PROMPT, **_SMALL)
    with TemporaryDirectory(prefix="qwensim-") as folder:
        path = Path(folder) / "cat.mp4"
        failure(UsageError, lambda: provider.download(video, path, max_bytes=100))
        expect("files", [], list(Path(folder).iterdir()))
        provider.download(video, path)
        expect("type in the file", b"ftyp", path.read_bytes()[4:8])
        expect("files", [path], list(Path(folder).iterdir()))
    expect_that("Authorization", "none", "authorization" not in session.sent[-1].headers, video)


def not_fetched(session: Session) -> None:
    """Fetch a video whose address is not signed: the storage service's words, and no file."""
    provider = session.provider()
    video = provider.video(tasks.PROMPT, **_SMALL)
    bare = dataclasses.replace(video, url=video.url.partition("?")[0])
    with TemporaryDirectory(prefix="qwensim-") as folder:
        path = Path(folder) / "cat.mp4"
        error = failure(ProviderError, lambda: provider.download(bare, path))
        expect("files", [], list(Path(folder).iterdir()))
    expect("status", 403, error.status)
    expect_in("the service's words", "AccessDenied", error.message)
    expect("task", video.task_id, error.task_id)


_case = partial(Case, surface="video", plans=("standard",), models=_TEXT)

CASES = (
    _case(
        id="task-failure-told",
        title="the client tells why a task failed, and which",
        holds="page 16; wire E: FAILED",
        run=failed,
    ),
    _case(
        id="video-withheld",
        title="it knows a video that is withheld for what it is",
        holds="Model Studio docs: error codes",
        needs=frozenset({"script", "error"}),
        run=moderated,
    ),
    _case(
        id="task-unknown-told",
        title="a task that there is not is final",
        holds="wire E: UNKNOWN",
        run=unknown,
    ),
    _case(
        id="task-unfinished",
        title="a wait has its end, and is taken up again by the task's id",
        holds="page 16",
        needs=frozenset({"pace"}),
        run=unfinished,
    ),
    _case(
        id="task-asked-again",
        title="a question that fails is repeated",
        holds="page 16",
        needs=frozenset({"error"}),
        run=asked_again,
    ),
    _case(
        id="task-interrupted",
        title="who interrupts the wait cancels the task",
        holds="wire E: cancel",
        run=interrupted,
    ),
    _case(
        id="task-given-up",
        title="a task is cancelled by its id, once",
        holds="wire E: cancel",
        needs=frozenset({"pace"}),
        run=cancelled,
    ),
    _case(
        id="video-fetched",
        title="a video is fetched whole or not at all",
        holds="wire E: asset URL",
        run=fetched,
    ),
    _case(
        id="video-not-fetched",
        title="a refusal of the storage service is told in its words",
        holds="Object Storage Service docs: error responses",
        run=not_fetched,
    ),
)
