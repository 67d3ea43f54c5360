"""Answers requests from recordings, as often as they come.

A `Player` stands behind a server where else the simulator stands: it answers a `Request` in events.
"""

import contextlib
import itertools
import json
from collections import defaultdict
from collections.abc import Generator, Hashable, Iterable
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import urlsplit

import msgspec
from vcr.matchers import get_matchers_results
from vcr.request import Request as Asked

from qwensim.catalog import PAGE_DATE, Catalog
from qwensim.catalog.rows import HostRow
from qwensim.errors import UsageError
from qwensim.exchange import Chunk, End, Event, Head, Request, Wait
from qwensim.recording.interactions import Interaction, pieces
from qwensim.recording.matching import MATCHERS, to_request
from qwensim.recording.reading import read
from qwensim.recording.redaction import Scrubber

Pace: TypeAlias = Literal["recorded", "instant"]
"""Chunks when they came, or one after the other."""

_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding"})
"""Headers about the recorded connection, which say nothing of this one."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An interaction and the file that it stands in."""

    file: Path
    interaction: Interaction


def read_all(path: Path) -> tuple[Recorded, ...]:
    """Read a cassette, or all `*.yaml` and `*.yml` of a folder and of those in it.

    Raises `CassetteError` for a file that is none and `UsageError` if there are no recordings.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml"))
    found = tuple(
        Recorded(file=file, interaction=interaction)
        for file in files
        for interaction in read(file).interactions
    )
    if not found:
        raise UsageError(f"no recordings in {str(path)!r}: give a cassette or a folder of them")
    return found


class Player:
    """Plays recordings to whoever asks what was asked then, host by host.

    What was recorded several times is played in the order of the files, and then anew. Anything
    else is answered with a 404 that names the nearest recording and what differs.
    """

    clock = None
    """Waits are the server's to sleep."""

    def __init__(
        self, recordings: Iterable[Recorded], *, catalog: Catalog, pace: Pace = "recorded"
    ) -> None:
        self._pace = pace
        self._recordings = [
            msgspec.structs.replace(
                recorded, interaction=Scrubber(catalog).request(recorded.interaction)
            )
            for recorded in recordings
        ]
        answers: defaultdict[Hashable, list[Interaction]] = defaultdict(list)
        hosts = dict(catalog.hosts)
        for recorded in self._recordings:
            asked = to_request(recorded.interaction)
            answers[_key(asked)].append(recorded.interaction)
            hosts.setdefault(asked.host, _foreign(asked.host))
        self._turns = {key: itertools.cycle(found) for key, found in answers.items()}
        self._storage = [name for name in self.hosts if name not in catalog.hosts]
        self.catalog = msgspec.structs.replace(catalog, hosts=hosts)
        """The catalogue with the other hosts of the recordings, for the server to find."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of the hosts that have recordings."""
        return tuple(
            dict.fromkeys(
                urlsplit(item.interaction.uri).hostname or "" for item in self._recordings
            )
        )

    def handle(self, request: Request) -> Generator[Event]:
        """Return the events of the recorded answer, or of a 404."""
        query = f"?{request.query}" if request.query else ""
        asked = to_request(
            Scrubber(self.catalog).request(
                Interaction(
                    method=request.method,
                    uri=f"https://{request.host}{request.path}{query}",
                    request_headers=request.headers,
                    request_body=request.body,
                    status=0,
                )
            )
        )
        turn = self._turns.get(_key(asked))
        if turn is None:
            return self._miss(asked)
        return self._play(self._reached(next(turn), request.gateway))

    def _reached(self, answer: Interaction, gateway: str) -> Interaction:
        """Return an answer whose addresses of results lead here, for who comes by a gateway."""
        if not gateway or answer.chunks:
            return answer
        body = answer.body
        for host, scheme in itertools.product(self._storage, ("https", "http")):
            body = body.replace(f"{scheme}://{host}/".encode(), f"{gateway}/{host}/".encode())
        headers = tuple(
            (name, str(len(body)) if name == "content-length" else value)
            for name, value in answer.headers
        )
        return msgspec.structs.replace(answer, headers=headers, body=body)

    def _play(self, answer: Interaction) -> Generator[Event]:
        data = pieces(answer)
        arrivals = [moment for moment, _ in answer.chunks] or [0.0]
        now = arrivals[0] if self._pace == "recorded" else 0.0
        if now:
            yield Wait(seconds=now)
        headers = tuple(item for item in answer.headers if item[0] not in _CONNECTION)
        yield Head(status=answer.status, headers=headers)
        for moment, piece in zip(arrivals, data, strict=True):
            # A wait, be it for no time, keeps this chunk apart from the last.
            yield Wait(seconds=max(0.0, moment - now) if self._pace == "recorded" else 0.0)
            now = moment
            yield Chunk(data=piece)
        yield End()

    def _miss(self, asked: Asked) -> Generator[Event]:
        message = f"no recording answers {asked.method} {asked.uri}"
        if (nearest := self._nearest(asked)) is not None:
            recorded, differences = nearest
            message += f"; the nearest is in {recorded.file}, but {differences}"
        error = {"message": message, "type": "replay_miss", "param": None, "code": "no_recording"}
        body = msgspec.json.encode({"error": error})
        yield Head(
            status=404,
            headers=(("content-type", "application/json"), ("content-length", str(len(body)))),
        )
        yield Chunk(data=body)
        yield End()

    def _nearest(self, asked: Asked) -> tuple[Recorded, str] | None:
        """Return the recording that differs least, and how; None if none is alike at all."""
        judged = []
        for recorded in self._recordings:
            alike, unlike = get_matchers_results(asked, to_request(recorded.interaction), MATCHERS)
            if alike:
                extent = sum(len(explanation or "") for _, explanation in unlike)
                judged.append((len(unlike), extent, recorded, unlike))
        if not judged:
            return None
        _, _, recorded, unlike = min(judged, key=lambda item: item[:2])
        return recorded, "; ".join(f"the {name} differs: {why}" for name, why in unlike)


def _key(asked: Asked) -> Hashable:
    """Return what is equal for requests that vcrpy's matchers take for the same."""
    body: Any = asked.body_bytes
    if "json" in asked.headers.get("content-type", ""):
        with contextlib.suppress(ValueError, RecursionError):
            body = _frozen(json.loads(body))
    return (asked.method, asked.host, asked.path or "/", tuple(asked.query), body)


def _frozen(value: Any) -> Hashable:
    """Return a JSON value as one that can be looked up."""
    if isinstance(value, dict):
        return frozenset((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return cast("Hashable", value)


def _foreign(name: str) -> HostRow:
    return HostRow(
        name=name,
        plan="standard",
        region="global",
        base_path="/",
        help="",
        source="stands for a host of the recordings that the catalogue does not know",
        checked=PAGE_DATE,
        confidence="guess",
    )
