"""What an image model is to make by a request, judged by its row."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from qwensim.catalog.rows import ImageProtocolRow, ImageRow
from qwensim.simulator.media.images import Size
from qwensim.simulator.media.sources import Sources
from qwensim.simulator.refusals import Refused
from qwensim.simulator.surfaces.orders.geometry import rounded, shaped_like, size_of

_SIZE = re.compile(r"[1-9]\d{0,4}\*[1-9]\d{0,4}", re.ASCII)
_LARGEST_SEED = 2**31 - 1
_LONGEST_PICTURE = 10 * 1024 * 1024

_WIDEST = 8
_MULTIPLE = 16
"""Of what is shaped like a picture: width by height, or the reverse, at most (a guess), and what
its sides are multiples of."""


class Painting(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made."""

    asked: str
    """The prompt as it was sent."""
    prompt: str
    """As much of it as counts."""
    size: Size
    images: int
    seed: int
    """Of the first image; those after it have the numbers that follow."""
    rewritten: bool
    """The prompt is rewritten first."""


def judge(
    row: ImageRow,
    protocol: ImageProtocolRow,
    given: Mapping[str, Any],
    parameters: Mapping[str, Any],
    *,
    sources: Sources,
    chance: bytes,
) -> Painting:
    """Return what a request's `input` and `parameters` ask for; `chance` is the seed if none is.

    Raises `Refused` for the first that is wrong: prompt, pictures, number, size, seed, others.
    """
    asked, picture = (_in_messages if protocol.asks == "messages" else _in_fields)(
        row, given, sources
    )
    images = _images(row, parameters.get("n"))
    size = _size(row, parameters.get("size"), picture)
    seed = _seed(parameters.get("seed"))
    for name, allowed in row.choices.items():
        if parameters.get(name) is not None and parameters[name] not in allowed:
            raise Refused("task-failed-choice", path=name, allowed=",".join(allowed))
    extend = parameters.get("prompt_extend")
    return Painting(
        asked=asked,
        prompt=asked[: row.prompt],
        size=size,
        images=images,
        seed=int.from_bytes(chance[:4]) >> 1 if seed is None else seed,
        rewritten=extend if isinstance(extend, bool) else row.rewrites,
    )


def number_of(row: ImageRow, parameters: Mapping[str, Any]) -> int:
    """Return how many images are asked for; the default where that makes no sense."""
    try:
        return _images(row, parameters.get("n"))
    except Refused:
        return row.images


def words_of(given: Mapping[str, Any]) -> str:
    """Return the prompt of an `input` that may make no sense."""
    prompt = given.get("prompt")
    return prompt if isinstance(prompt, str) else "".join(_texts(_parts(given.get("messages"))))


def _in_messages(
    row: ImageRow, given: Mapping[str, Any], sources: Sources
) -> tuple[str, Size | None]:
    """Return the prompt, and the size of the last picture as far as it is known."""
    messages = given.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("native-image-no-messages")
    if len(messages) > 1:
        raise Refused("native-image-messages")
    parts = _parts(messages)
    texts = _texts(parts)
    pictures = [part["image"] for part in parts if part.get("image") is not None]
    if not any(text.strip() for text in texts) or (row.needs_picture and not pictures):
        raise Refused("native-image-empty")
    if len(texts) > 1 or len(pictures) > row.pictures:
        raise Refused("native-image-content")
    return texts[0], _last(pictures, sources)


def _in_fields(
    row: ImageRow, given: Mapping[str, Any], sources: Sources
) -> tuple[str, Size | None]:
    """Return the prompt, and the size of the last picture as far as it is known."""
    prompt = given.get("prompt")
    if not (isinstance(prompt, str) and prompt.strip()):
        raise Refused("task-failed-prompt")
    for field in row.needs:
        if not given.get(field):
            raise Refused("task-failed-field", path=field)
    found = given.get(row.pictures_in) if row.pictures_in is not None else None
    pictures = found if isinstance(found, list) else [] if found is None else [found]
    if len(pictures) > row.pictures:
        raise Refused("task-failed-reference-count", path=row.pictures_in, maximum=row.pictures)
    return prompt, _last(pictures, sources)


def _parts(messages: Any) -> list[dict[str, Any]]:
    """Return the parts of the first message."""
    first = messages[0] if isinstance(messages, list) and messages else None
    content = first.get("content") if isinstance(first, dict) else None
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def _texts(parts: list[dict[str, Any]]) -> list[str]:
    return [part["text"] for part in parts if isinstance(part.get("text"), str)]


def _last(pictures: list[Any], sources: Sources) -> Size | None:
    size = None
    for picture in pictures:
        size = sources.picture(picture, _LONGEST_PICTURE)
    return size


def _images(row: ImageRow, asked: Any) -> int:
    if asked is None:
        return row.images
    whole = isinstance(asked, int) and not isinstance(asked, bool)
    if not (whole and 1 <= asked <= row.most_images):
        raise Refused(row.count_error, maximum=row.most_images)
    return int(asked)


def _size(row: ImageRow, asked: Any, picture: Size | None) -> Size:
    named = row.named.get(asked) if isinstance(asked, str) else None
    if asked is None or row.size_fixed or named is not None:
        size = size_of(named or row.size)
        if picture is None:
            return size
        return shaped_like(picture, size, widest=_WIDEST, multiple=_MULTIPLE)
    if row.sizes:
        if asked not in row.sizes:
            raise Refused(row.size_error, allowed=",".join(row.sizes), listed=[*row.sizes])
        return size_of(asked)
    if not (isinstance(asked, str) and _SIZE.fullmatch(asked)):
        raise Refused("native-image-size-format")
    size = size_of(asked)
    area = size.width * size.height
    sides_fit = row.sides is None or row.sides[0] <= min(size) <= max(size) <= row.sides[1]
    if not (sides_fit and (row.area is None or row.area[0] <= area <= row.area[1])):
        minimum, maximum = row.area or row.sides or (1, 1)
        raise Refused(
            row.size_error,
            minimum=minimum,
            maximum=maximum,
            area=area,
            **size._asdict(),
        )
    if row.ratio is not None and max(size) > row.ratio * min(size):
        raise Refused("native-image-ratio", ratio=row.ratio)
    return rounded(*size, row.multiple)


def _seed(seed: Any) -> int | None:
    whole = isinstance(seed, int) and not isinstance(seed, bool)
    if seed is not None and not (whole and 0 <= seed <= _LARGEST_SEED):
        raise Refused("native-image-seed", maximum=_LARGEST_SEED)
    return seed if whole else None
