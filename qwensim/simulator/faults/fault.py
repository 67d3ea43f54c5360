"""What goes wrong, as users set it and write it down."""

from fnmatch import fnmatchcase
from typing import Annotated, Literal, TypeAlias

import msgspec

from qwensim.simulator.refusals import Refused

Kind = Literal[
    "error",
    "delay",
    "connect-error",
    "timeout",
    "drop-before-headers",
    "drop",
    "malformed-chunk",
    "truncated-chunk",
    "missing-usage",
    "missing-done",
    "error-event",
    "stall",
    "misplaced-usage",
    "duplicate-chunk",
    "split-utf8",
    "wrong-content-type",
    "gzip",
    "keep-alive",
]

Values: TypeAlias = dict[str, str | int | float]
"""The values that the message of an error wants, by name."""

_DAY = 86_400


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong, where and how often."""

    kind: Kind
    error: str | None = None
    """For `error` and `error-event`: the id of a row of the error table."""
    values: Values = {}
    """The values that the error's message wants."""
    headers: dict[str, str] = {}
    """For `error`: headers of the answer, such as a `retry-after`, which the service itself never
    sends. For `wrong-content-type`: another one than `text/plain`."""
    seconds: Annotated[float, msgspec.Meta(ge=0, le=_DAY)] = 1.0
    """For `delay` and `stall`: a day at most."""
    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """For what happens in mid-answer: so many chunks come before it."""
    model: str | None = None
    """A model name; `*` and `?` match as in a shell."""
    host: str | None = None
    times: Annotated[int, msgspec.Meta(ge=1)] | None = 1
    """The matching exchanges that it meets before it is used up; None: all."""
    every: Annotated[int, msgspec.Meta(ge=1)] = 1
    """It meets only every so-manyth exchange that matches."""

    def matches(self, *, host: str, model: str | None) -> bool:
        """Return whether the fault is about this exchange."""
        if self.host is not None and self.host != host:
            return False
        return self.model is None or (model is not None and fnmatchcase(model, self.model))


def error_of(fault: Fault) -> Refused:
    """Return the refusal that a fault stands for; an internal error unless it names one."""
    return Refused(fault.error or "internal-error", **fault.values)
