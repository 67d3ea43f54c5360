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
    """The one asked for, where the body names one."""
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
        self._listeners: list[Callable[[Entry], None]] = []
        self._count = 0

    def listen(self, listener: Callable[[Entry], None]) -> None:
        """Have `listener` called with every entry to come, before the request is answered."""
        self._listeners.append(listener)

    def add(self, request: Request, *, body: Any, **outcome: Any) -> Entry:
        """Redact a request and its outcome and keep them; return the entry."""
        self._count += 1
        redactor = self._redactor
        secrets = redactor.presented(request.headers, request.query)
        if body is None and request.body:
            body = self._read(request.body, secrets)
        if outcome["model"] is None and isinstance(body, dict):
            model = body.get("model")  # it was refused, or met by a fault, before it was judged
            outcome["model"] = model if isinstance(model, str) else None
        entry = Entry(
            number=self._count,
            method=request.method,
            host=request.host,
            path=request.path,
            query=request.query,
            headers=redactor.blanked(request.headers),
            body=body,
            **outcome,
        )
        if not self._is_clean(entry, secrets):
            entry = self._cleaned(entry, secrets, request.body)
        self._entries.append(entry)
        for listener in self._listeners:
            listener(entry)
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

    def _read(self, raw: bytes, secrets: tuple[str, ...]) -> Any:
        """Return a body as JSON, or as redacted text where it is none."""
        try:
            return msgspec.json.decode(raw)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return self._redactor.source(raw.decode("utf-8", "replace"), secrets=secrets)

    def _is_clean(self, entry: Entry, secrets: tuple[str, ...]) -> bool:
        if entry.query:
            return False
        texts = [entry.host, entry.path, entry.model, entry.message]
        texts += [text for header in entry.headers for text in header]
        try:
            return self._redactor.is_clean(texts, entry.body, secrets=secrets)
        except RecursionError:
            return False

    def _cleaned(self, entry: Entry, secrets: tuple[str, ...], raw: bytes) -> Entry:
        redactor = self._redactor
        try:
            body = redactor.value(entry.body, secrets=secrets)
        except RecursionError:
            body = redactor.source(raw.decode("utf-8", "replace"), secrets=secrets)
        texts = [entry.host, entry.model, entry.message]
        host, model, message = redactor.value(texts, secrets=secrets)
        return msgspec.structs.replace(
            entry,
            host=host,
            path=redactor.url(entry.path, secrets=secrets),
            query=redactor.query(entry.query, secrets=secrets),
            headers=redactor.headers(entry.headers, secrets=secrets),
            body=body,
            model=model,
            message=message,
        )
