"""Images from their order to the file, by the provider and its async twin, on the fake."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from qwensim.errors import UsageError
from qwensim.provider import (
    AccessError,
    AsyncQwenProvider,
    AuthError,
    BadRequestError,
    ConnectionFailure,
    Images,
    ImageUsage,
    MalformedAnswerError,
    ModerationError,
    ProviderError,
    QwenProvider,
    ServerError,
    Task,
    TaskError,
    UnfinishedTaskError,
    UnknownModelError,
)
from qwensim.simulator import Fault, TaskPace

GLOBAL, CHINA = "dashscope-intl.aliyuncs.com", "dashscope.aliyuncs.com"
AT_ONCE = "/api/v1/services/aigc/multimodal-generation/generation"
TASK = "/api/v1/services/aigc/image-generation/generation"
OLD_TASK = "/api/v1/services/aigc/text2image/image-synthesis"
WAN = "qwen/wan2.6-t2i"
DAY = 24 * 3600


# ---- at once


def test_an_image_comes_with_the_answer(studio: Any) -> None:
    seen: list[Task] = []
    images = studio("image", "a cat", size="1328x1328", seed=7, progress=seen.append)
    (entry,) = studio.simulator.journal
    assert studio.asked == [f"POST {GLOBAL}{AT_ONCE}"]
    assert (entry.model, entry.stream) == ("qwen-image-plus", False)
    assert entry.body["parameters"] == {"size": "1328*1328", "seed": 7}
    assert "x-dashscope-async" not in dict(entry.headers)
    (image,) = images.images
    assert images.urls == (image.url,)
    assert image.url not in repr(images)
    assert (image.code, image.message, image.task_id) == (None, None, None)
    assert images.usage == ImageUsage(images=1, size="1328*1328", tokens=0)
    assert (images.request_id, images.task_id) == (entry.request_id, None)
    assert (seen, studio.waits) == ([], [])


def test_a_model_that_thinks_tells_the_prompt_and_its_tokens(studio: Any) -> None:
    images = studio("image", "a cat", model="qwen/z-image-turbo", prompt_extend=True)
    assert images.images[0].prompt.startswith("a cat, ")
    assert images.usage.tokens > 0
    assert images.usage.size == "1024*1536"


@pytest.mark.parametrize(
    ("auth_choice", "host"),
    [
        ("qwen-standard-api-key-cn", CHINA),
        ("qwen-standard-api-key", GLOBAL),
        ("qwen-api-key-cn", CHINA),
        ("qwen-api-key", GLOBAL),
    ],
)
@pytest.mark.parametrize("model", [None, WAN])
def test_the_region_of_either_plan_decides_the_host(
    studio: Any, auth_choice: str, host: str, model: str | None
) -> None:
    studio.auth_choice = auth_choice
    assert studio("image", "a cat", model=model).urls
    assert {entry.host for entry in studio.simulator.journal} == {host}


def test_a_key_of_the_plan_names_plan_host_and_auth_choice(studio: Any) -> None:
    studio.auth_choice, studio.key = "qwen-api-key", "sk-sp-abcdefgh12345678"
    with pytest.raises(AuthError) as caught:
        studio("image", "a cat")
    assert "is a Coding Plan key" in caught.value.advice
    assert "auth choice qwen-standard-api-key." in caught.value.advice
    assert studio.key not in str(caught.value)


def test_what_the_service_refuses_is_told(studio: Any) -> None:
    studio.simulator.fault("error", error="native-image-size-format")
    with pytest.raises(BadRequestError, match="Expected format"):
        studio("image", "a cat")
    studio.simulator.fault("error", error="moderation-input")
    with pytest.raises(ModerationError) as caught:
        studio("image", "a cat")
    assert caught.value.request_id == studio.simulator.journal[-1].request_id
    assert caught.value.task_id is None


@pytest.mark.parametrize("model", [None, WAN])
@pytest.mark.parametrize(
    "fault", [Fault(kind="error", error="overloaded"), Fault(kind="drop-before-headers")]
)
def test_an_order_is_never_repeated(studio: Any, fault: Fault, model: str | None) -> None:
    studio.simulator.fault(fault)
    with pytest.raises((ServerError, ConnectionFailure)):
        studio("image", "a cat", model=model)
    assert len(studio.asked) == 1
    assert studio.waits == []


def test_limits_are_checked_before_anything_is_sent(studio: Any) -> None:
    with pytest.raises(UsageError, match="is for one image"):
        studio("image", "a cat", n=2)
    with pytest.raises(UsageError, match="names the provider 'openai'"):
        studio("image", "a cat", model="openai/dall-e-3")
    with pytest.raises(TypeError, match="aspect"):
        studio("image", "a cat", aspect="1:1")
    assert not studio.simulator.journal


# ---- in a task


@pytest.mark.parametrize(
    ("model", "path"), [("wan2.6-t2i", TASK), ("wan2.5-t2i-preview", OLD_TASK)]
)
def test_a_task_is_ordered_once_and_asked_for_until_it_is_there(
    studio: Any, model: str, path: str
) -> None:
    seen: list[Task] = []
    images = studio("image", "a cat", model=f"qwen/{model}", n=3, progress=seen.append)
    asked = f"GET {GLOBAL}/api/v1/tasks/{images.task_id}"
    assert studio.asked == [f"POST {GLOBAL}{path}", *[asked] * len(seen)]
    assert dict(studio.simulator.journal[0].headers)["x-dashscope-async"] == "enable"
    assert [seen[0].state, seen[1].state, seen[-1].state] == ["PENDING", "RUNNING", "SUCCEEDED"]
    assert studio.waits == [2.5] * (len(seen) - 1)
    assert len(set(images.urls)) == 3
    assert images.usage.images == 3
    assert {image.task_id for image in images.images} == {images.task_id}
    assert images.request_id == studio.simulator.journal[-1].request_id


def test_the_prompt_as_the_service_rewrote_it_is_told(studio: Any) -> None:
    told = studio("image", "a cat", model="wan2.2-t2i-flash").images[0]
    assert told.prompt.startswith("a cat, ")
    plain = studio("image", "a cat", model="wan2.2-t2i-flash", prompt_extend=False).images[0]
    assert plain.prompt is None


def test_images_that_failed_stand_beside_those_that_came(studio: Any) -> None:
    studio.simulator.script(error="task-failed-timeout", values={"images": 2})
    images = studio("image", "a cat", model="wan2.5-t2i-preview", n=4)
    assert [image.url is None for image in images.images] == [False, False, True, True]
    assert images.urls == tuple(image.url for image in images.images[:2])
    failed = images.images[3]
    assert failed.code == "InternalError.Timeout"
    assert "timeout" in (failed.message or "")
    assert images.usage.images == 2
    with pytest.raises(UsageError, match="this image failed, there is nothing to download"):
        studio("download", failed, "cat.png")


@pytest.mark.parametrize(
    ("script", "kind"),
    [("task-failed-moderation", ModerationError), ("task-failed-timeout", ServerError)],
)
def test_a_task_that_fails_tells_code_message_task_and_request(
    studio: Any, script: str, kind: type[ProviderError]
) -> None:
    studio.simulator.script(error=script)
    with pytest.raises(kind) as caught:
        studio("image", "a cat", model=WAN)
    error, row = caught.value, studio.simulator.catalog.errors[script]
    assert (error.status, error.code) == (200, row.code)
    assert error.task_id == studio.asked[-1].rpartition("/")[2]
    assert error.request_id == studio.simulator.journal[-1].request_id


def test_images_that_were_ordered_before_are_waited_for_by_their_task(studio: Any) -> None:
    with pytest.raises(UnfinishedTaskError) as caught:
        studio("image", "a cat", model=WAN, timeout=5)
    task_id = caught.value.task_id
    assert studio("wait_for_image", task_id).task_id == task_id
    with pytest.raises(BadRequestError, match=r".+"):
        studio("cancel_image", task_id)


class Stop(BaseException):
    """Like Ctrl-C, for which pytest has plans of its own."""


def test_whoever_interrupts_the_wait_cancels_the_task(studio: Any) -> None:
    studio.simulator.tasks.pace = TaskPace(pending=100, running=50)
    studio.interrupt = Stop()
    seen: list[Task] = []
    with pytest.raises(Stop):
        studio("image", "a cat", model=WAN, progress=seen.append)
    assert studio.asked[-1] == f"POST {GLOBAL}/api/v1/tasks/{seen[0].id}/cancel"
    assert seen[-1].state == "CANCELED"
    studio.interrupt = None
    with pytest.raises(TaskError) as caught:
        studio("wait_for_image", seen[0].id)
    assert caught.value.code == "task_canceled"
    assert "it anew" in caught.value.advice


def test_a_model_of_another_region_is_told_by_the_service(studio: Any) -> None:
    with pytest.raises(UnknownModelError):
        studio("image", "a cat", model="qwen/wanx-v1")


# ---- the file


@pytest.mark.parametrize("model", [None, WAN])
def test_a_download_needs_no_key_and_is_a_png_of_the_size(
    studio: Any, tmp_path: Path, model: str | None
) -> None:
    images = studio("image", "a cat", model=model)
    path = tmp_path / "cat.png"
    path.write_text("an older one")
    studio("download", images.images[0], path)
    with Picture.open(path) as picture:
        assert picture.format == "PNG"
        assert f"{picture.width}*{picture.height}" == images.usage.size
    assert [*tmp_path.iterdir()] == [path]
    assert "authorization" not in dict(studio.simulator.journal[-1].headers)


def test_an_address_that_has_expired_says_so(studio: Any, tmp_path: Path) -> None:
    images = studio("image", "a cat", model=WAN)
    studio.simulator.clock.advance(DAY + 1)
    with pytest.raises(AccessError, match="Request has expired") as caught:
        studio("download", images.images[0], tmp_path / "cat.png")
    assert caught.value.task_id == images.task_id
    assert "it anew" in caught.value.advice
    assert not [*tmp_path.iterdir()]


# ---- answers of others


def asked(body: Any, *, awaited: bool = False, **options: Any) -> Any:
    """Ask a peer that answers with this body, and never with anything else."""
    return ordered(lambda _: httpx2.Response(200, json=body), awaited=awaited, **options)


def ordered(
    peer: Callable[[httpx2.Request], httpx2.Response], *, awaited: bool, **options: Any
) -> Any:
    settings: dict[str, Any] = {"auth_choice": "qwen-api-key", "api_key": "sk-0123456789"}
    line = httpx2.MockTransport(peer)
    if not awaited:
        with httpx2.Client(transport=line) as client:
            return QwenProvider(http_client=client, **settings).image("a cat", **options)

    async def order() -> Any:
        async with httpx2.AsyncClient(transport=line) as client:
            provider = AsyncQwenProvider(http_client=client, **settings)
            return await provider.image("a cat", **options)

    return asyncio.run(order())


URL = "https://a/1.png"
TIMEOUT = {"code": "InternalError.Timeout", "message": "An internal timeout error has occurred"}


def choice(*content: Any) -> Any:
    return {"finish_reason": "stop", "message": {"role": "assistant", "content": [*content]}}


@pytest.mark.parametrize(
    ("output", "urls"),
    [
        ({"choices": [choice({"image": URL})]}, (URL,)),
        ({"choices": [choice({"image": URL}, {"image": f"{URL}?2"})]}, (URL, f"{URL}?2")),
        (
            {"choices": [choice({"type": "image", "image": URL}), choice({"image": f"{URL}?2"})]},
            (URL, f"{URL}?2"),
        ),
        ({"choices": [choice({"image": URL}, {"text": "a nice cat"})]}, (URL,)),
        ({"choices": [choice({"image": URL}), {**TIMEOUT, "message": "?"}]}, (URL,)),
        ({"results": [{"url": URL}, {"url": "ftp://a"}, 5]}, (URL,)),
        ({"results": [TIMEOUT, {"url": URL}]}, (URL,)),
    ],
)
@pytest.mark.parametrize("awaited", [False, True])
def test_images_are_found_wherever_they_have_been_seen(
    output: Any, urls: Any, awaited: bool
) -> None:
    images = asked({"output": output, "request_id": "r1"}, awaited=awaited)
    assert images.urls == urls
    assert images.request_id == "r1"
    assert images.usage == ImageUsage()


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize(("options", "seconds"), [({}, 600), ({"timeout": 7}, 7)])
def test_an_answer_may_take_as_long_as_the_caller_says(
    options: Any, seconds: int, awaited: bool
) -> None:
    allowed = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        allowed.append(request.extensions["timeout"]["read"])
        return httpx2.Response(200, json={"output": {"choices": [choice({"image": URL})]}})

    assert ordered(answer, awaited=awaited, **options).urls == (URL,)
    assert allowed == [seconds]


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"image_count": 1, "width": 1664, "height": 928}, ImageUsage(images=1, size="1664*928")),
        (
            {"image_count": 2, "size": "1280*1280", "input_tokens": 0, "total_tokens": 0},
            ImageUsage(images=2, size="1280*1280"),
        ),
        ({"image_count": 1, "total_tokens": 28, "width": 5}, ImageUsage(images=1, tokens=28)),
        ({"image_count": "1"}, ImageUsage()),
        (None, ImageUsage()),
    ],
)
def test_any_usage_is_read(usage: Any, read: ImageUsage) -> None:
    body = {"output": {"choices": [choice({"image": URL})]}, "usage": usage}
    assert asked(body).usage == read


@pytest.mark.parametrize("place", ["results", "choices"])
def test_images_of_which_all_failed_are_an_error(place: str) -> None:
    body = {"output": {place: [{**TIMEOUT}, {"code": "X"}]}, "request_id": "r1"}
    with pytest.raises(ProviderError) as caught:
        asked(body)
    error = caught.value
    assert (error.code, error.message) == (TIMEOUT["code"], TIMEOUT["message"])
    assert (error.status, error.request_id) == (200, "r1")


def test_a_task_of_which_all_images_failed_is_an_error() -> None:
    output = {"task_id": "t1", "task_status": "SUCCEEDED", "results": [{"message": "no"}]}
    with pytest.raises(TaskError) as caught:
        asked({"output": output}, model=WAN)
    assert (caught.value.message, caught.value.code) == ("no", "task_failed")
    assert caught.value.task_id == "t1"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [1],
        {"output": {"choices": []}},
        {"output": {"choices": [choice({"text": "a cat"})]}},
        {"output": {"results": [{"url": "ftp://a/1.png"}]}},
        {"output": {"task_id": "t1", "task_status": "SUCCEEDED"}},
    ],
)
@pytest.mark.parametrize("model", [None, WAN])
def test_what_tells_of_no_image_is_malformed(body: Any, model: str | None) -> None:
    with pytest.raises(MalformedAnswerError):
        asked(body, model=model)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(URL) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["results", "choices", "message", "content", "image", "url", "code", "usage"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["output", "usage", "request_id"]), JSON))
def test_any_answer_is_read_or_is_none(body: Any) -> None:
    images = Images.from_wire(body, request_id=None)
    if images is not None:
        assert images.images
        assert all((image.url is None) == (image.message is not None) for image in images.images)
        assert (images.failure is None) == bool(images.urls)
