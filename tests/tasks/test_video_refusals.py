"""Orders of videos that are refused at once, before there is a task."""

from typing import Any

import pytest

from qwensim.simulator import Simulator, TaskPace, VirtualClock

VIDEO = "/api/v1/services/aigc/video-generation/video-synthesis"

ASYNC = (("x-dashscope-async", "enable"),)


def test_a_request_that_is_wrong_fails_at_once_on_any_clock(make_client: Any) -> None:
    clock = VirtualClock()
    other = make_client(Simulator(clock=clock, task_pace=TaskPace(pending=60, running=600)))
    task = other.begin("wan2.6-i2v", {})
    clock.advance(0.05)
    assert other.state(task) == "RUNNING"
    clock.advance(0.05)
    assert other.state(task) == "FAILED"


def test_an_address_in_the_storage_needs_its_header(client: Any) -> None:
    given = {"img_url": "oss://dashscope-instant/somewhere/cat.png"}
    assert client.make("wan2.6-i2v", given).output["task_status"] == "FAILED"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ({"model": "wan2.6-t2v", "input": {"prompt": "x"}}, (), 403, "AccessDenied"),
        (
            *({"model": "wan2.6-t2v", "input": {}}, (("x-dashscope-async", "disable"),)),
            *(403, "AccessDenied"),
        ),
        ({"model": "wan9", "input": {}}, ASYNC, 400, "InvalidParameter"),
        ({"model": "qwen-plus", "input": {}}, ASYNC, 400, "InvalidParameter"),
        ({"model": "wan2.2-kf2v-flash", "input": {}}, ASYNC, 400, "InvalidParameter"),
        ({"model": "wan2.6-t2v"}, ASYNC, 400, "BadRequest.EmptyInput"),
        ({"model": "wan2.6-t2v", "input": []}, ASYNC, 400, "BadRequest.EmptyInput"),
        (
            *({"model": "wan2.6-t2v", "input": {}, "parameters": 5}, ASYNC),
            *(400, "InvalidParameter"),
        ),
        ([], ASYNC, 400, "InvalidParameter"),
    ],
)
def test_what_is_refused_at_once(
    client: Any, body: Any, headers: Any, status: int, code: str
) -> None:
    got = client.send("POST", VIDEO, body, headers=headers)
    assert (got.status, got.json["code"]) == (status, code)
    assert {*got.json} == {"request_id", "code", "message"}
    assert client.list()["total"] == 0


def test_a_coding_plan_host_has_no_videos(client: Any, make_client: Any) -> None:
    coding = make_client(
        client.simulator, host="coding.dashscope.aliyuncs.com", key="sk-sp-0123456789abcdef"
    )
    for got in (coding.submit(), coding.poll("1111")):
        assert (got.status, got.body) == (404, b"")
