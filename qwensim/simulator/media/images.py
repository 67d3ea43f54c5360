"""What a picture counts, by the documented rule.

Source: Model Studio docs, image and video understanding. It reproduces all counts on record.
"""

import math
from typing import NamedTuple

from qwensim.catalog.rows import MediaRow
from qwensim.simulator.refusals import Refused

_SHORTEST_SIDE = 10
"""Pixels. The text of the refusal says larger than 10; 10 are taken (third-party, Sep 2026)."""

_LARGEST_RATIO = 200

FRAME = 2
"""Tokens that open and close a picture or a video."""


class Size(NamedTuple):
    """Sides in pixels."""

    width: int
    height: int


class Area(NamedTuple):
    """The least and the most pixels to which a picture is brought."""

    least: float
    most: float


def check_size(size: Size) -> None:
    """Raise `Refused` for a picture that no model takes."""
    if min(size) < _SHORTEST_SIDE:
        raise Refused("image-too-small", width=size.width, height=size.height)
    if max(size) > _LARGEST_RATIO * min(size):
        raise Refused("image-ratio", width=size.width, height=size.height)


def patches(size: Size, patch: int, area: Area, *, fewest: int = 0) -> int:
    """Return the patches of `patch` by `patch` pixels into which a picture is cut.

    `fewest` is the least number along each side before the area is looked at.
    """
    rows, columns = (max(fewest, round(side / patch)) for side in (size.height, size.width))
    pixels = rows * columns * patch * patch
    if pixels > area.most:
        scale = math.sqrt(size.height * size.width / area.most)
        rows, columns = (int(side / scale / patch) for side in (size.height, size.width))
    elif pixels < area.least:
        scale = math.sqrt(area.least / (size.height * size.width))
        rows, columns = (math.ceil(side * scale / patch) for side in (size.height, size.width))
    if not rows * columns:
        raise Refused("image-max-pixels")
    return rows * columns


def image_area(
    rule: MediaRow,
    *,
    min_pixels: float | None = None,
    max_pixels: float | None = None,
    high_resolution: bool = False,
) -> Area:
    """Return the area for a picture; what a request says is kept in the model's bounds (guess)."""
    if high_resolution and rule.high_resolution:
        most: float = rule.ceiling
    else:
        most = _within(max_pixels or rule.max_pixels, rule.min_pixels, rule.ceiling)
    return Area(_within(min_pixels or rule.min_pixels, rule.min_pixels, most), most)


def image_tokens(size: Size, rule: MediaRow, area: Area) -> int:
    """Return the tokens of a picture."""
    return patches(size, rule.patch, area) + FRAME


def _within(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)
