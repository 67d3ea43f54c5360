"""Pictures and videos to describe: what is sent, and where to."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from qwensim.catalog import load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.errors import UsageError
from qwensim.provider import UnknownModelError
from qwensim.provider.openclaw import provider_from_config
from qwensim.provider.vision import kind_of, messages
from qwensim.transport import transport

URL = "https://example.com/cat.png"
MP4 = b"\0\0\0\x20ftypisom" + b"\0" * 100


def picture(form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, form)
    return file.getvalue()


def refused(kind: Any, source: Any) -> str:
    with pytest.raises(UsageError) as caught:
        messages(kind, source)
    return str(caught.value)


def address(kind: Any, source: Any) -> str:
    part = messages(kind, source)[-1]["content"][-1]
    assert part["type"] == f"{kind}_url"
    found = part[f"{kind}_url"]["url"]
    assert isinstance(found, str)
    return found


# ---- the conversation


def test_a_picture_is_described_on_the_prompt_of_the_page() -> None:
    assert messages("image", URL) == [
        {"role": "system", "content": "Describe the image."},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": URL}}]},
    ]


def test_a_video_is_described_in_one_message_of_the_user() -> None:
    url = "data:video/mp4;base64," + base64.b64encode(MP4).decode()
    assert messages("video", MP4) == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Describe the video in detail."},
                {"type": "video_url", "video_url": {"url": url}},
            ],
        }
    ]


def test_another_prompt_takes_the_place_of_the_usual_one() -> None:
    assert messages("image", URL, "Which cat?")[0]["content"] == "Which cat?"
    assert messages("video", MP4, "Which cat?")[0]["content"][0]["text"] == "Which cat?"


# ---- the source


@pytest.mark.parametrize("source", [URL, "http://a/b", "HTTPS://A/b", "data:image/png;base64,AA=="])
def test_an_address_is_sent_as_it_is(source: str) -> None:
    assert address("image", source) == source


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("GIF", "image/gif"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("WEBP", "image/webp"),
    ],
)
def test_a_picture_is_sent_under_its_own_type(form: str, mime: str, tmp_path: Path) -> None:
    content = picture(form)
    path = tmp_path / "misleading.txt"
    path.write_bytes(content)
    expected = f"data:{mime};base64,{base64.b64encode(content).decode()}"
    assert address("image", content) == expected
    assert address("image", path) == expected
    assert address("image", str(path)) == expected
    assert kind_of(path) == "image"


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (MP4, "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
        (b"\x1aE\xdf\xa3\x01\0B\x82\x84webm", "video/webm"),
        (b"\x1aE\xdf\xa3\x01\0B\x82\x88matroska", "video/x-matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"FLV\x01\x05", "video/x-flv"),
        (b"0&\xb2u\x8ef\xcf\x11\xa6\xd9", "video/x-ms-wmv"),
    ],
)
def test_a_video_is_sent_under_its_own_type(head: bytes, mime: str) -> None:
    assert address("video", head).startswith(f"data:{mime};base64,")
    assert kind_of(head) == "video"


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_a_heic_picture_is_no_video(brand: bytes) -> None:
    assert address("image", b"\0\0\0\x18ftyp" + brand).startswith("data:image/heic;")


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("image", MP4, "this is video/mp4; images are: jpeg, png,"),
        ("video", picture(), "this is image/png; videos are: x-msvideo,"),
        ("image", b"%PDF-1.7", "this is of no known type; images are: "),
        ("image", b"", "there is nothing in it"),
    ],
)
def test_what_is_no_picture_or_no_video_is_refused(kind: str, content: bytes, words: str) -> None:
    assert refused(kind, content).startswith(f"the bytes: {words}")


def test_a_file_that_no_request_can_hold_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    with path.open("wb") as file:
        file.write(MP4)
        file.truncate(4 << 30)
    words = refused("video", path)
    assert words.startswith(f"{path}: more than 15,728,640 bytes")
    assert words.endswith("give the http(s) address of the video instead")


@pytest.mark.parametrize("name", ["missing.png", ".", "nul\0l"])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    words = refused("image", str(tmp_path / name))
    assert words.startswith("cannot read '")
    assert words.endswith("give a file, or an http(s) address")


@pytest.mark.parametrize("source", ["ftp://a/cat.png", "file:///cat.png", "oss://bucket/cat.png"])
def test_other_addresses_are_refused(source: str) -> None:
    assert "addresses are not taken" in refused("image", source)


@pytest.mark.parametrize("source", ["C:\\cat.png", "10:30.png", "a:b.png", "shot:1.png"])
def test_a_colon_alone_makes_no_address(source: str) -> None:
    assert refused("image", source).startswith("cannot read")


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (URL, "image"),
        ("https://example.com/cat.MP4?x=1.png", "video"),
        ("https://example.com/cat", None),
        ("https://example.com/cat.txt", None),
        ("data:video/mp4;base64,AA==", "video"),
        ("data:,x", None),
    ],
)
def test_the_kind_of_an_address_is_told_by_its_name(source: str, kind: str | None) -> None:
    assert kind_of(source) == kind


@given(content=st.binary(max_size=80), kind=st.sampled_from(["image", "video"]))
def test_any_bytes_are_sent_whole_or_refused(content: bytes, kind: Any) -> None:
    try:
        sent = address(kind, content)
    except UsageError:
        assert kind_of(content) != kind
        return
    assert base64.b64decode(sent.partition(",")[2]) == content
    assert kind_of(content) == kind


# ---- the question


@pytest.mark.parametrize("auth_choice", load().auth_choices)
@pytest.mark.parametrize(("method", "source"), [("describe_image", URL), ("describe_video", MP4)])
def test_every_configuration_asks_the_standard_host_of_its_region(
    studio: Any, auth_choice: str, method: str, source: Any
) -> None:
    studio.auth_choice = auth_choice
    studio.simulator.script(text="A cat.")
    if method == "describe_video":
        source = "https://example.com/cat.mp4"
    assert studio(method, source, temperature=0.5).content == "A cat."
    (entry,) = studio.simulator.journal
    region = "" if auth_choice.endswith("-cn") else "-intl"
    assert entry.host == f"dashscope{region}.aliyuncs.com"
    assert entry.path == "/compatible-mode/v1/chat/completions"
    assert (entry.model, entry.stream) == ("qwen-vl-max-latest", False)
    assert [*entry.body] == ["model", "messages", "temperature"]


def test_the_tokens_of_a_picture_are_counted(studio: Any) -> None:
    small = studio("describe_image", picture())
    assert small.usage.prompt_tokens < studio("describe_image", URL).usage.prompt_tokens


def test_another_model_may_be_asked_and_may_not_exist(studio: Any) -> None:
    assert studio("describe_image", picture(), model="qwen/qwen3.5-plus").content
    with pytest.raises(UnknownModelError):
        studio("describe_image", picture(), model="qwen9-vl")


def test_a_served_fake_is_asked_where_it_is(studio: Any) -> None:
    studio.base_url = "http://dashscope.aliyuncs.com/compatible-mode/v1"
    assert studio("describe_image", picture()).content


def test_a_custom_configuration_of_the_plan_asks_the_standard_host_too(
    tmp_path: Path, studio: Any
) -> None:
    path = tmp_path / "openclaw.json"
    house = {
        "baseUrl": "https://coding.dashscope.aliyuncs.com/v1",
        "api": "openai-completions",
        "apiKey": FAKE_KEYS["standard"],
        "headers": {"X-Team": "cats"},
        "models": [{"id": "glm-5"}],
    }
    path.write_text(json.dumps({"models": {"providers": {"house": house}}}))
    with httpx2.Client(transport=transport(studio.simulator, httpx2)) as client:
        provider = provider_from_config(
            path,
            environ={"HOME": str(tmp_path)},
            model="house/glm-5",
            http_client=client,
            sleep=studio.sleep,
        )
        assert provider.describe_image(picture()).content
        assert provider.video("a cat").url
        assert provider.video("a cat", model="house/wan2.6-t2v").url
        with pytest.raises(UsageError, match="this one is 'house'"):
            provider.video("a cat", model="qwen/wan2.6-t2v")
    for entry in studio.simulator.journal:
        assert entry.host == "dashscope.aliyuncs.com"
        assert dict(entry.headers)["x-team"] == "cats"
