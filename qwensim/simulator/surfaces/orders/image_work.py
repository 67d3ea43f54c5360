"""The making of images, and what is told of it."""

from typing import Any

import msgspec

from qwensim.catalog.rows import ImageProtocolRow
from qwensim.simulator.assets.image import PlainImage
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.surfaces.orders.image_rules import Painting
from qwensim.simulator.tasks import Failure, Link, Result

_REWRITTEN = "{prompt}, natural light, fine texture, rich in detail"
_THOUGHTS = "The prompt names its subject; light, texture and detail are missing."
"""Stand for what the service makes of a prompt, and for how it comes to it."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a prompt, and what that cost in tokens."""

    prompt: str
    reasoning: str = ""
    read: int = 0
    reasoned: int = 0
    written: int = 0
    """The tokens of prompt and reasoning together."""


def told_of(painting: Painting, protocol: ImageProtocolRow, tokenizer: Tokenizer) -> Told:
    """Return what is told of a prompt: of a line that does not think, what it was rewritten to."""
    if not painting.rewritten:
        return Told(prompt=painting.prompt)
    prompt = _REWRITTEN.format(prompt=painting.prompt)
    if "reasoning_content" not in protocol.message:
        return Told(prompt=prompt)
    reasoned = len(tokenizer.split(_THOUGHTS))
    return Told(
        prompt=prompt,
        reasoning=_THOUGHTS,
        read=len(tokenizer.split(painting.prompt)),
        reasoned=reasoned,
        written=reasoned + len(tokenizer.split(prompt)),
    )


class ImageWork(msgspec.Struct, frozen=True, kw_only=True):
    """The making of the images of one request."""

    protocol: ImageProtocolRow
    painting: Painting
    told: Told
    failure: Failure | None = None
    failed: int = 0
    """The images that fail with it: the last ones."""

    def spoiled(self, failure: Failure, parts: int) -> "ImageWork | Failure":
        """Return the work with so many images failing, or the failure if these are all."""
        if parts >= self.painting.images:
            return failure
        return msgspec.structs.replace(self, failure=failure, failed=parts)

    def result(self, name: str, link: Link) -> Result:
        """Return the addresses of the images and what they cost."""
        items = [
            self._item(link(f"{name}-{number}", self._image(number)))
            for number in range(1, self.painting.images - self.failed + 1)
        ]
        output = self._results(items) if self.protocol.asks == "prompt" else self._choices(items)
        return Result(output=output, usage=self._usage(len(items)), failed=self.failed)

    def _image(self, number: int) -> PlainImage:
        painting = self.painting
        return PlainImage(
            width=painting.size.width,
            height=painting.size.height,
            prompt=painting.prompt,
            seed=painting.seed + number - 1,
        )

    def _item(self, url: str) -> dict[str, Any]:
        values = {
            "image": url,
            "type": "image",
            "orig_prompt": self.painting.asked,
            "actual_prompt": self.told.prompt if self.painting.rewritten else None,
            "url": url,
        }
        return {key: values[key] for key in self.protocol.item if values[key] is not None}

    def _results(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        failure = self.failure
        if failure is not None:
            items = items + [{"code": failure.code, "message": failure.message}] * self.failed
        return {"results": items}

    def _choices(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        if "reasoning_content" in self.protocol.message:
            items = [*items, {"text": self.told.prompt}]
        contents = [[item] for item in items] if self.protocol.each else [items]
        choices = [
            {"finish_reason": "stop", "message": self._message(content)} for content in contents
        ]
        match self.protocol.finished:
            case "first":
                return {"finished": True, "choices": choices}
            case "last":
                return {"choices": choices, "finished": True}
        return {"choices": choices}

    def _message(self, content: list[dict[str, Any]]) -> dict[str, Any]:
        values = {
            "content": content,
            "reasoning_content": self.told.reasoning,
            "role": "assistant",
        }
        return {key: values[key] for key in self.protocol.message}

    def _usage(self, images: int) -> dict[str, Any]:
        told, size = self.told, self.painting.size
        values: dict[str, Any] = {
            "height": size.height,
            "image_count": images,
            "input_tokens": told.read,
            "output_tokens": told.written,
            "output_tokens_details": {"reasoning_tokens": told.reasoned} if told.reasoned else None,
            "size": f"{size.width}*{size.height}",
            "total_tokens": told.read + told.written,
            "width": size.width,
        }
        return {key: values[key] for key in self.protocol.usage if values[key] is not None}
