"""A task: what was ordered, what comes of it, and how it looks at a moment."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from qwensim.simulator.assets import Content
from qwensim.simulator.replies.scripts import Script

State: TypeAlias = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED"]

Owner: TypeAlias = bytes
"""Whose task it is: host and key, made unreadable."""

KEPT = 86_400.0
"""Seconds after which a task is forgotten and its result is gone."""

Link: TypeAlias = Callable[[str, Content], str]
"""Stores a content under a name and returns the address to download it from."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a task fails."""

    error: str
    """The id of the error row."""
    code: str
    message: str
    at_once: bool
    """The request is found wrong as soon as the task is scheduled, before any work."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a task that succeeds adds to its own fields."""

    output: Mapping[str, Any]
    usage: Mapping[str, Any]
    failed: int = 0
    """The parts that did not come out."""


class Work(Protocol):
    """What a task does."""

    def result(self, name: str, link: Link) -> Result:
        """Return what came of it; `name` is one under which results can be stored."""
        ...

    def spoiled(self, failure: Failure, parts: int) -> "Work | Failure":
        """Return what is left to do if so many parts of it fail."""
        ...


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done."""

    model: str
    function: str
    """The part of the service, such as `aigc:video-generation:video-synthesis`."""
    limit: int
    """The tasks of one owner and model that run at the same time."""
    end: Work | Failure
    """What comes of it."""
    parts: int | None = None
    """How many results there are to be, where tasks tell how many have come out."""
    script: Script | None = None
    """The script that said how it ends, if one did."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was taken. Moments are seconds since the epoch."""

    id: str
    owner: Owner
    order: Order
    request_id: str
    """Of the request that submitted it."""
    submitted: float


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """A task at a moment."""

    task: Task
    state: State
    scheduled: float | None = None
    ended: float | None = None
