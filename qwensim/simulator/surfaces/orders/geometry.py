"""The sizes of what is made."""

import math

from qwensim.simulator.media.images import Size


def size_of(text: str) -> Size:
    """Return the size that is written `WIDTH*HEIGHT`."""
    width, height = text.split("*")
    return Size(int(width), int(height))


def shaped_like(picture: Size, size: Size, *, widest: int, multiple: int) -> Size:
    """Return a size of about as many pixels as `size` that has the shape of a picture.

    The shape is no wider, or higher, than `widest` to 1; sides are multiples of `multiple`.
    """
    ratio = min(max(picture.width / picture.height, 1 / widest), widest)
    height = math.sqrt(size.width * size.height / ratio)
    return rounded(height * ratio, height, multiple)


def rounded(width: float, height: float, multiple: int) -> Size:
    """Return a size whose sides are multiples."""
    return Size(*(round(side / multiple) * multiple for side in (width, height)))
