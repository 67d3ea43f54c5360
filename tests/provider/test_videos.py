"""A video from its order to the file, by the provider and its async twin, on the fake."""

import asyncio
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.provider import (
    AccessError,
    AsyncQwenProvider,
    AuthError,
    BadRequestError,
    ConnectionFailure,
    MalformedAnswerError,
    ModerationError,
    ProviderError,
    QwenProvider,
    ServerError,
    Task,
    TaskError,
    UnfinishedTaskError,
    Video,
    faults,
)
from qwensim.provider.downloads import WholeFile
from qwensim.simulator import Fault, Simulator, TaskPace
from qwensim.transport import transport

GLOBAL, CHINA = "dashscope-intl.aliyuncs.com", "dashscope.aliyuncs.com"
SUBMIT = "/api/v1/services/aigc/video-generation/video-synthesis"
DAY = 24 * 3600


def states(seen: list[Task]) -> list[str]:
    return [task.state for task in seen]


# ---- order, questions, result


def test_a_video_is_ordered_once_and_asked_for_until_it_is_there(studio: Any) -> None:
    seen: list[Task] = []
    video = studio("video", "a cat", duration=7, size="1280*720", progress=seen.append)
    task = f"GET {GLOBAL}/api/v1/tasks/{video.task_id}"
    assert studio.asked == [f"POST {GLOBAL}{SUBMIT}", *[task] * len(seen)]
    assert states(seen) == ["PENDING", "RUNNING", "RUNNING", "RUNNING", "RUNNING", "SUCCEEDED"]
    assert {task.id for task in seen} == {video.task_id}
    assert studio.waits == [2.5] * 5
    assert (video.seconds, video.size) == (7.0, "1280*720")
    assert video.request_id == studio.simulator.journal[-1].request_id
    assert {entry.model for entry in studio.simulator.journal} == {"wan2.6-t2v"}


def test_an_order_asks_for_a_task_and_its_answer_is_read_once(studio: Any) -> None:
    studio("video", "a cat")
    order, *polls = studio.simulator.journal
    assert dict(order.headers)["x-dashscope-async"] == "enable"
    assert order.body["input"] == {"prompt": "a cat"}
    assert all("x-dashscope-async" not in dict(poll.headers) for poll in polls)


@pytest.mark.parametrize(
    ("auth_choice", "host"),
    [
        ("qwen-standard-api-key-cn", CHINA),
        ("qwen-standard-api-key", GLOBAL),
        ("qwen-api-key-cn", CHINA),
        ("qwen-api-key", GLOBAL),
    ],
)
def test_the_region_of_either_plan_decides_the_host(
    studio: Any, auth_choice: str, host: str
) -> None:
    studio.auth_choice = auth_choice
    video = studio("video", "a cat")
    assert {entry.host for entry in studio.simulator.journal} == {host}
    assert video.url.startswith("https://")


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        ("https://dashscope.aliyuncs.com/v1", "https://dashscope.aliyuncs.com"),
        ("http://DASHSCOPE.aliyuncs.com/odd/", "http://dashscope.aliyuncs.com"),
        ("https://coding-intl.dashscope.aliyuncs.com/v1", "https://dashscope-intl.aliyuncs.com"),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
        ("http://127.0.0.1:8787/v1", "http://127.0.0.1:8787"),
        ("http://gate/qwen/compatible-mode/v1/", "http://gate/qwen"),
        ("http://gate/qwen", "http://gate/qwen"),
        (f"http://gate/{CHINA}/compatible-mode/v1", f"http://gate/{CHINA}"),
    ],
)
def test_the_native_api_lies_beside_the_compatible_one(base_url: str, root: str) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(400, json={"code": "X", "message": "no", "request_id": "r"})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        provider = QwenProvider(base_url=base_url, api_key="sk-0123456789", http_client=client)
        with pytest.raises(BadRequestError):
            provider.video("a cat")
    assert asked == [root + SUBMIT]


def test_limits_are_checked_before_anything_is_sent(studio: Any) -> None:
    with pytest.raises(UsageError, match="room for 1 image"):
        studio("video", "a cat", images=["https://a/1.png", "https://a/2.png"])
    with pytest.raises(UsageError, match="names the provider 'openai'"):
        studio("video", "a cat", model="openai/sora")
    with pytest.raises(TypeError, match="aspect"):
        studio("video", "a cat", aspect="16:9")
    assert not studio.simulator.journal


def test_a_video_that_was_ordered_before_is_waited_for_by_its_id(studio: Any) -> None:
    with pytest.raises(UnfinishedTaskError) as caught:
        studio("video", "a cat", timeout=5)
    error = caught.value
    assert error.message == "the task is still RUNNING at the end of the time allowed"
    assert error.task_id
    assert f"task {error.task_id}" in str(error)
    assert "goes on" in error.advice
    assert sum(studio.waits) <= 5
    assert studio("wait_for_video", error.task_id).task_id == error.task_id


# ---- ends without a video


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("task-failed-moderation", ModerationError, "inappropriate"),
        ("task-failed-prompt", BadRequestError, "prompt must contain words"),
        ("task-failed-download", BadRequestError, "Unable to download the media resource"),
    ],
)
def test_a_task_that_fails_tells_code_message_task_and_request(
    studio: Any, script: str, kind: type[ProviderError], words: str
) -> None:
    studio.simulator.script(error=script)
    with pytest.raises(kind) as caught:
        studio("video", "a cat")
    error, row = caught.value, load().errors[script]
    assert (error.status, error.code) == (200, row.code)
    assert words in error.message
    assert error.advice
    assert error.task_id == studio.asked[-1].rpartition("/")[2]
    assert error.request_id == studio.simulator.journal[-1].request_id
    assert f"task {error.task_id}, request {error.request_id}" in str(error)


def test_a_task_that_the_service_does_not_know_is_lost(studio: Any) -> None:
    with pytest.raises(TaskError) as caught:
        studio("wait_for_video", "383c24fd-28bc-465a-9856-4ed02f8557a6")
    assert caught.value.code == "task_unknown"
    assert caught.value.task_id == "383c24fd-28bc-465a-9856-4ed02f8557a6"
    assert "24 hours" in caught.value.advice
    assert studio.waits == []


def test_a_task_that_somebody_cancels_is_at_its_end(studio: Any) -> None:
    studio.simulator.tasks.pace = TaskPace(pending=100, running=1)
    with pytest.raises(UnfinishedTaskError) as waited:
        studio("video", "a cat", timeout=1)
    task_id = waited.value.task_id
    studio("cancel_video", task_id)
    with pytest.raises(TaskError) as caught:
        studio("wait_for_video", task_id)
    assert (caught.value.code, caught.value.task_id) == ("task_canceled", task_id)


def test_a_task_that_runs_cannot_be_cancelled(studio: Any) -> None:
    with pytest.raises(UnfinishedTaskError) as waited:
        studio("video", "a cat", timeout=5)
    with pytest.raises(BadRequestError) as caught:
        studio("cancel_video", waited.value.task_id)
    assert (caught.value.status, caught.value.code) == (400, "UnsupportedOperation")
    assert caught.value.task_id == waited.value.task_id
    assert "Only a task that is still PENDING" in caught.value.advice


class Stop(BaseException):
    """Like Ctrl-C, for which pytest has plans of its own."""


@pytest.mark.parametrize(("pending", "end"), [(100, "CANCELED"), (0, "RUNNING")])
def test_whoever_interrupts_the_wait_cancels_the_task_if_it_still_can_be(
    studio: Any, pending: float, end: str
) -> None:
    studio.simulator.tasks.pace = TaskPace(pending=pending, running=50)
    studio.interrupt = Stop()
    seen: list[Task] = []
    with pytest.raises(Stop):
        studio("video", "a cat", progress=seen.append)
    assert studio.asked[-1] == f"POST {GLOBAL}/api/v1/tasks/{seen[0].id}/cancel"
    assert len(studio.asked) == 3
    assert seen[-1].state == end


def test_an_interrupted_wait_is_cancelled_though_nobody_watches(studio: Any) -> None:
    studio.simulator.tasks.pace = TaskPace(pending=100, running=50)
    studio.interrupt = Stop()
    with pytest.raises(Stop):
        studio("video", "a cat")
    assert studio.asked[-1].endswith("/cancel")


def test_a_cancelled_asyncio_task_cancels_the_video() -> None:
    simulator = Simulator(task_pace=TaskPace(pending=100, running=1))

    async def wait() -> None:
        async with httpx2.AsyncClient(transport=transport(simulator, httpx2)) as client:
            provider = AsyncQwenProvider(
                auth_choice="qwen-standard-api-key", api_key="sk-0123456789", http_client=client
            )
            waiting = asyncio.create_task(
                provider.video("a cat", progress=lambda _: waiting.cancel())
            )
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(wait())
    assert simulator.journal[-1].path.endswith("/cancel")
    assert simulator.journal[-1].status == 200


# ---- what goes wrong on the way


@pytest.mark.parametrize("error", ["overloaded", "internal-error", "rate-limit"])
def test_a_question_is_repeated_where_that_may_help(studio: Any, error: str) -> None:
    seen: list[Task] = []

    def note(task: Task) -> None:
        if not seen:
            studio.simulator.fault("error", error=error, times=2)
        seen.append(task)

    assert studio("video", "a cat", progress=note).url
    failed = [entry.status >= 400 for entry in studio.simulator.journal]
    assert failed == [False, False, True, True, *[False] * (len(seen) - 1)]


def test_a_question_that_nobody_answers_is_asked_three_times(studio: Any) -> None:
    seen: list[Task] = []

    def note(task: Task) -> None:
        seen.append(task)
        studio.simulator.fault("connect-error", times=None)

    with pytest.raises(ConnectionFailure) as caught:
        studio("video", "a cat", progress=note)
    assert caught.value.task_id == seen[0].id
    assert len(studio.asked) == 2 + 3
    assert studio.waits == [2.5, 0.75, 1.5]


@pytest.mark.parametrize(
    "fault", [Fault(kind="error", error="overloaded"), Fault(kind="drop-before-headers")]
)
def test_an_order_is_never_repeated(studio: Any, fault: Fault) -> None:
    studio.simulator.fault(fault)
    with pytest.raises((ServerError, ConnectionFailure)):
        studio("video", "a cat")
    assert len(studio.asked) == 1
    assert studio.waits == []


@pytest.mark.parametrize("auth_choice", ["qwen-api-key", "qwen-api-key-cn"])
@pytest.mark.parametrize("method", ["video", "describe_image", "describe_video"])
def test_a_key_of_the_plan_names_plan_host_and_auth_choice(
    studio: Any, auth_choice: str, method: str
) -> None:
    studio.auth_choice, studio.key = auth_choice, "sk-sp-abcdefgh12345678"
    host = CHINA if auth_choice.endswith("-cn") else GLOBAL
    with pytest.raises(AuthError) as caught:
        studio(method, "https://example.com/cat.png" if "describe" in method else "a cat")
    advice = caught.value.advice
    assert "came from api_key and is a Coding Plan key" in advice
    assert f"https://{host}" in advice
    assert f"auth choice {auth_choice.replace('qwen-', 'qwen-standard-')}." in advice
    assert caught.value.request_id
    assert studio.key not in str(caught.value)
    assert len(studio.asked) == 1


TASK = {"task_id": "t1", "task_status": "SUCCEEDED"}


def answers(*bodies: Any) -> httpx2.MockTransport:
    rest = [*bodies]
    return httpx2.MockTransport(
        lambda _: httpx2.Response(200, json=rest.pop(0) if len(rest) > 1 else rest[0])
    )


def asked(*bodies: Any) -> Video:
    with httpx2.Client(transport=answers(*bodies)) as client:
        provider = QwenProvider(
            auth_choice="qwen-standard-api-key",
            api_key="sk-0123456789",
            http_client=client,
            sleep=lambda _: None,
        )
        return provider.video("a cat")


@pytest.mark.parametrize(
    ("output", "url"),
    [
        ({"video_url": "https://a/1.mp4"}, "https://a/1.mp4"),
        ({"results": [{"video_url": "https://a/1.mp4"}, {}]}, "https://a/1.mp4"),
        ({"task_status": " succeeded ", "video_url": "https://a/1.mp4"}, "https://a/1.mp4"),
    ],
)
def test_the_address_is_found_wherever_it_has_been_seen(output: Any, url: str) -> None:
    video = asked({"output": {**TASK, "task_status": "PENDING"}}, {"output": {**TASK, **output}})
    assert video.url == url
    assert (video.seconds, video.size) == (None, None)
    assert url not in repr(video)


@pytest.mark.parametrize(
    "usage",
    [
        {"video_duration": 5, "video_ratio": "1280*720", "video_count": 1},
        {"duration": 5, "size": "1280*720"},
        {
            "duration": 10.0,
            "input_video_duration": 5,
            "output_video_duration": 5,
            "size": "1280*720",
        },
    ],
)
def test_length_and_size_are_read_from_any_usage(usage: Any) -> None:
    output = {**TASK, "video_url": "https://a/1.mp4"}
    video = asked({"output": TASK}, {"output": output, "usage": usage})
    assert (video.seconds, video.size) == (5.0, "1280*720")


@pytest.mark.parametrize(
    "bodies",
    [
        ({"output": {"task_status": "PENDING"}},),
        ({"output": None},),
        ([1],),
        ({"output": TASK}, {"output": TASK}),
        ({"output": TASK}, {"output": {**TASK, "video_url": "ftp://a/1.mp4"}}),
        ({"output": TASK}, {"output": {**TASK, "video_url": "https://a\n/1.mp4"}}),
        ({"output": TASK}, {"choices": []}),
    ],
)
def test_what_tells_of_no_task_or_no_video_is_malformed(bodies: Any) -> None:
    with pytest.raises(MalformedAnswerError):
        asked(*bodies)


def test_a_failure_without_a_reason_is_told_as_one() -> None:
    with pytest.raises(TaskError) as caught:
        asked({"output": TASK}, {"output": {**TASK, "task_status": "FAILED"}, "request_id": "r1"})
    error = caught.value
    assert (error.message, error.code) == ("the task failed", "task_failed")
    assert (error.task_id, error.request_id) == ("t1", "r1")


@given(
    code=st.none() | st.text(max_size=8) | st.sampled_from(["Throttling", "InternalError", "X"]),
    message=st.none() | st.text(max_size=20),
    state=st.sampled_from(["FAILED", "CANCELED", "UNKNOWN", "failed"]),
)
def test_any_end_without_a_video_is_an_error_of_that_task(
    code: str | None, message: str | None, state: str
) -> None:
    output = {**TASK, "task_status": state, "code": code, "message": message}
    task = Task.from_wire({"output": output}, request_id="r1")
    assert task is not None
    fault = task.failure
    assert isinstance(fault, faults.Fault)
    assert (fault.task_id, fault.request_id, fault.status) == ("t1", "r1", 200)
    assert fault.message
    assert fault.code


# ---- the file


@pytest.fixture
def video(studio: Any) -> Video:
    found = studio("video", "a cat")
    assert isinstance(found, Video)
    return found


def test_a_download_needs_no_key_and_is_a_whole_file(
    studio: Any, video: Video, tmp_path: Path
) -> None:
    path = tmp_path / "cat.mp4"
    path.write_text("an older one")
    studio("download", video, str(path))
    assert path.read_bytes()[4:8] == b"ftyp"
    assert [*tmp_path.iterdir()] == [path]
    entry = studio.simulator.journal[-1]
    assert entry.host.endswith(".aliyuncs.com")
    assert "authorization" not in dict(entry.headers)


def test_an_address_that_has_expired_says_so(studio: Any, video: Video, tmp_path: Path) -> None:
    studio.simulator.clock.advance(DAY + 1)
    with pytest.raises(AccessError) as caught:
        studio("download", video, tmp_path / "cat.mp4")
    assert caught.value.message == "AccessDenied: Request has expired."
    assert "24 hours" in caught.value.advice
    assert caught.value.task_id == video.task_id
    assert caught.value.request_id
    assert not [*tmp_path.iterdir()]


def test_a_connection_that_breaks_leaves_the_older_file_and_no_other(
    studio: Any, video: Video, tmp_path: Path
) -> None:
    path = tmp_path / "cat.mp4"
    path.write_text("an older one")
    studio.simulator.fault("truncated-chunk", times=None)
    with pytest.raises(ConnectionFailure):
        studio("download", video, path)
    assert path.read_text() == "an older one"
    assert [*tmp_path.iterdir()] == [path]


def test_a_busy_storage_is_asked_again(studio: Any, video: Video, tmp_path: Path) -> None:
    studio.simulator.fault("drop-before-headers", times=2)
    studio("download", video, tmp_path / "cat.mp4")
    assert (tmp_path / "cat.mp4").stat().st_size > 1000


def test_a_video_that_is_too_large_is_not_fetched(
    studio: Any, video: Video, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="bytes, and 1,000 are allowed; allow more with max_bytes"):
        studio("download", video, tmp_path / "cat.mp4", max_bytes=1000)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("name", ["", "no-folder/cat.mp4"])
def test_a_place_that_cannot_be_written_is_named(
    studio: Any, video: Video, tmp_path: Path, name: str
) -> None:
    with pytest.raises(UsageError, match=f"cannot write {tmp_path}"):
        studio("download", video, tmp_path / name)


def fetched(response: httpx2.Response, path: Path, **options: Any) -> None:
    video = Video(
        url="https://a/1.mp4", task_id="t1", request_id=None, seconds=None, size=None, raw={}
    )
    with httpx2.Client(transport=httpx2.MockTransport(lambda _: response)) as client:
        provider = QwenProvider(api_key="sk-0123456789", http_client=client)
        provider.download(video, path, **options)


@pytest.mark.parametrize("kind", ["text/html", "application/json", ""])
def test_what_is_no_video_is_not_written(kind: str, tmp_path: Path) -> None:
    headers = {"content-type": kind} if kind else {}
    with pytest.raises(MalformedAnswerError, match="no video"):
        fetched(httpx2.Response(200, headers=headers, content=b"<html>"), tmp_path / "cat.mp4")
    assert not [*tmp_path.iterdir()]


def test_a_size_that_was_not_announced_is_noticed(tmp_path: Path) -> None:
    pieces = iter([b"a" * 600, b"b" * 600])
    response = httpx2.Response(200, headers={"content-type": "video/mp4"}, content=pieces)
    with pytest.raises(UsageError, match="more than 1,000 bytes"):
        fetched(response, tmp_path / "cat.mp4", max_bytes=1000)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (httpx2.Response(403, text="<html>"), "Forbidden, by the storage service"),
        (
            httpx2.Response(404, text="<Error><Code>NoSuchKey</Code><RequestId>r</RequestId>"),
            "NoSuchKey",
        ),
    ],
)
def test_a_refusal_of_the_storage_is_read(
    response: httpx2.Response, words: str, tmp_path: Path
) -> None:
    with pytest.raises(AccessError) as caught:
        fetched(response, tmp_path / "cat.mp4")
    assert (caught.value.message, caught.value.code) == (words, "download_refused")


def write(path: Path, data: bytes, *, meanwhile: Callable[[], object] = bool) -> None:
    with WholeFile(path, most=10**6) as file:
        file.write(data)
        meanwhile()


def test_a_place_where_nothing_can_be_written_is_named() -> None:
    with pytest.raises(UsageError, match=r"cannot write /proc/cat.mp4 \(.*\); nothing is changed"):
        write(Path("/proc/cat.mp4"), b"a")


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(UsageError, match="nothing is changed"):
            write(tmp_path / "cat.mp4", b"a" * 10**5)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not [*tmp_path.iterdir()]


def test_a_name_that_is_taken_meanwhile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cat.mp4"
    with pytest.raises(UsageError, match="nothing is changed"):
        write(path, b"a", meanwhile=path.mkdir)
    assert [*tmp_path.iterdir()] == [path]
