"""Videos and the tasks that make them: how they are ordered, asked for and fetched."""

import re
from collections.abc import Mapping
from typing import Any, Final

from qwensim.contract.answers import Answer, Broken, expect, expect_that
from qwensim.contract.session import Session

VIDEO: Final = "/api/v1/services/aigc/video-generation/video-synthesis"
TASKS: Final = "/api/v1/tasks"
PROMPT: Final = "A cat sleeps on a sofa."

ASYNC: Final = {"x-dashscope-async": "enable"}
_PAUSE = 2.5
"""Seconds between two questions."""
_QUESTIONS = 240
"""Ten minutes; the service takes one to five for a video."""

_OPEN = ("PENDING", "RUNNING")


def order(
    session: Session,
    *,
    given: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    **parameters: Any,
) -> Answer:
    """Order a short video; `given` is the `input` if it is to be more or less than a prompt."""
    body = {
        "model": session.model,
        "input": {"prompt": PROMPT} if given is None else given,
        "parameters": {"duration": 5, **parameters},
    }
    return session.call(VIDEO, json=body, headers=ASYNC if headers is None else headers)


def ordered(session: Session, **asking: Any) -> str:
    """Order a video, see that the order is taken, and return the id of the task."""
    body = order(session, **asking).ok().json()
    expect("keys", ["request_id", "output"], list(body))
    output = body["output"]
    expect("keys of the output", ["task_id", "task_status"], list(output))
    expect("task_status", "PENDING", output["task_status"])
    return str(output["task_id"])


def look(session: Session, task_id: str, **asking: Any) -> dict[str, Any]:
    """Ask how a task is, and return the body, which must be of that task."""
    answer = session.call(f"{TASKS}/{task_id}", method="GET", **asking)
    body = answer.ok().json()
    expect("content-type", "application/json;charset=UTF-8", answer.headers.get("content-type"))
    output = body.get("output")
    expect_that("output", "an object", isinstance(output, dict), body)
    expect("task_id", task_id, body["output"].get("task_id"))
    return body


def state(session: Session, task_id: str) -> str:
    """Return how a task is."""
    return str(look(session, task_id)["output"].get("task_status"))


def ended(session: Session, task_id: str) -> dict[str, Any]:
    """Wait for the end of a task and return the body that tells of it."""
    for _ in range(_QUESTIONS):
        body = look(session, task_id)
        if body["output"]["task_status"] not in _OPEN:
            return body
        session.pause(_PAUSE)
    raise Broken("the task", "an end", body)


def made(session: Session, **asking: Any) -> dict[str, Any]:
    """Order a video, wait for it, and return the body that tells of it."""
    body = ended(session, ordered(session, **asking))
    expect("task_status", "SUCCEEDED", body["output"]["task_status"])
    return body


def cancel(session: Session, task_id: str) -> Answer:
    """Cancel a task."""
    return session.call(f"{TASKS}/{task_id}/cancel")


def expect_video(answer: Answer) -> None:
    """See that an answer is an MP4."""
    answer.ok()
    expect("content-type", "video/mp4", answer.headers.get("content-type"))
    expect("type in the file", b"ftyp", answer.content[4:8])


def expect_storage_refusal(answer: Answer, status: int, code: str, message: str) -> None:
    """See that the storage service refuses an address, in XML."""
    expect("status", status, answer.status)
    told = dict(re.findall(r"<(\w+)>([^<]*)</", answer.content.decode("utf-8", "replace")))
    expect("content-type", "application/xml", answer.headers.get("content-type"))
    expect("code", code, told.get("Code"))
    expect_that("message", message, message in told.get("Message", ""), told)
    expect("request id", answer.headers.get("x-oss-request-id"), told.get("RequestId"))
