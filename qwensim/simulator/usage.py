"""Token usage: counted once, rendered in the shape of each model family."""

from typing import Any

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

    def render(self, row: UsageRow, *, stream: bool, thinking: bool) -> bytes:
        """Return the usage as JSON, in the shape of an answer that streams or thinks or not."""
        fields = row.fields
        if thinking:
            fields = row.thinking or fields
        elif not stream:
            fields = row.plain or fields
        media = sum(self.media.values())
        answer_only = row.text_tokens == "answer" or media
        values = {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "completion_tokens_details.reasoning_tokens": self.reasoning,
            "completion_tokens_details.text_tokens": self.completion
            - (self.reasoning if answer_only else 0),
            "prompt_tokens_details.text_tokens": self.prompt - media,
            "prompt_tokens_details.cached_tokens": self.cached,
        }
        usage: dict[str, Any] = {}
        for field in fields:
            path, optional = field.removesuffix("?"), field.endswith("?")
            outer, _, inner = path.partition(".")
            value = values.get(path)
            if value is None:
                value = self.media.get(inner.removesuffix("_tokens"), 0)
            if optional and not value:
                continue
            if inner:
                usage.setdefault(outer, {})[inner] = value
            else:
                usage[outer] = value
        return msgspec.json.encode(usage)

    def summary(self) -> dict[str, int]:
        """Return the counts by name, for the journal."""
        return {
            "prompt": self.prompt,
            "completion": self.completion,
            "reasoning": self.reasoning,
            "cached": self.cached,
        }
