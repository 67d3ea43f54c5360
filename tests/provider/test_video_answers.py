"""What is read from the answers about a task, wherever in them it stands."""

from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.provider import (
    MalformedAnswerError,
    QwenProvider,
    Task,
    TaskError,
    Video,
    faults,
)

TASK = {"task_id": "t1", "task_status": "SUCCEEDED"}


def answers(*bodies: Any) -> httpx2.MockTransport:
    rest = [*bodies]
    return httpx2.MockTransport(
        lambda _: httpx2.Response(200, json=rest.pop(0) if len(rest) > 1 else rest[0])
    )


def asked(*bodies: Any) -> Video:
    with httpx2.Client(transport=answers(*bodies)) as client:
        provider = QwenProvider(
            auth_choice="qwen-standard-api-key",
            api_key="sk-0123456789",
            http_client=client,
            sleep=lambda _: None,
        )
        return provider.video("a cat")


@pytest.mark.parametrize(
    ("output", "url"),
    [
        ({"video_url": "https://a/1.mp4"}, "https://a/1.mp4"),
        ({"results": [{"video_url": "https://a/1.mp4"}, {}]}, "https://a/1.mp4"),
        ({"task_status": " succeeded ", "video_url": "https://a/1.mp4"}, "https://a/1.mp4"),
    ],
)
def test_the_address_is_found_wherever_it_has_been_seen(output: Any, url: str) -> None:
    video = asked({"output": {**TASK, "task_status": "PENDING"}}, {"output": {**TASK, **output}})
    assert video.url == url
    assert (video.seconds, video.size) == (None, None)
    assert url not in repr(video)


@pytest.mark.parametrize(
    "usage",
    [
        {"video_duration": 5, "video_ratio": "1280*720", "video_count": 1},
        {"duration": 5, "size": "1280*720"},
        {
            "duration": 10.0,
            "input_video_duration": 5,
            "output_video_duration": 5,
            "size": "1280*720",
        },
    ],
)
def test_length_and_size_are_read_from_any_usage(usage: Any) -> None:
    output = {**TASK, "video_url": "https://a/1.mp4"}
    video = asked({"output": TASK}, {"output": output, "usage": usage})
    assert (video.seconds, video.size) == (5.0, "1280*720")


@pytest.mark.parametrize(
    "bodies",
    [
        ({"output": {"task_status": "PENDING"}},),
        ({"output": None},),
        ([1],),
        ({"output": TASK}, {"output": TASK}),
        ({"output": TASK}, {"output": {**TASK, "video_url": "ftp://a/1.mp4"}}),
        ({"output": TASK}, {"output": {**TASK, "video_url": "https://a\n/1.mp4"}}),
        ({"output": TASK}, {"choices": []}),
    ],
)
def test_what_tells_of_no_task_or_no_video_is_malformed(bodies: Any) -> None:
    with pytest.raises(MalformedAnswerError):
        asked(*bodies)


def test_a_failure_without_a_reason_is_told_as_one() -> None:
    with pytest.raises(TaskError) as caught:
        asked({"output": TASK}, {"output": {**TASK, "task_status": "FAILED"}, "request_id": "r1"})
    error = caught.value
    assert (error.message, error.code) == ("the task failed", "task_failed")
    assert (error.task_id, error.request_id) == ("t1", "r1")


@given(
    code=st.none() | st.text(max_size=8) | st.sampled_from(["Throttling", "InternalError", "X"]),
    message=st.none() | st.text(max_size=20),
    state=st.sampled_from(["FAILED", "CANCELED", "UNKNOWN", "failed"]),
)
def test_any_end_without_a_video_is_an_error_of_that_task(
    code: str | None, message: str | None, state: str
) -> None:
    output = {**TASK, "task_status": state, "code": code, "message": message}
    task = Task.from_wire({"output": output}, request_id="r1")
    assert task is not None
    fault = task.failure
    assert isinstance(fault, faults.Fault)
    assert (fault.task_id, fault.request_id, fault.status) == ("t1", "r1", 200)
    assert fault.message
    assert fault.code
