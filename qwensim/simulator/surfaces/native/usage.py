"""The usage of a native answer: the counts of the compatible chat under other names."""

from collections.abc import Iterable
from typing import Any

from qwensim.catalog.rows import Uncached, UsageRow
from qwensim.simulator.usage import Usage

_CACHED = "prompt_tokens_details.cached_tokens"
_REASONING = "completion_tokens_details.reasoning_tokens"
_TEXT_IN = "prompt_tokens_details.text_tokens"
_TEXT_OUT = "completion_tokens_details.text_tokens"
_ON_TOP = ("image", "video")
"""Modalities whose tokens are told beside the details as well as in them."""


class NativeUsage:
    """The usage of one answer, whole and as it stands in each frame of a stream.

    `row` is what the compatible chat tells of the model's family: the same counts are told here.
    """

    def __init__(
        self,
        row: UsageRow,
        usage: Usage,
        *,
        uncached: Uncached,
        plugins: dict[str, Any] | None,
        sort: bool,
    ) -> None:
        fields = {field.removesuffix("?") for field in row.fields}
        always = {field for field in row.fields if not field.endswith("?")}
        media = {name: count for name, count in usage.media.items() if count}
        self._usage = usage
        self._reasons = bool(usage.reasoning) or _REASONING in always
        self._tells_text = _TEXT_OUT in fields
        self._text_excludes_reasoning = bool(media) or row.text_tokens == "answer"
        counts: dict[str, Any] = dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"), 0)
        counts["input_tokens"] = usage.prompt
        if self._reasons or self._tells_text:
            counts["output_tokens_details"] = {}
        if _TEXT_IN in fields:
            told = {**media, "text": usage.prompt - sum(media.values())}
            names = sorted(told) if sort else told
            counts["input_tokens_details"] = {f"{name}_tokens": told[name] for name in names}
            counts |= {f"{name}_tokens": media[name] for name in _ON_TOP if name in media}
        if _CACHED in fields and (usage.cached or uncached != "absent"):
            zero = uncached == "zero" or usage.cached
            counts["prompt_tokens_details"] = {"cached_tokens": usage.cached} if zero else {}
        if plugins is not None:
            counts["plugins"] = plugins
        order = sorted(counts) if sort else in_hash_order(counts)
        self._shape = {name: counts[name] for name in order}

    def whole(self) -> dict[str, Any]:
        """Return the usage of the complete answer."""
        return self.at(self._usage.completion, self._usage.reasoning)

    def at(self, completion: int, reasoning: int) -> dict[str, Any]:
        """Return the usage after so many tokens, of which some were reasoning."""
        usage = self._shape.copy()
        usage["output_tokens"] = completion
        usage["total_tokens"] = self._usage.prompt + completion
        if "output_tokens_details" in usage:
            usage["output_tokens_details"] = details = {}
            if self._reasons:
                details["reasoning_tokens"] = reasoning
            if self._tells_text:
                excluded = reasoning if self._text_excludes_reasoning else 0
                details["text_tokens"] = completion - excluded
        return usage


def in_hash_order(names: Iterable[str]) -> list[str]:
    """Return names in the order in which a Java HashMap that is just large enough holds them.

    All recorded usages are in it (alibaba/loongsuite-python-agent cassettes, cnblogs/dashscope-sdk
    RawHttpData): one name more can turn the order of the others about.
    """
    listed = list(names)
    slots = 8
    while len(listed) > slots * 3 // 4:
        slots *= 2
    return sorted(sorted(listed), key=lambda name: _hash(name) % slots)


def _hash(name: str) -> int:
    """Return `String.hashCode` as `HashMap` spreads it."""
    value = 0
    for character in name:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value ^ (value >> 16)
