"""What was asked and how it was answered, without a secret in it."""

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from qwensim.catalog import Redactor
from qwensim.exchange import Headers, Request
from qwensim.simulator.media.abridged import LONGEST_KEPT, abridged

KEPT_AWAY: Final = "kept-away"
"""In the place of an error's id: a proxy kept the client from a host that is not the service's."""

TLS_FAILED: Final = "tls-failed"
"""In the place of an error's id: client and proxy did not agree on TLS."""

LEFT: Final = "left"
"""In the place of an error's id: a client left the tunnel that it had opened before it asked for
anything."""

_ON_THE_WAY: Final = frozenset({KEPT_AWAY, TLS_FAILED, LEFT})


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
    """The decoded JSON, without the data of long data URIs; or the text where it is none."""
    status: int
    error: str | None
    """The id of the error row, in mid-stream too, None for an answer; or `KEPT_AWAY`,
    `TLS_FAILED` or `LEFT`."""
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
    """The kind of the fault that met the exchange; of several, with a plus between them."""
    key: int | None = None
    """Which of the keys that were presented, counted from 1 as they came; None: there was none."""
    retry_after: float | None = None
    """The seconds that the answer asked to wait."""
    task: str | None = None
    """The state of the task that the answer told."""

    @property
    def arrived(self) -> bool:
        """Whether the request came as far as the service, and no proxy ended it before."""
        return self.error not in _ON_THE_WAY


class Journal:
    """The last `size` exchanges, oldest first."""

    def __init__(self, redactor: Redactor, *, size: int) -> None:
        self._redactor = redactor
        self._entries: deque[Entry] = deque(maxlen=size)
        self._listeners: list[Callable[[Entry], None]] = []
        self._numbers = itertools.count(1)  # drawn by several threads
        self._key_numbers = itertools.count(1)
        self._keys: dict[int, int] = {}
        """Numbers of keys by their hashes, which are salted anew in each process."""
        self._size = size

    def listen(self, listener: Callable[[Entry], None]) -> None:
        """Have `listener` called with every entry to come, before the request is answered."""
        self._listeners.append(listener)

    def add(self, request: Request, *, body: Any, **outcome: Any) -> Entry:
        """Redact a request and its outcome and keep them; return the entry."""
        redactor = self._redactor
        secrets = redactor.presented(request.headers, request.query)
        if body is None and request.body:
            body = self._read(request.body, secrets)
        if outcome["model"] is None and isinstance(body, dict):
            model = body.get("model")  # it was refused, or met by a fault, before it was judged
            outcome["model"] = model if isinstance(model, str) else None
        if len(request.body) > LONGEST_KEPT:
            with contextlib.suppress(RecursionError):  # no picture lies that deep
                body = abridged(body)
        entry = Entry(
            number=next(self._numbers),
            method=request.method,
            host=request.host,
            path=request.path,
            query=request.query,
            headers=redactor.blanked(request.headers),
            body=body,
            key=self._number(secrets[0]) if secrets else None,
            **outcome,
        )
        if not self._is_clean(entry, secrets):
            entry = self._cleaned(entry, secrets, request.body)
        self._entries.append(entry)
        for listener in self._listeners:
            listener(entry)
        return entry

    def add_turned_away(
        self, request: Request, *, at: float, status: int, error: str, message: str
    ) -> Entry:
        """Keep a request that did not arrive; `error` says why, as in `Entry`."""
        return self.add(
            request,
            body=None,
            at=at,
            status=status,
            error=error,
            message=message,
            request_id="",
            model=None,
            stream=False,
            usage=None,
            scripted=False,
            fault=None,
        )

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

    def _number(self, key: str) -> int:
        """Return the number of a key, a new one if it is not among those seen last."""
        known = self._keys.pop(hash(key), None)
        number = known if known is not None else next(self._key_numbers)
        self._keys[hash(key)] = number
        if len(self._keys) > self._size:
            del self._keys[next(iter(self._keys))]
        return number

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
