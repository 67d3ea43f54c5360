"""The real client orders videos: what it sends, to whom, and what it refuses to send."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.contract import page, pictures, tasks
from qwensim.contract.answers import expect, expect_in, expect_that, failure
from qwensim.contract.case import Case
from qwensim.contract.session import Session
from qwensim.errors import UsageError
from qwensim.provider import AuthError, RateLimitError, Task

_TEXT = ("wan2.6-t2v",)
_SMALL: Any = {"resolution": "720P"}


def made(
    session: Session, given: Mapping[str, Any], parameters: Mapping[str, Any], **options: Any
) -> None:
    """Have a video made by a model, and look at what was ordered."""
    seen: list[Task] = []
    video = session.provider().video(
        tasks.PROMPT, model=f"qwen/{session.model}", progress=seen.append, **options
    )
    sent = session.sent[0]
    expect("address", tasks.VIDEO, sent.url.path)
    expect("x-dashscope-async", "enable", sent.headers.get("x-dashscope-async"))
    body = {
        "model": session.model,
        "input": {"prompt": tasks.PROMPT, **given},
        "parameters": dict(parameters),
    }
    expect("order", body, json.loads(sent.content))
    expect("last state", "SUCCEEDED", seen[-1].state)
    expect("task", seen[0].id, video.task_id)
    expect("seconds", 5.0, video.seconds)
    expect_that("address of the video", "https", video.url.startswith("http"), video)


def limited(session: Session) -> None:
    """Order beyond the limits of the page: nothing is sent."""
    provider = session.provider()
    photo, clip = pictures.PHOTO, pictures.CLIP
    options: Any
    for options in (
        {"count": 2},
        {"images": [photo, photo]},
        {"videos": [clip] * 5},
        {"duration": 11},
        {"size": "1*1"},
        {"aspect_ratio": "2:1"},
        {"resolution": "8K"},
        {"images": ["/home/me/cat.png"]},
        {"videos": ["file:///home/me/cat.mp4"]},
        {"images": [pictures.SQUARE]},
    ):
        failure(UsageError, partial(provider.video, tasks.PROMPT, **options))
    failure(UsageError, lambda: provider.video(""))
    expect("requests sent", 0, len(session.sent))
    expect("seconds", 5.0, provider.video(tasks.PROMPT, **_SMALL).seconds)


def ordered_once(session: Session) -> None:
    """Meet a limit when ordering: an order is not repeated, since each one costs."""
    session.service.fault("error", error="rate-limit")
    provider = session.provider()
    failure(RateLimitError, lambda: provider.video(tasks.PROMPT, **_SMALL))
    expect("requests sent", 1, len(session.sent))


def elsewhere(session: Session) -> None:
    """Configure the Coding Plan: videos are made by the Standard host of its region."""
    provider = session.provider(api_key=FAKE_KEYS["standard"])
    video = provider.video(tasks.PROMPT, **_SMALL)
    expect("hosts asked", {_standard(session)}, {str(request.url.host) for request in session.sent})
    expect_that("address of the video", "https", video.url.startswith("http"), video)


def with_plan_key(session: Session) -> None:
    """Do so with a key of the plan: the client says which key is wanted there."""
    error = failure(AuthError, lambda: session.provider().video(tasks.PROMPT, **_SMALL))
    choice = page.ENDPOINTS["standard", session.host.region].auth_choice
    for part in (_standard(session), choice):
        expect_in("advice", part, error.advice)
    expect("hosts asked", [_standard(session)], [str(one.url.host) for one in session.sent])


def _standard(session: Session) -> str:
    """Return the name of the Standard host of the region."""
    return page.ENDPOINTS["standard", session.host.region].base_url.split("/")[2]


_case = partial(Case, surface="video", plans=("standard",), models=_TEXT)
_SMALL_SIZE = {"size": "1280*720", "duration": 5}
_720P = {"resolution": "720P", "duration": 5}
_MODELS: Mapping[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "wan2.6-t2v": ({}, _SMALL_SIZE, {}),
    "wan2.6-i2v": ({"img_url": pictures.PHOTO}, _720P, {"images": [pictures.PHOTO]}),
    "wan2.6-i2v-flash": (
        {"img_url": pictures.PHOTO},
        {**_720P, "audio": False, "watermark": True},
        {"images": [pictures.PHOTO], "audio": False, "watermark": True},
    ),
    "wan2.6-r2v": (
        {"reference_urls": [pictures.PHOTO]},
        {"size": "720*1280", "duration": 5},
        {"images": [pictures.PHOTO], "aspect_ratio": "9:16"},
    ),
    "wan2.6-r2v-flash": (
        {"reference_urls": [pictures.CLIP]},
        _SMALL_SIZE,
        {"videos": [pictures.CLIP]},
    ),
    "wan2.7-r2v": (
        {
            "media": [
                {"type": "reference_image", "url": pictures.PHOTO},
                {"type": "reference_video", "url": pictures.CLIP},
            ]
        },
        {"resolution": "720P", "ratio": "1:1", "duration": 5},
        {"images": [pictures.PHOTO], "videos": [pictures.CLIP], "aspect_ratio": "1:1"},
    ),
}
"""What the client sends to each model, as input and as parameters, and what it is told."""

CASES = (
    *(
        _case(
            id=f"video-made-{model}",
            title=f"the client has a video made by {model}, in its way",
            holds="page 16; wire E: parameters",
            models=(model,),
            run=partial(made, given=given, parameters=parameters, **_SMALL, **options),
        )
        for model, (given, parameters, options) in _MODELS.items()
    ),
    _case(
        id="video-limits",
        title="what is beyond the limits of the page is refused before anything is sent",
        holds="page 18",
        run=limited,
    ),
    _case(
        id="video-ordered-once",
        title="an order that fails is not repeated",
        holds="each order costs",
        needs=frozenset({"error"}),
        run=ordered_once,
    ),
    _case(
        id="video-elsewhere",
        title="a Coding Plan configuration has videos made by the Standard host of its region",
        holds="page 17",
        plans=("coding",),
        models=("qwen3.5-plus",),
        needs=frozenset({"standard"}),
        run=elsewhere,
    ),
    _case(
        id="video-with-plan-key",
        title="with a key of the plan the client says which key is wanted there",
        holds="page 17",
        plans=("coding",),
        models=("qwen3.5-plus",),
        needs=frozenset({"standard"}),
        run=with_plan_key,
    ),
)
