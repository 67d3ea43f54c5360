"""The parts of a message that are no text: which a model takes, and what each of them counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from qwensim.catalog import Catalog
from qwensim.catalog.rows import MediaRow, ModelRow, VideoInputRules
from qwensim.simulator.answers import Call
from qwensim.simulator.clock import Clock
from qwensim.simulator.media.images import Size, check_size, image_area, image_tokens
from qwensim.simulator.media.sources import Sources
from qwensim.simulator.media.uploads import Uploads
from qwensim.simulator.media.videos import (
    Clip,
    Sampling,
    check_clip,
    sampled_frames,
    video_tokens,
)
from qwensim.simulator.refusals import Refused

_MODALITIES: Mapping[str, str] = {
    "image_url": "image",
    "video_url": "video",
    "video": "video",
    "input_audio": "audio",
}
"""Of each kind of content part."""

DEFAULT_IMAGE = Size(1024, 1024)
"""Stands for a picture of which only the address is known."""

DEFAULT_CLIP = Clip(Size(1280, 720), seconds=5.0, frames=150)
"""Stands for a video of which only the address is known, or that nothing here can read."""

DEFAULT_SOUND = 8.0
"""Seconds; stands for such a sound."""

_FEWEST_IN_LIST = 4
_TAKERS = frozenset({"user", "tool"})


def check_part(kind: str, part: Mapping[str, Any], role: str, model: ModelRow) -> None:
    """Raise `Refused` for a part that the model does not take, or not from this role."""
    modality = _MODALITIES.get(kind)
    if modality is None or part.get(kind) is None or model.inputs == ("text",):
        raise Refused("content-part-unexpected")
    if modality not in model.inputs or role not in _TAKERS:
        raise Refused("modality-misplaced", value=modality)


class Media:
    """Counts the parts of requests; `uploads` are the files that they may refer to."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self.uploads = Uploads(clock)

    def tokens(
        self, call: Call, messages: Sequence[Mapping[str, Any]], model: ModelRow, options: Any
    ) -> dict[str, int]:
        """Return the tokens of all parts by modality, or raise `Refused` for one that is no good.

        The parts have passed `check_part`; `options` is what the request says beside its messages.
        """
        resolves = call.request.header("x-dashscope-ossresourceresolve") or ""
        sources = Sources(
            plan=self._catalog.plans[call.host.plan],
            pictures=self._catalog.pictures,
            uploads=self.uploads,
            resolves_uploads=resolves.lower() == "enable",
        )
        counter = _Counter(
            self._catalog.media[model.media],
            sources,
            high_resolution=options.get("vl_high_resolution_images") is True,
        )
        counts: dict[str, int] = {}
        for message in messages:
            content = message.get("content")
            for part in content if isinstance(content, list) else ():
                if (modality := _MODALITIES.get(part["type"])) is not None:
                    counts[modality] = counts.get(modality, 0) + counter.tokens(part)
        return counts


class _Counter:
    """Counts the parts of one request."""

    def __init__(self, rule: MediaRow, sources: Sources, *, high_resolution: bool) -> None:
        self._rule = rule
        self._sources = sources
        self._high_resolution = high_resolution

    def tokens(self, part: Mapping[str, Any]) -> int:
        value = part[part["type"]]
        match part["type"]:
            case "image_url":
                return self._image(_inside(value, "url"), part)
            case "input_audio":
                seconds = self._sources.sound(_inside(value, "data"), self._rule.bytes)
                return round((seconds or DEFAULT_SOUND) * self._rule.audio_tokens)
            case _:
                return self._video(part, value)

    def _image(self, url: Any, part: Mapping[str, Any]) -> int:
        size = self._sources.picture(url, self._rule.bytes) or DEFAULT_IMAGE
        check_size(size)
        area = image_area(
            self._rule,
            min_pixels=_number(part, "min_pixels"),
            max_pixels=_number(part, "max_pixels"),
            high_resolution=self._high_resolution,
        )
        return image_tokens(size, self._rule, area)

    def _video(self, part: Mapping[str, Any], value: Any) -> int:
        rules = self._rule.video
        if rules is None:
            raise Refused("modality-misplaced", value="video")
        sampling = Sampling(*(_number(part, name) for name in Sampling._fields))
        if isinstance(value, list):
            size, frames = self._listed(value, rules)
        else:
            clip = self._sources.clip(_inside(value, "url"), rules.bytes) or DEFAULT_CLIP
            check_size(clip.size)
            check_clip(clip, rules)
            size, frames = clip.size, sampled_frames(clip, rules, sampling)
        return video_tokens(size, frames, patch=self._rule.patch, rules=rules, sampling=sampling)

    def _listed(self, urls: list[Any], rules: VideoInputRules) -> tuple[Size, int]:
        if not _FEWEST_IN_LIST <= len(urls) <= rules.list_length:
            raise Refused("frame-list-length", limit=rules.list_length)
        sizes = [self._sources.picture(url, self._rule.bytes) for url in urls]
        known = [size for size in sizes if size is not None]
        for size in known:
            check_size(size)
        return (known or [DEFAULT_IMAGE])[0], len(urls)


def _inside(value: Any, name: str) -> Any:
    """Return the address in an object, or the value that stands in place of one."""
    return value.get(name) if isinstance(value, dict) else value


def _number(part: Mapping[str, Any], name: str) -> float | None:
    value = part.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("wrong-type", path=name, type="Float" if name == "fps" else "Integer")
    return float(value)
