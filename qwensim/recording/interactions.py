"""What a cassette holds: requests, their answers, and where these come from."""

import itertools
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from qwensim.exchange import Headers
from qwensim.recording.provenance import Provenance

STREAM = "text/event-stream"

Chunks: TypeAlias = tuple[tuple[float, int], ...]
"""For each chunk of an answer the seconds since the request and the number of its bytes."""


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded request and its answer."""

    method: str
    uri: str
    request_headers: Headers = ()
    request_body: bytes = b""
    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""
    chunks: Chunks = ()
    """Empty where the chunks are not on record."""

    def __repr__(self) -> str:
        """Show the request line without its query, and the status: the rest may carry a key."""
        return f"Interaction({self.method} {self.uri.partition('?')[0]} -> {self.status})"


def pieces(interaction: Interaction) -> list[bytes]:
    """Return the body of an answer in the chunks in which it came, or whole."""
    if not interaction.chunks:
        return [interaction.body]
    ends = itertools.accumulate(length for _, length in interaction.chunks)
    return [
        interaction.body[end - length : end]
        for end, (_, length) in zip(ends, interaction.chunks, strict=True)
    ]


class Cassette(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a cassette file."""

    interactions: tuple[Interaction, ...]
    provenance: Provenance = Provenance()


def grouped(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return headers as vcrpy has them: each name with its values."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return values


def media_type(headers: Headers) -> str:
    """Return the media type of an answer, lower case, without parameters."""
    for name, value in headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""
