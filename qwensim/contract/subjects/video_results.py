"""What tasks of videos tell at their end: the video and its cost, or why there is none."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from qwensim.contract import pictures, tasks
from qwensim.contract.answers import expect, expect_that
from qwensim.contract.case import Case
from qwensim.contract.refusals import words
from qwensim.contract.session import Session

_TEXT = ("wan2.6-t2v",)
_SMALL: Any = {"size": "1280*720"}


def cost(
    session: Session, usage: dict[str, Any], given: Mapping[str, Any], **parameters: Any
) -> None:
    """Have a video made and look at what it cost: names, order, and kinds of numbers."""
    done = tasks.made(session, given={"prompt": tasks.PROMPT, **given}, **parameters)
    expect("usage", json.dumps(usage), json.dumps(done["usage"]))
    expect("actual_prompt", None, done["output"].get("actual_prompt"))


def failed(
    session: Session,
    error: str,
    given: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> None:
    """Order what cannot be made: the order is taken, and the task says what was wrong."""
    done = tasks.ended(session, tasks.ordered(session, given=given, **parameters))
    expect("keys", ["request_id", "output"], list(done))
    output = done["output"]
    keys = ["task_id", "task_status", "code", "message"]
    expect("keys of the output", keys, list(output)[: len(keys)])
    expect("task_status", "FAILED", output["task_status"])
    expect("code", session.catalog.errors[error].code, output["code"])
    expect("message", words(session, error, wire="tasks", **(values or {})), output["message"])


def downloaded(session: Session) -> None:
    """Fetch a video: its signed address is the only key."""
    url = tasks.made(session, **_SMALL)["output"]["video_url"]
    tasks.expect_video(session.fetch(url))
    expect_that("Authorization", "none", "authorization" not in session.sent[-1].headers, url)


def unsigned(session: Session) -> None:
    """Fetch a video by an address that is not signed, and by one that is signed wrongly."""
    url = tasks.made(session, **_SMALL)["output"]["video_url"]
    answer = session.fetch(url.partition("?")[0])
    tasks.expect_storage_refusal(answer, 403, "AccessDenied", "no right to access this object")
    answer = session.fetch(f"{url}x")
    tasks.expect_storage_refusal(answer, 403, "SignatureDoesNotMatch", "signature we calculated")


def expired(session: Session) -> None:
    """Fetch a video by an address whose day is over."""
    url = tasks.made(session, **_SMALL)["output"]["video_url"]
    before, _, after = url.partition("Expires=")
    answer = session.fetch(f"{before}Expires=1&{after.partition('&')[2]}")
    tasks.expect_storage_refusal(answer, 403, "AccessDenied", "Request has expired.")


_case = partial(Case, surface="video", plans=("standard",), models=_TEXT)


def _cost(model: str, usage: dict[str, Any], given: Mapping[str, Any], **parameters: Any) -> Case:
    return _case(
        id=f"video-cost-{model}",
        title=f"what a video of {model} cost is told in its own way",
        holds="wire E: usage",
        models=(model,),
        run=partial(cost, usage=usage, given=given, **parameters),
    )


def _failure(name: str, title: str, error: str, **asking: Any) -> Case:
    asking.setdefault("given", {"prompt": tasks.PROMPT})
    models = asking.pop("models", _TEXT)
    return _case(
        id=f"video-failed-{name}",
        title=title,
        holds=f"wire E: FAILED ({error})",
        models=models,
        run=partial(failed, error=error, **asking),
    )


_IMAGE = {"img_url": pictures.PHOTO}
_USAGE = {"input_video_duration": 0, "output_video_duration": 5, "video_count": 1, "SR": 720}
_720P = {"resolution": "720P"}

CASES = (
    _cost("wan2.6-t2v", {"duration": 5, "size": "1280*720", **_USAGE}, {}, **_SMALL),
    _cost("wan2.6-i2v", {"duration": 5, **_USAGE}, _IMAGE, **_720P),
    _cost("wan2.6-i2v-flash", {"duration": 5, **_USAGE, "audio": True}, _IMAGE, **_720P),
    _cost(
        "wan2.6-r2v",
        {"duration": 5.0, "size": "1280*720", **_USAGE},
        {"reference_urls": [pictures.PHOTO]},
        **_SMALL,
    ),
    _cost(
        "wan2.7-r2v",
        {"duration": 5.0, **_USAGE, "output_video_duration": 5.0, "ratio": "16:9"},
        {"media": [{"type": "reference_image", "url": pictures.PHOTO}]},
        **_720P,
    ),
    _failure("prompt", "there must be a prompt", "task-failed-prompt", given={"prompt": ""}),
    _failure(
        "image",
        "a picture that is to move must be given",
        "task-failed-image",
        models=("wan2.6-i2v",),
    ),
    _failure(
        "media",
        "wan2.7 takes media and no img_url",
        "task-failed-field",
        models=("wan2.7-i2v",),
        given={"prompt": tasks.PROMPT, **_IMAGE},
        values={"path": "media"},
    ),
    _failure(
        "image-small",
        "a picture that is too small fails",
        "task-failed-image-small",
        models=("wan2.6-i2v",),
        given={"prompt": tasks.PROMPT, "img_url": pictures.SMALL},
        values={"minimum": 240},
    ),
    _failure(
        "address",
        "a path of one's own machine leads nowhere",
        "task-failed-url",
        models=("wan2.6-i2v",),
        given={"prompt": tasks.PROMPT, "img_url": "/home/me/cat.png"},
    ),
    _failure(
        "size",
        "a size is one of the model's",
        "task-failed-choice",
        values={
            "path": "size",
            "allowed": "1080*1920,1920*1080,1440*1440,1632*1248,1248*1632,"
            "720*1280,1280*720,960*960,1088*832,832*1088",
        },
        size="1*1",
    ),
    _failure(
        "duration",
        "so is a duration",
        "task-failed-duration",
        models=("wan2.7-t2v",),
        values={"minimum": 2, "maximum": 15},
        duration=16,
    ),
    _case(
        id="video-downloaded",
        title="a video is an MP4 that is fetched without a key",
        holds="wire E: asset URL",
        run=downloaded,
    ),
    _case(
        id="video-unsigned",
        title="an address that is not signed as it should be leads to a refusal in XML",
        holds="Object Storage Service docs: error responses",
        run=unsigned,
    ),
    _case(
        id="video-expired",
        title="an address that is too old does so too",
        holds="wire E: asset URL",
        run=expired,
    ),
)
