"""Reads cassettes safely: ours, and those of any project that records with vcrpy."""

import contextlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import yaml
from vcr.serializers import yamlserializer

from qwensim.errors import QwensimError
from qwensim.exchange import Headers
from qwensim.recording.interactions import Cassette, Interaction
from qwensim.recording.provenance import Provenance

ENCODING = "content-encoding"
"""A header that is left of an answer only if its body could not be read."""

_DEEPEST = 100
_GZIP_OR_ZLIB = 47
"""zlib's largest window, and 32 for the body to tell which it is."""
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CassetteError(QwensimError):
    """A file is no cassette; the message names the file and the line or the field."""

    def __init__(self, problem: str, *, file: Path, place: str = "") -> None:
        where = ": ".join(part for part in (str(file), place) if part)
        super().__init__(f"{where}: {problem}")
        self.problem, self.file, self.place = problem, file, place


_Headers: TypeAlias = dict[str, str | list[str]]


class _Request(msgspec.Struct, kw_only=True):
    method: str
    uri: str
    body: bytes = b""
    headers: _Headers = {}


class _Status(msgspec.Struct, kw_only=True):
    code: int
    message: str | None = None


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    string: bytes = b""


class _Response(msgspec.Struct, kw_only=True):
    status: _Status | None = None
    headers: _Headers = {}
    body: _Content = _Content()
    chunks: list[tuple[float, int]] = []
    status_code: int | None = None
    """In place of `status`, with `content`: httpx as vcrpy recorded it before version 6."""
    content: bytes = b""


class _Pair(msgspec.Struct, kw_only=True):
    request: _Request
    response: _Response


def read(path: Path) -> Cassette:
    """Read a cassette of ours or of any project that records with vcrpy.

    Raises `CassetteError` if the file cannot be read, is no YAML, holds an object that is not plain
    data, or is no cassette.
    """
    try:
        return parse(path.read_text("utf-8"), file=path)
    except OSError as error:
        raise CassetteError(f"cannot be read ({error.strerror})", file=path) from error
    except UnicodeDecodeError as error:
        raise CassetteError(f"is not UTF-8 (byte {error.start})", file=path) from error


def parse(text: str, *, file: Path) -> Cassette:
    """Read the text of a cassette; raises `CassetteError` as `read` does."""
    data = load(text, file=file)
    if not isinstance(data, dict) or not isinstance(data.get("interactions"), list):
        raise CassetteError("is no cassette: it has no list of `interactions`", file=file)
    return Cassette(
        interactions=tuple(
            _interaction(pair, file, f"interaction {number}")
            for number, pair in enumerate(data["interactions"], start=1)
        ),
        provenance=_provenance(data.get("metadata"), file),
    )


def load(text: str, *, file: Path) -> Any:
    """Load YAML that holds plain data only, nested no deeper than libyaml can bear.

    Raises `CassetteError` with the line for anything else.
    """
    try:
        _check_depth(text, file)
        return yamlserializer.deserialize(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}" if mark else ""
        raise CassetteError(f"is not safe YAML: {error.problem}", file=file, place=place) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise CassetteError(
            f"is not YAML: {error.reason}", file=file, place=f"line {line}"
        ) from error
    except (RecursionError, ValueError, TypeError) as error:
        raise CassetteError(f"is not safe YAML: {error}", file=file) from error


def _check_depth(text: str, file: Path) -> None:
    """Refuse what is nested so deep that libyaml's composer would overflow the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_PARSER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise CassetteError(f"is nested deeper than {_DEEPEST} levels", file=file)


def _interaction(found: Any, file: Path, place: str) -> Interaction:
    pair: _Pair = _converted(found, _Pair, file, place)
    request, response = pair.request, pair.response
    status, body = response.status, response.body.string
    if response.status_code is not None:
        status, body = _Status(code=response.status_code), response.content
    if status is None:
        raise CassetteError("has no `status`", file=file, place=f"{place}: response")
    chunks = tuple(response.chunks)
    if chunks and sum(length for _, length in chunks) != len(body):
        raise CassetteError(
            f"the chunks do not add up to the body's length of {len(body)}: correct them, or take "
            "them out",
            file=file,
            place=f"{place}: response.chunks",
        )
    interaction = Interaction(
        method=request.method.upper(),
        uri=request.uri,
        request_headers=_pairs(request.headers),
        request_body=request.body,
        status=status.code,
        reason=status.message or "",
        headers=_pairs(response.headers),
        body=body,
        chunks=chunks,
    )
    return _decompressed(interaction) if ENCODING in dict(interaction.headers) else interaction


def _decompressed(interaction: Interaction) -> Interaction:
    """Return it with its answer as text, and its headers to match.

    What is neither text nor can be made so (br, zstd, broken) stays, and keeps its headers.
    """
    body = interaction.body
    with contextlib.suppress(zlib.error):
        body = zlib.decompress(body, wbits=_GZIP_OR_ZLIB)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return interaction
    same = body == interaction.body
    return msgspec.structs.replace(
        interaction,
        headers=tuple(
            (name, value if same or name != "content-length" else str(len(body)))
            for name, value in interaction.headers
            if name != ENCODING
        ),
        body=body,
        chunks=interaction.chunks if same else (),
    )


def _converted(found: Any, struct: type[Any], file: Path, place: str) -> Any:
    try:
        return msgspec.convert(_in_bytes(found), struct)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$")
        field = where.strip("`.")
        raise CassetteError(
            problem, file=file, place=f"{place}: {field}" if field else place
        ) from error


def _in_bytes(found: Any) -> Any:
    """Return the pair of request and response with their bodies as bytes."""
    match found:
        case {"request": {"body": body} as request}:
            found = {**found, "request": {**request, "body": _bytes(body)}}
    match found:
        case {"response": {"body": {"string": body}} as response}:
            found = {**found, "response": {**response, "body": {"string": _bytes(body)}}}
        case {"response": {"content": body} as response}:
            found = {**found, "response": {**response, "content": _bytes(body)}}
    return found


def _provenance(metadata: Any, file: Path) -> Provenance:
    if not isinstance(metadata, dict) or "provenance" not in metadata:
        return Provenance()
    provenance: Provenance = _converted(
        metadata["provenance"], Provenance, file, "metadata.provenance"
    )
    return provenance


def _bytes(body: Any) -> Any:
    """Return a body as bytes: vcrpy writes text, files and iterators too; else as it is."""
    if body is None:
        return b""
    if isinstance(body, dict):  # aiohttp's `json=`, as vcrpy writes it
        return json.dumps(body, default=str).encode()
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return body.read()
    return b"".join(map(_bytes, body)) if hasattr(body, "__next__") else body


def _pairs(headers: Mapping[str, str | list[str]]) -> Headers:
    return tuple(
        (name.lower(), value)
        for name, values in headers.items()
        for value in ([values] if isinstance(values, str) else values)
    )
