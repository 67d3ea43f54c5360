"""Records exchanges on the service's side, where clients of any kind are heard."""

import contextlib
from collections.abc import Callable, Generator
from http import HTTPStatus
from pathlib import Path

import msgspec

from qwensim.catalog import Catalog
from qwensim.exchange import Chunk, End, Event, Head, Request
from qwensim.recording.interactions import STREAM, Cassette, Chunks, Interaction, media_type
from qwensim.recording.provenance import Provenance
from qwensim.recording.redaction import Scrubber
from qwensim.recording.writing import write


class ExchangeRecorder:
    """Keeps the exchanges that come to their end; `clock`, in seconds, times the chunks."""

    def __init__(self, catalog: Catalog, *, clock: Callable[[], float]) -> None:
        self._scrubber = Scrubber(catalog)
        self._clock = clock
        self._begun = 0
        self._kept: dict[int, Interaction] = {}

    @property
    def lost(self) -> int:
        """How many exchanges have not come to their end: no cassette can hold them."""
        return self._begun - len(self._kept)

    def record(self, request: Request, events: Generator[Event]) -> Generator[Event]:
        """Return the events of an answer, which is kept when they come to their end."""
        self._begun += 1
        return self._record(self._begun, request, events)

    def write(self, path: Path, provenance: Provenance) -> None:
        """Write what was kept, in the order in which it was asked, in place of what stood there."""
        kept = tuple(self._kept[number] for number in sorted(self._kept))
        hosts = dict.fromkeys(item.uri.split("/")[2] for item in kept)
        told = msgspec.structs.replace(provenance, host=", ".join(hosts))
        write(path, Cassette(interactions=kept, provenance=told))

    def _record(self, number: int, request: Request, events: Generator[Event]) -> Generator[Event]:
        started = self._clock()
        head = Head(status=0, headers=())
        came: list[tuple[float, bytes]] = []
        with contextlib.closing(events):
            for event in events:
                if isinstance(event, Head):
                    head = event
                elif isinstance(event, Chunk):
                    came.append((self._clock() - started, event.data))
                elif isinstance(event, End):
                    self._kept[number] = self._interaction(request, head, came)
                yield event

    def _interaction(
        self, request: Request, head: Head, came: list[tuple[float, bytes]]
    ) -> Interaction:
        chunks: Chunks = ()
        if media_type(head.headers) == STREAM:
            chunks = tuple((round(moment, 3), len(data)) for moment, data in came)
        query = f"?{request.query}" if request.query else ""
        return self._scrubber.interaction(
            Interaction(
                method=request.method,
                uri=f"https://{request.host}{request.path}{query}",
                request_headers=request.headers,
                request_body=request.body,
                status=head.status,
                reason=HTTPStatus(head.status).phrase,
                headers=head.headers,
                body=b"".join(data for _, data in came),
                chunks=chunks,
            )
        )
