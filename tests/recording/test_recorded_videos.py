"""Videos on tape: tasks, signed addresses without their signatures, binary files."""

import asyncio
from pathlib import Path
from typing import Any, cast

import dashscope
import httpx
import httpx2
import pytest
import requests
from dashscope.aigc.video_synthesis import VideoSynthesis

from qwensim.catalog import load
from qwensim.provider import QwenProvider
from qwensim.recording import Player, audit, read, read_all, use_cassette
from qwensim.server import serve
from qwensim.simulator import Simulator, TaskPace
from qwensim.transport import transport

KEY = "sk-0123456789abcdef"
HOST = "dashscope-intl.aliyuncs.com"
STORAGE = "dashscope-result-sgp.oss-ap-southeast-1.aliyuncs.com"
SIGNED = "OSSAccessKeyId=[redacted]&Signature=[redacted]"


def filmed(
    base_url: str, path: Path, *, simulator: Simulator | None = None
) -> tuple[list[str], str, bytes]:
    """Have a video made and fetched; return the states seen, its address and the file."""
    seen: list[str] = []
    way = transport(simulator, httpx2) if simulator else httpx2.HTTPTransport()
    with httpx2.Client(transport=way) as http:
        provider = QwenProvider(
            api_key=KEY, base_url=base_url, http_client=http, environ={}, sleep=float
        )
        video = provider.video(
            "a cat", resolution="720P", progress=lambda task: seen.append(task.state)
        )
        provider.download(video, path)
    return seen, video.url, path.read_bytes()


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """A video, from its order to its file."""
    path = tmp_path / "tape" / "video.yaml"
    with use_cassette(path, record="all"):
        filmed(f"https://{HOST}/compatible-mode/v1", tmp_path / "a.mp4", simulator=Simulator())
    return path


def test_a_video_is_played_from_its_order_to_its_file(tape: Path, tmp_path: Path) -> None:
    with use_cassette(tape):
        states, url, file = filmed(f"https://{HOST}/compatible-mode/v1", tmp_path / "b.mp4")
    assert states == ["RUNNING", "SUCCEEDED"]
    assert url.endswith(f"&{SIGNED}")
    assert file == (tmp_path / "a.mp4").read_bytes()


def test_a_recorded_file_is_base64_and_what_signs_its_address_is_gone(tape: Path) -> None:
    text = tape.read_text("utf-8")
    assert "string: !!binary |" in text
    assert "LTAI" not in text
    assert text.count(SIGNED) == 2  # in the task's answer, and in the request that follows
    assert audit(tape, load()).findings == ()
    download = read(tape).interactions[-1]
    assert dict(download.headers)["content-length"] == str(len(download.body))
    assert not {"authorization"} & {name for name, _ in download.request_headers}


@pytest.mark.parametrize("library", [httpx2, httpx])
@pytest.mark.parametrize(
    "signed",
    [SIGNED, SIGNED.replace("[", "%5B").replace("]", "%5D"), "Signature=b&OSSAccessKeyId=a"],
)
def test_an_address_is_found_however_it_is_signed(tape: Path, library: Any, signed: str) -> None:
    download = read(tape).interactions[-1]
    url = download.uri.replace(SIGNED, signed)
    with use_cassette(tape, whole=False):
        assert library.get(url).content == download.body

    async def fetch() -> bytes:
        async with library.AsyncClient() as client:
            return cast("bytes", (await client.get(url)).content)

    with use_cassette(tape, whole=False):
        assert asyncio.run(fetch()) == download.body


def test_a_file_of_another_day_is_not_taken_for_it(tape: Path) -> None:
    url = read(tape).interactions[-1].uri.replace("Expires=1", "Expires=2")
    with (
        pytest.raises(AssertionError, match="query"),
        use_cassette(tape, whole=False),
        pytest.raises(Exception, match="No match"),
    ):
        httpx2.get(url)


def test_a_served_recording_leads_to_its_own_file(tape: Path, tmp_path: Path) -> None:
    player = Player(read_all(tape), catalog=load(), pace="instant")
    with serve(cast("Simulator", player)) as server:
        states, url, file = filmed(server.base_urls[HOST], tmp_path / "b.mp4")
        assert url.startswith(f"{server.url}/{STORAGE}/1d/")
    assert states == ["RUNNING", "SUCCEEDED"]
    assert file == (tmp_path / "a.mp4").read_bytes()


def test_the_dashscope_package_is_recorded_and_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def film() -> tuple[Any, bytes]:
        answer = VideoSynthesis.call("wan2.6-t2v", "a cat", size="1280*720", api_key=KEY)
        return answer.usage, requests.get(answer.output.video_url, timeout=10).content

    path = tmp_path / "tape.yaml"
    with serve(Simulator(task_pace=TaskPace(polls=1))) as server:
        address = f"{server.url}/{HOST}/api/v1"
        monkeypatch.setattr(dashscope, "base_http_api_url", address)
        with use_cassette(path, record="all"):
            made = film()
    with use_cassette(path):
        assert film() == made
    assert audit(path, load()).findings == ()
