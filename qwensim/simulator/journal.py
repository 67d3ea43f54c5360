"""What was asked and how it was answered, without a secret in it."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from qwensim.catalog import Redactor
from qwensim.exchange import Headers, Request


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange. Credentials were taken out before it was made."""

    number: int
    """Counts from 1, over all exchanges of the simulator."""
    at: float
    """When the request came, in seconds since the epoch."""
    method: str
    host: str
    path: str
    query: str
    headers: Headers
    body: Any
    """The decoded JSON, or the text where it is none."""
    status: int
    error: str | None
    """The id of the error row, None for an answer."""
    message: str | None
    """The service's words, where it refused."""
    request_id: str
    model: str | None
    stream: bool
    usage: dict[str, int] | None
    scripted: bool
    """A script gave the reply."""
    fault: str | None
    """The kind of the fault that met the exchange."""


class Journal:
    """The last `size` exchanges, oldest first."""

    def __init__(self, redactor: Redactor, *, size: int) -> None:
        self._redactor = redactor
        self._entries: deque[Entry] = deque(maxlen=size)
        self._count = 0

    def add(self, request: Request, *, body: Any, **outcome: Any) -> Entry:
        """Redact a request and its outcome and keep them; return the entry."""
        self._count += 1
        redactor, secrets = self._redactor, _secrets(request)
        for name in ("model", "message"):
            if outcome[name] is not None:
                outcome[name] = redactor.text(outcome[name], secrets=secrets)
        entry = Entry(
            number=self._count,
            method=request.method,
            host=redactor.text(request.host, secrets=secrets),
            path=redactor.url(request.path, secrets=secrets),
            query=redactor.query(request.query, secrets=secrets) if request.query else "",
            headers=redactor.headers(request.headers, secrets=secrets),
            body=_redacted_body(redactor, request.body, body, secrets),
            **outcome,
        )
        self._entries.append(entry)
        return entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]

    def clear(self) -> None:
        """Forget the entries; their numbers go on."""
        self._entries.clear()

    def matching(self, condition: Callable[[Entry], bool]) -> tuple[Entry, ...]:
        """Return the entries for which the condition holds."""
        return tuple(entry for entry in self if condition(entry))


def _secrets(request: Request) -> tuple[str, ...]:
    """Return what this client presents as its credential, whatever its form."""
    found = []
    for name in ("authorization", "x-api-key"):
        value = request.header(name)
        if value:
            scheme, _, key = value.partition(" ")
            found.append((key or scheme).strip())
    return tuple(found)


def _redacted_body(redactor: Redactor, raw: bytes, body: Any, secrets: tuple[str, ...]) -> Any:
    if body is None:
        return redactor.url(raw.decode("utf-8", "replace"), secrets=secrets) if raw else None
    try:
        return redactor.value(body, secrets=secrets)
    except RecursionError:
        return redactor.text(raw.decode("utf-8", "replace"), secrets=secrets)
