"""The rows of models that make videos hold together, and what does not is told."""

from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import CatalogError, UsageError

CATALOG = load()


def test_every_model_that_makes_videos_says_how() -> None:
    assert {row.id for row in CATALOG.models.values() if "video" in row.surfaces} == {
        *CATALOG.videos
    }


@pytest.mark.parametrize("model", CATALOG.videos)
def test_what_a_model_needs_it_takes(model: str) -> None:
    row = CATALOG.videos[model]
    fields = {*row.takes, *(["media"] if row.media else [])}
    assert {field for group in row.needs for field in group} <= fields
    assert row.prompt or row.needs
    assert not row.ratio or row.geometry == "resolution"
    if row.ratio:
        ratios = [[*CATALOG.video_sizes[name].sizes] for name in row.resolutions]
        assert all(ratio == ratios[0] for ratio in ratios)


def test_sizes_are_even_and_near_their_ratio() -> None:
    for row in CATALOG.video_sizes.values():
        for ratio, size in row.sizes.items():
            width, height = map(int, size.split("*"))
            across, down = map(int, ratio.split(":"))
            assert width % 2 == height % 2 == 0
            assert width * down == pytest.approx(height * across, rel=0.03)


def test_a_region_has_a_host_for_results() -> None:
    assert CATALOG.result_host("china").name.startswith("dashscope-result-bj.")
    with pytest.raises(UsageError, match="no host for results in region 'moon'"):
        CATALOG.result_host("moon")


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        (
            {"model": [{"id": "new", "hosts": ["standard"], "surfaces": ["video"]}]},
            "model new: surfaces: 'video' wants a row [[video]] of this name, and there is none",
        ),
        (
            {"video": [{"id": "wan2.6-t2v", "resolution": "480P"}]},
            "resolution: '480P' is none of its resolutions; there are: 1080P, 720P",
        ),
        (
            {"video": [{"id": "wan2.6-t2v", "duration": 20}]},
            "duration: 20 is none of its durations; there are: 2, 3, 4",
        ),
        ({"video": [{"id": "wan2.6-t2v", "resolutions": ["9P"]}]}, "'9P' is not known"),
        ({"video": [{"id": "wan2.6-t2v", "needs_error": "none"}]}, "'none' is not known"),
        ({"video": [{"id": "wan2.6-t2v", "usage": ["price"]}]}, "usage"),
        (
            {"video_size": [{"id": "720P", "sizes": {"1:1": "2*2"}}]},
            "sizes: has none for 16:9, the default; there are: ",
        ),
        ({"video_size": [{"id": "720P", "sizes": {"16:9": "wide"}}]}, "sizes"),
        ({"wire": [{"id": "tasks", "extends": "none"}]}, "'none' is not known"),
    ],
)
def test_what_does_not_hold_together_is_told(overlay: Any, told: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load(overlay)
    assert told in str(caught.value)


def test_the_task_service_refuses_in_the_words_of_the_native_api() -> None:
    told = CATALOG.errors_on["tasks"]
    assert told["wrong-key"].message == "Invalid API-key provided."
    assert told["internal-error"].code == CATALOG.errors_on["native"]["internal-error"].code
