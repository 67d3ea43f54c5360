"""The native API for media: messages in parts, and what pictures and videos cost."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from qwensim.contract import native, pictures
from qwensim.contract.answers import expect, expect_that, joined
from qwensim.contract.case import Case, Need
from qwensim.contract.native import MEDIA
from qwensim.contract.session import Session

_OLDER = ("qwen-vl-max",)
_NEWER = ("qwen3.6-plus",)
_TEXT = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
_THOUGHT = "Numbers are wanted, and they are to be in order."
_QUESTION = {"text": "What is shown here?"}


def _asking(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [*parts, _QUESTION]}]


_PICTURE = _asking({"image": pictures.SQUARE})


def text(session: Session) -> None:
    """Ask without a picture: messages are in parts all the same."""
    body = native.whole(native.ask(session, path=MEDIA))
    message = native.choice(body)["message"]
    expect("role", "assistant", message["role"])
    (part,) = message["content"]
    expect("keys of the part", ["text"], list(part))
    expect_that("text", "some text", part["text"], part)
    native.expect_sum(body["usage"])


def cumulative(session: Session) -> None:
    """Stream an older model: each frame repeats what was said."""
    session.service.script(text=_TEXT)
    found = native.messages_of(native.frames(native.ask(session, path=MEDIA, stream=True)))
    texts = [native.said(message) for message in found]
    for before, after in pairwise(texts):
        expect_that("text", f"{before!r} and more", after.startswith(before), after)
    expect("last text", _TEXT, texts[-1])


def thinking(session: Session) -> None:
    """Stream a newer model, which says only what is new: reasoning, then the answer."""
    session.service.script(text=_TEXT, reasoning=_THOUGHT)
    bodies = native.frames(native.ask(session, _PICTURE, path=MEDIA, stream=True))
    found = native.messages_of(bodies)
    expect("reasoning", _THOUGHT, joined(found, "reasoning_content"))
    expect("text", _TEXT, "".join(map(native.said, found)))
    split = bodies[-1]["usage"]["output_tokens_details"]
    expect("details", sum(split.values()), bodies[-1]["usage"]["output_tokens"])


def cumulative_newer(session: Session) -> None:
    """Ask a newer model to repeat what it said."""
    native.refused(
        session, "native-incremental-only", path=MEDIA, stream=True, incremental_output=False
    )


def counted(
    session: Session, kind: str, tokens: int, parts: Sequence[dict[str, Any]], **parameters: Any
) -> None:
    """Show pictures or videos and look at what they cost, whole and streamed."""
    answer = native.ask(session, _asking(*parts), path=MEDIA, **parameters)
    streamed = native.ask(session, _asking(*parts), path=MEDIA, stream=True, **parameters)
    for body in (native.whole(answer), native.frames(streamed)[-1]):
        usage = body["usage"]
        expect(f"{kind}_tokens", tokens, usage.get(f"{kind}_tokens"))
        details = usage["input_tokens_details"]
        expect(f"{kind}_tokens in the details", tokens, details.get(f"{kind}_tokens"))
        expect("details", usage["input_tokens"], sum(details.values()))


def clip(session: Session) -> None:
    """Show a video by its address."""
    usage = native.whole(native.ask(session, _asking({"video": pictures.CLIP}), path=MEDIA))[
        "usage"
    ]
    expect_that("video_tokens", "some", usage.get("video_tokens"), usage)


def refused(
    session: Session, error: str, part: dict[str, Any], values: dict[str, object] | None = None
) -> None:
    """Show what cannot be shown, whole and streamed."""
    for stream in (False, True):
        native.refused(session, error, _asking(part), path=MEDIA, stream=stream, values=values)


_case = partial(Case, surface="multimodal", plans=("standard",), models=_OLDER)
_SCRIPT: frozenset[Need] = frozenset({"script"})
_DOCS = "Model Studio docs: image and video understanding"
_SQUARE, _OBLONG, _LARGE = (
    {"image": picture} for picture in (pictures.SQUARE, pictures.OBLONG, pictures.LARGE)
)

CASES = (
    _case(
        id="multimodal-text",
        title="a message is a list of parts",
        holds="wire D: multimodal",
        run=text,
    ),
    _case(
        id="multimodal-text-newer",
        title="so it is by newer models",
        holds="wire D: multimodal",
        run=text,
        models=_NEWER,
    ),
    _case(
        id="multimodal-stream-unset",
        title="older models repeat what was said",
        holds="wire D: SSE",
        run=cumulative,
        needs=_SCRIPT,
    ),
    _case(
        id="multimodal-thinking",
        title="newer models reason first; with a picture the counts of both add up",
        holds="cnblogs/dashscope-sdk RawHttpData/multimodal-generation-message-with-*",
        run=thinking,
        models=_NEWER,
        needs=_SCRIPT,
    ),
    _case(
        id="multimodal-stream-cumulative",
        title="newer models do not repeat what was said",
        holds="alibaba/spring-ai-alibaba examples",
        run=cumulative_newer,
        models=_NEWER,
    ),
    # A token is a square of 32 pixels a side; two more stand around each picture.
    _case(
        id="multimodal-image",
        title="a picture that is sent along counts by its size",
        holds=_DOCS,
        run=partial(counted, kind="image", tokens=16 * 16 + 2, parts=[_SQUARE]),
    ),
    _case(
        id="multimodal-images",
        title="several pictures add up",
        holds=_DOCS,
        run=partial(
            counted, kind="image", tokens=16 * 16 + 2 + 31 * 22 + 2, parts=[_SQUARE, _OBLONG]
        ),
    ),
    _case(
        id="multimodal-image-high-resolution",
        title="a large picture is shrunk less if asked to",
        holds=_DOCS,
        run=partial(
            counted,
            kind="image",
            tokens=64 * 43 + 2,
            parts=[_LARGE],
            vl_high_resolution_images=True,
        ),
    ),
    *(
        _case(
            id=f"multimodal-photo-{model}",
            title=f"the service's own example counts as recorded of {model}",
            holds="alibaba/loongsuite-python-agent; cnblogs/dashscope-sdk RawHttpData",
            run=partial(counted, kind="image", tokens=tokens, parts=[{"image": pictures.PHOTO}]),
            models=(model,),
        )
        for model, tokens in {"qwen-vl-plus": 1249, "qwen3.6-plus": 2503}.items()
    ),
    _case(
        id="multimodal-frames",
        title="of a list of frames every two count as one",
        holds=_DOCS,
        run=partial(
            counted,
            kind="video",
            tokens=2 * 16 * 16 + 2,
            parts=[{"video": [pictures.SQUARE] * 4, "fps": 2}],
        ),
    ),
    _case(id="multimodal-video", title="a video is shown by its address", holds=_DOCS, run=clip),
    _case(
        id="multimodal-frames-too-few",
        title="a list of frames has at least four",
        holds=_DOCS,
        run=partial(
            refused,
            error="frame-list-length",
            part={"video": [pictures.SQUARE] * 3},
            values={"limit": 512},
        ),
    ),
    _case(
        id="multimodal-part-unknown",
        title="a part is of a known kind",
        holds="Model Studio docs: error codes",
        run=partial(refused, error="content-part-unexpected", part={"picture": pictures.SQUARE}),
    ),
    _case(
        id="multimodal-image-tiny",
        title="a picture has ten pixels a side",
        holds=_DOCS,
        run=partial(
            refused,
            error="image-too-small",
            part={"image": pictures.TINY},
            values={"height": 9, "width": 9},
        ),
    ),
    _case(
        id="multimodal-upload-unresolved",
        title="an upload is named with a header",
        holds="Model Studio docs: temporary uploads",
        run=partial(
            refused, error="oss-unresolved", part={"image": "oss://dashscope-instant/a/b.png"}
        ),
    ),
)
