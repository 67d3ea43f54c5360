"""What is sent for a video, and what is refused before anything is sent."""

import json
import re
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim import QwenProvider, Simulator
from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.provider.video import order
from qwensim.simulator import TASK_PACES
from qwensim.transport import transport

CATALOG = load()
CAT = "https://example.com/cat.png"
CLIP = "https://example.com/clip.mp4"


def sent(model: str | None = None, prompt: str = "a cat", **options: Any) -> Any:
    return json.loads(order(CATALOG, model, prompt, **options).body)


def refused(model: str | None = None, prompt: str = "a cat", **options: Any) -> str:
    with pytest.raises(UsageError) as caught:
        order(CATALOG, model, prompt, **options)
    return str(caught.value)


# ---- the request that each model takes


def test_a_prompt_alone_goes_to_the_model_of_the_page_with_its_default_length() -> None:
    assert sent() == {
        "model": "wan2.6-t2v",
        "input": {"prompt": "a cat"},
        "parameters": {"duration": 5},
    }


@pytest.mark.parametrize(
    ("model", "options", "found"),
    [
        (None, {"images": [CAT]}, {"img_url": CAT}),
        (None, {"images": CAT}, {"img_url": CAT}),
        (None, {"videos": [CLIP]}, {"reference_urls": [CLIP]}),
        ("wan2.6-r2v", {"images": [CAT], "videos": [CLIP]}, {"reference_urls": [CAT, CLIP]}),
        ("wan2.6-r2v-flash", {"images": [CAT]}, {"reference_urls": [CAT]}),
        (
            "wan2.7-r2v",
            {"images": [CAT], "videos": [CLIP]},
            {
                "media": [
                    {"type": "reference_image", "url": CAT},
                    {"type": "reference_video", "url": CLIP},
                ]
            },
        ),
        ("wan2.7-i2v", {"images": [CAT]}, {"media": [{"type": "first_frame", "url": CAT}]}),
        ("wan2.7-i2v", {"videos": [CLIP]}, {"media": [{"type": "first_clip", "url": CLIP}]}),
    ],
)
def test_references_stand_where_the_model_takes_them(
    model: str | None, options: dict[str, Any], found: dict[str, Any]
) -> None:
    assert sent(model, **options)["input"] == {"prompt": "a cat", **found}


@pytest.mark.parametrize(
    ("options", "model"),
    [
        ({}, "wan2.6-t2v"),
        ({"images": [CAT]}, "wan2.6-i2v"),
        ({"videos": [CLIP]}, "wan2.6-r2v"),
        ({"images": [CAT], "videos": [CLIP]}, "wan2.6-r2v"),
    ],
)
def test_the_default_model_is_the_first_of_the_page_that_takes_what_is_given(
    options: dict[str, Any], model: str
) -> None:
    assert sent(**options)["model"] == model


@pytest.mark.parametrize(
    ("model", "options", "parameters"),
    [
        ("wan2.6-t2v", {"size": "1280*720"}, {"size": "1280*720"}),
        ("wan2.6-t2v", {"size": "1280x720", "aspect_ratio": "16:9"}, {"size": "1280*720"}),
        ("wan2.6-t2v", {"resolution": "720p"}, {"size": "1280*720"}),
        ("wan2.6-t2v", {"aspect_ratio": "9:16"}, {"size": "1080*1920"}),
        ("wan2.6-t2v", {"resolution": "720P", "aspect_ratio": "1:1"}, {"size": "960*960"}),
        ("wan2.6-i2v", {"resolution": "720P"}, {"resolution": "720P"}),
        ("wan2.7-r2v", {"resolution": "720P"}, {"resolution": "720P"}),
        ("wan2.7-r2v", {"aspect_ratio": "4:3"}, {"resolution": "1080P", "ratio": "4:3"}),
        ("wan2.7-r2v", {"size": "720*1280"}, {"resolution": "720P", "ratio": "9:16"}),
        ("wan2.2-i2v-flash", {"resolution": "480P"}, {"resolution": "480P"}),
    ],
)
def test_a_size_is_told_in_the_models_own_terms(
    model: str, options: dict[str, Any], parameters: dict[str, Any]
) -> None:
    images = [CAT] if "t2v" not in model else []
    told = sent(model, images=images, **options)["parameters"]
    assert told == {**parameters, "duration": 5}


@pytest.mark.parametrize(
    ("model", "options", "parameters"),
    [
        ("wan2.6-t2v", {"audio": True}, {}),
        ("wan2.6-r2v-flash", {"audio": False}, {"audio": False}),
        ("wan2.6-r2v-flash", {"audio": True}, {"audio": True}),
        ("wan2.6-t2v", {"watermark": False}, {"watermark": False}),
        ("wan2.6-t2v", {"watermark": True, "duration": 10}, {"watermark": True, "duration": 10}),
    ],
)
def test_switches_are_sent_where_there_are_any(
    model: str, options: dict[str, Any], parameters: dict[str, Any]
) -> None:
    videos = [CLIP] if "r2v" in model else []
    told = sent(model, videos=videos, **options)["parameters"]
    assert told == {"duration": 5, **parameters}


def test_the_prompt_may_be_missing_where_a_picture_says_enough() -> None:
    assert sent("wan2.6-i2v", "", images=[CAT])["input"] == {"img_url": CAT}


# ---- the limits


@pytest.mark.parametrize("count", [0, 2])
def test_one_order_is_for_one_video(count: int) -> None:
    assert refused(count=count) == (
        f"an order is for 1 video, not {count}; send one request for each"
    )


def test_there_is_room_for_one_image_and_four_videos() -> None:
    assert "room for 1 image, not 2" in refused("wan2.6-r2v", images=[CAT, CAT])
    assert "room for 4 videos, not 5" in refused("wan2.6-r2v", videos=[CLIP] * 5)
    body = sent("wan2.6-r2v", images=[CAT], videos=[CLIP] * 4)
    assert body["input"]["reference_urls"] == [CAT, *[CLIP] * 4]


def test_a_model_may_take_fewer_references() -> None:
    words = refused("wan2.7-i2v", images=[CAT], videos=[CLIP])
    assert words == "wan2.7-i2v takes 1 reference(s), not 2"


@pytest.mark.parametrize(
    ("model", "duration", "allowed"),
    [
        ("wan2.6-t2v", 30, "2, 3, 4, 5, 6, 7, 8, 9, 10 seconds"),
        ("wan2.6-t2v", 11, "2, 3, 4, 5, 6, 7, 8, 9, 10 seconds"),
        ("wan2.6-t2v", 1, "2, 3,"),
        ("wan2.6-t2v", 2.5, "2, 3,"),
        ("wan2.2-t2v-plus", 6, "of 5 seconds"),
    ],
)
def test_a_length_is_the_models_and_at_most_ten_seconds(
    model: str, duration: Any, allowed: str
) -> None:
    words = refused(model, duration=duration)
    assert words.startswith(f"duration {duration}: {model} makes videos of ")
    assert allowed in words


@pytest.mark.parametrize(
    "address",
    [
        "cat.png",
        "/home/me/cat.png",
        "C:\\cat.png",
        "file:///cat.png",
        "data:image/png;base64,AA==",
        "oss://bucket/cat.png",
        "ftp://example.com/cat.png",
        "//example.com/cat.png",
        "https://",
        "http://a\nb",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_reference_that_is_not_remote_is_refused_before_anything_is_sent(
    kind: str, address: str
) -> None:
    references: dict[str, Any] = {f"{kind}s": [address]}
    words = refused(**references)
    assert words.startswith(f"{kind} {address!r} is no http(s) address")
    assert "put the file on a web server" in words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": "123*456"}, "size '123*456'"),
        ({"resolution": "480P"}, "resolution '480P'"),
        ({"resolution": "4K"}, "resolution '4K'"),
        ({"aspect_ratio": "21:9"}, "aspect_ratio '21:9'"),
        ({"size": "1280*720", "aspect_ratio": "9:16"}, "aspect_ratio '9:16', size '1280*720'"),
    ],
)
def test_a_size_that_the_model_does_not_make_is_refused_with_those_it_makes(
    options: dict[str, Any], words: str
) -> None:
    told = refused("wan2.6-t2v", **options)
    assert f"makes no video of {words}" in told
    assert "720P 9:16 720*1280" in told


@pytest.mark.parametrize("options", [{"size": "1280*720"}, {"aspect_ratio": "16:9"}])
def test_a_video_from_a_picture_has_its_shape(options: dict[str, Any]) -> None:
    words = refused("wan2.6-i2v", images=[CAT], **options)
    assert words.endswith("give a resolution: 1080P, 720P")


def test_the_sound_of_most_models_cannot_be_turned_off() -> None:
    words = refused(audio=False)
    assert "wan2.6-t2v cannot be turned off" in words
    assert "wan2.6-i2v-flash, wan2.6-r2v-flash" in words


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_a_prompt_is_needed_where_there_is_nothing_else(prompt: str) -> None:
    assert refused(prompt=prompt) == "there is no prompt; wan2.6-t2v needs one"


def test_references_that_the_model_has_no_place_for_name_the_models_that_have() -> None:
    words = refused("wan2.6-t2v", images=[CAT])
    assert words.startswith("wan2.6-t2v cannot be given images; models that can: wan2.6-i2v,")
    assert "wan2.6-t2v" in refused("wan2.6-i2v")
    assert "nothing but a prompt" in refused("wan2.7-r2v")


def test_a_model_without_a_row_is_refused_with_the_way_to_add_one() -> None:
    words = refused("wan9-t2v")
    assert words.startswith("no video model 'wan9-t2v'; there are: wan2.6-t2v,")
    assert "[[video]] row" in words


@given(option=st.sampled_from(["size", "aspect_ratio", "resolution"]), value=st.text(max_size=12))
def test_any_text_for_a_size_is_understood_or_refused(option: str, value: str) -> None:
    try:
        parameters = sent(**{option: value})["parameters"]
    except UsageError:
        return
    assert re.fullmatch(r"\d+\*\d+", parameters["size"])


SHAPES = sorted({(key, shape) for key, row in CATALOG.video_sizes.items() for shape in row.sizes})


@settings(max_examples=60)
@given(
    model=st.sampled_from([None, *CATALOG.videos]),
    images=st.integers(0, 1),
    videos=st.integers(0, 4),
    duration=st.none() | st.integers(1, 12),
    shape=st.none() | st.sampled_from(SHAPES),
    flags=st.dictionaries(st.sampled_from(["audio", "watermark"]), st.booleans()),
)
def test_the_service_makes_whatever_passes_the_checks(
    model: str | None,
    images: int,
    videos: int,
    duration: int | None,
    shape: tuple[str, str] | None,
    flags: dict[str, bool],
) -> None:
    options: dict[str, Any] = {"images": [CAT] * images, "videos": [CLIP] * videos, **flags}
    if duration is not None:
        options["duration"] = duration
    if shape is not None:
        options["resolution"], options["aspect_ratio"] = shape
    simulator = Simulator(task_pace=TASK_PACES["instant"])
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:
        provider = QwenProvider(
            auth_choice="qwen-standard-api-key-cn", api_key="sk-0123456789", http_client=client
        )
        try:
            video = provider.video("a cat", model=model and f"qwen/{model}", **options)
        except UsageError:
            assert not simulator.journal
            return
    assert video.url
    if shape is not None and video.size is not None and "*" in video.size:
        assert video.size == CATALOG.video_sizes[shape[0]].sizes[shape[1]]
