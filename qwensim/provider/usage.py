"""Token usage in one shape, whichever of the service's model families reports it."""

from dataclasses import dataclass

from qwensim.provider import wire


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a call cost, in tokens."""

    prompt_tokens: int
    """Cached tokens included."""
    completion_tokens: int
    """Reasoning tokens included."""
    total_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @classmethod
    def from_wire(cls, value: object) -> "Usage | None":
        """Read a usage object; None if there is none.

        Details are absent, null or empty in several families (qwen-plus of 2024, kimi-k2-thinking,
        the Coding Plan): what is not reported is 0. A missing total is the sum.
        """
        usage = wire.mapping(value)
        if not usage:
            return None
        prompt = wire.count(usage.get("prompt_tokens"))
        completion = wire.count(usage.get("completion_tokens"))
        prompt_details = wire.mapping(usage.get("prompt_tokens_details"))
        completion_details = wire.mapping(usage.get("completion_tokens_details"))
        return cls(
            prompt_tokens=prompt,
            completion_tokens=completion,
            total_tokens=wire.count(usage.get("total_tokens")) or prompt + completion,
            cached_tokens=wire.count(prompt_details.get("cached_tokens")),
            reasoning_tokens=wire.count(completion_details.get("reasoning_tokens")),
        )
