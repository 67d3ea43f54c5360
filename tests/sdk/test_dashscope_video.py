"""The real dashscope SDK makes videos with the served fake, by its sync and its async classes."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import av
import dashscope
import pytest
import requests
from dashscope.aigc.video_synthesis import AioVideoSynthesis, VideoSynthesis
from dashscope.api_entities.aio_session import close_shared_aio_session
from dashscope.v2.errors import DashScopeError

from qwensim.server import Server, serve
from qwensim.simulator import Simulator, TaskPace

KEY = "sk-0123456789"
PICTURE = "https://example.com/cat.png"


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


@pytest.fixture(params=[VideoSynthesis, AioVideoSynthesis], ids=["sync", "async"])
def sdk(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


def played(url: str) -> tuple[int, int, float]:
    """Download without a key and decode; return width, height and seconds."""
    with requests.Session() as session:
        answer = session.get(url, timeout=10)
    assert answer.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(answer.content), "r") as container:
        video = container.streams.video[0]
        assert len([*container.decode(video)]) > 0
        assert video.duration is not None
        assert video.time_base is not None
        return video.width, video.height, float(video.duration * video.time_base)


def test_a_call_waits_for_the_video(sdk: Both, server: Server) -> None:
    answer = sdk.call("wan2.6-t2v", "a cat", size="1280*720", duration=2)
    assert answer.status_code == 200
    assert not answer.code
    assert answer.output.task_status == "SUCCEEDED"
    assert answer.output.orig_prompt == "a cat"
    assert answer.output.end_time
    assert answer.usage.output_video_duration == 2
    assert answer.output.video_url.startswith(f"{server.url}/dashscope-result-bj.oss-cn-beijing.")
    assert played(answer.output.video_url) == (1280, 720, 2.0)


def test_a_task_is_begun_looked_at_and_waited_for(sdk: Both, simulator: Simulator) -> None:
    simulator.tasks.pace = TaskPace(polls=2)
    begun = sdk.async_call("wanx2.1-t2v-turbo", "a cat")
    assert begun.output.task_status == "PENDING"
    assert begun.request_id
    assert sdk.fetch(begun).output.task_status == "RUNNING"
    done = sdk.wait(begun.output.task_id)
    assert done.output.task_status == "SUCCEEDED"
    assert done.output.actual_prompt
    assert (done.usage.video_count, done.usage.video_duration, done.usage.video_ratio) == (
        *(1, 5, "1280*720"),
    )


def test_a_pending_task_is_cancelled_and_a_running_one_is_not(
    sdk: Both, simulator: Simulator
) -> None:
    simulator.tasks.pace = TaskPace(polls=2)
    begun, other = (sdk.async_call("wan2.6-t2v", "a cat") for _ in range(2))
    assert sdk.cancel(begun).status_code == 200
    assert sdk.wait(begun).output.task_status == "CANCELED"
    sdk.fetch(other)
    refused = sdk.cancel(other)
    assert (refused.status_code, refused.code) == (400, "UnsupportedOperation")
    assert "PENDING" in refused.message


def test_tasks_are_listed(sdk: Both) -> None:
    begun = [sdk.async_call("wan2.6-t2v", "a cat").output.task_id for _ in range(3)]
    sdk.wait(begun[0])
    listed = sdk.list(page_no=1, page_size=2)
    assert listed.status_code == 200
    answer = sdk.list(status="SUCCEEDED", model_name="wan2.6-t2v")
    found = answer.output["data"] if answer.output else answer["data"]
    assert [item["task_id"] for item in found] == begun[:1]


def test_what_is_wrong_shows_in_the_task(sdk: Both) -> None:
    answer = sdk.call("wan2.6-t2v", "a cat", size="1*1")
    assert answer.status_code == 200
    assert answer.output.task_status == "FAILED"
    assert answer.output.code == "InvalidParameter"
    assert answer.output.message.startswith("size must be in ")


def test_refusals_are_read(sdk: Both) -> None:
    unknown = sdk.async_call("wan9", "a cat")
    assert (unknown.status_code, unknown.code) == (400, "InvalidParameter")
    assert unknown.message == "Model not exist."
    keyless = sdk.async_call("wan2.6-t2v", "a cat", api_key="no-key")
    assert (keyless.status_code, keyless.code) == (401, "InvalidApiKey")
    assert sdk.fetch("1111").output.task_status == "UNKNOWN"


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("wan2.6-i2v", {"img_url": PICTURE}),
        ("wan2.6-i2v-flash", {"img_url": PICTURE, "resolution": "720P"}),
        ("wan2.6-r2v", {"reference_urls": [PICTURE]}),
        ("wan2.6-r2v-flash", {"reference_video_urls": ["https://example.com/a.mp4"]}),
        ("wan2.7-r2v", {"media": [{"type": "reference_image", "url": PICTURE}], "ratio": "1:1"}),
        ("wan2.2-kf2v-flash", {"first_frame_url": PICTURE, "last_frame_url": PICTURE}),
    ],
)
def test_every_kind_of_model_is_asked_in_its_way(
    sdk: Both, model: str, given: dict[str, Any]
) -> None:
    answer = sdk.call(model, "a cat", **given)
    assert answer.output.task_status == "SUCCEEDED", answer.output
    assert answer.output.video_url


# The client of version 2


def test_the_new_client_makes_videos(server: Server) -> None:
    address = f"{server.url}/dashscope-intl.aliyuncs.com/api/v1"
    with dashscope.Client(api_key=KEY, base_url=address) as client:
        job = client.videos.generate(
            model="wan2.6-t2v", prompt="a cat", size="1280*720", poll_interval=0.01
        )
        assert job.succeeded
        assert job.submitted_at
        assert job.video_url is not None
        assert played(job.video_url) == (1280, 720, 5.0)
        first = client.videos.generate(model="wan2.7-i2v", image_url=PICTURE, poll_interval=0.01)
        assert first.succeeded
        assert client.videos.jobs.list().total == 2


def test_the_new_async_client_sees_why_a_task_failed(server: Server) -> None:
    async def run() -> Any:
        address = f"{server.url}/dashscope.aliyuncs.com/api/v1"
        async with dashscope.AsyncClient(api_key=KEY, base_url=address) as client:
            begun = await client.videos.jobs.create(model="wan2.6-i2v", prompt="a cat")
            await client.videos.jobs.wait(begun, poll_interval=0.01)

    with pytest.raises(DashScopeError, match="img_url must be set"):
        asyncio.run(run())
