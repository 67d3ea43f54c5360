"""What a video is ordered with: the limits, and the request that each model really takes.

The limits are those of OpenClaw docs/providers/qwen.md, 2026-05-18, and of the model's row in the
catalogue. They are checked before anything is sent: the service takes nearly any order, and tells
much later that it failed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypedDict

from qwensim.catalog import Catalog
from qwensim.catalog.rows import VideoRow
from qwensim.errors import UsageError
from qwensim.provider.endpoints import is_remote
from qwensim.provider.requests import Order, encoded

MODELS: Final = ("wan2.6-t2v", "wan2.6-i2v", "wan2.6-r2v", "wan2.6-r2v-flash", "wan2.7-r2v")
"""Those of the page; the first that takes what is given is the default."""

MOST_OUTPUTS: Final = 1
MOST_IMAGES: Final = 1
MOST_VIDEOS: Final = 4
LONGEST: Final = 10
"""Seconds."""

_USUAL_RATIO: Final = "16:9"
_SPELLINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "resolution": str.upper,
    "aspect_ratio": str,
    "size": lambda text: text.lower().replace("x", "*"),
}
_MEDIA_TYPES: Final = {
    "image": ("reference_image", "first_frame"),
    "video": ("reference_video", "first_clip"),
}
"""The types of `input.media` for each kind of reference; a model takes the first that it knows."""


class VideoOptions(TypedDict, total=False):
    """What can be said of a video besides its prompt."""

    images: Sequence[str]
    """http(s) addresses; at most one."""
    videos: Sequence[str]
    """http(s) addresses; at most four."""
    size: str | None
    """In pixels, `1280*720` or `1280x720`; one of the model's."""
    aspect_ratio: str | None
    """`16:9` or another one of the model's."""
    resolution: str | None
    """`720P` or another one of the model's."""
    duration: int | None
    """Seconds, at most 10; by default the model's own, 5."""
    audio: bool | None
    """Whether there is to be sound; not every model can do without."""
    watermark: bool | None
    count: int
    """The number of videos; at most one."""


def order(  # noqa: PLR0913 - those of `VideoOptions`
    catalog: Catalog,
    model: str | None,
    prompt: str,
    *,
    images: Sequence[str] = (),
    videos: Sequence[str] = (),
    size: str | None = None,
    aspect_ratio: str | None = None,
    resolution: str | None = None,
    duration: int | None = None,
    audio: bool | None = None,
    watermark: bool | None = None,
    count: int = 1,
) -> Order:
    """Return what to send to the model, or to the first of the page's that takes the references.

    Raises `UsageError` with the value seen and those allowed.
    """
    references = {"image": _listed(images), "video": _listed(videos)}
    _limit(count, MOST_OUTPUTS, "an order is for {} video", least=1)
    _limit(len(references["image"]), MOST_IMAGES, "there is room for {} image")
    _limit(len(references["video"]), MOST_VIDEOS, "there is room for {} videos")
    for kind, addresses in references.items():
        for address in addresses:
            _check_address(kind, address)
    row = _row(catalog, model, references)
    if not isinstance(prompt, str):
        raise UsageError(f"prompt is a text, not {prompt!r}")
    if row.prompt and not prompt.strip():
        raise UsageError(f"there is no prompt; {row.id} needs one")
    parameters = {
        **_geometry(catalog, row, size=size, ratio=aspect_ratio, resolution=resolution),
        "duration": _duration(row, duration, with_video=bool(references["video"])),
        **_audio(catalog, row, audio=audio),
    }
    if watermark is not None:
        parameters["watermark"] = watermark
    body = {
        "model": row.id,
        "input": {**({"prompt": prompt} if prompt else {}), **_input(row, references)},
        "parameters": parameters,
    }
    return Order(model=row.id, route=row.route, body=encoded(body))


def _limit(seen: int, most: int, rule: str, *, least: int = 0) -> None:
    if not least <= seen <= most:
        raise UsageError(f"{rule.format(most)}, not {seen}; send one request for each")


def _listed(addresses: Sequence[str]) -> list[str]:
    return [addresses] if isinstance(addresses, str) else [*addresses]


def _check_address(kind: str, address: str) -> None:
    """Raise `UsageError` for an address that the service could not open itself."""
    if not is_remote(address):
        raise UsageError(
            f"{kind} {address[:200]!r} is no http(s) address, and the service takes nothing "
            "else as a reference; put the file on a web server and give its address"
        )


def _row(catalog: Catalog, model: str | None, references: Mapping[str, list[str]]) -> VideoRow:
    """Return the row of the model, which takes these references."""
    wanted = {kind for kind, addresses in references.items() if addresses}
    if model is None:
        fitting = (name for name in MODELS if _takes(catalog.videos[name], wanted))
        model = next(fitting, MODELS[0])
    row = catalog.videos.get(model)
    if row is None:
        raise UsageError(
            f"no video model {model!r}; there are: {', '.join(catalog.videos)}. Another one needs "
            "a [[video]] row in an overlay of the catalogue, for its way to be asked"
        )
    if not _takes(row, wanted):
        others = ", ".join(row.id for row in catalog.videos.values() if _takes(row, wanted))
        seen = " and ".join(f"{kind}s" for kind in sorted(wanted)) or "nothing but a prompt"
        raise UsageError(f"{model} cannot be given {seen}; models that can: {others or 'none'}")
    return row


def _takes(row: VideoRow, wanted: set[str]) -> bool:
    return _place(row, wanted) is not None if wanted else not row.needs


def _place(row: VideoRow, wanted: set[str]) -> str | None:
    """Return the field of `input` that holds references of these kinds."""
    if row.media:
        return "media" if all(_media_type(row, kind) for kind in wanted) else None
    return next((name for name, kinds in row.takes.items() if wanted <= {*kinds}), None)


def _media_type(row: VideoRow, kind: str) -> str | None:
    return next((name for name in _MEDIA_TYPES[kind] if name in row.media), None)


def _input(row: VideoRow, references: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the references as the model takes them."""
    pairs = [(kind, address) for kind, listed in references.items() for address in listed]
    if not pairs:
        return {}
    if len(pairs) > row.most_references:
        raise UsageError(f"{row.id} takes {row.most_references} reference(s), not {len(pairs)}")
    name = _place(row, {kind for kind, _ in pairs})
    if name == "media":
        return {name: [{"type": _media_type(row, kind), "url": url} for kind, url in pairs]}
    addresses = [address for _, address in pairs]
    return {str(name): addresses if str(name).endswith("_urls") else addresses[0]}


def _geometry(
    catalog: Catalog,
    row: VideoRow,
    *,
    size: str | None,
    ratio: str | None,
    resolution: str | None,
) -> dict[str, Any]:
    """Return the parameters for one of the model's sizes, in its own terms."""
    given = {"resolution": resolution, "aspect_ratio": ratio, "size": size}
    asked = {name: value.strip() for name, value in given.items() if value is not None}
    if not asked:
        return {}
    sized = row.geometry == "size"
    if not (sized or row.ratio) and (ratio or size):
        raise UsageError(
            f"{row.id} makes videos in the shape of the picture; instead of "
            f"{_told(asked)} give a resolution: {', '.join(row.resolutions)}"
        )
    # The default resolution first: where only the ratio is asked for, it decides.
    names = sorted(row.resolutions, key=lambda name: name != row.resolution)
    shapes = [
        {"resolution": name, "aspect_ratio": shape, "size": pixels}
        for name in names
        for shape, pixels in catalog.video_sizes[name].sizes.items()
    ]
    usual = [shape for shape in shapes if shape["aspect_ratio"] == _USUAL_RATIO]
    wanted = {name: _SPELLINGS[name](value) for name, value in asked.items()}
    found = next((shape for shape in usual + shapes if wanted.items() <= shape.items()), None)
    if found is None:
        known = ", ".join("{resolution} {aspect_ratio} {size}".format_map(s) for s in shapes)
        raise UsageError(f"{row.id} makes no video of {_told(asked)}; it makes: {known}")
    if sized:
        return {"size": found["size"]}
    if ratio or size:
        return {"resolution": found["resolution"], "ratio": found["aspect_ratio"]}
    return {"resolution": found["resolution"]}


def _told(asked: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in asked.items())


def _duration(row: VideoRow, duration: int | None, *, with_video: bool) -> int:
    longest = row.longest_with_video if with_video else None
    allowed = [n for n in row.durations if n <= min(LONGEST, longest or LONGEST)]
    if duration is None:
        return row.duration
    if duration not in allowed:
        raise UsageError(
            f"duration {duration!r}: {row.id} makes videos of "
            f"{', '.join(map(str, allowed))} seconds; make a longer one of several"
        )
    return int(duration)


def _audio(catalog: Catalog, row: VideoRow, *, audio: bool | None) -> dict[str, bool]:
    """Return the switch for sound, where the model has one; the others have no other way."""
    if row.audio:
        return {} if audio is None else {"audio": audio}
    if audio is False:
        others = ", ".join(other.id for other in catalog.videos.values() if other.audio)
        raise UsageError(
            f"the sound of {row.id} cannot be turned off; models where it can: {others}"
        )
    return {}
