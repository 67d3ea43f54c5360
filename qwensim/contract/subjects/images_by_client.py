"""The real client has images made: at once or by a task, on the Standard host of its region."""

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.contract import native, page, tasks
from qwensim.contract.answers import expect, expect_in, expect_that, failure
from qwensim.contract.case import Case, Need
from qwensim.contract.refusals import words
from qwensim.contract.session import Session
from qwensim.contract.subjects.images import GENERATION, SYNTHESIS
from qwensim.errors import UsageError
from qwensim.provider import AuthError, Images, RateLimitError, Task

_MESSAGES = {"messages": [{"role": "user", "content": [{"text": tasks.PROMPT}]}]}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def at_once(session: Session) -> None:
    """Have an image made by the default model, which answers with it, and fetch it."""
    provider = session.provider()
    images = provider.image(tasks.PROMPT, size="1328x1328", seed=7)
    (sent,) = session.sent
    expect("path", native.MEDIA, sent.url.path)
    expect("x-dashscope-async", None, sent.headers.get("x-dashscope-async"))
    parameters = {"size": "1328*1328", "seed": 7}
    expect("body sent", _order("qwen-image-plus", _MESSAGES, parameters), json.loads(sent.content))
    _expect_images(session, images, 1)
    expect("size told", "1328*1328", images.usage.size)
    with TemporaryDirectory(prefix="qwensim-") as folder:
        path = Path(folder) / "image.png"
        provider.download(images.images[0], path)
        content = path.read_bytes()
    expect("signature of the file", _SIGNATURE, content[: len(_SIGNATURE)])
    expect("authorization", None, session.sent[-1].headers.get("authorization"))


def by_task(session: Session, path: str, given: dict[str, Any], size: str) -> None:
    """Have two images made by a model that makes them in a task."""
    seen: list[Task] = []
    images = session.provider().image(
        tasks.PROMPT, model=f"qwen/{session.model}", n=2, size=size, progress=seen.append
    )
    sent = session.sent[0]
    expect("path", path, sent.url.path)
    expect("x-dashscope-async", "enable", sent.headers.get("x-dashscope-async"))
    order = _order(session.model, given, {"size": size, "n": 2})
    expect("body sent", order, json.loads(sent.content))
    expect("last state", "SUCCEEDED", seen[-1].state)
    expect("task", seen[0].id, images.task_id)
    _expect_images(session, images, 2)


def elsewhere(session: Session) -> None:
    """Configure the Coding Plan: images are made by the Standard host of its region."""
    provider = session.provider(api_key=FAKE_KEYS["standard"])
    _expect_images(session, provider.image(tasks.PROMPT), 1)
    _expect_images(session, provider.image(tasks.PROMPT, model="qwen/wan2.6-t2i"), 1)


def with_plan_key(session: Session) -> None:
    """Do so with a key of the plan: the client says which key is wanted there."""
    error = failure(AuthError, lambda: session.provider().image(tasks.PROMPT))
    choice = page.ENDPOINTS["standard", session.host.region].auth_choice
    for part in (_standard(session), choice):
        expect_in("advice", part, error.advice)
    expect("hosts asked", [_standard(session)], [str(one.url.host) for one in session.sent])


def limited(session: Session) -> None:
    """Order what no model makes: nothing is sent."""
    provider = session.provider()
    options: Any
    for options in (
        {"size": "1024*1024"},
        {"size": "large"},
        {"n": 2},
        {"n": 5, "model": "qwen/wan2.6-t2i"},
        {"seed": -1},
        {"model": "qwen/qwen-plus"},
        {"model": "qwen/qwen-image-edit-plus"},
    ):
        failure(UsageError, partial(provider.image, tasks.PROMPT, **options))
    failure(UsageError, lambda: provider.image(" "))
    expect("requests sent", 0, len(session.sent))
    _expect_images(session, provider.image(tasks.PROMPT), 1)


def ordered_once(session: Session) -> None:
    """Meet a limit when ordering: it is told in the service's words, and nothing is repeated."""
    session.service.fault("error", error="rate-limit")
    provider = session.provider()
    error = failure(
        RateLimitError, lambda: provider.image(tasks.PROMPT, model=f"qwen/{session.model}")
    )
    expect("the service's words", words(session, "rate-limit", wire="native"), error.message)
    expect("requests sent", 1, len(session.sent))


def _order(model: str, given: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    return {"model": model, "input": given, "parameters": parameters}


def _expect_images(session: Session, images: Images, number: int) -> None:
    """See that so many came, from the Standard host of the region."""
    expect("images", number, len(images.urls))
    remote = all(url.startswith("http") for url in images.urls)
    expect_that("addresses of the images", "https", remote, images.urls)
    expect("hosts asked", {_standard(session)}, {str(one.url.host) for one in session.sent})


def _standard(session: Session) -> str:
    """Return the name of the Standard host of the region."""
    return page.ENDPOINTS["standard", session.host.region].base_url.split("/")[2]


_case = partial(Case, surface="images", plans=("standard",), models=("qwen-image-plus",))
_NEXT_DOOR: dict[str, Any] = {
    "plans": ("coding",),
    "models": ("qwen3.5-plus",),
    "needs": frozenset[Need]({"standard"}),
}

CASES = (
    _case(
        id="image-client",
        title="the client has an image made by qwen-image-plus, and fetches it without a key",
        holds="page: planned surfaces; Model Studio docs: Qwen-Image",
        run=at_once,
    ),
    *(
        _case(
            id=f"image-client-{model}",
            title=f"the client has images made by {model}, in a task",
            holds="Model Studio docs: Wan text to image",
            models=(model,),
            run=partial(by_task, path=path, given=given, size=size),
        )
        for model, path, given, size in (
            ("wan2.6-t2i", GENERATION, _MESSAGES, "1280*1280"),
            ("wan2.2-t2i-flash", SYNTHESIS, {"prompt": tasks.PROMPT}, "1024*1024"),
        )
    ),
    _case(
        id="image-client-elsewhere",
        title="a Coding Plan configuration has images made by the Standard host of its region",
        holds="wire C: routes of the plan",
        run=elsewhere,
        **_NEXT_DOOR,
    ),
    _case(
        id="image-client-with-plan-key",
        title="with a key of the plan the client says which key is wanted there",
        holds="wire C: routes of the plan",
        run=with_plan_key,
        **_NEXT_DOOR,
    ),
    _case(
        id="image-client-limits",
        title="what a model does not make is refused before anything is sent",
        holds="Model Studio docs: Qwen-Image; Wan text to image",
        run=limited,
    ),
    _case(
        id="image-client-ordered-once",
        title="an order that fails is told in the service's words, and not repeated",
        holds="each order costs",
        run=ordered_once,
        needs=frozenset({"error"}),
        models=("wan2.2-t2i-flash",),
    ),
)
