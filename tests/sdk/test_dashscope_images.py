"""The real dashscope SDK makes images with the served fake: 1.x classes, sync and async, 2.x."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import dashscope
import pytest
import requests
from dashscope import MultiModalConversation
from dashscope.aigc.image_generation import AioImageGeneration, ImageGeneration
from dashscope.aigc.image_synthesis import AioImageSynthesis, ImageSynthesis
from dashscope.aigc.multimodal_conversation import AioMultiModalConversation
from dashscope.api_entities.aio_session import close_shared_aio_session
from dashscope.api_entities.dashscope_response import Message
from dashscope.v2.errors import DashScopeError
from PIL import Image

from qwensim.server import Server, serve
from qwensim.simulator import Simulator, TaskPace

KEY = "sk-0123456789"
PICTURE = "https://example.com/cat.png"
CAT = [{"role": "user", "content": [{"text": "a cat"}]}]


@pytest.fixture
def simulator() -> Simulator:
    # The SDK waits a second between two queries: the first finds a task done.
    return Simulator(task_pace=TaskPace(polls=1))


@pytest.fixture(autouse=True)
def server(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serve(simulator) as served:
        address = f"{served.url}/dashscope.aliyuncs.com/api/v1"
        monkeypatch.setattr(dashscope, "base_http_api_url", address)
        monkeypatch.setattr(dashscope, "api_key", KEY)
        yield served


class Both:
    """Either class, asked in the same way."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._kind, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            return asyncio.run(_of(answer)) if isinstance(answer, Awaitable) else answer

        return call


async def _of(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    finally:
        await close_shared_aio_session()  # it belongs to a loop that ends here


@pytest.fixture(params=[ImageSynthesis, AioImageSynthesis], ids=["sync", "async"])
def synthesis(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


@pytest.fixture(params=[ImageGeneration, AioImageGeneration], ids=["sync", "async"])
def generation(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


@pytest.fixture(params=[MultiModalConversation, AioMultiModalConversation], ids=["sync", "async"])
def conversation(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


def shown(url: str) -> tuple[int, int]:
    """Download without a key and decode; return width and height."""
    with requests.Session() as session:
        answer = session.get(url, timeout=10)
    assert answer.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(answer.content))
    image.load()
    assert image.format == "PNG"
    return image.size


def test_a_call_waits_for_the_images(synthesis: Both, server: Server) -> None:
    answer = synthesis.call("wanx-v1", "a cat", n=2, size="1280*720", style="<sketch>")
    assert answer.status_code == 200
    assert not answer.code
    assert answer.output.task_status == "SUCCEEDED"
    assert answer.output["task_metrics"] == {"TOTAL": 2, "SUCCEEDED": 2, "FAILED": 0}
    assert answer.usage.image_count == 2
    urls = [result.url for result in answer.output.results]
    assert all(url.startswith(f"{server.url}/dashscope-result-bj.oss-cn-") for url in urls)
    assert [shown(url) for url in urls] == [(1280, 720)] * 2


def test_a_task_is_begun_looked_at_and_waited_for(synthesis: Both, simulator: Simulator) -> None:
    simulator.tasks.pace = TaskPace(polls=2)
    begun = synthesis.async_call("wan2.5-t2i-preview", "a cat", n=1)
    assert begun.output.task_status == "PENDING"
    assert synthesis.fetch(begun).output.task_status == "RUNNING"
    done = synthesis.wait(begun.output.task_id)
    assert done.output.task_status == "SUCCEEDED"
    (result,) = done.output.results
    assert result["orig_prompt"] == "a cat"
    assert result["actual_prompt"] != "a cat"


def test_a_pending_task_is_cancelled_and_tasks_are_listed(
    synthesis: Both, simulator: Simulator
) -> None:
    simulator.tasks.pace = TaskPace(polls=2)
    begun, other = (synthesis.async_call("qwen-image", "a cat") for _ in range(2))
    assert synthesis.cancel(begun).status_code == 200
    assert synthesis.wait(begun).output.task_status == "CANCELED"
    synthesis.fetch(other)
    refused = synthesis.cancel(other)
    assert (refused.status_code, refused.code) == (400, "UnsupportedOperation")
    answer = synthesis.list(model_name="qwen-image", status="CANCELED")
    found = answer.output["data"] if answer.output else answer["data"]
    assert [item["task_id"] for item in found] == [begun.output.task_id]


def test_pictures_are_edited_where_the_sdk_sends_them(synthesis: Both) -> None:
    answer = synthesis.call("wan2.5-i2i-preview", "a cat", images=[PICTURE], n=1)
    assert answer.output.task_status == "SUCCEEDED", answer
    edited = synthesis.call(
        "wanx2.1-imageedit", "a cat", function="stylization_all", base_image_url=PICTURE, n=1
    )
    assert [*edited.output.results[0]] == ["url"]


def test_some_images_fail_and_some_come_out(synthesis: Both, simulator: Simulator) -> None:
    simulator.script(error="task-failed-timeout", values={"images": 1})
    answer = synthesis.call("wanx-v1", "a cat", n=2)
    made, failed = answer.output.results
    assert shown(made.url) == (1024, 1024)
    assert failed["code"] == "InternalError.Timeout"
    assert answer.usage.image_count == 1


def test_what_is_wrong_shows_in_the_task(synthesis: Both) -> None:
    answer = synthesis.call("wanx-v1", "a cat", size="1*1")
    assert (answer.status_code, answer.output.task_status) == (200, "FAILED")
    assert answer.output["code"] == "InvalidParameter"
    assert answer.output["message"].startswith("The size does not match the allowed size ['1024*")


def test_wan_is_asked_at_once_or_as_a_task(generation: Both) -> None:
    messages = [Message(role="user", content=[{"text": "a cat"}])]
    answer = generation.call(model="wan2.6-t2i", messages=messages, n=2)
    assert answer.status_code == 200, answer
    assert len(answer.output.choices) == 2
    first = answer.output.choices[0].message.content[0]
    assert (first["type"], shown(first["image"])) == ("image", (1280, 1280))
    assert answer.usage.image_count == 2
    begun = generation.async_call(model="wan2.6-t2i", messages=messages, n=1)
    assert begun.output.task_status == "PENDING"
    done = generation.wait(begun)
    assert done.output.task_status == "SUCCEEDED"
    assert shown(done.output.choices[0].message.content[0]["image"]) == (1280, 1280)


def test_wan_edits_pictures_at_once_or_as_a_task(generation: Both) -> None:
    messages = [Message(role="user", content=[{"text": "a dog"}, {"image": PICTURE}])]
    options = {"model": "wan2.6-image", "messages": messages, "size": "1K"}
    answer = generation.call(n=1, enable_interleave=False, **options)
    assert answer.status_code == 200, answer
    assert shown(answer.output.choices[0].message.content[0]["image"]) == (1280, 1280)
    done = generation.wait(generation.async_call(n=2, **options))
    assert done.output.task_status == "SUCCEEDED"
    assert (len(done.output.choices), done.usage.image_count) == (2, 2)


def test_qwen_image_answers_a_conversation(conversation: Both) -> None:
    answer = conversation.call(
        model="qwen-image-plus", messages=CAT, size="1328*1328", prompt_extend=True, watermark=False
    )
    assert answer.status_code == 200, answer
    (part,) = answer.output.choices[0].message.content
    assert shown(part["image"]) == (1328, 1328)
    assert (answer.usage["width"], answer.usage["image_count"]) == (1328, 1)
    edited = conversation.call(
        model="qwen-image-edit-max",
        messages=[{"role": "user", "content": [{"image": PICTURE}, {"text": "a dog"}]}],
        n=2,
    )
    assert len(edited.output.choices[0].message.content) == 2


def test_refusals_are_read(conversation: Both) -> None:
    refused = conversation.call(model="qwen-image-max", messages=CAT, n=2)
    assert (refused.status_code, refused.code, refused.message) == (
        *(400, "InvalidParameter", "num_images_per_prompt must be 1"),
    )


# The client of version 2


@pytest.mark.parametrize("model", ["wanx2.1-t2i-turbo", "wan2.6-t2i"])
def test_the_new_client_makes_images(server: Server, model: str) -> None:
    address = f"{server.url}/dashscope.aliyuncs.com/api/v1"
    with dashscope.Client(api_key=KEY, base_url=address) as client:
        job = client.images.generate(model=model, prompt="a cat", n=2, size="1280x1280")
        assert job.succeeded
        assert [shown(url) for url in job.image_urls] == [(1280, 1280)] * 2
        begun = client.images.jobs.create(model=model, prompt="a cat", n=1)
        done = client.images.jobs.wait(begun, poll_interval=0.01)
        assert len(done.image_urls) == 1


def test_the_new_async_client_sees_why_a_task_failed(server: Server) -> None:
    async def run() -> Any:
        address = f"{server.url}/dashscope.aliyuncs.com/api/v1"
        async with dashscope.AsyncClient(api_key=KEY, base_url=address) as client:
            begun = await client.images.jobs.create(
                model="wan2.2-t2i-flash", prompt="a cat", size="100*100"
            )
            await client.images.jobs.wait(begun, poll_interval=0.01)

    with pytest.raises(DashScopeError, match="Either width or height"):
        asyncio.run(run())
