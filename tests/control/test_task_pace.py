"""How long tasks take, set over HTTP."""

from typing import Any

import pytest

KEY = {"authorization": "Bearer sk-0123456789abcdef"}
SUBMIT = "/dashscope.aliyuncs.com/api/v1/services/aigc/video-generation/video-synthesis"


def test_a_pace_holds_for_the_tasks_to_come(served: Any) -> None:
    assert served.get("/__qwensim/task-pace")["polls"] == 2
    assert served.post("/__qwensim/task-pace", {"polls": 3})["polls"] == 3
    body = {"model": "wan2.6-t2v", "input": {"prompt": "a cat"}, "parameters": {}}
    begun = served.client.post(SUBMIT, json=body, headers={**KEY, "x-dashscope-async": "enable"})
    task = f"/dashscope.aliyuncs.com/api/v1/tasks/{begun.json()['output']['task_id']}"
    states = [
        served.client.get(task, headers=KEY).json()["output"]["task_status"] for _ in range(3)
    ]
    assert states == ["RUNNING", "RUNNING", "SUCCEEDED"]


def test_a_result_is_downloaded_where_the_client_reached_the_service(served: Any) -> None:
    served.post("/__qwensim/task-pace", {"polls": 1})
    body = {"model": "wan2.6-t2v", "input": {"prompt": "a cat"}, "parameters": {}}
    begun = served.client.post(SUBMIT, json=body, headers={**KEY, "x-dashscope-async": "enable"})
    task = f"/dashscope.aliyuncs.com/api/v1/tasks/{begun.json()['output']['task_id']}"
    url = served.client.get(task, headers=KEY).json()["output"]["video_url"]
    assert url.startswith(str(served.client.base_url))
    whole = served.client.get(url)
    assert whole.headers["content-length"] == str(len(whole.content))
    head = served.client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    part = served.client.get(url, headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, whole.content[4:8])
    assert whole.content[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"polls": 0}, "polls"),
        ({"pending": -1}, "pending"),
        ({"seconds": 3}, "there are: pending, running, polls, jitter"),
        ([], "object"),
    ],
)
def test_a_pace_that_cannot_be_changes_nothing(served: Any, fields: Any, told: str) -> None:
    before = served.get("/__qwensim/task-pace")
    assert told in served.refused("/__qwensim/task-pace", json=fields)
    assert served.get("/__qwensim/task-pace") == before
