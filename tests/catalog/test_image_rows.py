"""The rows of models that make images hold together, and what does not is told."""

from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import CatalogError

CATALOG = load()


def test_every_model_that_makes_images_says_how() -> None:
    assert {row.id for row in CATALOG.models.values() if "images" in row.surfaces} == {
        *CATALOG.images
    }


@pytest.mark.parametrize("model", CATALOG.images)
def test_a_default_is_what_may_be_asked_for(model: str) -> None:
    row = CATALOG.images[model]
    width, height = map(int, row.size.split("*"))
    assert row.area is None or row.area[0] <= width * height <= row.area[1]
    assert row.sides is None or all(
        row.sides[0] <= side <= row.sides[1] for side in (width, height)
    )
    assert width % row.multiple == height % row.multiple == 0
    assert row.pictures_in is None or row.pictures_in in row.needs
    assert (row.pictures > 0) == ("image" in CATALOG.models[model].inputs) or model == "wanx-v1"


def test_a_message_has_its_content_and_a_result_its_address() -> None:
    for protocol in CATALOG.image_protocols.values():
        assert {"content", "role"} <= {*protocol.message}
        assert ("image" if protocol.asks == "messages" else "url") in protocol.item
        assert "image_count" in protocol.usage


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        (
            {"model": [{"id": "new", "hosts": ["standard"], "surfaces": ["images"]}]},
            "model new: surfaces: 'images' wants a row [[image]] of this name, and there is none",
        ),
        (
            {"image": [{"id": "qwen-image", "size": "1*1"}]},
            "size: '1*1' is none of its sizes; there are: 1664*928, ",
        ),
        ({"image": [{"id": "qwen-image", "size": "wide"}]}, "image qwen-image: size"),
        (
            {"image": [{"id": "qwen-image", "images": 2}]},
            "images: 2 is more than its most_images: 1",
        ),
        (
            {"image": [{"id": "z-image-turbo", "area": False}]},
            "image z-image-turbo: area",
        ),
        (
            {"image": [{"id": "qwen-image", "sizes": []}]},
            "image qwen-image: sizes: are not given, nor sides nor area",
        ),
        ({"image": [{"id": "qwen-image", "size_error": "none"}]}, "'none' is not known"),
        (
            {"image": [{"id": "qwen-image", "protocols": {"image-synthesis": "none"}}]},
            "image qwen-image: protocols: 'none' is not known; there are: qwen, ",
        ),
        (
            {"image": [{"id": "qwen-image", "protocols": {"nowhere": "qwen"}}]},
            "image qwen-image: protocols: 'nowhere' is not known",
        ),
    ],
)
def test_what_does_not_hold_together_is_told(overlay: Any, told: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load(overlay)
    assert told in str(caught.value)
