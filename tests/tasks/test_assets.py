"""Results: signed addresses, what they lead to, and what the storage service says otherwise."""

import hashlib
import io
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import av
import pytest

from qwensim.simulator import Simulator, TaskPace, VirtualClock
from qwensim.simulator.assets import Storage
from qwensim.simulator.assets.video import StillVideo


def played(content: bytes) -> tuple[int, int, float]:
    """Decode a video to its end and return its width, height and seconds."""
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        assert len([*container.decode(stream)]) == stream.frames > 0
        assert stream.duration is not None
        assert stream.time_base is not None
        return stream.width, stream.height, float(stream.duration * stream.time_base)


def test_a_result_plays_at_the_size_and_length_asked_for(client: Any) -> None:
    got = client.make(parameters={"size": "832*1088", "duration": 3})
    video = client.fetch(got.output["video_url"])
    assert video.status == 200
    assert video.headers["content-type"] == "video/mp4"
    assert played(video.body) == (832, 1088, 3.0)


def test_an_address_looks_like_those_of_the_service(client: Any, make_client: Any) -> None:
    got = client.make()
    url = urlsplit(got.output["video_url"])
    assert url.scheme == "https"
    assert url.hostname == "dashscope-result-bj.oss-cn-beijing.aliyuncs.com"
    first, pair, day, marks, name = url.path.strip("/").split("/")
    assert (first, len(pair), day, len(marks)) == ("1d", 2, "20260518", 8)
    assert name == f"{got.output['task_id']}.mp4"
    query = parse_qs(url.query, strict_parsing=True)
    assert [*query] == ["Expires", "OSSAccessKeyId", "Signature"]
    assert query["OSSAccessKeyId"][0].startswith("LTAI")
    abroad = make_client(client.simulator, host="dashscope-intl.aliyuncs.com")
    host = urlsplit(abroad.make().output["video_url"]).hostname
    assert host == "dashscope-result-sgp.oss-ap-southeast-1.aliyuncs.com"


def test_a_client_that_came_by_a_gateway_gets_an_address_there(client: Any) -> None:
    client.gateway = "http://127.0.0.1:8787"
    url = client.make().output["video_url"]
    assert url.startswith(
        "http://127.0.0.1:8787/dashscope-result-bj.oss-cn-beijing.aliyuncs.com/1d/"
    )


def test_the_headers_are_the_storage_services(client: Any) -> None:
    url = client.make().output["video_url"]
    got = client.fetch(url)
    head = client.fetch(url, method="HEAD")
    assert head.body == b""
    for name in ("content-type", "content-length", "etag", "accept-ranges", "last-modified"):
        assert head.headers[name] == got.headers[name]
    assert got.headers["server"] == "AliyunOSS"
    assert got.headers["content-length"] == str(len(got.body))
    assert got.headers["etag"] == f'"{hashlib.md5(got.body).hexdigest().upper()}"'  # noqa: S324
    assert len(got.headers["x-oss-request-id"]) == 24
    assert "x-request-id" not in got.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-50", -50, None)],
)
def test_a_part_can_be_asked_for(client: Any, asked: str, start: int, end: int | None) -> None:
    url = client.make().output["video_url"]
    whole = client.fetch(url).body
    part = client.fetch(url, headers=(("range", asked),))
    assert part.status == 206
    assert part.body == whole[start:end]
    first = start if start >= 0 else len(whole) + start
    last = first + len(part.body) - 1
    assert part.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
    assert client.simulator.journal[-1].status == 206


@pytest.mark.parametrize("asked", ["bytes=9999999-", "bytes=5-2", "bytes=-", "bytes=0-1,5-9", "x"])
def test_a_range_that_makes_no_sense_gets_the_whole(client: Any, asked: str) -> None:
    url = client.make().output["video_url"]
    assert client.fetch(url, headers=(("range", asked),))[0] == 200


def refused(got: Any) -> dict[str, str]:
    """Return the fields of a refusal in XML."""
    assert got.headers["content-type"] == "application/xml"
    error = ET.fromstring(got.body)  # noqa: S314 - it is our own
    assert error.tag == "Error"
    fields = {child.tag: child.text or "" for child in error}
    assert fields["RequestId"] == got.headers["x-oss-request-id"]
    assert fields["HostId"] == "dashscope-result-bj.oss-cn-beijing.aliyuncs.com"
    return fields


def test_an_address_expires_after_a_day(make_client: Any) -> None:
    clock = VirtualClock()
    other = make_client(Simulator(clock=clock, task_pace=TaskPace(pending=0, running=3)))
    task = other.begin()
    clock.advance(3)
    url = other.poll(task).output["video_url"]
    assert f"Expires={int(clock.now()) + 86400}&" in url
    clock.advance(86399)
    assert other.fetch(url).status == 200
    clock.advance(1)
    got = other.fetch(url)
    fields = refused(got)
    assert (got.status, fields["Code"]) == (403, "AccessDenied")
    assert fields["Message"] == "Request has expired."
    assert fields["Expires"] == "2026-05-19T00:00:03.000Z"
    assert fields["ServerTime"] == "2026-05-19T00:00:03.000Z"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (("Signature=", "Signature=x"), 403, "SignatureDoesNotMatch"),
        (("OSSAccessKeyId=LTAI", "OSSAccessKeyId=LTAX"), 403, "SignatureDoesNotMatch"),
        (("Expires=1", "Expires=2"), 403, "SignatureDoesNotMatch"),
        (("Expires=1", "Expires=x"), 403, "AccessDenied"),
        (("Signature=", "Signatur="), 403, "AccessDenied"),
        ((".mp4", ".mp3"), 403, "SignatureDoesNotMatch"),
    ],
)
def test_an_address_that_was_changed_leads_nowhere(
    client: Any, change: tuple[str, str], status: int, code: str
) -> None:
    url = client.make().output["video_url"]
    got = client.fetch(url.replace(*change))
    assert (got.status, refused(got)["Code"]) == (status, code)
    assert client.fetch(url).status == 200


def test_what_was_forgotten_is_not_there(client: Any) -> None:
    url = client.make().output["video_url"]
    client.simulator.reset()
    got = client.fetch(url)
    fields = refused(got)
    assert (got.status, fields["Code"]) == (404, "NoSuchKey")
    assert fields["Key"] == urlsplit(url).path.strip("/")


def test_nothing_is_written_into_the_storage(client: Any) -> None:
    url = client.make().output["video_url"]
    got = client.fetch(url, method="PUT")
    assert (got.status, refused(got)["Code"]) == (405, "MethodNotAllowed")


def test_what_a_client_sends_cannot_break_the_xml(client: Any) -> None:
    url = client.make().output["video_url"]
    got = client.fetch(url.replace("Signature=", "Signature=%3Ca%3E%26"))
    assert refused(got)["SignatureProvided"].startswith("<a>&")


@pytest.mark.parametrize("kind", ["drop", "truncated-chunk"])
def test_a_download_can_break_off(client: Any, simulator: Simulator, kind: Any) -> None:
    url = client.make(parameters={"duration": 15}).output["video_url"]
    whole = client.fetch(url).body
    simulator.fault(kind, host="dashscope-result-bj.oss-cn-beijing.aliyuncs.com")
    assert len(client.fetch(url).body) < len(whole)
    assert client.fetch(url).body == whole


def test_a_video_is_the_same_whenever_it_is_made() -> None:
    video = StillVideo(width=720, height=1280, seconds=2)
    assert video.make() == video.make()


def test_without_pyav_there_is_a_video_nevertheless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    content = StillVideo(width=720, height=1280, seconds=2).make()
    monkeypatch.undo()
    assert played(content) == (1280, 720, 5.0)


class Made(StillVideo, frozen=True, kw_only=True):
    """Counts how often it is made."""

    counts: Any

    def make(self) -> bytes:
        self.counts[self.seconds] += 1
        return b"%d" % self.seconds

    def __hash__(self) -> int:
        return hash(self.seconds)


def test_contents_are_made_once_and_few_are_kept() -> None:
    counts: Counter[int] = Counter()
    storage = Storage(0, size=20)
    assets = [
        storage.store(
            Made(width=2, height=2, seconds=seconds, counts=counts),
            host="h",
            name=str(seconds),
            stored=0.0,
        )
        for seconds in range(30)
    ]
    assert not counts
    assert storage.find("h", assets[9].key) is None
    assert storage.find("h", assets[10].key) == assets[10]
    for asset in (assets[0], assets[0], *assets[1:17], assets[0]):
        assert storage.read(asset) == b"%d" % asset.content.seconds  # type: ignore[attr-defined]  # it is a Made
    assert counts[0] == 2
    assert counts[5] == 1


def test_a_seed_has_a_secret_of_its_own() -> None:
    signatures = {Storage(seed).signature("h", "k", "1") for seed in range(20)}
    assert len(signatures) == 20
