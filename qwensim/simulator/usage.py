"""Token usage: counted once, rendered in the shape of each model family."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from qwensim.catalog.rows import UsageRow


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """The token counts of one answer."""

    prompt: int
    completion: int
    """Reasoning included."""
    reasoning: int = 0
    cached: int = 0
    media: dict[str, int] = {}
    """Prompt tokens by modality; they are part of `prompt`."""

    def summary(self) -> dict[str, int]:
        """Return the counts by name, for the journal."""
        return {
            "prompt": self.prompt,
            "completion": self.completion,
            "reasoning": self.reasoning,
            "cached": self.cached,
        }


class _Field(NamedTuple):
    """A key of a usage object, apart."""

    path: str
    outer: str
    inner: str
    modality: str
    optional: bool


class UsageShape:
    """The usage object of one model family."""

    def __init__(self, row: UsageRow) -> None:
        self._answer_only = row.text_tokens == "answer"
        self._plain = _fields(row.plain or row.fields)
        self._stream = _fields(row.fields)
        self._thinking = _fields(row.thinking or row.fields)

    def render(self, usage: Usage, *, stream: bool, thinking: bool) -> bytes:
        """Return the usage as JSON, in the shape of an answer that streams or thinks or not."""
        fields = self._thinking if thinking else self._stream if stream else self._plain
        media = sum(usage.media.values())
        answer_only = self._answer_only or media
        values = {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "total_tokens": usage.prompt + usage.completion,
            "completion_tokens_details.reasoning_tokens": usage.reasoning,
            "completion_tokens_details.text_tokens": usage.completion
            - (usage.reasoning if answer_only else 0),
            "prompt_tokens_details.text_tokens": usage.prompt - media,
            "prompt_tokens_details.cached_tokens": usage.cached,
        }
        rendered: dict[str, Any] = {}
        for path, outer, inner, modality, optional in fields:
            value = values.get(path)
            if value is None:
                value = usage.media.get(modality, 0)
            if optional and not value:
                continue
            if inner:
                rendered.setdefault(outer, {})[inner] = value
            else:
                rendered[outer] = value
        return msgspec.json.encode(rendered)


def _fields(written: Sequence[str]) -> tuple[_Field, ...]:
    fields = []
    for field in written:
        path = field.removesuffix("?")
        outer, _, inner = path.partition(".")
        fields.append(
            _Field(path, outer, inner, inner.removesuffix("_tokens"), optional=field.endswith("?"))
        )
    return tuple(fields)
