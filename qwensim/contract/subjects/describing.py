"""The real client describes pictures and videos."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.contract import page, pictures
from qwensim.contract.answers import expect, expect_in, expect_that, failure
from qwensim.contract.case import Case
from qwensim.contract.refusals import words
from qwensim.contract.session import Session
from qwensim.errors import UsageError
from qwensim.provider import AuthError, BadRequestError, Reply

_DESCRIBER: Final = "qwen-vl-max-latest"
"""What OpenClaw describes pictures and videos with (docs/providers/qwen.md, 2026-05-18)."""


def describe_image(session: Session) -> None:
    """Have a file described, and a picture at an address."""
    provider = session.provider()
    with TemporaryDirectory(prefix="qwensim-") as folder:
        path = Path(folder) / "picture.png"
        path.write_bytes(pictures.content(pictures.SQUARE))
        _expect_described(session, provider.describe_image(path))
    (part,) = session.body_sent["messages"][-1]["content"]
    expect("part sent", pictures.image(pictures.SQUARE), part)
    _expect_described(session, provider.describe_image(pictures.PHOTO, "How many are there?"))
    messages = session.body_sent["messages"]
    expect("prompt sent", {"role": "system", "content": "How many are there?"}, messages[0])
    expect("part sent", [pictures.image(pictures.PHOTO)], messages[1]["content"])


def describe_video(session: Session) -> None:
    """Have a video described."""
    _expect_described(session, session.provider().describe_video(pictures.CLIP))
    (message,) = session.body_sent["messages"]
    said, part = message["content"]
    expect("kind of the first part", "text", said["type"])
    expect("part sent", {"type": "video_url", "video_url": {"url": pictures.CLIP}}, part)


def describe_with(session: Session) -> None:
    """Have a picture described by another model."""
    reply = session.provider().describe_image(pictures.SQUARE, model=f"qwen/{session.model}")
    expect("model sent", session.model, session.body_sent["model"])
    expect_that("content", "some text", reply.content, reply)


def describe_elsewhere(session: Session) -> None:
    """Configure the Coding Plan: pictures go to the Standard host of its region, with its key."""
    provider = session.provider(api_key=FAKE_KEYS["standard"])
    _expect_described(session, provider.describe_image(pictures.SQUARE))
    _expect_described(session, provider.describe_video(pictures.CLIP))


def describe_with_plan_key(session: Session) -> None:
    """Do so with a key of the plan: the client says what key is wanted, and where."""
    error = failure(AuthError, lambda: session.provider().describe_image(pictures.SQUARE))
    _expect_standard(session)
    standard = page.ENDPOINTS["standard", session.host.region]
    for part in (standard.base_url, standard.auth_choice):
        expect_in("advice", part, error.advice)
    expect("requests sent", 1, len(session.sent))


def described_wrongly(session: Session) -> None:
    """Have something described that is neither a picture nor there: nothing is sent."""
    provider = session.provider()
    for source in (b"no picture", "/no/such/picture.png", "ftp://example.com/a.png"):
        failure(UsageError, partial(provider.describe_image, source))
    expect("requests sent", 0, len(session.sent))
    _expect_described(session, provider.describe_image(pictures.SQUARE))


def described_by_text_model(session: Session) -> None:
    """Have a picture described by a model that sees none."""
    provider = session.provider()
    error = failure(
        BadRequestError, lambda: provider.describe_image(pictures.SQUARE, model=session.model)
    )
    expect("the service's words", words(session, "content-part-unexpected"), error.message)


def _expect_described(session: Session, reply: Reply) -> None:
    expect_that("content", "some text", reply.content, reply)
    expect("model sent", _DESCRIBER, session.body_sent["model"])
    _expect_standard(session)


def _expect_standard(session: Session) -> None:
    """See that the last request went to the Standard host of the region."""
    standard = page.ENDPOINTS["standard", session.host.region]
    expect("address", f"{standard.base_url}/chat/completions", str(session.sent[-1].url))


_case = partial(Case, surface="vision", plans=("standard",), models=(_DESCRIBER,))
_NEXT_DOOR: dict[str, Any] = {
    "plans": ("coding",),
    "models": ("qwen3.5-plus",),
    "needs": frozenset({"standard"}),
}

CASES = (
    _case(
        id="vision-describe-image",
        title="the client describes files and addresses with qwen-vl-max-latest",
        holds="page 15",
        run=describe_image,
    ),
    _case(
        id="vision-describe-video",
        title="so it does videos",
        holds="page 15",
        run=describe_video,
    ),
    _case(
        id="vision-describe-with",
        title="another model may describe",
        holds="page 15",
        run=describe_with,
        models=("qwen3-vl-plus",),
    ),
    _case(
        id="vision-describe-elsewhere",
        title="a Coding Plan configuration describes on the Standard host of its region",
        holds="page 15",
        run=describe_elsewhere,
        **_NEXT_DOOR,
    ),
    _case(
        id="vision-describe-with-plan-key",
        title="with a key of the plan the client says which key is wanted there",
        holds="page 15",
        run=describe_with_plan_key,
        **_NEXT_DOOR,
    ),
    _case(
        id="vision-describe-nothing",
        title="what is no picture is refused before anything is sent",
        holds="page 15",
        run=described_wrongly,
    ),
    _case(
        id="vision-describe-text-only",
        title="a model of text that is to describe is told in the service's words",
        holds="page 15",
        run=described_by_text_model,
        models=("qwen3-max",),
    ),
)
