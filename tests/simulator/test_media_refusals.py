"""Pictures, videos and sounds that a chat request cannot have, and the words of each refusal."""

import base64
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from qwensim.catalog import load
from qwensim.simulator import Account, Simulator

Send = Callable[..., Any]
ALGO = "<400> InternalError.Algo.InvalidParameter: "
URL_WORDS = f"{ALGO}The provided URL does not appear to be valid. Ensure it is correctly formatted."
SIZE_WORDS = f"{ALGO}The image length and width do not meet the model restrictions. "
VIDEO_WORDS = f"{ALGO}The video modality input does not meet the requirements because: "
OPEN_WORDS = f"{ALGO}The image format is illegal and cannot be opened"
SOMEWHERE = "https://example.com/picture.png"


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


# What is refused


@pytest.mark.parametrize(
    "url",
    [
        "",
        "picture.png",
        "/home/ann/picture.png",
        "file:///home/ann/picture.png",
        "ftp://example.com/picture.png",
        "https://",
        "https:///picture.png",
        "https:example.com",
        "http://[::1",
        "data:image/png,abc",
        "data:image/png;base64",
        "data:" + "x" * 1000 + ";base64,AAAA",
        "iVBORw0KGgoAAAANSUhEUg==",
        "oss://dashscope-instant/x/2026-05-18/y/picture.png",
        None,
        5,
        ["https://example.com/picture.png"],
    ],
)
def test_an_address_that_is_none(send: Send, url: Any) -> None:
    assert words(send, image(url)) == URL_WORDS
    assert words(send, video(url)) == URL_WORDS
    assert words(send, frames([url] * 4)) == URL_WORDS


def test_an_object_without_an_address(send: Send) -> None:
    assert words(send, {"type": "image_url", "image_url": {}}) == URL_WORDS
    assert words(send, {"type": "image_url", "image_url": 5}) == URL_WORDS


def test_an_upload_needs_its_header(send: Send) -> None:
    part = image("oss://dashscope-instant/x/2026-05-18/y/picture.png")
    headers = (("x-dashscope-ossresourceresolve", "enable"),)
    assert counts(send, part, headers=headers) == {"image_tokens": 1026}
    other = (("x-dashscope-ossresourceresolve", "disable"),)
    assert words(send, part, headers=other) == URL_WORDS


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,",
        "data:image/png;base64,A",
        "data:image/png;base64,????",
        encoded(b"not a picture"),
        encoded(b"%PDF-1.7\n"),
        drawn(40, 30)[:60],
    ],
)
def test_a_picture_that_cannot_be_opened(send: Send, url: str) -> None:
    assert words(send, image(url)) == OPEN_WORDS
    assert words(send, frames([url] * 4)) == OPEN_WORDS


@pytest.mark.parametrize(
    ("width", "height", "inner"),
    [
        (9, 9, "height:9 or width:9 must be larger than 10"),
        (100, 1, "height:1 or width:100 must be larger than 10"),
        (2010, 10, "absolute aspect ratio must be smaller than 200, got 10 / 2010"),
    ],
)
def test_a_picture_of_sides_that_no_model_takes(
    send: Send, width: int, height: int, inner: str
) -> None:
    url = drawn(width, height)
    assert words(send, image(url)) == f"{SIZE_WORDS}[{inner}]"
    assert words(send, frames([SOMEWHERE, SOMEWHERE, SOMEWHERE, url])) == f"{SIZE_WORDS}[{inner}]"


def test_a_picture_of_more_pixels_than_anybody_decodes(send: Send) -> None:
    bomb = b"BM" + bytes(8) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
    bomb += (60_000).to_bytes(4, "little") * 2 + b"\1\0\x18\0" + bytes(24)
    said = words(send, image(encoded(bomb)))
    assert said == "The image size is not supported for the data inspection."


@pytest.mark.parametrize(
    ("day", "limit"), [(dt.date(2026, 5, 18), 10_485_760), (dt.date(2026, 9, 14), 20_971_520)]
)
def test_a_data_uri_that_is_too_long(send: Send, day: dt.date, limit: int) -> None:
    simulator = Simulator(catalog=load(as_of=day))
    url = drawn(640, 480)
    fitting = url.rstrip("=") + "A" * (limit - len(url.rstrip("=")))
    assert counts(send, image(fitting), simulator=simulator) == {"image_tokens": 302}
    said = words(send, image(fitting + "A"), simulator=simulator)
    assert said == f"Exceeded limit on max bytes per data-uri item : {limit}"


def test_too_many_data_uris(send: Send) -> None:
    url = drawn(32, 32)
    assert counts(send, frames([url] * 250)) == {"video_tokens": 125 * 4 + 2}
    said = words(send, frames([url] * 250), image(url))
    assert said == "Exceeded limit on max data-uri per request: 250"


@pytest.mark.parametrize(
    ("model", "fewest", "most"),
    [
        ("qwen3.6-plus", 4, 8000),
        ("qwen3-vl-plus", 4, 2000),
        ("qwen-vl-max-latest", 4, 512),
        ("qwen-vl-plus", 4, 512),
    ],
)
def test_how_long_a_list_of_frames_may_be(send: Send, model: str, fewest: int, most: int) -> None:
    for length in (fewest, most):
        assert counts(send, frames([SOMEWHERE] * length), model=model)["video_tokens"] > 0
    for length in (0, fewest - 1, most + 1):
        assert words(send, frames([SOMEWHERE] * length), model=model) == (
            f"{VIDEO_WORDS}the range of sequence images shoule be (4, {most})."
        )


@pytest.mark.parametrize(
    ("name", "kind"), [("fps", "Float"), ("max_pixels", "Integer"), ("min_pixels", "Integer")]
)
@pytest.mark.parametrize("value", ["2", [2], {}, True])
def test_an_option_of_a_part_is_a_number(send: Send, name: str, kind: str, value: Any) -> None:
    reply = ask(send, video("https://example.com/clip.mp4", **{name: value}))
    assert reply.status == 400
    assert reply.error["message"] == f"'{name}' must be {kind}"


@pytest.mark.parametrize("model", ["qwen3-max", "qwen3-coder-plus", "qwen-plus", "glm-4.7"])
def test_a_text_model_refuses_pictures(send: Send, model: str) -> None:
    assert words(send, image(SOMEWHERE), model=model, host="dashscope.aliyuncs.com") == (
        f"{ALGO}The provided messages input is invalid. "
        "The error info is [Unexpected item type in content.]"
    )


def test_a_model_for_documents_refuses_videos(send: Send) -> None:
    said = words(send, frames([SOMEWHERE] * 4), model="qwen-vl-ocr-latest")
    assert said.startswith(f"{ALGO}An incorrect modal `video` was entered")


def test_a_model_whose_line_takes_no_videos_refuses_them(send: Send) -> None:
    overlay = {"model": [{"id": "qwen3-vl-plus", "media": "qwen-vl-ocr"}]}
    simulator = Simulator(catalog=load(overlay))
    said = words(send, video("https://example.com/clip.mp4"), simulator=simulator)
    assert said.startswith(f"{ALGO}An incorrect modal `video` was entered")


def test_pictures_that_are_too_much_for_the_context(send: Send) -> None:
    parts = [image(drawn(1024, 1024))] * 60
    said = words(send, *parts, model="qwen-vl-ocr-latest", simulator=Simulator())
    assert said == f"{ALGO}Range of input length should be [1, 30000]"


def test_a_refusal_of_a_stream_is_an_event(send: Send) -> None:
    reply = ask(send, image("nowhere"), stream=True)
    assert reply.status == 400
    assert reply.body.startswith(b"data: ")
    assert reply.error["message"] == URL_WORDS.removeprefix(ALGO)


def test_the_coding_plan_s_models_see_too(send: Send) -> None:
    plan: dict[str, Any] = {"host": "coding.dashscope.aliyuncs.com", "model": "kimi-k2.5"}
    reply = ask(send, image(drawn(280, 280)), **plan)
    assert reply.status == 200
    bare = ask(send, **plan).usage["prompt_tokens"]
    assert reply.usage["prompt_tokens"] - bare == 102


def test_the_key_is_looked_at_before_the_pictures(send: Send) -> None:
    simulator = Simulator(accounts=[Account(key="sk-0123456789abcdef", denied=("qwen3-vl-plus",))])
    assert ask(send, image("nowhere"), simulator=simulator).status == 403


def test_the_journal_tells_why(send: Send) -> None:
    simulator = Simulator()
    ask(send, image("nowhere"), simulator=simulator)
    assert simulator.journal[-1].error == "media-url-invalid"
