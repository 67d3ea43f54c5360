"""What images are ordered with: the limits of each model, and the request that it really takes.

What can be known before is checked before: a task fails late, and a request that was wrong counts
against the limit of requests.
"""

import re
from typing import Any, Final, TypedDict

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ImageRow
from qwensim.errors import UsageError
from qwensim.provider.requests import Order, encoded

MODEL: Final = "qwen-image-plus"
"""Without a date, and in both regions (Model Studio docs: Qwen-Image)."""

LARGEST_SEED: Final = 2**31 - 1
"""Model Studio docs: image generation."""

_AT_ONCE: Final = "multimodal-generation"
"""The id of the `RouteRow` where images come with the answer; elsewhere a task makes them."""


class ImageOptions(TypedDict, total=False):
    """What can be said of images besides their prompt."""

    size: str | None
    """In pixels, `1328*1328` or `1328x1328`; by default the model's own."""
    n: int | None
    """How many; by default one, whatever the model would make by itself: each one costs."""
    negative_prompt: str | None
    """What is not to be seen."""
    seed: int | None
    """From 0 to 2147483647: the same seed gives much the same images."""
    prompt_extend: bool | None
    """Whether the service is to rewrite the prompt; by default as the model does."""
    watermark: bool | None


def order(  # noqa: PLR0913 - those of `ImageOptions`
    catalog: Catalog,
    model: str | None,
    prompt: str,
    *,
    size: str | None = None,
    n: int | None = None,
    negative_prompt: str | None = None,
    seed: int | None = None,
    prompt_extend: bool | None = None,
    watermark: bool | None = None,
) -> Order:
    """Return what to send to the model, or to `MODEL`.

    A model that is asked on several paths is asked where it answers at once if it makes one image
    only, else for a task. Raises `UsageError` with the value seen and those allowed.
    """
    row = _row(catalog, model or MODEL)
    if not prompt.strip():
        raise UsageError(f"there is no prompt; {row.id} needs one")
    if seed is not None and not 0 <= seed <= LARGEST_SEED:
        raise UsageError(f"seed {seed}: a seed is a number from 0 to {LARGEST_SEED}")
    parameters = {
        "size": None if size is None else _size(row, size),
        "n": _count(row, n),
        "seed": seed,
        "prompt_extend": prompt_extend,
        "watermark": watermark,
    }
    route = _route(row)
    told: dict[str, Any]
    if catalog.image_protocols[row.protocols[route]].asks == "messages":
        told = {"messages": [{"role": "user", "content": [{"text": prompt}]}]}
        parameters["negative_prompt"] = negative_prompt
    else:
        told = {"prompt": prompt}
        if negative_prompt is not None:
            told["negative_prompt"] = negative_prompt
    given = {name: value for name, value in parameters.items() if value is not None}
    body = {"model": row.id, "input": told, "parameters": given}
    return Order(model=row.id, route=route, body=encoded(body), task=route != _AT_ONCE)


def _row(catalog: Catalog, model: str) -> ImageRow:
    """Return the row of a model that makes images of a prompt alone."""
    makers = [row.id for row in catalog.images.values() if _needs_no_picture(row)]
    row = catalog.images.get(model)
    if row is None:
        raise UsageError(
            f"no image model {model!r}; there are: {', '.join(makers)}. Another one needs an "
            "[[image]] row in an overlay of the catalogue, for its way to be asked"
        )
    if not _needs_no_picture(row):
        raise UsageError(
            f"{model} changes a picture that it is given; models that make one of a prompt: "
            f"{', '.join(makers)}"
        )
    return row


def _needs_no_picture(row: ImageRow) -> bool:
    return not row.needs_picture and not row.needs


def _route(row: ImageRow) -> str:
    tasks = [route for route in row.protocols if route != _AT_ONCE]
    if _AT_ONCE in row.protocols and (row.most_images == 1 or not tasks):
        return _AT_ONCE
    return tasks[0]


def _count(row: ImageRow, n: int | None) -> int | None:
    """Return the parameter `n`, which a model of one image does without."""
    wanted = 1 if n is None else n
    if not 1 <= wanted <= row.most_images:
        most = f"1 to {row.most_images} images" if row.most_images > 1 else "one image"
        raise UsageError(f"n {wanted}: an order to {row.id} is for {most}; send one for each")
    return wanted if row.most_images > 1 else None


def _size(row: ImageRow, size: str) -> str:
    """Return a size as the service writes it."""
    asked = size.strip().lower().replace("x", "*")
    if not re.fullmatch(r"[1-9]\d{0,4}\*[1-9]\d{0,4}", asked):
        raise UsageError(
            f"size {size!r} is not written like {row.size.replace('*', 'x')}; {row.id} makes "
            f"images of {_allowed(row)}"
        )
    if not _fits(row, asked):
        raise UsageError(f"size {size!r}: {row.id} makes images of {_allowed(row)}")
    return asked


def _fits(row: ImageRow, size: str) -> bool:
    if row.sizes:
        return size in row.sizes
    short, long = sorted(map(int, size.split("*")))
    return (
        (row.sides is None or row.sides[0] <= short <= long <= row.sides[1])
        and (row.area is None or row.area[0] <= short * long <= row.area[1])
        and (row.ratio is None or long <= short * row.ratio)
    )


def _allowed(row: ImageRow) -> str:
    if row.sizes:
        return ", ".join(row.sizes)
    bounds = []
    if row.sides is not None:
        bounds.append("sides of {} to {} pixels".format(*row.sides))
    if row.area is not None:
        bounds.append("{:,} to {:,} pixels in all".format(*row.area))
    if row.ratio is not None:
        bounds.append(f"a longer side of at most {row.ratio} times the shorter one")
    return ", ".join(bounds) + f"; by default {row.size}"
