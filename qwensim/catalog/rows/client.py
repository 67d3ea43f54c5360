"""What the client says: the words of the talker, and how errors are taken."""

from typing import Annotated, Literal

import msgspec

from qwensim.catalog.rows.base import Plan, Row, Text


class WordsRow(Row, frozen=True, kw_only=True):
    """The words from which the talker makes its sentences."""

    id: Text
    script: Literal["latin", "han"]
    join: str
    stop: Text
    words: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]


class FailureRow(Row, frozen=True, kw_only=True):
    """How the client takes an error of the service; the first row that fits wins.

    A row fits when all of the conditions that it has hold.
    """

    id: Text
    kind: Text
    status: tuple[int, ...] = ()
    code: tuple[str, ...] = ()
    message: str | None = None
    """A regular expression searched in the message, in any case."""
    plan: Plan | None = None
    """The plan of the endpoint."""
    key_plan: Plan | None = None
    """The plan whose keys look like the one in use."""
    task: bool = False
    """The error is told by a task, or about one."""
    retry: bool = False
    advice: str
