"""Recorded tasks are compared with tasks of the fake that are as far as they were."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

CHINA = "dashscope.aliyuncs.com"
SUBMIT = "/api/v1/services/aigc/video-generation/video-synthesis"
TASK = "b6834d7a-51ab-4033-a250-eef1dc892a80"
ASYNC = {"x-dashscope-async": "enable"}
BODY = {"model": "wanx2.1-t2v-turbo", "input": {"prompt": "a bird"}, "parameters": {}}
TIMES = {"submit_time": "2026-05-18 08:00:00.000", "scheduled_time": "2026-05-18 08:00:00.040"}
DONE = {
    **TIMES,
    "end_time": "2026-05-18 08:01:00.000",
    "orig_prompt": "a bird",
    "video_url": "https://example.com/a.mp4",
    "actual_prompt": "A white bird",
}
USAGE = {"video_duration": 5, "video_ratio": "1280*720", "video_count": 1}


@pytest.fixture
def submitted(record: Callable[..., Any]) -> Any:
    """The tape of a submission, with an id that the fake never gives."""

    def rename(body: Any) -> None:
        body["output"]["task_id"] = TASK

    return record(BODY, host=CHINA, path=SUBMIT, headers=ASYNC).saying(rename)


@pytest.fixture
def poll(record: Callable[..., Any]) -> Callable[..., Any]:
    """Make the tape of a poll."""

    def make(state: str, output: Any = (), *, task: str = TASK, **rest: Any) -> Any:
        tape = record(None, method="GET", host=CHINA, path=f"/api/v1/tasks/{task}")
        body = {"output": {"task_id": TASK, "task_status": state, **dict(output)}, **rest}
        return replace(tape, body=json.dumps({"request_id": "r", **body}))

    return make


@pytest.fixture
def outcomes(
    tmp_path: Path, write: Callable[..., Path], look: Callable[..., Any]
) -> Callable[..., list[str]]:
    def run(*tapes: Any) -> list[str]:
        return [finding.outcome for finding in look(write(tmp_path / "tape.yaml", *tapes))]

    return run


def test_a_task_is_as_far_at_each_poll_as_it_was(
    outcomes: Any, submitted: Any, poll: Callable[..., Any]
) -> None:
    pending = poll("PENDING", {"submit_time": TIMES["submit_time"]})
    running, done = poll("RUNNING", TIMES), poll("SUCCEEDED", DONE, usage=USAGE)
    assert outcomes(submitted, pending, running, running, done, done) == ["same"] * 6


@pytest.mark.parametrize(("state", "output"), [("RUNNING", TIMES), ("SUCCEEDED", DONE)])
def test_a_task_that_was_begun_before_the_recording_is_begun_anew(
    outcomes: Any, poll: Callable[..., Any], state: str, output: Any
) -> None:
    rest = {"usage": USAGE} if state == "SUCCEEDED" else {}
    assert outcomes(poll(state, output, task="1111", **rest)) == ["same"]


@pytest.mark.parametrize(
    "usage",
    [
        {"duration": 5.0, "input_video_duration": 0, "output_video_duration": 5.0}
        | {"video_count": 1, "SR": 720, "ratio": "16:9"},
        {"duration": 5.0, "size": "1280*720", "input_video_duration": 0}
        | {"output_video_duration": 5, "video_count": 1, "SR": 720},
        {"video_duration": 5, "video_count": 1, "SR": 480},
    ],
)
def test_it_is_begun_with_a_model_that_tells_the_same_of_its_cost(
    outcomes: Any, poll: Callable[..., Any], usage: Any
) -> None:
    rewritten = [] if "SR" in usage and "duration" in usage else ["actual_prompt"]
    output = {name: DONE[name] for name in DONE if name != "actual_prompt" or rewritten}
    assert outcomes(poll("SUCCEEDED", output, usage=usage)) == ["same"]


def test_a_task_may_fail_later_than_the_fake_would_have_it(
    outcomes: Any, submitted: Any, poll: Callable[..., Any]
) -> None:
    words = {
        "code": "DataInspectionFailed",
        "message": "Input data may contain inappropriate content.",
    }
    failed = poll("FAILED", {**words, **TIMES, "end_time": DONE["end_time"]})
    assert outcomes(submitted, poll("RUNNING", TIMES), failed) == ["same"] * 3
    unheard = poll("FAILED", {"code": "New", "message": "Not on record.", **TIMES})
    assert outcomes(submitted, unheard) == ["same", "differs"]


def test_an_unknown_task_stays_unknown(outcomes: Any, poll: Callable[..., Any]) -> None:
    assert outcomes(poll("UNKNOWN")) == ["same"]


ENDED = {**TIMES, "end_time": DONE["end_time"]}
CHOICE = {
    "finish_reason": "stop",
    "message": {"role": "assistant", "content": [{"image": "https://a/b.png", "type": "image"}]},
}
TOKENS = {"total_tokens": 0, "image_count": 1, "output_tokens": 0, "input_tokens": 0}


def metrics(total: int, made: int = 0, failed: int = 0) -> dict[str, Any]:
    return {"task_metrics": {"TOTAL": total, "SUCCEEDED": made, "FAILED": failed}}


@pytest.mark.parametrize(
    ("state", "output", "usage"),
    [
        ("RUNNING", TIMES | metrics(4), None),
        (
            "SUCCEEDED",
            {**ENDED, "results": [{"url": "https://a/b.png"}] * 2, **metrics(2, 2)},
            {"image_count": 2},
        ),
        (
            "SUCCEEDED",
            {
                **ENDED,
                "results": [{"orig_prompt": "a", "actual_prompt": "b", "url": "https://a/b.png"}],
            },
            {"image_count": 1},
        ),
        (
            "SUCCEEDED",
            {**ENDED, "finished": True, "choices": [CHOICE]},
            {"size": "1280*1280", **TOKENS},
        ),
    ],
)
def test_a_task_that_makes_images_is_begun_anew_too(
    outcomes: Any, poll: Callable[..., Any], state: str, output: Any, usage: Any
) -> None:
    rest = {} if usage is None else {"usage": usage}
    assert outcomes(poll(state, output, task="1111", **rest)) == ["same"]


def test_tasks_that_make_neither_videos_nor_images_are_not_modelled(
    outcomes: Any, poll: Callable[..., Any]
) -> None:
    assert outcomes(poll("SUCCEEDED", DONE, usage={"price": 5})) == ["not modelled"]
    speech = {**ENDED, "results": [{"transcription_url": "https://a/b.json"}], **metrics(1, 1)}
    assert outcomes(poll("SUCCEEDED", speech)) == ["not modelled"]


def test_a_task_is_there_to_be_cancelled(
    outcomes: Any, record: Callable[..., Any], poll: Callable[..., Any]
) -> None:
    path = f"/api/v1/tasks/{TASK}/cancel"
    refused = record(None, host=CHINA, path=path)
    headers = poll("UNKNOWN").headers
    cancelled = replace(refused, status=200, headers=headers, body='{"request_id": "r"}')
    assert outcomes(cancelled, refused) == ["same", "same"]
