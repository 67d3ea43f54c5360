"""GET and HEAD of an asset: the storage service, where a signed address is the only key."""

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote
from wsgiref.handlers import format_date_time

from qwensim.exchange import Chunk, Head, Headers
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.assets import Asset, Storage
from qwensim.simulator.refusals import Refused

_SIGNED = ("Expires", "OSSAccessKeyId", "Signature")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_PIECE = 16 * 1024
"""Bytes that are written at a time."""


class AssetSurface:
    """Serves what tasks have made.

    One order of checks, the first failure answers: whether the address is signed, has expired, is
    signed rightly, and leads to something.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        request = call.request
        key = unquote(call.path_values["name"])
        self._check(call, key, dict(parse_qsl(request.query, keep_blank_values=True)))
        asset = self._storage.find(request.host, key)
        if asset is None:
            raise Refused("storage-no-key", key=key)
        content = self._storage.read(asset)
        start, end = _range(request.header("range") or "", len(content))
        partial = end - start < len(content)
        media_type = asset.content.media_type
        about: Headers = (
            ("content-type", media_type),
            ("content-length", str(end - start)),
            *((("content-range", f"bytes {start}-{end - 1}/{len(content)}"),) if partial else ()),
            *_properties(asset, content),
        )
        sent = b"" if request.method == "HEAD" else content[start:end]
        return Answer(
            content_type=media_type,
            head=Head(
                status=206 if partial else 200,
                headers=headers.storage(
                    arrived=call.arrived, request_id=call.identity.request_id, content=about
                ),
            ),
            events=_pieces(sent),
        )

    def _check(self, call: Call, key: str, query: Mapping[str, Any]) -> None:
        if not all(query.get(name) for name in _SIGNED):
            raise Refused("storage-unsigned")
        expires, access_key_id, signature = (query[name] for name in _SIGNED)
        # Longer numbers than that are of no calendar.
        moment = int(expires) if re.fullmatch(r"[0-9]{1,11}", expires) else 0
        if call.arrived >= moment:
            raise Refused(
                "storage-expired", expires=_written(moment), server_time=_written(call.arrived)
            )
        expected = self._storage.signature(call.request.host, key, expires)
        if access_key_id != self._storage.access_key_id or signature != expected:
            raise Refused("storage-signature", access_key_id=access_key_id, signature=signature)


def _range(asked: str, size: int) -> tuple[int, int]:
    """Return the bytes that are asked for; as by the service, all if the range makes no sense."""
    found = _RANGE.fullmatch(asked)
    if found is None or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    start, end = int(first), min(int(last) + 1, size) if last else size
    return (start, end) if start < end else (0, size)


def _properties(asset: Asset, content: bytes) -> Headers:
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return (
        ("accept-ranges", "bytes"),
        ("etag", f'"{digest.hex().upper()}"'),
        ("last-modified", format_date_time(asset.stored)),
        ("content-md5", base64.b64encode(digest).decode("ascii")),
        ("x-oss-object-type", "Normal"),
        ("x-oss-storage-class", "Standard"),
    )


def _pieces(content: bytes) -> Iterator[Chunk]:
    return (Chunk(data=content[start : start + _PIECE]) for start in range(0, len(content), _PIECE))


def _written(moment: float) -> str:
    """Return a moment as the service writes it in XML."""
    written = dt.datetime.fromtimestamp(moment, dt.UTC)
    return f"{written:%Y-%m-%dT%H:%M:%S}.{written.microsecond // 1000:03d}Z"
