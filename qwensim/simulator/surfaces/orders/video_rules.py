"""What a video model is to make by a request, judged by its row.

The service does this after it has taken a task: what is wrong shows in the task alone.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from qwensim.catalog.rows import Modality, VideoRow, VideoSizeRow
from qwensim.simulator.media.images import Size
from qwensim.simulator.media.sources import Sources
from qwensim.simulator.refusals import Refused
from qwensim.simulator.surfaces.orders.geometry import shaped_like, size_of

_RATIO = "16:9"
"""Of a video whose shape neither the request nor a picture in it tells."""

_MULTIPLE = 16
"""Sides of a video that has a picture's shape are multiples of so many pixels."""

_WIDEST = 8
"""Width by height, or the reverse, of the widest picture that the docs allow."""

_INPUT_VIDEO = 5
"""Seconds of reference videos that are used, and paid, at most; taken for what they are long."""

_VIDEO_SUFFIXES = (".mp4", ".mov")

_MODALITIES: Mapping[str, Modality] = {
    "reference_video": "video",
    "first_clip": "video",
    "driving_audio": "audio",
}
"""Of the types of media; the others are pictures."""

_OPENINGS = ("first_frame", "first_frame_url", "img_url")
"""Kinds of pictures with which a video begins."""

_LONGEST_PICTURE = 10 * 1024 * 1024
_LARGEST_SEED = 2**31 - 1


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made."""

    prompt: str | None
    size: Size
    resolution: VideoSizeRow
    ratio: str
    seconds: int
    input_seconds: int
    """Of the reference videos."""
    audio: bool
    extended: bool
    """The prompt is rewritten first."""


class _Reference(msgspec.Struct, frozen=True, kw_only=True):
    """An address in a request."""

    url: str
    kind: str
    """The type of a medium, or the field in which the address stands."""
    modality: Modality


def judge(
    row: VideoRow,
    given: Mapping[str, Any],
    parameters: Mapping[str, Any],
    *,
    sizes: Mapping[str, VideoSizeRow],
    sources: Sources,
) -> Film:
    """Return what a request's `input` and `parameters` ask for.

    Raises `Refused` for the first that is wrong: prompt, media, size, duration, other parameters.
    """
    prompt = given.get("prompt")
    if row.prompt and not (isinstance(prompt, str) and prompt.strip()):
        raise Refused(row.prompt_error, path="prompt")
    references = _references(row, given)
    picture = _check_references(row, references, sources)
    size, resolution = _geometry(row, parameters, sizes)
    ratio = _choice(row, parameters, "ratio", tuple(resolution.sizes)) if row.ratio else None
    if ratio is not None:
        size = size_of(resolution.sizes[ratio])
    elif picture is not None and row.geometry == "resolution":
        size, ratio = (
            shaped_like(picture, size, widest=_WIDEST, multiple=_MULTIPLE),
            _reduced(picture),
        )
    with_video = any(reference.modality == "video" for reference in references)
    seconds = _duration(row, parameters, with_video=with_video)
    for name, allowed in row.choices.items():
        _choice(row, parameters, name, allowed)
    _check_seed(parameters.get("seed"))
    return Film(
        prompt=prompt if isinstance(prompt, str) else None,
        size=size,
        resolution=resolution,
        ratio=ratio or _RATIO,
        seconds=seconds,
        input_seconds=_INPUT_VIDEO if with_video else 0,
        audio=not row.audio or parameters.get("audio") is not False,
        extended=parameters.get("prompt_extend") is not False,
    )


def _references(row: VideoRow, given: Mapping[str, Any]) -> list[_Reference]:
    """Return the addresses of a request; raises `Refused` where some are missing or are none."""
    for group in row.needs:
        if not any(given.get(field) for field in group):
            raise Refused(row.needs_error, path=group[0])
    found = []
    for field, kinds in row.takes.items():
        value = given.get(field)
        for item in value if isinstance(value, list) else () if value is None else (value,):
            url = _address(item)
            modality = "video" if "video" in kinds and _leads_to_video(url) else kinds[0]
            found.append(_Reference(url=url, kind=field, modality=modality))
    return found + (_media(row, given["media"]) if row.media else [])


def _media(row: VideoRow, items: Any) -> list[_Reference]:
    """Return the addresses in `input.media`."""
    found = []
    for item in items if isinstance(items, list) else [items]:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind not in row.media:
            raise _unknown(row.choice_error, "media", row.media)
        modality = _MODALITIES.get(kind, "image")
        found.append(_Reference(url=_address(item.get("url")), kind=kind, modality=modality))
        if (voice := item.get("reference_voice")) is not None:
            found.append(_Reference(url=_address(voice), kind="voice", modality="audio"))
    return found


def _address(value: Any) -> str:
    """Return what is an address; nothing is fetched from it."""
    scheme = value.partition(":")[0].lower() if isinstance(value, str) else ""
    if scheme in ("oss", "data") or (scheme in ("http", "https") and _has_host(value)):
        return str(value)
    raise Refused("task-failed-url")


def _check_references(
    row: VideoRow, references: Sequence[_Reference], sources: Sources
) -> Size | None:
    """Return the size of the picture that the video begins with, as far as it is known."""
    kinds = [reference.kind for reference in references]
    repeated = [kind for kind in kinds if kind.startswith("reference_")]
    if len(repeated) > row.most_references:
        field = "media" if row.media else repeated[0]
        raise Refused("task-failed-reference-count", path=field, maximum=row.most_references)
    if row.most_references > 1 and row.media and not repeated:
        raise Refused("task-failed-first-frame")
    first = None
    for reference in references:
        if reference.modality == "image":
            size = sources.picture(reference.url, _LONGEST_PICTURE)
            if size is not None and min(size) < row.shortest_side:
                raise Refused("task-failed-image-small", minimum=row.shortest_side)
            if reference.kind in _OPENINGS:
                first = size
    return first


def _geometry(
    row: VideoRow, parameters: Mapping[str, Any], sizes: Mapping[str, VideoSizeRow]
) -> tuple[Size, VideoSizeRow]:
    default = sizes[row.resolution]
    if row.geometry == "resolution":
        chosen = _choice(row, parameters, "resolution", row.resolutions)
        resolution = sizes[chosen] if chosen else default
        return size_of(resolution.sizes[_RATIO]), resolution
    allowed = {text: sizes[name] for name in row.resolutions for text in sizes[name].sizes.values()}
    text = _choice(row, parameters, "size", tuple(allowed)) or default.sizes[_RATIO]
    return size_of(text), allowed[text]


def _duration(row: VideoRow, parameters: Mapping[str, Any], *, with_video: bool) -> int:
    value = parameters.get("duration")
    longest = row.longest_with_video if with_video else None
    allowed = tuple(item for item in row.durations if longest is None or item <= longest)
    if value is None:
        return row.duration
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in allowed:
        raise _unknown(row.duration_error, "duration", allowed)
    return int(value)


def _choice(
    row: VideoRow, parameters: Mapping[str, Any], name: str, allowed: tuple[str, ...]
) -> str | None:
    """Return a parameter that is one of several texts, or None where it is absent."""
    value = parameters.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or value not in allowed:
        raise _unknown(row.choice_error, name, allowed)
    return value


def _check_seed(seed: Any) -> None:
    whole = isinstance(seed, int) and not isinstance(seed, bool)
    if seed is not None and not (whole and 0 <= seed <= _LARGEST_SEED):
        raise Refused("task-failed-seed")


def _unknown(error: str, path: str, allowed: Iterable[object]) -> Refused:
    texts = [str(item) for item in allowed]
    *most, last = (f"'{text}'" for text in texts)
    return Refused(
        error,
        path=path,
        allowed=",".join(texts),
        quoted=f"{', '.join(most)} or {last}" if most else last,
        minimum=texts[0],
        maximum=texts[-1],
    )


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _leads_to_video(url: str) -> bool:
    return url.partition("?")[0].lower().endswith(_VIDEO_SUFFIXES)


def _reduced(picture: Size) -> str:
    divisor = math.gcd(picture.width, picture.height)
    return f"{picture.width // divisor}:{picture.height // divisor}"
