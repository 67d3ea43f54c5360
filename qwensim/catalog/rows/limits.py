"""How often, how much and how many at once: what is limited, and by which figure."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from qwensim.catalog.rows.base import Count, Plan, Row, Text

Tier: TypeAlias = Literal["lite", "pro"]
Figure: TypeAlias = Literal[
    "model.rpm",
    "model.tpm",
    "model.concurrency",
    "tier.hours",
    "tier.week",
    "tier.month",
    "tier.concurrency",
    "tier.usage",
]


class TierRow(Row, frozen=True, kw_only=True):
    """What a tier of the Coding Plan allows; None where no figure is on record."""

    id: Tier
    hours: Count
    """Requests in five hours."""
    week: Count
    """Requests from Monday to Sunday."""
    month: Count
    """Requests from one subscription day to the next."""
    concurrency: Count | None = None
    """Answers at the same time."""
    usage: Count | None = None
    """Tokens in an hour."""


class LimitRow(Row, frozen=True, kw_only=True):
    """One limit of a plan. The rows of a plan are looked at in their order."""

    id: Text
    plan: Plan
    figure: Figure
    """The field that says how many are allowed: of the `ModelRow`, then it is counted by account,
    host and model, or of the `TierRow`, then by account. Nothing is limited where it is None."""
    part: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    """The part of the figure that is allowed."""
    counts: Literal["requests", "tokens", "answers"]
    """Requests that are answered, their tokens, or answers that have not come to their end."""
    window: Literal["second", "minute", "hour", "five-hours", "week", "month"] | None = None
    """The time in which they are counted; None for `answers`, which are counted now. Up to five
    hours a window rolls, weeks and months begin at 00:00 UTC+8."""
    error: Text
    values: dict[str, str] = msgspec.field(default_factory=dict)
    """The values that the error's message wants."""
