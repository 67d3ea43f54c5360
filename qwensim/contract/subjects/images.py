"""Images: made at once or as tasks, told in each model's way, refused in the service's words."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from qwensim.contract import native, pictures, tasks
from qwensim.contract.answers import Answer, expect
from qwensim.contract.case import Case
from qwensim.contract.refusals import expect_refusal, words
from qwensim.contract.session import Session

SYNTHESIS: Final = "/api/v1/services/aigc/text2image/image-synthesis"
GENERATION: Final = "/api/v1/services/aigc/image-generation/generation"
EDITING: Final = "/api/v1/services/aigc/image2image/image-synthesis"

_PROMPT: Final = {"prompt": tasks.PROMPT}
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def at_once(session: Session, *content: Mapping[str, Any], **parameters: Any) -> Answer:
    """Ask for images that are the answer; `content` stands before the prompt."""
    message = {"role": "user", "content": [*content, {"text": tasks.PROMPT}]}
    return native.ask(session, [message], path=native.MEDIA, **parameters)


def submit(
    session: Session,
    path: str,
    given: Any = _PROMPT,
    *,
    headers: Mapping[str, str] | None = None,
    **parameters: Any,
) -> Answer:
    """Order images."""
    body = {"model": session.model, "input": given, "parameters": parameters}
    return session.call(path, json=body, headers=tasks.ASYNC if headers is None else headers)


def ended(session: Session, path: str, given: Any = _PROMPT, **parameters: Any) -> dict[str, Any]:
    """Order images and return what tells of their end."""
    body = submit(session, path, given, **parameters).ok().json()
    expect("keys of the output", ["task_id", "task_status"], list(body["output"]))
    return tasks.ended(session, body["output"]["task_id"])


def expect_image(session: Session, url: str, width: int, height: int) -> None:
    """See that an address leads, without a key, to a PNG of a size."""
    answer = session.fetch(url).ok()
    expect("content-type", "image/png", answer.headers.get("content-type"))
    content = answer.content
    expect("signature of the file", _SIGNATURE, content[: len(_SIGNATURE)])
    sides = [int.from_bytes(content[start : start + 4]) for start in (16, 20)]
    expect("size", [width, height], sides)


def counted(session: Session) -> None:
    """Ask Qwen-Image: one image, its size, and how many came out."""
    body = native.whole(at_once(session, size="1328*1328", prompt_extend=False))
    message = native.choice(body)["message"]
    expect("keys of the message", ["content", "role"], list(message))
    metric = {"FAILED": 0, "SUCCEEDED": 1, "TOTAL": 1}
    expect("task_metric", json.dumps(metric), json.dumps(body["output"]["task_metric"]))
    usage = {"height": 1328, "image_count": 1, "width": 1328}
    expect("usage", json.dumps(usage), json.dumps(body["usage"]))
    expect_image(session, message["content"][0]["image"], 1328, 1328)


def prompted(session: Session) -> None:
    """Ask Z-Image, which tells the prompt beside the image."""
    body = native.whole(at_once(session, size="1024*1024"))
    message = native.choice(body)["message"]
    expect("keys of the message", ["content", "reasoning_content", "role"], list(message))
    expect("parts", [["image"], ["text"]], [list(part) for part in message["content"]])
    expect("prompt", tasks.PROMPT, message["content"][1]["text"])
    expect("total_tokens", 0, body["usage"]["total_tokens"])


def several(session: Session) -> None:
    """Ask Wan for two images at once."""
    output = native.whole(at_once(session, n=2, size="1280*1280"))["output"]
    expect("keys of the output", ["choices", "finished"], list(output))
    parts = [part for choice in output["choices"] for part in choice["message"]["content"]]
    expect("keys of the parts", [["image", "type"]] * 2, [list(part) for part in parts])


def edited(session: Session) -> None:
    """Have a picture edited: what comes has its shape."""
    body = native.whole(at_once(session, {"image": pictures.PHOTO}, prompt_extend=False))
    usage = body["usage"]
    expect("keys of the usage", ["height", "image_count", "width"], sorted(usage))
    expect("multiples", [0, 0], [usage["width"] % 16, usage["height"] % 16])
    image = native.choice(body)["message"]["content"][0]["image"]
    expect_image(session, image, usage["width"], usage["height"])


def refused(
    session: Session, error: str, values: Mapping[str, Any] | None = None, **parameters: Any
) -> None:
    """Ask for what a model does not make."""
    answer = at_once(session, **parameters)
    expect_refusal(session, answer, error, wire="native", **(values or {}))


def as_task(session: Session) -> None:
    """Ask a model that answers at once for a task."""
    answer = at_once(session, headers=tasks.ASYNC)
    expect_refusal(session, answer, "native-async", wire="native")


def results(session: Session) -> None:
    """Order two images by a prompt, and look at what is told of them."""
    done = ended(session, SYNTHESIS, n=2, size="1024*1024", prompt_extend=False)
    output = done["output"]
    expect("task_status", "SUCCEEDED", output["task_status"])
    metrics = {"TOTAL": 2, "SUCCEEDED": 2, "FAILED": 0}
    expect("task_metrics", json.dumps(metrics), json.dumps(output["task_metrics"]))
    expect("usage", {"image_count": 2}, done["usage"])
    expect("results", 2, len(output["results"]))
    expect_image(session, output["results"][0]["url"], 1024, 1024)


def choices(session: Session) -> None:
    """Order an image by messages."""
    given = {"messages": [{"role": "user", "content": [{"text": tasks.PROMPT}]}]}
    done = ended(session, GENERATION, given, n=1, size="1280*1280")
    output = done["output"]
    expect("finished", expected=True, seen=output.get("finished"))
    (choice,) = output["choices"]
    expect("keys of the message", ["role", "content"], list(choice["message"]))
    expect_image(session, choice["message"]["content"][0]["image"], 1280, 1280)


def edited_by_task(session: Session) -> None:
    """Order a picture to be edited."""
    done = ended(session, EDITING, {**_PROMPT, "images": [pictures.PHOTO]}, n=1)
    expect("task_status", "SUCCEEDED", done["output"]["task_status"])


def failed(session: Session, error: str, values: Mapping[str, Any], **parameters: Any) -> None:
    """Order what cannot be made: the order is taken, and the task says what was wrong."""
    output = ended(session, SYNTHESIS, **parameters)["output"]
    expect("task_status", "FAILED", output["task_status"])
    expect("code", session.catalog.errors[error].code, output["code"])
    expect("message", words(session, error, wire="tasks", **values), output["message"])


def unheaded(session: Session) -> None:
    """Order an image without the header that every order has."""
    answer = submit(session, SYNTHESIS, headers={})
    expect_refusal(session, answer, "native-sync", wire="native")


def elsewhere(session: Session) -> None:
    """Order an image on a path on which the model is not asked."""
    answer = submit(session, SYNTHESIS)
    expect_refusal(session, answer, "native-url-error", wire="native")


def on_plan(session: Session) -> None:
    """Ask a host of the Coding Plan for images: the paths are not there."""
    for path in (SYNTHESIS, GENERATION, EDITING):
        expect("status", 404, submit(session, path).status)


_case = partial(Case, surface="images", plans=("standard",))
_QWEN = ("qwen-image-plus",)
_SIZES = "1664*928,1472*1104,1328*1328,1104*1472,928*1664"

CASES = (
    _case(
        id="image-qwen",
        title="Qwen-Image answers with one image and counts it",
        holds="Model Studio docs: Qwen-Image",
        models=_QWEN,
        run=counted,
    ),
    _case(
        id="image-z",
        title="Z-Image tells the prompt beside the image",
        holds="Model Studio docs: Z-Image",
        models=("z-image-turbo",),
        run=prompted,
    ),
    _case(
        id="image-wan",
        title="Wan answers with several images",
        holds="Model Studio docs: Wan text to image 2.6",
        models=("wan2.6-t2i",),
        run=several,
    ),
    _case(
        id="image-edited",
        title="an edited picture keeps its shape",
        holds="Model Studio docs: Qwen image editing",
        models=("qwen-image-edit-plus",),
        run=edited,
    ),
    _case(
        id="image-number",
        title="Qwen-Image makes one image",
        holds="Model Studio docs: Qwen-Image",
        models=_QWEN,
        run=partial(refused, error="native-image-count", n=2),
    ),
    _case(
        id="image-size",
        title="a size is one of the model's",
        holds="public capture of 2026-08-04",
        models=_QWEN,
        run=partial(
            refused, error="native-image-size", values={"allowed": _SIZES}, size="1024*1024"
        ),
    ),
    _case(
        id="image-area",
        title="an area is one that the model makes",
        holds="public capture of 2026-08-04",
        models=("z-image-turbo",),
        run=partial(
            refused,
            error="native-image-area",
            values={"minimum": 262144, "maximum": 4194304, "area": 9, "width": 3, "height": 3},
            size="3*3",
        ),
    ),
    _case(
        id="image-as-task",
        title="a model that answers at once takes no orders",
        holds="public capture of 2026-08-04",
        models=("qwen-image-max",),
        run=as_task,
    ),
    _case(
        id="image-task",
        title="a task tells its images and how many came out",
        holds="Model Studio docs: Wan text to image V2",
        models=("wan2.2-t2i-flash",),
        run=results,
    ),
    _case(
        id="image-task-messages",
        title="a task that was asked for in messages tells choices",
        holds="Model Studio docs: Wan text to image 2.6, asynchronous",
        models=("wan2.6-t2i",),
        run=choices,
    ),
    _case(
        id="image-task-edited",
        title="a picture is edited by a task",
        holds="Model Studio docs: Wan image editing 2.5",
        models=("wan2.5-i2i-preview",),
        run=edited_by_task,
    ),
    _case(
        id="image-task-size",
        title="a size that the model does not make fails in the task",
        holds="public measurements of wanx2.1 and wan2.2, 2026",
        models=("wan2.2-t2i-flash",),
        run=partial(
            failed,
            error="task-failed-sides",
            values={"minimum": 512, "maximum": 1440},
            size="1536*1024",
        ),
    ),
    _case(
        id="image-without-header",
        title="an order has its header",
        holds="public capture of 2026-08-04",
        models=("wan2.2-t2i-flash",),
        run=unheaded,
    ),
    _case(
        id="image-elsewhere",
        title="a model is asked on its own paths",
        holds="Model Studio docs: error codes",
        models=("wan2.6-t2i",),
        run=elsewhere,
    ),
    _case(
        id="image-on-plan",
        title="Coding Plan hosts make no images",
        holds="wire C: routes of the plan",
        plans=("coding",),
        models=("qwen3.5-plus",),
        run=on_plan,
    ),
)
