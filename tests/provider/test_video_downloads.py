"""The file of a video: whole or not at all, and why it cannot be had."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qwensim.errors import UsageError
from qwensim.provider import (
    AccessError,
    ConnectionFailure,
    MalformedAnswerError,
    QwenProvider,
    Video,
)
from qwensim.provider.downloads import WholeFile

DAY = 24 * 3600


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
