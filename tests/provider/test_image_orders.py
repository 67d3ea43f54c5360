"""What is sent for an image: what each model takes, and what is refused before anything is sent."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.provider.image_orders import MODEL, order

CATALOG = load()
MAKERS = [row.id for row in CATALOG.images.values() if not (row.needs_picture or row.needs)]


def body(model: str | None = None, prompt: str = "a cat", **options: Any) -> Any:
    return json.loads(order(CATALOG, model, prompt, **options).body)


def test_a_model_that_answers_at_once_is_asked_in_a_message() -> None:
    made = order(CATALOG, None, "a cat", size="1328x1328", negative_prompt="dogs", seed=7)
    assert (made.model, made.route, made.task) == (MODEL, "multimodal-generation", False)
    assert json.loads(made.body) == {
        "model": "qwen-image-plus",
        "input": {"messages": [{"role": "user", "content": [{"text": "a cat"}]}]},
        "parameters": {"size": "1328*1328", "seed": 7, "negative_prompt": "dogs"},
    }


def test_a_model_that_makes_several_images_is_asked_for_a_task() -> None:
    made = order(CATALOG, "wan2.6-t2i", "a cat", n=3, negative_prompt="dogs")
    assert (made.route, made.task) == ("image-generation", True)
    assert json.loads(made.body) == {
        "model": "wan2.6-t2i",
        "input": {"messages": [{"role": "user", "content": [{"text": "a cat"}]}]},
        "parameters": {"n": 3, "negative_prompt": "dogs"},
    }


def test_an_older_model_takes_prompts_as_fields() -> None:
    made = order(
        CATALOG,
        "wan2.5-t2i-preview",
        "a cat",
        negative_prompt="dogs",
        watermark=False,
        prompt_extend=True,
    )
    assert (made.route, made.task) == ("image-synthesis", True)
    assert json.loads(made.body) == {
        "model": "wan2.5-t2i-preview",
        "input": {"prompt": "a cat", "negative_prompt": "dogs"},
        "parameters": {"n": 1, "prompt_extend": True, "watermark": False},
    }


def test_a_model_that_makes_several_at_once_is_asked_in_a_message() -> None:
    made = order(CATALOG, "qwen-image-2.0", "a cat", size="1920x1080", n=3)
    assert (made.route, made.task) == ("multimodal-generation", False)
    assert json.loads(made.body)["parameters"] == {"size": "1920*1080", "n": 3}


def test_one_image_is_ordered_whatever_the_model_would_make_by_itself() -> None:
    assert CATALOG.images["wan2.6-t2i"].images == 4
    assert body("wan2.6-t2i")["parameters"] == {"n": 1}
    assert body("qwen-image")["parameters"] == {}


@pytest.mark.parametrize(
    ("model", "options", "problem"),
    [
        (None, {"prompt": " "}, "there is no prompt; qwen-image-plus needs one"),
        (None, {"n": 2}, "n 2: an order to qwen-image-plus is for one image"),
        (None, {"n": 0}, "n 0: an order to qwen-image-plus is for one image"),
        ("wan2.6-t2i", {"n": 5}, "n 5: an order to wan2.6-t2i is for 1 to 4 images"),
        (
            None,
            {"size": "huge"},
            "size 'huge' is not written like 1664x928; qwen-image-plus makes images of 1664*928, ",
        ),
        (None, {"size": "0x5"}, "size '0x5' is not written like 1664x928"),
        (None, {"size": "640x640"}, "size '640x640': qwen-image-plus makes images of 1664*928, "),
        (
            "wan2.6-t2i",
            {"size": "640x640"},
            "of 589,824 to 2,073,600 pixels in all, a longer side of at most 4 times the shorter",
        ),
        ("wan2.6-t2i", {"size": "4000x450"}, "4 times the shorter one; by default 1280*1280"),
        ("wan2.2-t2i-flash", {"size": "1441x512"}, "sides of 512 to 1440 pixels; by default"),
        (None, {"seed": -1}, "seed -1: a seed is a number from 0 to 2147483647"),
        (None, {"seed": 2**31}, "seed 2147483648"),
        ("dall-e-3", {}, "no image model 'dall-e-3'; there are: qwen-image-max, "),
        ("qwen3.5-plus", {}, "no image model 'qwen3.5-plus'"),
        ("qwen-image-edit", {}, "qwen-image-edit changes a picture that it is given"),
        ("wanx2.1-imageedit", {}, "wanx2.1-imageedit changes a picture that it is given"),
    ],
)
def test_what_is_not_sent(model: str | None, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=re.escape(problem)):
        body(model, **options)


def test_what_changes_a_picture_is_not_offered() -> None:
    with pytest.raises(UsageError) as caught:
        body("dall-e-3")
    assert "edit" not in str(caught.value)


@given(
    model=st.sampled_from(MAKERS),
    width=st.integers(1, 2500),
    height=st.integers(1, 2500),
    n=st.integers(0, 6),
)
def test_what_is_sent_is_within_the_models_bounds(
    model: str, width: int, height: int, n: int
) -> None:
    row = CATALOG.images[model]
    size = f"{width}*{height}"
    fits = (
        (not row.sizes or size in row.sizes)
        and (row.sides is None or all(row.sides[0] <= x <= row.sides[1] for x in (width, height)))
        and (row.area is None or row.area[0] <= width * height <= row.area[1])
        and (row.ratio is None or max(width, height) <= row.ratio * min(width, height))
    )
    if not (fits and 1 <= n <= row.most_images):
        with pytest.raises(UsageError):
            body(model, size=f"{width}x{height}", n=n)
        return
    parameters = body(model, size=f" {width}X{height}", n=n)["parameters"]
    assert parameters["size"] == size
    assert parameters.get("n", 1) == n


@pytest.mark.parametrize("model", MAKERS)
def test_every_model_takes_its_own_sizes(model: str) -> None:
    row = CATALOG.images[model]
    for size in (row.size, *row.sizes):
        assert body(model, size=size)["parameters"]["size"] == size
