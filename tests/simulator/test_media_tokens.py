"""What pictures and videos count: the documented rule gives every number on record."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.simulator.media.images import Size, check_size, image_area, image_tokens
from qwensim.simulator.media.videos import (
    Clip,
    Sampling,
    check_clip,
    sampled_frames,
    video_tokens,
)
from qwensim.simulator.refusals import Refused

CATALOG = load(as_of=dt.date(2026, 11, 22))
RULES = CATALOG.media
SEEING = sorted(RULES)
WATCHING = [name for name in SEEING if RULES[name].video is not None]
SIDES = st.integers(10, 20_000)


def picture(model: str, width: int, height: int, **said: Any) -> int:
    rule = RULES[CATALOG.models[model].media]
    return image_tokens(Size(width, height), rule, image_area(rule, **said))


def film(model: str, width: int, height: int, seconds: float, **said: float) -> int:
    rule = RULES[CATALOG.models[model].media]
    assert rule.video is not None
    sampling = Sampling(**said)
    clip = Clip(Size(width, height), seconds, int(seconds * 30))
    frames = sampled_frames(clip, rule.video, sampling)
    return video_tokens(clip.size, frames, patch=rule.patch, rules=rule.video, sampling=sampling)


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        ("qwen3.6-plus", 2044, 1372, 2503),
        ("qwen3.7-plus", 2044, 1372, 2503),
        ("qwen-vl-plus", 2044, 1372, 1249),
        ("qvq-max", 1024, 406, 520),
        ("qwen3-vl-plus", 64, 64, 66),
        ("qwen3-vl-plus", 512, 512, 258),
        ("qwen3-vl-plus", 1024, 1024, 1026),
        ("qwen3-vl-plus", 2048, 2048, 2502),
        ("qwen3-vl-plus", 4096, 4096, 2502),
        ("qwen-vl-ocr", 8192, 4096, 8194),
    ],
)
def test_counts_of_pictures_on_record(model: str, width: int, height: int, tokens: int) -> None:
    assert picture(model, width, height) == tokens


@pytest.mark.parametrize(("side", "tokens"), [(2048, 4098), (4096, 16_386), (9000, 16_386)])
def test_high_resolution_lifts_the_ceiling(side: int, tokens: int) -> None:
    assert picture("qwen3-vl-plus", side, side, high_resolution=True) == tokens
    assert picture("qwen3-vl-plus", side, side, high_resolution=True, max_pixels=1) == tokens


def test_a_model_for_documents_knows_no_high_resolution() -> None:
    assert picture("qwen-vl-ocr", 8192, 8192, high_resolution=True) == picture(
        "qwen-vl-ocr", 8192, 8192
    )
    assert picture("qwen-vl-ocr", 8192, 8192, max_pixels=1e9) == 173 * 173 + 2


def test_a_request_bounds_the_area_within_that_of_the_model() -> None:
    assert picture("qwen3-vl-plus", 4096, 4096, max_pixels=512 * 512) == 258
    assert picture("qwen3-vl-plus", 4096, 4096, max_pixels=1) == 66
    assert picture("qwen3-vl-plus", 4096, 4096, max_pixels=1e12) == 16_386
    assert picture("qwen3-vl-plus", 64, 64, min_pixels=512 * 512) == 258
    assert picture("qwen3-vl-plus", 64, 64, min_pixels=1) == 66
    assert picture("qwen3-vl-plus", 64, 64, min_pixels=1e12) == 51 * 51 + 2


@pytest.mark.parametrize(
    ("width", "height", "seconds", "said", "tokens"),
    [
        (640, 480, 2, {}, 602),
        (640, 480, 3, {}, 902),
        (320, 240, 3, {}, 242),
        (320, 240, 6, {}, 482),
        (320, 240, 6, {"fps": 1}, 242),
        (320, 240, 6, {"fps": 0.5}, 162),
        (1280, 720, 60, {}, 35_642),
        (1280, 720, 60, {"fps": 4}, 71_282),
        (1280, 720, 60, {"fps": 0.5}, 8_912),
    ],
)
def test_counts_of_videos_on_record(
    width: int, height: int, seconds: float, said: dict[str, float], tokens: int
) -> None:
    assert film("qwen3-vl-plus", width, height, seconds, **said) == tokens


def test_a_list_of_frames_counts_its_length() -> None:
    rule = RULES["qwen-vl-max"]
    assert rule.video is not None
    tokens = video_tokens(
        Size(320, 240), 5, patch=rule.patch, rules=rule.video, sampling=Sampling()
    )
    assert tokens == 3 * 80 + 2


@pytest.mark.parametrize(
    ("said", "frames"),
    [
        ({}, 120),
        ({"fps": 0}, 120),
        ({"fps": 1000}, 600),
        ({"fps": 0.0001}, 6),
        ({"max_frames": 51}, 50),
        ({"max_frames": 1}, 4),
        ({"max_frames": 1e9, "fps": 10}, 600),
    ],
)
def test_how_many_frames_are_looked_at(said: dict[str, float], frames: int) -> None:
    rules = RULES["qwen3-vl"].video
    assert rules is not None
    clip = Clip(Size(640, 480), 60.0, 1800)
    assert sampled_frames(clip, rules, Sampling(**said)) == frames


def test_a_rest_of_a_second_counts_if_a_frame_falls_into_it() -> None:
    rules = RULES["qwen3-vl"].video
    assert rules is not None
    frames = [
        sampled_frames(Clip(Size(640, 480), seconds, 1000), rules, Sampling())
        for seconds in (5.0, 5.4, 5.6)
    ]
    assert frames == [10, 10, 11]


def test_what_a_part_says_of_the_area_of_a_video() -> None:
    whole = film("qwen3-vl-plus", 1280, 720, 10)
    assert film("qwen3-vl-plus", 1280, 720, 10, max_pixels=160_000) < whole / 3
    assert film("qwen3-vl-plus", 1280, 720, 10, max_pixels=1e12) == 40 * 22 * 10 + 2
    assert film("qwen3-vl-plus", 1280, 720, 10, total_pixels=1_000_000) < whole / 3
    assert film("qwen3-vl-plus", 1280, 720, 10, total_pixels=1e12) == whole
    assert film("qwen3-vl-plus", 64, 64, 10, min_pixels=512 * 512) == 256 * 10 + 2


def refusal(check: object, *arguments: object) -> Refused:
    assert callable(check)
    with pytest.raises(Refused) as caught:
        check(*arguments)
    return caught.value


def test_pictures_that_no_model_takes() -> None:
    for size in (Size(9, 100), Size(100, 9), Size(0, 0), Size(1, 1)):
        refused = refusal(check_size, size)
        assert refused.error == "image-too-small"
        assert refused.values == {"width": size.width, "height": size.height}
    for size in (Size(10, 2001), Size(2001, 10)):
        assert refusal(check_size, size).error == "image-ratio"
    for size in (Size(10, 10), Size(10, 2000), Size(2000, 10)):
        check_size(size)


def test_a_long_strip_may_be_too_thin_for_the_area_asked_for() -> None:
    rule = RULES["qwen3-vl"]
    refused = refusal(
        image_tokens, Size(20_000, 100), rule, image_area(rule, max_pixels=rule.min_pixels)
    )
    assert refused.error == "image-max-pixels"


def test_videos_that_no_model_takes() -> None:
    rules = RULES["qwen-vl-plus"].video
    assert rules is not None
    size = Size(320, 240)
    assert refusal(check_clip, Clip(size, 1.9, 40), rules).error == "video-too-short"
    assert refusal(check_clip, Clip(size, 601, 4000), rules).error == "video-too-long"
    check_clip(Clip(size, 2.0, 40), rules)
    check_clip(Clip(size, 600.0, 4000), rules)
    still = Clip(size, 5.0, 1)
    assert refusal(sampled_frames, still, rules, Sampling()).error == "video-invalid"


@given(st.sampled_from(SEEING), SIDES, SIDES)
def test_a_larger_square_never_counts_less(line: str, side: int, other: int) -> None:
    rule = RULES[line]
    smaller, larger = sorted((side, other))
    area = image_area(rule)
    assert image_tokens(Size(smaller, smaller), rule, area) <= image_tokens(
        Size(larger, larger), rule, area
    )


@given(st.sampled_from(SEEING), SIDES, SIDES, st.integers(2, 8))
@example("qwen3-vl", 1616, 1632, 2)
def test_an_enlarged_picture_counts_less_by_one_row_and_column_at_most(
    line: str, width: int, height: int, times: int
) -> None:
    """The rule rounds sides down where it shrinks, so that it is not monotone to the last patch."""
    rule, area = RULES[line], image_area(RULES[line])
    assume(max(width, height) <= 200 * min(width, height))
    small = image_tokens(Size(width, height), rule, area)
    large = image_tokens(Size(width * times, height * times), rule, area)
    pixels = min(max(width * height, area.least), area.most)
    ratio = (max(width, height) / min(width, height)) ** 0.5
    row_and_column = (ratio + 1 / ratio) * pixels**0.5 / rule.patch + 3
    assert large >= small - row_and_column


@given(st.sampled_from(SEEING), SIDES, SIDES, st.booleans())
def test_a_picture_counts_within_the_bounds_of_the_model(
    line: str, width: int, height: int, high_resolution: bool
) -> None:
    assume(max(width, height) <= 200 * min(width, height))
    rule = RULES[line]
    area = image_area(rule, high_resolution=high_resolution)
    patches = image_tokens(Size(width, height), rule, area) - 2
    assert area.least <= patches * rule.patch**2
    # Bringing a strip up to the least area rounds its sides up.
    strip = (max(width, height) * area.least / min(width, height)) ** 0.5 / rule.patch + 1
    assert patches <= max(area.most / rule.patch**2, strip * (strip + 1))


@given(
    st.sampled_from(WATCHING),
    st.integers(10, 4000),
    st.floats(1, 20),
    st.floats(2, 40),
    st.floats(2, 40),
)
def test_a_longer_video_never_counts_less(
    line: str, width: int, ratio: float, seconds: float, others: float
) -> None:
    rule = RULES[line]
    assert rule.video is not None
    shorter, longer = sorted((seconds, others))
    size = Size(width, max(10, int(width / ratio)))
    counts = []
    for length in (shorter, longer):
        clip = Clip(size, length, int(length * 30))
        frames = sampled_frames(clip, rule.video, Sampling())
        counts.append(
            video_tokens(size, frames, patch=rule.patch, rules=rule.video, sampling=Sampling())
        )
    assert counts[0] <= counts[1]
