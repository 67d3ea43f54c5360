"""What is found out about a recorded exchange."""

import datetime as dt
from typing import Literal

import msgspec

from qwensim.contract.drift.comparison import Difference

Outcome = Literal["same", "known", "differs", "not modelled", "could not look"]


class Explained(Difference, frozen=True, kw_only=True):
    """A difference, and why it is no surprise."""

    reason: str | None = None
    """None: nothing explains it."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """How the fake's answer compares with a recorded one."""

    recording: str
    number: int
    """Of the exchange in its recording, counted from 1."""
    surface: str = ""
    """Method and path, ids left out."""
    host: str = ""
    model: str = ""
    day: dt.date | None = None
    outcome: Outcome
    detail: str = ""
    """Why it could not be looked at."""
    differences: tuple[Explained, ...] = ()
