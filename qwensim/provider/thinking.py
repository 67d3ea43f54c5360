"""Thinking levels and the one flag of the service that they turn into."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from qwensim.errors import UsageError

ThinkingLevel: TypeAlias = Literal[
    "off", "none", "minimal", "low", "medium", "high", "xhigh", "max"
]

LEVELS: Mapping[ThinkingLevel, bool] = {
    "off": False,
    "none": False,
    "minimal": True,
    "low": True,
    "medium": True,
    "high": True,
    "xhigh": True,
    "max": True,
}
"""The value of `enable_thinking` (OpenClaw docs/providers/qwen.md, 2026-05-18)."""


def enable_thinking(level: ThinkingLevel | None) -> bool | None:
    """Return the flag to send; None, send no flag, leaves the choice to the model's default.

    Raises `UsageError` for a level that does not exist.
    """
    if level is None:
        return None
    if level not in LEVELS:
        raise UsageError(f"no thinking level {level!r}; there are: {', '.join(LEVELS)}")
    return LEVELS[level]
