"""Pictures and videos in the compatible chat: what they cost, and which are refused."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from qwensim.contract import pictures
from qwensim.contract.answers import expect, expect_that
from qwensim.contract.case import BOTH, Case
from qwensim.contract.refusals import refused
from qwensim.contract.session import Session

_OLDER = ("qwen-vl-max",)
_Parts = Sequence[dict[str, Any]]


def counted(session: Session, kind: str, tokens: int, parts: _Parts, **fields: Any) -> None:
    """Show pictures or videos and look at what they cost, whole and streamed."""
    messages = pictures.asking(*parts)
    whole = session.ask(messages, **fields).ok().json()["usage"]
    options = {"stream": True, "stream_options": {"include_usage": True}}
    streamed = session.ask(messages, **options, **fields).chunks()[-1]["usage"]
    for usage in (whole, streamed):
        details = usage["prompt_tokens_details"]
        expect(f"{kind}_tokens", tokens, details.get(f"{kind}_tokens"))
        expect("details", usage["prompt_tokens"], sum(details.values()))


def seen_by_plan(session: Session) -> None:
    """Show a picture on any plan: it costs what its size says, whatever is told of the parts."""
    shown, not_shown = (
        session.ask(pictures.asking(*parts), enable_thinking=False).ok().json()["usage"]
        for parts in ([pictures.image(pictures.SQUARE)], [])
    )
    more = shown["prompt_tokens"] - not_shown["prompt_tokens"]
    expect("tokens of the picture", 16 * 16 + 2, more)


def clip(session: Session) -> None:
    """Show a video by its address."""
    part = {"type": "video_url", "video_url": {"url": pictures.CLIP}, "fps": 2}
    usage = session.ask(pictures.asking(part)).ok().json()["usage"]
    expect_that("video_tokens", "some", usage["prompt_tokens_details"].get("video_tokens"), usage)


def unseen(
    session: Session, error: str, part: dict[str, Any], values: dict[str, object] | None = None
) -> None:
    """Show what cannot be shown."""
    refused(session, error, pictures.asking(part), values=values)
    refused(session, error, pictures.asking(part), values=values, stream=True)


_case = partial(Case, surface="vision", plans=("standard",), models=_OLDER)
_DOCS = "Model Studio docs: image and video understanding"
_SQUARE, _LARGE = pictures.image(pictures.SQUARE), pictures.image(pictures.LARGE)
CASES = (
    # A token is a square of 32 pixels a side; two more stand around each picture.
    _case(
        id="vision-image",
        title="a picture that is sent along counts by its size",
        holds=_DOCS,
        run=partial(counted, kind="image", tokens=16 * 16 + 2, parts=[_SQUARE]),
    ),
    _case(
        id="vision-images",
        title="several pictures add up",
        holds=_DOCS,
        run=partial(
            counted,
            kind="image",
            tokens=16 * 16 + 2 + 31 * 22 + 2,
            parts=[_SQUARE, pictures.image(pictures.OBLONG)],
        ),
    ),
    _case(
        id="vision-image-shrunk",
        title="a large picture is shrunk to the area that is allowed",
        holds=_DOCS,
        run=partial(counted, kind="image", tokens=43 * 29 + 2, parts=[_LARGE]),
    ),
    _case(
        id="vision-image-max-pixels",
        title="it is shrunk further if asked to",
        holds=_DOCS,
        run=partial(
            counted,
            kind="image",
            tokens=13 * 9 + 2,
            parts=[pictures.image(pictures.LARGE, max_pixels=131_072)],
        ),
    ),
    _case(
        id="vision-image-high-resolution",
        title="it is shrunk less if asked to",
        holds=_DOCS,
        run=partial(
            counted,
            kind="image",
            tokens=64 * 43 + 2,
            parts=[_LARGE],
            vl_high_resolution_images=True,
        ),
    ),
    _case(
        id="vision-image-enlarged",
        title="a small picture is enlarged",
        holds=_DOCS,
        run=partial(
            counted, kind="image", tokens=8 * 8 + 2, parts=[pictures.image(pictures.SMALL)]
        ),
        models=("qwen3-vl-plus",),
    ),
    _case(
        id="vision-frames",
        title="of a list of frames every two count as one",
        holds=_DOCS,
        run=partial(
            counted,
            kind="video",
            tokens=2 * 16 * 16 + 2,
            parts=[{"type": "video", "video": [pictures.SQUARE] * 4, "fps": 2}],
        ),
    ),
    _case(id="vision-video", title="a video is shown by its address", holds=_DOCS, run=clip),
    _case(
        id="vision-on-each-plan",
        title="a picture costs the same on each plan",
        holds=_DOCS,
        run=seen_by_plan,
        plans=BOTH,
        models=("qwen3.5-plus",),
    ),
    _case(
        id="vision-frames-too-few",
        title="a list of frames has at least four",
        holds=_DOCS,
        run=partial(
            unseen,
            error="frame-list-length",
            part={"type": "video", "video": [pictures.SQUARE] * 3},
            values={"limit": 512},
        ),
    ),
    _case(
        id="vision-image-tiny",
        title="a picture has ten pixels a side",
        holds=_DOCS,
        run=partial(
            unseen,
            error="image-too-small",
            part=pictures.image(pictures.TINY),
            values={"height": 9, "width": 9},
        ),
    ),
    _case(
        id="vision-image-unreadable",
        title="what is sent along is a picture",
        holds="public reports of other files sent as images",
        run=partial(
            unseen, error="image-unreadable", part=pictures.image("data:image/png;base64,AAAA")
        ),
    ),
    _case(
        id="vision-address-invalid",
        title="a picture has an http, data or oss address",
        holds="Model Studio docs: error codes",
        run=partial(unseen, error="media-url-invalid", part=pictures.image("picture.png")),
    ),
    _case(
        id="vision-text-only",
        title="a model of text takes no picture",
        holds="Model Studio docs: error codes",
        run=partial(unseen, error="content-part-unexpected", part=_SQUARE),
        models=("qwen3-max",),
    ),
)
