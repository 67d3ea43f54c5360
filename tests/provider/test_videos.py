"""A video from its order to its address, by the provider and its async twin, on the fake."""

from typing import Any

import httpx2
import pytest

from qwensim.errors import UsageError
from qwensim.provider import (
    AuthError,
    BadRequestError,
    ConnectionFailure,
    QwenProvider,
    ServerError,
    Task,
    UnfinishedTaskError,
)
from qwensim.simulator import Fault

GLOBAL, CHINA = "dashscope-intl.aliyuncs.com", "dashscope.aliyuncs.com"
SUBMIT = "/api/v1/services/aigc/video-generation/video-synthesis"


def states(seen: list[Task]) -> list[str]:
    return [task.state for task in seen]


def test_a_video_is_ordered_once_and_asked_for_until_it_is_there(studio: Any) -> None:
    seen: list[Task] = []
    video = studio("video", "a cat", duration=7, size="1280*720", progress=seen.append)
    task = f"GET {GLOBAL}/api/v1/tasks/{video.task_id}"
    assert studio.asked == [f"POST {GLOBAL}{SUBMIT}", *[task] * len(seen)]
    assert states(seen) == ["PENDING", "RUNNING", "RUNNING", "RUNNING", "RUNNING", "SUCCEEDED"]
    assert {task.id for task in seen} == {video.task_id}
    assert studio.waits == [2.5] * 5
    assert (video.seconds, video.size) == (7.0, "1280*720")
    assert video.request_id == studio.simulator.journal[-1].request_id
    assert {entry.model for entry in studio.simulator.journal} == {"wan2.6-t2v"}


def test_an_order_asks_for_a_task_and_its_answer_is_read_once(studio: Any) -> None:
    studio("video", "a cat")
    order, *polls = studio.simulator.journal
    assert dict(order.headers)["x-dashscope-async"] == "enable"
    assert order.body["input"] == {"prompt": "a cat"}
    assert all("x-dashscope-async" not in dict(poll.headers) for poll in polls)


@pytest.mark.parametrize(
    ("auth_choice", "host"),
    [
        ("qwen-standard-api-key-cn", CHINA),
        ("qwen-standard-api-key", GLOBAL),
        ("qwen-api-key-cn", CHINA),
        ("qwen-api-key", GLOBAL),
    ],
)
def test_the_region_of_either_plan_decides_the_host(
    studio: Any, auth_choice: str, host: str
) -> None:
    studio.auth_choice = auth_choice
    video = studio("video", "a cat")
    assert {entry.host for entry in studio.simulator.journal} == {host}
    assert video.url.startswith("https://")


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        ("https://dashscope.aliyuncs.com/v1", "https://dashscope.aliyuncs.com"),
        ("http://DASHSCOPE.aliyuncs.com/odd/", "http://dashscope.aliyuncs.com"),
        ("https://coding-intl.dashscope.aliyuncs.com/v1", "https://dashscope-intl.aliyuncs.com"),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
        ("http://127.0.0.1:8787/v1", "http://127.0.0.1:8787"),
        ("http://gate/qwen/compatible-mode/v1/", "http://gate/qwen"),
        ("http://gate/qwen", "http://gate/qwen"),
        (f"http://gate/{CHINA}/compatible-mode/v1", f"http://gate/{CHINA}"),
    ],
)
def test_the_native_api_lies_beside_the_compatible_one(base_url: str, root: str) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(400, json={"code": "X", "message": "no", "request_id": "r"})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        provider = QwenProvider(base_url=base_url, api_key="sk-0123456789", http_client=client)
        with pytest.raises(BadRequestError):
            provider.video("a cat")
    assert asked == [root + SUBMIT]


def test_limits_are_checked_before_anything_is_sent(studio: Any) -> None:
    with pytest.raises(UsageError, match="room for 1 image"):
        studio("video", "a cat", images=["https://a/1.png", "https://a/2.png"])
    with pytest.raises(UsageError, match="names the provider 'openai'"):
        studio("video", "a cat", model="openai/sora")
    with pytest.raises(TypeError, match="aspect"):
        studio("video", "a cat", aspect="16:9")
    assert not studio.simulator.journal


def test_a_video_that_was_ordered_before_is_waited_for_by_its_id(studio: Any) -> None:
    with pytest.raises(UnfinishedTaskError) as caught:
        studio("video", "a cat", timeout=5)
    error = caught.value
    assert error.message == "the task is still RUNNING at the end of the time allowed"
    assert error.task_id
    assert f"task {error.task_id}" in str(error)
    assert "goes on" in error.advice
    assert sum(studio.waits) <= 5
    assert studio("wait_for_video", error.task_id).task_id == error.task_id


@pytest.mark.parametrize("error", ["overloaded", "internal-error", "rate-limit"])
def test_a_question_is_repeated_where_that_may_help(studio: Any, error: str) -> None:
    seen: list[Task] = []

    def note(task: Task) -> None:
        if not seen:
            studio.simulator.fault("error", error=error, times=2)
        seen.append(task)

    assert studio("video", "a cat", progress=note).url
    failed = [entry.status >= 400 for entry in studio.simulator.journal]
    assert failed == [False, False, True, True, *[False] * (len(seen) - 1)]


def test_a_question_that_nobody_answers_is_asked_three_times(studio: Any) -> None:
    seen: list[Task] = []

    def note(task: Task) -> None:
        seen.append(task)
        studio.simulator.fault("connect-error", times=None)

    with pytest.raises(ConnectionFailure) as caught:
        studio("video", "a cat", progress=note)
    assert caught.value.task_id == seen[0].id
    assert len(studio.asked) == 2 + 3
    assert studio.waits == [2.5, 0.75, 1.5]


@pytest.mark.parametrize(
    "fault", [Fault(kind="error", error="overloaded"), Fault(kind="drop-before-headers")]
)
def test_an_order_is_never_repeated(studio: Any, fault: Fault) -> None:
    studio.simulator.fault(fault)
    with pytest.raises((ServerError, ConnectionFailure)):
        studio("video", "a cat")
    assert len(studio.asked) == 1
    assert studio.waits == []


@pytest.mark.parametrize("auth_choice", ["qwen-api-key", "qwen-api-key-cn"])
@pytest.mark.parametrize("method", ["video", "describe_image", "describe_video"])
def test_a_key_of_the_plan_names_plan_host_and_auth_choice(
    studio: Any, auth_choice: str, method: str
) -> None:
    studio.auth_choice, studio.key = auth_choice, "sk-sp-abcdefgh12345678"
    host = CHINA if auth_choice.endswith("-cn") else GLOBAL
    with pytest.raises(AuthError) as caught:
        studio(method, "https://example.com/cat.png" if "describe" in method else "a cat")
    advice = caught.value.advice
    assert "came from api_key and is a Coding Plan key" in advice
    assert f"https://{host}" in advice
    assert f"auth choice {auth_choice.replace('qwen-', 'qwen-standard-')}." in advice
    assert caught.value.request_id
    assert studio.key not in str(caught.value)
    assert len(studio.asked) == 1
