"""Pictures, videos and sounds in chat requests: what they count, and the words of each refusal."""

import base64
import datetime as dt
import io
import json
import re
from collections.abc import Callable
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
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


# Anything


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
ADDRESSES = (
    SCALARS
    | st.sampled_from(
        [SOMEWHERE, DOG, drawn(40, 30), drawn(1, 1), "oss://x/y", "data:;base64,", "data:"]
    )
    | st.text(max_size=20).map("data:image/png;base64,".__add__)
    | st.text(max_size=20).map("https://".__add__)
    | st.binary(max_size=60).map(encoded)
)
VALUES = (
    ADDRESSES
    | st.lists(ADDRESSES, max_size=6)
    | st.dictionaries(st.sampled_from(["url", "data", "x"]), ADDRESSES, max_size=2)
)
PARTS = st.dictionaries(
    st.sampled_from(["fps", "min_pixels", "max_pixels", "total_pixels", "max_frames"]),
    SCALARS,
    max_size=2,
).flatmap(
    lambda options: st.builds(
        lambda kind, value: {"type": kind, kind: value, **options},
        st.sampled_from(["image_url", "video_url", "video", "input_audio"]),
        VALUES,
    )
)


def pattern_of(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(re.escape(text) + (".*" if name else "") for text, name, _, _ in parts)


KNOWN = [
    re.compile(pattern_of(row.message), re.DOTALL)
    for row in load().errors.values()
    if row.wire == "compatible"
]


@given(
    st.lists(PARTS, max_size=3),
    st.sampled_from(["qwen3-vl-plus", "qwen3.5-plus", "qwen-vl-ocr", "qwen3.5-omni-flash"]),
    st.booleans(),
)
def test_any_part_is_counted_or_refused_in_known_words(
    send: Send, parts: list[Any], model: str, resolves: bool
) -> None:
    headers = (("x-dashscope-ossresourceresolve", "enable"),) if resolves else ()
    reply = ask(send, *parts, model=model, headers=headers)
    if reply.status == 200:
        assert json.loads(reply.body)["usage"]["prompt_tokens"] > 0
    else:
        assert reply.status == 400
        assert any(known.fullmatch(reply.error["message"]) for known in KNOWN), reply.body


# What is kept


def test_the_journal_keeps_small_files_and_only_the_length_of_large_ones(send: Send) -> None:
    simulator = Simulator()
    small = drawn(40, 30)
    large = drawn(40, 30) + "A" * 10_000
    ask(send, image(small), image(large), simulator=simulator)
    kept = simulator.journal[-1].body["messages"][0]["content"]
    assert kept[0] == image(small)
    assert kept[1] == image(f"data:image/png;base64,[{len(large) - 22} characters]")
    assert kept[2] == {"type": "text", "text": "What is this?"}


@pytest.mark.parametrize(
    "text", ["data:" + "x" * 10_000, "data " * 5_000, "x" * 10_000, "data:,short"]
)
def test_the_journal_keeps_what_is_no_file(send: Send, text: str) -> None:
    simulator = Simulator()
    send(simulator, messages=[{"role": "user", "content": text}])
    assert simulator.journal[-1].body["messages"][0]["content"] == text


def test_a_deep_body_is_kept_as_it_is(send: Send) -> None:
    simulator = Simulator()
    raw = b'{"model":"m","messages":' + b"[" * 900 + b"]" * 900 + b"}"
    assert send(simulator, raw=raw).status == 400
    assert simulator.journal[-1].error == "body-invalid"
