"""Pictures, videos and sounds in chat requests: what they count."""

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from qwensim.simulator import Simulator

Send = Callable[..., Any]
ALGO = "<400> InternalError.Algo.InvalidParameter: "
URL_WORDS = f"{ALGO}The provided URL does not appear to be valid. Ensure it is correctly formatted."
VIDEO_WORDS = f"{ALGO}The video modality input does not meet the requirements because: "
SOMEWHERE = "https://example.com/picture.png"
DOG = "https://dashscope.oss-cn-beijing.aliyuncs.com/images/dog_and_girl.jpeg"


def encoded(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def drawn(width: int, height: int, image_format: str = "PNG", mode: str = "RGB") -> str:
    file = io.BytesIO()
    Image.new(mode, (width, height)).save(file, image_format)
    return encoded(file.getvalue())


def image(url: Any, **options: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}, **options}


def video(url: Any, **options: Any) -> dict[str, Any]:
    return {"type": "video_url", "video_url": {"url": url}, **options}


def frames(urls: Any, **options: Any) -> dict[str, Any]:
    return {"type": "video", "video": urls, **options}


def sound(data: Any) -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}


def ask(send: Send, *parts: Any, simulator: Simulator | None = None, **fields: Any) -> Any:
    content = [*parts, {"type": "text", "text": "What is this?"}]
    fields = {"model": "qwen3-vl-plus", **fields}
    messages = [{"role": "user", "content": content}]
    return send(simulator or Simulator(), messages=messages, **fields)


def counts(send: Send, *parts: Any, **fields: Any) -> Any:
    reply = ask(send, *parts, **fields)
    assert reply.status == 200, reply.body
    details = dict(reply.usage["prompt_tokens_details"])
    assert sum(details.values()) == reply.usage["prompt_tokens"]
    del details["text_tokens"]
    return details


def words(send: Send, *parts: Any, **fields: Any) -> str:
    reply = ask(send, *parts, **fields)
    assert reply.status == 400, reply.body
    assert reply.error["code"] == "invalid_parameter_error"
    return str(reply.error["message"])


# What is counted


@pytest.mark.parametrize(
    ("url", "model", "tokens"),
    [
        (DOG, "qwen3.6-plus", 2503),
        (DOG, "qwen-vl-plus", 1249),
        (SOMEWHERE, "qwen3-vl-plus", 1026),
        ("http://example.com/a.jpg?x=1,2", "qwen3-vl-plus", 1026),
        ("HTTPS://EXAMPLE.COM/A.JPG", "qwen3-vl-plus", 1026),
    ],
)
def test_a_picture_behind_an_address(send: Send, url: str, model: str, tokens: int) -> None:
    assert counts(send, image(url), model=model) == {"image_tokens": tokens}


@pytest.mark.parametrize("image_format", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_a_picture_that_is_sent_along(send: Send, image_format: str) -> None:
    assert counts(send, image(drawn(640, 480, image_format))) == {"image_tokens": 302}


def test_a_picture_by_its_bare_address_and_with_details_for_others(send: Send) -> None:
    bare = {"type": "image_url", "image_url": drawn(640, 480)}
    assert counts(send, bare) == {"image_tokens": 302}
    detailed = {"type": "image_url", "image_url": {"url": drawn(640, 480), "detail": "low"}}
    assert counts(send, detailed) == {"image_tokens": 302}


def test_base64_without_padding_in_lines_and_with_another_media_type(send: Send) -> None:
    url = next(url for width in (640, 641, 642) if (url := drawn(width, 480)).endswith("="))
    head, _, payload = url.partition(",")
    lines = "\n".join(payload[start : start + 76] for start in range(0, len(payload), 76))
    for spelling in (
        url.rstrip("="),
        f"{head},{lines}",
        f"DATA:text/plain;charset=utf-8;BASE64,{payload}",
        f"data:;base64,{payload}",
    ):
        assert counts(send, image(spelling)) == {"image_tokens": 302}


def test_a_picture_whose_header_is_longer_than_most(send: Send) -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "x" * 60_000
    Image.new("RGB", (640, 480)).save(file, "JPEG", exif=exif, icc_profile=b"x" * 200_000)
    assert counts(send, image(encoded(file.getvalue()))) == {"image_tokens": 302}


def test_pictures_in_every_message_add_up(send: Send) -> None:
    picture = image(drawn(640, 480))
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": [picture, picture]},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": [picture]},
        {"role": "user", "content": [image(SOMEWHERE)]},
    ]
    reply = send(Simulator(), model="qwen3-vl-plus", messages=messages)
    assert reply.usage["prompt_tokens_details"]["image_tokens"] == 3 * 302 + 1026


def test_what_a_request_says_of_resolution(send: Send) -> None:
    large = drawn(2048, 2048, "JPEG")
    assert counts(send, image(large)) == {"image_tokens": 2502}
    assert counts(send, image(large), vl_high_resolution_images=True) == {"image_tokens": 4098}
    assert counts(send, image(large), vl_high_resolution_images=False) == {"image_tokens": 2502}
    assert counts(send, image(large, max_pixels=512 * 512)) == {"image_tokens": 258}
    assert counts(send, image(drawn(64, 64), min_pixels=512 * 512)) == {"image_tokens": 258}
    assert counts(send, image(large, min_pixels=None, max_pixels=None)) == {"image_tokens": 2502}


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        (video("https://example.com/clip.mp4"), 5 * 594 + 2),
        (video("https://example.com/clip.mp4", fps=1), 3 * 594 + 2),
        (video("https://example.com/clip.mp4", max_frames=4), 2 * 594 + 2),
        ({"type": "video_url", "video_url": "https://example.com/clip.mp4"}, 5 * 594 + 2),
        (frames([SOMEWHERE] * 4), 2 * 625 + 2),
        (frames([SOMEWHERE, *[drawn(320, 240)] * 4], fps=0.5), 3 * 80 + 2),
        (frames([DOG] * 4, total_pixels=4 * 256 * 256), 2 * 117 + 2),
    ],
)
def test_videos_and_lists_of_frames(send: Send, part: Any, tokens: int) -> None:
    assert counts(send, part) == {"video_tokens": tokens}


def test_pictures_and_videos_are_told_apart(send: Send) -> None:
    found = counts(send, image(drawn(640, 480)), frames([drawn(320, 240)] * 4))
    assert found == {"image_tokens": 302, "video_tokens": 162}


def film(seconds: int) -> str:
    av = pytest.importorskip("av")
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(10 * seconds):
            frame = av.VideoFrame(320, 240, "yuv420p")
            frame.pts = number
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
    return encoded(file.getvalue(), "video/mp4")


def test_a_video_that_is_sent_along(send: Send) -> None:
    clip = film(6)
    assert counts(send, video(clip)) == {"video_tokens": 482}
    assert counts(send, video(clip, fps=0.5)) == {"video_tokens": 162}
    assert words(send, video(film(1))) == f"{VIDEO_WORDS}The video file is too short."
    assert words(send, video(encoded(b"x" * 100))) == f"{VIDEO_WORDS}Invalid video file."
    assert words(send, video(drawn(320, 240))).startswith(VIDEO_WORDS)


def test_without_pyav_a_video_that_is_sent_along_counts_as_one_elsewhere(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    assert counts(send, video(encoded(b"x" * 100))) == {"video_tokens": 5 * 594 + 2}


def spoken(send: Send, data: Any) -> Any:
    return ask(send, sound(data), model="qwen3.5-omni-flash", enable_thinking=False)


def test_sounds(send: Send) -> None:
    reply = spoken(send, "https://example.com/hello.wav")
    assert reply.usage["prompt_tokens_details"]["audio_tokens"] == 100
    pytest.importorskip("av")
    unreadable = spoken(send, encoded(b"x" * 100, "audio/wav"))
    assert unreadable.error["message"] == f"{ALGO}The audio format is illegal and cannot be opened."
    assert spoken(send, "UklGRg==").error["message"] == URL_WORDS
