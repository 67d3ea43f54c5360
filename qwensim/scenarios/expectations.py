"""What must be seen of a call of a scenario."""

from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from qwensim.scenarios.parts import Number, Spec


class Match(Spec, frozen=True, kw_only=True):
    """What must hold of a value: all that is given."""

    equals: Any = UNSET
    contains: Any = UNSET
    """Stands in a text, or is an item of a list."""
    lacks: Any = UNSET
    """Does not stand in the text, or is no item of the list."""
    present: bool | UnsetType = UNSET
    """Whether there is a value; null counts as none."""
    least: float | UnsetType = UNSET
    most: float | UnsetType = UNSET

    def __post_init__(self) -> None:
        """See that it says something."""
        self.must_give("asks nothing of the value")


Condition: TypeAlias = str | int | float | bool | list[Any] | Match | None
"""The value that is to be seen, or what must hold of it."""

At: TypeAlias = dict[str, Condition]
"""Conditions by place in JSON, like `choices.0.delta.content`; -1 is the last item of a list."""


class Failed(Spec, frozen=True, kw_only=True):
    """The error with which the call ends."""

    type: Condition | UnsetType = UNSET
    """The exception's class: one of `qwensim.provider`, or of httpx2 for `http`."""
    kind: Condition | UnsetType = UNSET
    """As in the catalogue's `failure` rows."""
    status: Condition | UnsetType = UNSET
    code: Condition | UnsetType = UNSET
    message: Condition | UnsetType = UNSET
    """The service's words."""
    advice: Condition | UnsetType = UNSET
    """The provider's words."""
    partial: Condition | UnsetType = UNSET
    """The text that had come before the error."""


class Replied(Spec, frozen=True, kw_only=True):
    """What the provider returns, if the call does not fail."""

    text: Condition | UnsetType = UNSET
    reasoning: Condition | UnsetType = UNSET
    """Absent where there is none."""
    tools: Condition | UnsetType = UNSET
    """The names of the tools that the model calls."""
    finish_reason: Condition | UnsetType = UNSET
    prompt_tokens: Condition | UnsetType = UNSET
    """Like the others of usage absent where the service reports none."""
    completion_tokens: Condition | UnsetType = UNSET
    total_tokens: Condition | UnsetType = UNSET
    reasoning_tokens: Condition | UnsetType = UNSET
    cached_tokens: Condition | UnsetType = UNSET
    models: Condition | UnsetType = UNSET
    """The ids of a list of models."""
    url: Condition | UnsetType = UNSET
    """Where a video is, or the first of several images."""
    images: Condition | UnsetType = UNSET
    """The number of images that came."""
    seconds: Condition | UnsetType = UNSET
    """The length of a video."""
    downloaded: Condition | UnsetType = UNSET
    """The bytes of the video or the image that was downloaded."""


class Sent(Spec, frozen=True, kw_only=True):
    """The last request of the call."""

    method: Condition | UnsetType = UNSET
    host: Condition | UnsetType = UNSET
    path: Condition | UnsetType = UNSET
    headers: At = msgspec.field(default_factory=dict)
    """By name in lower case. A key is seen as its name in brackets: `Bearer [standard]`."""
    body: At = msgspec.field(default_factory=dict)


class Frames(Spec, frozen=True, kw_only=True):
    """The events of a stream that are JSON."""

    count: Condition | UnsetType = UNSET
    first: At = msgspec.field(default_factory=dict)
    last: At = msgspec.field(default_factory=dict)
    any: At = msgspec.field(default_factory=dict)
    """There is one of which all of this holds."""
    none: At = msgspec.field(default_factory=dict)
    """There is none of which all of this holds."""


class Got(Spec, frozen=True, kw_only=True):
    """The answer to the last request of the call, as far as it came."""

    status: Condition | UnsetType = UNSET
    headers: At = msgspec.field(default_factory=dict)
    body: At = msgspec.field(default_factory=dict)
    text: Condition | UnsetType = UNSET
    """The body as it is, uncompressed."""
    frames: Frames = Frames()


class Expectation(Spec, frozen=True, kw_only=True):
    """What is seen of a call: all that is given."""

    call: Number = 1
    """Which one, counted from 1."""
    error: Failed | UnsetType = UNSET
    reply: Replied | UnsetType = UNSET
    requests: Condition | UnsetType = UNSET
    """How many went out, those of its repetitions and retries included."""
    request: Sent | UnsetType = UNSET
    response: Got | UnsetType = UNSET

    def __post_init__(self) -> None:
        """See that it expects something."""
        self.must_give("expects nothing")
