"""What the service tells of a task, and the video at its end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from qwensim.provider import faults, wire
from qwensim.provider.endpoints import is_remote

POLL_INTERVAL: Final = 2.5
"""Seconds between two questions (openclaw 2026.5.18)."""
POLL_PATIENCE: Final = 30.0
"""Seconds that an answer to one of them may take."""
LONGEST_TASK: Final = 600.0
"""Seconds that a result may take unless the caller says otherwise; most videos take one to
five minutes."""

CANCELED: Final = "CANCELED"

_ENDS: Final = {
    "FAILED": (faults.TASK_FAILED, "the task failed"),
    CANCELED: (faults.TASK_CANCELED, "the task was cancelled"),
    "UNKNOWN": (faults.TASK_UNKNOWN, "the service does not know the task"),
}
"""The states that are final without a result. A task is forgotten after 24 hours, and shown to its
owner only (Model Studio docs: tasks)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A task as the service told of it last."""

    id: str
    state: str
    """`PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED`, `CANCELED` or `UNKNOWN`, or what the service may
    add to them."""
    request_id: str | None = None
    """The id of the request that told this."""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The decoded answer."""

    @classmethod
    def from_wire(cls, body: Mapping[str, Any], *, request_id: str | None) -> "Task | None":
        """Read the answer to an order or to a question; None if it tells of no task."""
        output = wire.mapping(body.get("output"))
        id_, state = wire.text(output.get("task_id")), wire.text(output.get("task_status"))
        if not id_:
            return None
        return cls(
            id=id_,
            state=state.strip().upper(),
            request_id=request_id or wire.text(body.get("request_id")) or None,
            raw=body,
        )

    @property
    def failure(self) -> faults.Fault | None:
        """What went wrong, if the task has ended without a result."""
        if self.state not in _ENDS:
            return None
        code, words = _ENDS[self.state]
        output = wire.mapping(self.raw.get("output"))
        return self.fault(
            wire.text(output.get("message")) or words, wire.text(output.get("code")) or code
        )

    def fault(self, message: str, code: str) -> faults.Fault:
        """Return a failure of this task."""
        return faults.Fault(
            message=message,
            status=HTTPStatus.OK.value,
            code=code,
            request_id=self.request_id,
            task_id=self.id,
        )


Progress: TypeAlias = Callable[[Task], object]
"""What is called each time that the service tells of a task."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Video:
    """A video that is ready to be downloaded."""

    url: str = field(repr=False)
    """It is signed, needs no key, and holds for 24 hours."""
    task_id: str
    request_id: str | None
    seconds: float | None
    """None where the service does not tell, as `size`."""
    size: str | None
    """In pixels, `1280*720`."""
    raw: Mapping[str, Any] = field(repr=False)
    """The decoded answer."""

    @classmethod
    def of(cls, task: Task) -> "Video | None":
        """Return the video of a task that succeeded; None if it names none."""
        output, usage = wire.mapping(task.raw.get("output")), wire.mapping(task.raw.get("usage"))
        outputs = (output, *map(wire.mapping, wire.items(output.get("results"))))
        urls = filter(is_remote, (wire.text(one.get("video_url")) for one in outputs))
        if (url := next(urls, None)) is None:
            return None
        lengths = (usage.get(name) for name in _LENGTHS)
        return cls(
            url=url,
            task_id=task.id,
            request_id=task.request_id,
            seconds=next((float(n) for n in lengths if isinstance(n, int | float)), None),
            size=wire.text(usage.get("size")) or wire.text(usage.get("video_ratio")) or None,
            raw=task.raw,
        )


_LENGTHS: Final = ("output_video_duration", "video_duration", "duration")
"""Where usage tells the length of the video, by the age of the model."""
