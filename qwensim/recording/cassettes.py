"""Plays and records cassettes around unmodified clients.

vcrpy matches, counts what was played and explains near misses; it patches requests, aiohttp and
its other libraries itself. The transports of httpx2 and httpx are wrapped here instead, so that
keys are taken out before vcrpy sees, logs or keeps anything, and the chunks of a stream are kept.
"""

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import httpx
import httpx2
import msgspec
import vcr
from vcr.cassette import Cassette as Tape
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.request import Request

from qwensim.catalog import Catalog, load
from qwensim.errors import UsageError
from qwensim.recording.interactions import Cassette, Interaction
from qwensim.recording.matching import MATCH_ON, to_interaction, to_request, to_response
from qwensim.recording.provenance import Provenance
from qwensim.recording.reading import read
from qwensim.recording.redaction import Scrubber
from qwensim.recording.stubs import Stub
from qwensim.recording.writing import write

Record: TypeAlias = Literal["none", "once", "all"]
"""`none`: only play. `once`: play, or record where there is no file yet. `all`: record anew."""


@contextlib.contextmanager
def use_cassette(
    path: str | Path,
    *,
    record: Record = "none",
    catalog: Catalog | None = None,
    provenance: Provenance | None = None,
    whole: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Tape]:
    """Answer the HTTP requests of the block from a cassette, or record them to it.

    `catalog` has the list of credentials that are taken out and defaults to the bundled one.
    `provenance` is written to a new cassette, with the hosts if it names none; left out, it says
    today, the client's User-Agent, and `unknown` where the answers come from. `clock`, in seconds,
    times the chunks.

    Where the block passes but asked for what the cassette does not hold, or, if `whole`, did not
    play all of it, `AssertionError` is raised. Where it raises, nothing is recorded. Raises
    `UsageError` if there is no cassette to play, `CassetteError` if it is broken.
    """
    path = Path(path)
    stored = _stored(path, record)
    scrubber = Scrubber(catalog or load())
    store = _Store(stored)
    recorder = _recorder(store, scrubber, record)
    misses: list[str] = []
    with recorder.use_cassette(str(path)) as tape, contextlib.ExitStack() as patches:
        for library in (httpx2, httpx):
            stub = Stub(tape, scrubber=scrubber, library=library, clock=clock, misses=misses)
            for patch in stub.patches():
                patches.enter_context(patch)
        try:
            yield tape
        except Exception as error:
            _explain(error, misses)
            raise
    if misses:
        raise AssertionError("\n\n".join(misses))
    if stored is None:
        interactions = tuple(scrubber.interaction(item) for item in store.recorded)
        told = _told_by(interactions)
        if provenance is not None:
            told = msgspec.structs.replace(provenance, host=provenance.host or told.host)
        write(path, Cassette(interactions=interactions, provenance=told))
    elif whole:
        _check_played(tape, path)


def _stored(path: Path, record: Record) -> Cassette | None:
    """Return the cassette to be played, or None if one is to be recorded."""
    if record not in get_args(Record):
        raise UsageError(f"no record mode {record!r}; there are: {', '.join(get_args(Record))}")
    if record != "all" and path.exists():
        return read(path)
    if record == "none":
        raise UsageError(f"no cassette {str(path)!r}: record it with record='once'")
    return None


def _explain(error: Exception, misses: list[str]) -> None:
    """Tell of the misses that stand behind an error of a client or a test."""
    if not isinstance(error, CannotOverwriteExistingCassetteException):
        for miss in misses:
            error.add_note(miss)


class _Store:
    """Where vcrpy reads and writes: what was read before, and what is written afterwards.

    vcrpy leaves its patches behind where writing fails, and writes over the file as it goes.
    """

    def __init__(self, stored: Cassette | None) -> None:
        self._stored = stored
        self.recorded: list[Interaction] = []

    def load_cassette(self, path: str, serializer: object) -> tuple[list[Request], list[Any]]:
        """Give vcrpy what is on file."""
        if self._stored is None:
            raise CassetteNotFoundError(path)
        interactions = self._stored.interactions
        return [to_request(item) for item in interactions], [
            to_response(item) for item in interactions
        ]

    def save_cassette(self, path: str, cassette_dict: dict[str, Any], serializer: object) -> None:
        """Take what vcrpy recorded."""
        found = zip(cassette_dict["requests"], cassette_dict["responses"], strict=True)
        self.recorded = [to_interaction(request, response) for request, response in found]


def _recorder(store: _Store, scrubber: Scrubber, record: Record) -> vcr.VCR:
    """Return vcrpy set up for libraries other than httpx2 and httpx, and for its own matching."""

    def scrub_request(request: Request) -> Request:
        return to_request(scrubber.request(to_interaction(request, to_response(_NOTHING))))

    def scrub_response(response: dict[str, Any]) -> dict[str, Any]:
        return to_response(scrubber.response(to_interaction(to_request(_NOTHING), response)))

    recorder = vcr.VCR(
        record_mode=record,
        match_on=MATCH_ON,
        before_record_request=scrub_request,
        before_record_response=scrub_response,
        decode_compressed_response=True,
        record_on_exception=False,
        skip_patchers=("httpx2", "httpx"),
    )
    recorder.register_persister(store)
    return recorder


_NOTHING = Interaction(method="", uri="", status=0)
"""The other half, where vcrpy hands over only one."""


def _check_played(tape: Tape, path: Path) -> None:
    unplayed = [
        f"{number} ({request.method} {request.uri})"
        for number, request in enumerate(tape.requests, start=1)
        if not tape.play_counts[number - 1]
    ]
    if unplayed:
        raise AssertionError(
            f"{len(unplayed)} of the {len(tape)} recordings in {path} were not played: "
            f"{', '.join(unplayed)}"
        )


def _told_by(interactions: tuple[Interaction, ...]) -> Provenance:
    """Return what a recording tells of itself."""
    agents = (
        value
        for interaction in interactions
        for name, value in interaction.request_headers
        if name == "user-agent"
    )
    hosts = dict.fromkeys(urlsplit(interaction.uri).hostname or "" for interaction in interactions)
    return Provenance(
        date=dt.datetime.now(dt.UTC).date(), client=next(agents, ""), host=", ".join(hosts)
    )
