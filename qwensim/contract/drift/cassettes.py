"""Reads cassettes as other projects keep them: those of vcrpy in its dialects, and of go-vcr.

A body may be text, bytes, `{string: …}`, `{base64_string: …}`, or JSON written out as YAML (as
`body` or `parsed_body`). A go-vcr cassette says `url` and `code`.
"""

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from qwensim.contract.drift.exchanges import Exchange, Recorded, Unreadable, decoded
from qwensim.exchange import Headers, Request
from qwensim.recording.reading import CassetteError, load


class _Half(msgspec.Struct):
    headers: dict[str, Any] | None = None
    body: Any = None
    parsed_body: Any = None


class _Request(_Half):
    method: str = "GET"
    uri: str = ""
    url: str = ""


class _Response(_Half):
    status: Any = None
    code: int | None = None


class _Interaction(msgspec.Struct):
    request: _Request
    response: _Response


def read_cassette(path: Path) -> Iterator[Exchange]:
    """Yield the exchanges of a cassette; raises `Unreadable` if it is none."""
    try:
        found = load(path.read_text("utf-8"), file=path)
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 (byte {error.start})") from error
    except CassetteError as error:
        raise Unreadable(f"{error.place}: {error.problem}".removeprefix(": ")) from error
    interactions = found.get("interactions") if isinstance(found, dict) else None
    if not isinstance(interactions, list) or not interactions:
        raise Unreadable("is no cassette: it has no list of `interactions`")
    for interaction in interactions:
        try:
            yield _recorded(msgspec.convert(interaction, _Interaction))
        except Unreadable as error:
            yield error
        except (msgspec.MsgspecError, RecursionError, TypeError, ValueError) as error:
            yield Unreadable(f"is no exchange: {error}")


def _recorded(found: _Interaction) -> Recorded:
    url = urlsplit(found.request.uri or found.request.url)
    if not url.hostname:
        raise Unreadable("the request has no address")
    headers = _headers(found.response.headers or {})
    status = found.response.status
    if isinstance(status, dict):
        status = status.get("code")
    return Recorded(
        request=Request(
            method=found.request.method.upper(),
            host=url.hostname.removesuffix("."),
            path=url.path or "/",
            query=url.query,
            headers=_headers(found.request.headers or {}),
            body=_body(found.request),
        ),
        status=msgspec.convert(found.response.code or status, int),
        headers=headers if found.response.headers else None,
        body=decoded(_body(found.response), headers),
    )


def _headers(found: dict[str, Any]) -> Headers:
    return tuple(
        (name.lower(), str(value))
        for name, values in found.items()
        for value in (values if isinstance(values, list) else [values])
    )


def _body(half: _Half) -> bytes:
    body = half.body if half.parsed_body is None else half.parsed_body
    if isinstance(body, dict) and half.parsed_body is None:
        if "base64_string" in body:
            try:
                return base64.b64decode(body["base64_string"], validate=True)
            except binascii.Error as error:
                raise Unreadable(f"the body is no base64: {error}") from error
        if "string" in body:
            body = body["string"]
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    return body if isinstance(body, bytes) else msgspec.json.encode(body)
