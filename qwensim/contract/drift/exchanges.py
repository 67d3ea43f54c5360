"""Recorded exchanges, whatever the form in which they were kept."""

import datetime as dt
import zlib
from typing import TypeAlias

import msgspec

from qwensim.exchange import Headers, Request

DONE = "[DONE]"
"""The data of the last frame of a stream."""


class Unreadable(Exception):  # noqa: N818 - it is a finding, not an error of ours
    """A recording, or a part of it, cannot be looked at; the message says why."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange as it was recorded. What the recording leaves out is None or empty."""

    request: Request | None = None
    """Host and path may be empty. None: the answer alone was kept."""
    status: int | None = None
    headers: Headers | None = None
    """Of the answer."""
    body: bytes = b""
    """Of the answer, decoded."""


Exchange: TypeAlias = Recorded | Unreadable


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Exchanges of one conversation, in order: a cassette, or what one raw exchange left behind."""

    name: str
    """The path, without the endings that differ within the recording."""
    exchanges: tuple[Exchange, ...]


def decoded(body: bytes, headers: Headers) -> bytes:
    """Return a body without its content encoding, if it still has one; raises `Unreadable`."""
    encoding = dict(headers).get("content-encoding", "").lower()
    try:
        if encoding == "gzip" and body.startswith(b"\x1f\x8b"):
            return zlib.decompress(body, wbits=31)
        if encoding == "deflate" and body.startswith(b"\x78"):
            return zlib.decompress(body)
    except zlib.error as error:
        raise Unreadable(f"the body is no {encoding}: {error}") from error
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"the body is no text (content-encoding {encoding or 'none'})") from error
    return body


def day_of(moment: float) -> dt.date:
    """Return the day of a moment in seconds since the epoch."""
    return dt.datetime.fromtimestamp(moment, dt.UTC).date()
