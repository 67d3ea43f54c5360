"""What OpenClaw's page on the provider lists: endpoints and models.

Written out, not taken from the catalogue, which is what it is held against. Source: OpenClaw
docs/providers/qwen.md, 2026-05-18; lengths of answers: openclaw 2026.5.18.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from qwensim.catalog.rows import HostRow, Plan, Region


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One of the four."""

    base_url: str
    auth_choice: str
    legacy: str
    """The auth choice's old name."""


class Model(NamedTuple):
    """One of the nine, as onboarding writes it into a configuration. Lengths are in tokens."""

    id: str
    input: tuple[str, ...]
    context_window: int
    max_tokens: int
    reasoning: bool = False


ENDPOINTS: Final[Mapping[tuple[Plan, Region], Endpoint]] = {
    ("standard", "china"): Endpoint(
        base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
        auth_choice="qwen-standard-api-key-cn",
        legacy="modelstudio-standard-api-key-cn",
    ),
    ("standard", "global"): Endpoint(
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        auth_choice="qwen-standard-api-key",
        legacy="modelstudio-standard-api-key",
    ),
    ("coding", "china"): Endpoint(
        base_url="https://coding.dashscope.aliyuncs.com/v1",
        auth_choice="qwen-api-key-cn",
        legacy="modelstudio-api-key-cn",
    ),
    ("coding", "global"): Endpoint(
        base_url="https://coding-intl.dashscope.aliyuncs.com/v1",
        auth_choice="qwen-api-key",
        legacy="modelstudio-api-key",
    ),
}

_TEXT, _IMAGE = ("text",), ("text", "image")

MODELS: Final = (
    Model("qwen3.5-plus", _IMAGE, 1_000_000, 65_536),
    Model("qwen3.6-plus", _IMAGE, 1_000_000, 65_536),
    Model("qwen3-max-2026-01-23", _TEXT, 262_144, 65_536),
    Model("qwen3-coder-next", _TEXT, 262_144, 65_536),
    Model("qwen3-coder-plus", _TEXT, 1_000_000, 65_536),
    Model("MiniMax-M2.5", _TEXT, 1_000_000, 65_536, reasoning=True),
    Model("glm-5", _TEXT, 202_752, 16_384),
    Model("glm-4.7", _TEXT, 202_752, 16_384),
    Model("kimi-k2.5", _IMAGE, 262_144, 32_768),
)
DEFAULT_MODEL: Final = "qwen3.5-plus"
STANDARD_ONLY: Final = "qwen3.6-plus"
"""The model that catalogues of the Coding Plan omit."""


def endpoint(host: HostRow) -> Endpoint:
    """Return what the page says of a host."""
    return ENDPOINTS[host.plan, host.region]


def models(plan: Plan) -> tuple[Model, ...]:
    """Return the models that the catalogue of a plan has."""
    return tuple(row for row in MODELS if plan == "standard" or row.id != STANDARD_ONLY)
