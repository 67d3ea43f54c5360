"""The kinds of faults: what each needs, what it leaves of an exchange, and what it does."""

import re
from collections.abc import Mapping
from enum import IntEnum

import msgspec

from qwensim.errors import UsageError
from qwensim.simulator.faults import effects
from qwensim.simulator.faults.effects import Effect
from qwensim.simulator.faults.fault import Fault, Kind


class Reach(IntEnum):
    """How far an exchange comes; what needs less can happen in one that comes further."""

    REQUEST = 0
    """The service gets the request."""
    ANSWER = 1
    """It begins to answer, or to refuse."""
    STREAM = 2
    """The request asks for a stream, and may be answered with one."""


class KindRow(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fault."""

    effect: Effect
    needs: Reach
    """It meets exchanges that come so far."""
    leaves: Reach = Reach.STREAM
    """How far the exchange comes with it, for the faults beside it."""
    settles: bool = False
    """It ends the answer or takes its place: of these kinds one meets an exchange."""
    encodes: bool = False
    """It acts last, whenever it was set: on the body as all others leave it."""
    headers: bool = False
    """It has a use for `Fault.headers`."""


_REQUEST, _ANSWER, _STREAM = Reach

KINDS: Mapping[Kind, KindRow] = {
    "error": KindRow(
        effect=effects.add_headers, needs=_REQUEST, leaves=_ANSWER, settles=True, headers=True
    ),
    "delay": KindRow(effect=effects.delay, needs=_REQUEST),
    "connect-error": KindRow(effect=effects.refuse, needs=_REQUEST, leaves=_REQUEST, settles=True),
    "timeout": KindRow(effect=effects.never_answer, needs=_REQUEST, leaves=_REQUEST, settles=True),
    "drop-before-headers": KindRow(
        effect=effects.hang_up, needs=_REQUEST, leaves=_REQUEST, settles=True
    ),
    "drop": KindRow(effect=effects.drop, needs=_ANSWER, settles=True),
    "malformed-chunk": KindRow(effect=effects.malform, needs=_ANSWER),
    "truncated-chunk": KindRow(effect=effects.truncate, needs=_ANSWER, settles=True),
    "missing-usage": KindRow(effect=effects.leave_out_usage, needs=_STREAM),
    "missing-done": KindRow(effect=effects.leave_out_done, needs=_STREAM),
    "error-event": KindRow(effect=effects.tell_error, needs=_STREAM, settles=True),
    "stall": KindRow(effect=effects.stall, needs=_ANSWER),
    "misplaced-usage": KindRow(effect=effects.misplace_usage, needs=_STREAM),
    "duplicate-chunk": KindRow(effect=effects.duplicate, needs=_STREAM),
    "split-utf8": KindRow(effect=effects.split_utf8, needs=_ANSWER),
    "wrong-content-type": KindRow(effect=effects.change_content_type, needs=_ANSWER, headers=True),
    "gzip": KindRow(effect=effects.compress, needs=_ANSWER, encodes=True),
    "keep-alive": KindRow(effect=effects.comment, needs=_STREAM),
}

SILENT = frozenset(kind for kind, row in KINDS.items() if row.leaves is Reach.REQUEST)
"""The kinds in which the service never comes to answer."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[ -~\xa0-\xff]*")
_FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def check_headers(fault: Fault) -> None:
    """Raise `UsageError` unless the fault's headers can be sent, by a fault of its kind."""
    if fault.headers and not KINDS[fault.kind].headers:
        kinds = ", ".join(kind for kind, row in KINDS.items() if row.headers)
        raise UsageError(f"{fault.kind!r} has no headers; the kinds that have: {kinds}")
    for name, value in fault.headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise UsageError(f"headers: {name!r} is no name of a header")
        if name.lower() in _FRAMING:
            raise UsageError(f"headers: {name} follows from the body and cannot be set")
        if not _HEADER_VALUE.fullmatch(value):
            raise UsageError(f"headers: {name} cannot be {value!r}: it has characters of no header")
