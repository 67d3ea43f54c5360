"""Temporary uploads: the permit, the form, and what becomes of an uploaded file."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from qwensim.exchange import Request
from qwensim.simulator import Simulator, VirtualClock

Send = Callable[..., Any]
CN, INTL = "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"
UPLOADS = "/api/v1/uploads"
RESOLVE = (("x-dashscope-ossresourceresolve", "enable"),)
BOUNDARY = "0123456789abcdef"


def picture(width: int = 640, height: int = 480) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


def permit(send: Send, simulator: Simulator, host: str = CN) -> dict[str, Any]:
    query = "action=getPolicy&model=qwen3-vl-plus"
    reply = send(simulator, host=host, path=UPLOADS, method="GET", query=query, raw=b"")
    assert reply.status == 200
    return dict(reply.json["data"])


def fields_of(data: dict[str, Any], name: str = "cat.png") -> dict[str, str]:
    return {
        "OSSAccessKeyId": data["oss_access_key_id"],
        "Signature": data["signature"],
        "policy": data["policy"],
        "key": f"{data['upload_dir']}/{name}",
        "x-oss-object-acl": data["x_oss_object_acl"],
        "x-oss-forbid-overwrite": data["x_oss_forbid_overwrite"],
        "success_action_status": "200",
    }


def form(fields: dict[str, str], *files: bytes) -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    disposition = b'Content-Disposition: form-data; name="file"; filename="cat.png"\r\n\r\n'
    parts += [disposition + file for file in files]
    lines = [f"--{BOUNDARY}\r\n".encode() + part + b"\r\n" for part in parts]
    return b"".join(lines) + f"--{BOUNDARY}--\r\n".encode()


def post(
    send: Send,
    simulator: Simulator,
    body: bytes,
    *,
    host: str = "dashscope-file-mgr.oss-cn-beijing.aliyuncs.com",
    content_type: str = f"multipart/form-data; boundary={BOUNDARY}",
) -> Any:
    headers = (("content-type", content_type),)
    return send(simulator, host=host, path="/", key=None, headers=headers, raw=body)


def upload(send: Send, simulator: Simulator, *files: bytes, **changed: str) -> Any:
    fields = fields_of(permit(send, simulator)) | changed
    return post(send, simulator, form(fields, *files)), f"oss://{fields['key']}"


def look(send: Send, simulator: Simulator, part: dict[str, Any]) -> Any:
    messages = [{"role": "user", "content": [part]}]
    return send(simulator, host=CN, model="qwen3-vl-plus", headers=RESOLVE, messages=messages)


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


# The permit


def test_the_permit_has_the_recorded_shape(send: Send, simulator: Simulator) -> None:
    query = "action=getPolicy&model=qwen3-vl-plus"
    reply = send(simulator, host=CN, path=UPLOADS, method="GET", query=query, raw=b"")
    assert list(reply.json) == ["data", "request_id"]
    data = reply.json["data"]
    assert list(data) == [
        "policy",
        "signature",
        "upload_dir",
        "upload_host",
        "expire_in_seconds",
        "max_file_size_mb",
        "capacity_limit_mb",
        "oss_access_key_id",
        "x_oss_object_acl",
        "x_oss_forbid_overwrite",
    ]
    assert data["upload_host"] == "https://dashscope-file-mgr.oss-cn-beijing.aliyuncs.com"
    place, account, day, request_id = data["upload_dir"].split("/")
    assert (place, len(account), day) == ("dashscope-instant", 32, "2026-05-18")
    assert request_id == reply.json["request_id"]
    policy = json.loads(base64.b64decode(data["policy"]))
    assert policy["expiration"] == "2026-05-18T00:05:00.000Z"
    assert ["starts-with", "$key", data["upload_dir"]] in policy["conditions"]
    assert {"bucket": "dashscope-file-mgr"} in policy["conditions"]
    assert "x-request-id" not in reply.headers
    assert simulator.journal[-1].model == "qwen3-vl-plus"


def test_the_host_is_that_of_the_region_and_reachable_by_the_gateway(send: Send) -> None:
    assert urlsplit(permit(send, Simulator(), INTL)["upload_host"]).hostname == (
        "dashscope-file-mgr.oss-ap-southeast-1.aliyuncs.com"
    )
    request = Request(
        method="GET",
        host=CN,
        path=UPLOADS,
        query="action=getPolicy&model=m",
        headers=(("authorization", "Bearer sk-0123456789abcdef"),),
        gateway="http://127.0.0.1:8000",
    )
    [body] = [event.data for event in Simulator().handle(request) if hasattr(event, "data")]
    assert json.loads(body)["data"]["upload_host"] == (
        "http://127.0.0.1:8000/dashscope-file-mgr.oss-cn-beijing.aliyuncs.com"
    )


@pytest.mark.parametrize("query", ["", "action=getPolicy", "action=put&model=m", "model=m"])
def test_a_query_that_asks_for_no_permit(send: Send, simulator: Simulator, query: str) -> None:
    reply = send(simulator, host=CN, path=UPLOADS, method="GET", query=query, raw=b"")
    assert reply.status == 400
    assert set(reply.json) == {"code", "message", "request_id"}


def test_a_permit_needs_a_key_and_the_standard_plan(send: Send, simulator: Simulator) -> None:
    query = "action=getPolicy&model=m"
    asked = {"path": UPLOADS, "method": "GET", "query": query, "raw": b""}
    assert send(simulator, host=CN, key=None, **asked).status == 401
    plan = send(simulator, host="coding.dashscope.aliyuncs.com", **asked)
    assert (plan.status, plan.body) == (404, b"")


# The upload


def test_an_uploaded_picture_is_counted_by_its_size(send: Send, simulator: Simulator) -> None:
    reply, url = upload(send, simulator, picture(320, 480))
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["content-length"] == "0"
    assert len(reply.headers["x-oss-request-id"]) == 24
    seen = look(send, simulator, image(url))
    assert seen.usage["prompt_tokens_details"]["image_tokens"] == 152
    frames = look(send, simulator, {"type": "video", "video": [url] * 4})
    assert frames.usage["prompt_tokens_details"]["video_tokens"] == 302


@pytest.mark.parametrize(("asked", "status"), [("200", 200), ("201", 201), ("", 204), ("x", 204)])
def test_the_status_that_the_form_asks_for(send: Send, asked: str, status: int) -> None:
    reply, _ = upload(send, Simulator(), picture(), success_action_status=asked)
    assert reply.status == status


def test_the_file_s_own_name_may_stand_in_the_key(send: Send, simulator: Simulator) -> None:
    data = permit(send, simulator)
    fields = fields_of(data, "${filename}")
    assert post(send, simulator, form(fields, picture(320, 480))).status == 200
    seen = look(send, simulator, image(f"oss://{data['upload_dir']}/cat.png"))
    assert seen.usage["prompt_tokens_details"]["image_tokens"] == 152


def test_the_journal_keeps_no_file_and_no_signature(send: Send, simulator: Simulator) -> None:
    _, url = upload(send, simulator, picture())
    entry = simulator.journal[-1]
    assert entry.body == {
        "key": url.removeprefix("oss://"),
        "file": "cat.png",
        "length": len(picture()),
    }
    post(send, simulator, b"x" * 1000)
    assert simulator.journal[-1].body == {"length": 1000}


def test_uploads_of_every_kind(send: Send, simulator: Simulator) -> None:
    _, text = upload(send, simulator, b"no picture")
    refused = look(send, simulator, image(text))
    assert "The image format is illegal" in refused.error["message"]
    size = (60_000).to_bytes(4, "little") * 2
    header = (40).to_bytes(4, "little") + size + b"\1\0\x18\0" + bytes(24)
    bomb = b"BM" + bytes(8) + (54).to_bytes(4, "little") + header
    _, url = upload(send, simulator, bomb)
    assert "image size is not supported" in look(send, simulator, image(url)).error["message"]


def test_uploaded_videos_and_sounds(send: Send, simulator: Simulator) -> None:
    av = pytest.importorskip("av")
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(60):
            frame = av.VideoFrame(320, 240, "yuv420p")
            frame.pts = number
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
    _, url = upload(send, simulator, file.getvalue())
    clip: dict[str, Any] = {"type": "video_url", "video_url": {"url": url}}
    seen = look(send, simulator, clip)
    assert seen.usage["prompt_tokens_details"]["video_tokens"] == 482
    assert "image format is illegal" in look(send, simulator, image(url)).error["message"]
    _, url = upload(send, simulator, picture())
    clip["video_url"] = {"url": url}
    assert "Invalid video file" in look(send, simulator, clip).error["message"]


def test_an_uploaded_sound(send: Send, simulator: Simulator) -> None:
    pytest.importorskip("av")
    head = b"RIFF\xff\xff\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
    size = 2 * 8000 * 4
    _, url = upload(send, simulator, head + b"data" + size.to_bytes(4, "little") + bytes(size))
    part = {"type": "input_audio", "input_audio": {"data": url, "format": "wav"}}
    reply = send(
        simulator,
        host=CN,
        model="qwen3.5-omni-flash",
        headers=RESOLVE,
        messages=[{"role": "user", "content": [part]}],
    )
    assert reply.usage["prompt_tokens_details"]["audio_tokens"] == 50


def test_without_pyav_an_uploaded_video_counts_as_one_elsewhere(
    send: Send, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    _, url = upload(send, simulator, b"video")
    seen = look(send, simulator, {"type": "video_url", "video_url": {"url": url}})
    assert seen.usage["prompt_tokens_details"]["video_tokens"] == 5 * 594 + 2


def test_an_uploaded_picture_may_be_too_large(send: Send, simulator: Simulator) -> None:
    _, url = upload(send, simulator, picture() + bytes(10_000_000))
    assert look(send, simulator, image(url)).error["message"].endswith("file size is too large")


def test_an_upload_is_good_for_two_days(send: Send) -> None:
    clock = VirtualClock()
    simulator = Simulator(clock=clock)
    _, url = upload(send, simulator, picture())
    clock.advance(48 * 3600 - 1)
    assert look(send, simulator, image(url)).status == 200
    clock.advance(1)
    refused = look(send, simulator, image(url))
    assert refused.error["message"].endswith("Failed to download multimodal content")


def test_only_so_many_uploads_are_remembered(send: Send, simulator: Simulator) -> None:
    data = permit(send, simulator)
    for number in range(1001):
        assert post(send, simulator, form(fields_of(data, f"{number}.txt"), b"text")).status == 200
    first, last = (f"oss://{data['upload_dir']}/{number}.txt" for number in (0, 1000))
    assert look(send, simulator, image(first)).status == 200  # as any that is not known
    assert look(send, simulator, image(last)).status == 400
