"""Proves that a folder of recordings holds no credentials.

A file is clean when redaction would leave it as it is. Cassettes are looked into part by part, so
that a key is found behind escapes, in a query, in base64 and cut over the events of a stream; any
other file, and a cassette's own comments, line by line.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.credentials import REDACTED
from qwensim.errors import UsageError
from qwensim.exchange import Headers
from qwensim.recording.interactions import Interaction
from qwensim.recording.reading import ENCODING, CassetteError, parse
from qwensim.recording.redaction import Scrubber

_SUFFIXES = (".yaml", ".yml")
_BLANKED = re.compile(r"(?:bearer\s+)?[\[<{(*_-]*redacted[\]>})*_-]*", re.IGNORECASE)
"""What other tools write where they took a credential out."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A credential, but for the credential itself."""

    file: str
    place: str
    """Such as `interaction 2: response body`, or `line 7`."""
    kind: str
    """The id of the credential's row in the catalogue; `hidden` if it shows only when decoded, put
    together or compared, `unreadable` for a file or body that cannot be judged."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an audit saw."""

    files: int
    findings: tuple[Finding, ...]


def audit(path: Path, catalog: Catalog) -> Report:
    """Look through a file, or through all files of a folder and of those in it.

    Raises `UsageError` if there is no such file or folder.
    """
    if not path.exists():
        raise UsageError(f"no file or folder {str(path)!r}")
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    auditor = _Auditor(catalog)
    return Report(
        files=len(files),
        findings=tuple(finding for file in files for finding in auditor.findings(file)),
    )


_Parts: TypeAlias = Iterator[tuple[str, str, str]]
"""Place, text as it is and text as it would be without credentials."""


class _Auditor:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def findings(self, file: Path) -> Iterator[Finding]:
        try:
            text = file.read_bytes().decode("utf-8", "replace")
            cassette = parse(text, file=file) if file.suffix in _SUFFIXES else None
        except OSError as error:
            yield Finding(file=str(file), place=str(error.strerror), kind="unreadable")
            return
        except CassetteError as error:
            yield Finding(file=str(file), place=error.place or error.problem, kind="unreadable")
            cassette = None
        scrubber = Scrubber(self._catalog)
        found = False
        interactions = [_blanked(item) for item in cassette.interactions] if cassette else []
        for interaction in interactions:
            scrubber.learn(interaction)
        for number, interaction in enumerate(interactions, start=1):
            for part, kind in self._in_interaction(interaction, scrubber):
                found = True
                yield Finding(file=str(file), place=f"interaction {number}: {part}", kind=kind)
        if not found:
            for number, line in enumerate(_BLANKED.sub(REDACTED, text).splitlines(), start=1):
                if line != scrubber.text(line):
                    kind = self._kind("", line)
                    yield Finding(file=str(file), place=f"line {number}", kind=kind)

    def _in_interaction(
        self, interaction: Interaction, scrubber: Scrubber
    ) -> Iterator[tuple[str, str]]:
        """Yield part and kind of what is found."""
        if ENCODING in dict(interaction.headers):
            yield "response body", "unreadable"
        for part, seen, clean in _parts(interaction, scrubber):
            if seen != clean:
                yield part, self._kind(part, seen)

    def _kind(self, part: str, seen: str) -> str:
        """Return the row that says that this is a credential, by its place or its form."""
        rows = self._catalog.credentials.values()
        header = part.rpartition(" header ")[2]
        lowered = seen.lower()
        for row in rows:
            if header in row.headers or any(re.search(pattern, seen) for pattern in row.patterns):
                return row.id
        for row in rows:
            if any(re.search(rf"\b{re.escape(name)}\b", lowered) for name in row.parameters):
                return row.id
        return "hidden"


def _parts(interaction: Interaction, scrubber: Scrubber) -> _Parts:
    """Yield the parts of an interaction; request headers that are left out count as well."""
    yield "request URL", interaction.uri, scrubber.uri(interaction.uri)
    for side, headers in (
        ("request", interaction.request_headers),
        ("response", interaction.headers),
    ):
        for (name, value), (_, clean) in zip(headers, scrubber.headers(headers), strict=True):
            yield f"{side} header {name}", value, clean
    body = interaction.request_body
    yield "request body", _shown(body), _shown(scrubber.body(body))
    yield "response body", _shown(interaction.body), _shown(scrubber.response(interaction).body)


def _shown(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")


def _blanked(interaction: Interaction) -> Interaction:
    """Return the interaction with whatever stands for a credential in our own spelling."""

    def body(data: bytes) -> bytes:
        return _BLANKED.sub(REDACTED, data.decode("latin-1")).encode("latin-1")

    def headers(pairs: Headers) -> Headers:
        return tuple((name, _BLANKED.sub(REDACTED, value)) for name, value in pairs)

    return msgspec.structs.replace(
        interaction,
        uri=_BLANKED.sub(REDACTED, interaction.uri),
        request_headers=headers(interaction.request_headers),
        request_body=body(interaction.request_body),
        headers=headers(interaction.headers),
        body=body(interaction.body),
        chunks=(),
    )
