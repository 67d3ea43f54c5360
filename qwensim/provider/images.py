"""The images that a model has made, in whichever shape the service tells of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

from qwensim.provider import faults, wire
from qwensim.provider.endpoints import is_remote
from qwensim.provider.tasks import Task


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """One of the images asked for: ready to be downloaded, or failed."""

    url: str | None = field(default=None, repr=False)
    """It is signed, needs no key, and holds for 24 hours; None if the image failed."""
    prompt: str | None = None
    """The prompt as the service rewrote it, if it tells."""
    code: str | None = None
    """Why the image failed, in the service's words, as `message`."""
    message: str | None = None
    task_id: str | None = None
    """The task that made it; None where images come at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageUsage:
    """What images cost."""

    images: int = 0
    """Those that are billed; 0 where the service did not tell, as `tokens`."""
    size: str | None = None
    """In pixels, `1280*1280`; None where the service did not tell."""
    tokens: int = 0
    """Of the models that count them too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Images:
    """What came of an order: of what the provider returns, one image has not failed at least.

    Where images are told in `choices` the service is silent about those that failed: there are
    fewer than were ordered.
    """

    images: tuple[Image, ...]
    usage: ImageUsage
    task_id: str | None
    """None where images come at once."""
    request_id: str | None
    raw: Mapping[str, Any] = field(repr=False)
    """The decoded answer."""

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of the images that came."""
        return tuple(image.url for image in self.images if image.url is not None)

    @property
    def failure(self) -> faults.Fault | None:
        """Why there is no image at all, as the first one tells, if there is none."""
        if self.urls:
            return None
        return faults.Fault(
            message=self.images[0].message or "",
            status=HTTPStatus.OK.value,
            code=self.images[0].code or faults.TASK_FAILED,
            request_id=self.request_id,
            task_id=self.task_id,
        )

    @classmethod
    def of(cls, task: Task) -> Self | None:
        """Return the images of a task that succeeded; None if it names none."""
        return cls.from_wire(task.raw, request_id=task.request_id)

    @classmethod
    def from_wire(cls, body: Mapping[str, Any], *, request_id: str | None) -> Self | None:
        """Read an answer with images; None if it tells of none.

        Images stand in `results` or, where they were asked for in messages, in `choices`.
        """
        output = wire.mapping(body.get("output"))
        task_id = wire.text(output.get("task_id")) or None
        told = (*_results(output), *_choices(output))
        images = tuple(
            image for item, prompt in told if (image := _image(item, prompt, task_id)) is not None
        )
        if not images:
            return None
        return cls(
            images=images,
            usage=_usage(wire.mapping(body.get("usage"))),
            task_id=task_id,
            request_id=request_id or wire.text(body.get("request_id")) or None,
            raw=body,
        )


def _results(output: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield what may be an image, and its prompt."""
    for result in map(wire.mapping, wire.items(output.get("results"))):
        yield result, wire.text(result.get("actual_prompt"))


def _choices(output: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    for choice in map(wire.mapping, wire.items(output.get("choices"))):
        content = wire.items(wire.mapping(choice.get("message")).get("content"))
        items = [*map(wire.mapping, content)]
        prompt = next(filter(None, (wire.text(item.get("text")) for item in items)), "")
        for item in (choice, *items):
            yield item, prompt


def _image(item: Mapping[str, Any], prompt: str, task_id: str | None) -> Image | None:
    url = wire.text(item.get("url")) or wire.text(item.get("image"))
    if is_remote(url):
        return Image(url=url, prompt=prompt or None, task_id=task_id)
    code, message = wire.text(item.get("code")), wire.text(item.get("message"))
    if not (code or message):
        return None
    return Image(code=code or None, message=message or "the image failed", task_id=task_id)


def _usage(usage: Mapping[str, Any]) -> ImageUsage:
    sides = [wire.count(usage.get(name)) for name in ("width", "height")]
    return ImageUsage(
        images=wire.count(usage.get("image_count")),
        size=wire.text(usage.get("size")) or ("*".join(map(str, sides)) if all(sides) else None),
        tokens=wire.count(usage.get("total_tokens")),
    )
