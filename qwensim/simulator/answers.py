"""What a surface gives to the service: an answer to be dressed in headers and played."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import msgspec

from qwensim.catalog.rows import HostRow
from qwensim.exchange import Chunk, Head, Headers, Request, Wait
from qwensim.simulator.accounts import Account
from qwensim.simulator.identifiers import Identity
from qwensim.simulator.limits import Limits, Ticket
from qwensim.simulator.replies.reply import Ask
from qwensim.simulator.replies.scripts import Script


class Call(msgspec.Struct, kw_only=True):
    """One request on its way through the checks; what is known of it grows as it goes."""

    request: Request
    arrived: float
    identity: Identity
    host: HostRow
    account: Account
    wire: str = "compatible"
    path_values: Mapping[str, str] = {}
    """The segments of the path that differ, by name."""
    body: Any = None
    """The decoded JSON."""
    model: str | None = None
    stream: bool = False
    script: Script | None = None
    ask: Ask | None = None
    limits: Limits | None = None
    """Those that are enforced, if they are."""
    ticket: Ticket | None = None
    """What the limits gave the call when they let it pass."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is not a refusal."""

    content_type: str
    events: Iterator[Chunk | Wait]
    cost: float = 0.0
    """Seconds until the first byte leaves."""
    gateway: bool = True
    head: Head | None = None
    """Status and headers, where they are not those of the gateway's answers with HTTP 200."""
    extra: Headers = ()
    """Headers that stand behind those of the gateway."""
    vary: str | None = None
    """The header of that name, where it is not the usual one."""
    usage: dict[str, int] | None = None
    error: str | None = None
    """The id of the error that it tells of, where it is an answer nevertheless."""
    task: str | None = None
    """The state of the task that it tells."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return 200 if self.head is None else self.head.status

    @property
    def tokens(self) -> int:
        """The tokens that limits are about: those of prompt and answer."""
        usage = self.usage or {}
        return usage.get("prompt", 0) + usage.get("completion", 0)


class Surface(Protocol):
    """One wire format: judges a call and answers it, or raises `Refused`."""

    def answer(self, call: Call) -> Answer:
        """Answer the call."""
        ...
