"""Any part at all is counted or refused; what the journal keeps of it."""

import base64
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
from qwensim.simulator import Simulator

Send = Callable[..., Any]
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


def ask(send: Send, *parts: Any, simulator: Simulator | None = None, **fields: Any) -> Any:
    content = [*parts, {"type": "text", "text": "What is this?"}]
    fields = {"model": "qwen3-vl-plus", **fields}
    messages = [{"role": "user", "content": content}]
    return send(simulator or Simulator(), messages=messages, **fields)


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
