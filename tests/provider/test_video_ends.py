"""Ends without a video: failed, lost and cancelled tasks, waits that were interrupted."""

import asyncio
from typing import Any

import httpx2
import pytest

from qwensim.catalog import load
from qwensim.provider import (
    AsyncQwenProvider,
    BadRequestError,
    ModerationError,
    ProviderError,
    Task,
    TaskError,
    UnfinishedTaskError,
)
from qwensim.simulator import Simulator, TaskPace
from qwensim.transport import transport

GLOBAL, CHINA = "dashscope-intl.aliyuncs.com", "dashscope.aliyuncs.com"


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("task-failed-moderation", ModerationError, "inappropriate"),
        ("task-failed-prompt", BadRequestError, "prompt must contain words"),
        ("task-failed-download", BadRequestError, "Unable to download the media resource"),
    ],
)
def test_a_task_that_fails_tells_code_message_task_and_request(
    studio: Any, script: str, kind: type[ProviderError], words: str
) -> None:
    studio.simulator.script(error=script)
    with pytest.raises(kind) as caught:
        studio("video", "a cat")
    error, row = caught.value, load().errors[script]
    assert (error.status, error.code) == (200, row.code)
    assert words in error.message
    assert error.advice
    assert error.task_id == studio.asked[-1].rpartition("/")[2]
    assert error.request_id == studio.simulator.journal[-1].request_id
    assert f"task {error.task_id}, request {error.request_id}" in str(error)


def test_a_task_that_the_service_does_not_know_is_lost(studio: Any) -> None:
    with pytest.raises(TaskError) as caught:
        studio("wait_for_video", "383c24fd-28bc-465a-9856-4ed02f8557a6")
    assert caught.value.code == "task_unknown"
    assert caught.value.task_id == "383c24fd-28bc-465a-9856-4ed02f8557a6"
    assert "24 hours" in caught.value.advice
    assert studio.waits == []


def test_a_task_that_somebody_cancels_is_at_its_end(studio: Any) -> None:
    studio.simulator.tasks.pace = TaskPace(pending=100, running=1)
    with pytest.raises(UnfinishedTaskError) as waited:
        studio("video", "a cat", timeout=1)
    task_id = waited.value.task_id
    studio("cancel_video", task_id)
    with pytest.raises(TaskError) as caught:
        studio("wait_for_video", task_id)
    assert (caught.value.code, caught.value.task_id) == ("task_canceled", task_id)


def test_a_task_that_runs_cannot_be_cancelled(studio: Any) -> None:
    with pytest.raises(UnfinishedTaskError) as waited:
        studio("video", "a cat", timeout=5)
    with pytest.raises(BadRequestError) as caught:
        studio("cancel_video", waited.value.task_id)
    assert (caught.value.status, caught.value.code) == (400, "UnsupportedOperation")
    assert caught.value.task_id == waited.value.task_id
    assert "Only a task that is still PENDING" in caught.value.advice


class Stop(BaseException):
    """Like Ctrl-C, for which pytest has plans of its own."""


@pytest.mark.parametrize(("pending", "end"), [(100, "CANCELED"), (0, "RUNNING")])
def test_whoever_interrupts_the_wait_cancels_the_task_if_it_still_can_be(
    studio: Any, pending: float, end: str
) -> None:
    studio.simulator.tasks.pace = TaskPace(pending=pending, running=50)
    studio.interrupt = Stop()
    seen: list[Task] = []
    with pytest.raises(Stop):
        studio("video", "a cat", progress=seen.append)
    assert studio.asked[-1] == f"POST {GLOBAL}/api/v1/tasks/{seen[0].id}/cancel"
    assert len(studio.asked) == 3
    assert seen[-1].state == end


def test_an_interrupted_wait_is_cancelled_though_nobody_watches(studio: Any) -> None:
    studio.simulator.tasks.pace = TaskPace(pending=100, running=50)
    studio.interrupt = Stop()
    with pytest.raises(Stop):
        studio("video", "a cat")
    assert studio.asked[-1].endswith("/cancel")


def test_a_cancelled_asyncio_task_cancels_the_video() -> None:
    simulator = Simulator(task_pace=TaskPace(pending=100, running=1))

    async def wait() -> None:
        async with httpx2.AsyncClient(transport=transport(simulator, httpx2)) as client:
            provider = AsyncQwenProvider(
                auth_choice="qwen-standard-api-key", api_key="sk-0123456789", http_client=client
            )
            waiting = asyncio.create_task(
                provider.video("a cat", progress=lambda _: waiting.cancel())
            )
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(wait())
    assert simulator.journal[-1].path.endswith("/cancel")
    assert simulator.journal[-1].status == 200
