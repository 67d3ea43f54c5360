"""What is on record of an exchange, be it a recording or an entry of a journal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from qwensim.catalog import Catalog, Redactor
from qwensim.errors import UsageError
from qwensim.recording import Interaction
from qwensim.recording import read as read_cassette
from qwensim.recording.redaction import Scrubber
from qwensim.scenarios.wire import ABSENT, Exchange
from qwensim.simulator import Entry
from qwensim.simulator.faults import KINDS, Kind
from qwensim.simulator.headers import moment_of

_CASSETTES: Final = (".yaml", ".yml")
_ARRIVED: Final = "req-arrive-time"
"""The header in which the gateway says when a request came, in milliseconds."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An error in the service's words."""

    message: str
    code: str | None = None
    """None too where it is not on record: an entry has the id of the error."""
    type: str | None = None
    keys: tuple[str, ...] = ()
    """The names beside these in the error, in their order."""
    place: str = ""
    """Where these stand, such as `error.`."""
    event: int | None = None
    """The number of the event that it is, counted from 0; None if it is the whole answer."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange, without its credentials."""

    exchange: Exchange
    """The request, and its answer as far as that is on record."""
    body: Any
    """The JSON of the request, a text if it is none, None if there is none."""
    at: float | None
    """When the request came, in seconds since the epoch."""
    answered: bool
    """Whether the answer itself is on record, and not its status alone."""
    error: str | None = None
    """The id of an error row, where that is on record."""
    told: Told | None = None
    kinds: tuple[Kind, ...] = ()
    """The faults that met it, as far as they are on record."""
    retry_after: float | None = None
    task: str | None = None
    """The state of the task that the answer told, where the answer itself is not on record."""

    @property
    def status(self) -> int:
        """The HTTP status; 0 where no answer came."""
        return self.exchange.status or 0

    def field(self, name: str) -> Any:
        """Return a field of the request's JSON."""
        return self.body.get(name) if isinstance(self.body, dict) else None


def records_of(path: Path, catalog: Catalog) -> Iterator[Record]:
    """Read a cassette (`.yaml`, `.yml`) or a journal, which has the JSON of an entry in each line.

    Raises `CassetteError` or `UsageError` for a file that is neither.
    """
    if path.suffix in _CASSETTES:
        scrubber = Scrubber(catalog)
        interactions = read_cassette(path).interactions
        for interaction in interactions:
            scrubber.learn(interaction)
        for interaction in interactions:
            yield _of_interaction(scrubber.interaction(interaction))
        return
    for number, line in enumerate(_lines(path), start=1):
        try:
            entry = msgspec.json.decode(line, type=Entry)
            record = _of_entry(entry, catalog)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            problem = f"{path.name}, line {number}: is no entry of a journal: {error}"
            raise UsageError(
                f"{problem}; cassettes have the suffix {' or '.join(_CASSETTES)}"
            ) from None
        if entry.arrived:
            yield record


def told_in(exchange: Exchange) -> Told | None:
    """Return the error that an answer tells, as its whole or as an event."""
    whole = exchange.response_json
    if whole is not ABSENT:
        return _told(whole)
    for number, frame in enumerate(exchange.frames):
        if (told := _told(frame)) is not None:
            return msgspec.structs.replace(told, event=number)
    return None


def _told(value: Any) -> Told | None:
    if not isinstance(value, dict) or "choices" in value:
        return None
    error, place = value.get("error"), "error."
    if not isinstance(error, dict):
        error, place = value, ""
    message, code, kind = (error.get(name) for name in ("message", "code", "type"))
    if not isinstance(message, str) or not (place or code or kind):
        return None
    return Told(
        message=message,
        code=code if isinstance(code, str) else None,
        type=kind if isinstance(kind, str) else None,
        keys=tuple(error),
        place=place,
    )


def _of_interaction(interaction: Interaction) -> Record:
    parts = urlsplit(interaction.uri)
    first, _, rest = parts.path.lstrip("/").partition("/")
    host, path = (parts.hostname or "").removesuffix("."), parts.path
    if ("." in first and host.replace(".", "").isdigit()) or host == "localhost":
        host, path = first, f"/{rest}"  # a fake behind a socket, host by host
    headers = dict(interaction.headers)
    exchange = Exchange(
        method=interaction.method,
        host=host,
        path=_target(path, parts.query),
        headers=interaction.request_headers,
        content=interaction.request_body,
        status=interaction.status,
        response_headers=interaction.headers,
        received=bytearray(interaction.body),
    )
    arrived = headers.get(_ARRIVED, "")
    return Record(
        exchange=exchange,
        body=_read(interaction.request_body),
        at=int(arrived) / 1000 if arrived.isdecimal() else moment_of(headers.get("date", "")),
        answered=True,
        told=told_in(exchange),
    )


def _of_entry(entry: Entry, catalog: Catalog) -> Record:
    redactor = Redactor(catalog)
    message = redactor.text(entry.message) if entry.message is not None else None
    return Record(
        exchange=Exchange(
            method=entry.method,
            host=entry.host,
            path=_target(redactor.url(entry.path), redactor.query(entry.query)),
            headers=redactor.headers(entry.headers),
            content=b"",
            status=entry.status or None,
        ),
        body=redactor.value(entry.body),
        at=entry.at,
        answered=False,
        error=entry.error,
        told=Told(message=message) if message else None,
        kinds=tuple(kind for kind in KINDS if kind in (entry.fault or "").split("+")),
        retry_after=entry.retry_after,
        task=entry.task,
    )


def _target(path: str, query: str) -> str:
    target = f"{path or '/'}?{query}" if query else path or "/"
    return quote(target, safe="".join(map(chr, range(0x21, 0x7F))))


def _read(body: bytes) -> Any:
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _lines(path: Path) -> list[bytes]:
    try:
        return [line for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise UsageError(f"cannot read {path} ({error.strerror})") from error
