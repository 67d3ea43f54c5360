"""Pictures and videos to describe: an address as it is, a file or bytes as a data URI.

Both are asked about as OpenClaw 2026.5.18 does it: a video in one message of the user, a picture
with the prompt as the system message.
"""

import base64
import mimetypes
import os
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import httpx2

from qwensim.errors import UsageError

Kind: TypeAlias = Literal["image", "video"]
Source: TypeAlias = str | os.PathLike[str] | bytes
"""An http(s) address or a data URI, the path of a file, or what such a file holds."""

MODEL: Final = "qwen-vl-max-latest"
"""OpenClaw docs/providers/qwen.md, 2026-05-18."""
PROMPTS: Final[dict[Kind, str]] = {
    "image": "Describe the image.",
    "video": "Describe the video in detail.",
}
"""Those of openclaw 2026.5.18."""

_LONGEST: Final = 15 * 1024 * 1024
"""Bytes of a file: 20 MiB in Base64, the most that the service has ever taken (capture of Sep 2026;
Model Studio docs, vision: 10 MiB)."""
_HEAD: Final = 64
"""Bytes; a WebM says so within them."""

_SIGNATURES: Final = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"AVI ", "video/x-msvideo"),
    (4, b"ftyphei", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/x-matroska"),
    (0, b"FLV\1", "video/x-flv"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-wmv"),
)
"""Offset, first bytes and type of what the service reads (Model Studio docs, vision); the first row
that fits wins."""


def messages(kind: Kind, source: Source, prompt: str | None = None) -> list[dict[str, Any]]:
    """Return the conversation that asks about a picture or a video; reads the file, if it is one.

    Raises `UsageError` for what cannot be read, is too large, or is of another kind.
    """
    prompt = prompt or PROMPTS[kind]
    part = {"type": f"{kind}_url", f"{kind}_url": {"url": _url(kind, source)}}
    if kind == "image":
        return [
            {"role": "system", "content": prompt},
            {"role": "user", "content": [part]},
        ]
    return [{"role": "user", "content": [{"type": "text", "text": prompt}, part]}]


def kind_of(source: Source) -> Kind | None:
    """Return what a source is, by the content of a file or the name in an address; None if unclear.

    Raises `UsageError` for a file that cannot be read.
    """
    if isinstance(source, str) and _is_address(source):
        if source.startswith("data:"):
            mime = source.removeprefix("data:")
        else:
            mime = mimetypes.guess_type(httpx2.URL(source).path)[0] or ""
    else:
        mime = _mime(_read(source, _HEAD))
    return next((kind for kind in PROMPTS if mime.startswith(f"{kind}/")), None)


def _url(kind: Kind, source: Source) -> str:
    if isinstance(source, str) and _is_address(source):
        return source
    content = _read(source, _LONGEST + 1)
    name = "the bytes" if isinstance(source, bytes) else str(source)
    if not content:
        raise UsageError(f"{name}: there is nothing in it")
    if len(content) > _LONGEST:
        raise UsageError(
            f"{name}: more than {_LONGEST:,} bytes, which no request can hold; "
            f"give the http(s) address of the {kind} instead"
        )
    mime = _mime(content)
    if not mime.startswith(f"{kind}/"):
        known = ", ".join(
            dict.fromkeys(row[2].partition("/")[2] for row in _SIGNATURES if kind in row[2])
        )
        raise UsageError(f"{name}: this is {mime or 'of no known type'}; {kind}s are: {known}")
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def _is_address(source: str) -> bool:
    """Tell an address from a path. Raises `UsageError` for an address that the service cannot open.

    A drive letter is no scheme.
    """
    scheme, colon, _ = source.partition(":")
    if not colon or len(scheme) == 1 or not scheme.isalpha():
        return False
    if scheme.lower() in ("http", "https", "data"):
        return True
    if "//" in source:
        raise UsageError(
            f"{scheme}:// addresses are not taken; give a file, or an http(s) or data address"
        )
    return False


def _read(source: Source, size: int) -> bytes:
    if isinstance(source, bytes):
        return source[:size]
    path = Path(source).expanduser()
    try:
        with path.open("rb") as file:
            return file.read(size)
    except (OSError, ValueError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"cannot read {str(source)!r} ({problem}); give a file, or an http(s) address"
        ) from error


def _mime(content: bytes) -> str:
    for offset, signature, mime in _SIGNATURES:
        if content.startswith(signature, offset):
            is_webm = mime == "video/x-matroska" and b"webm" in content[:_HEAD]
            return "video/webm" if is_webm else mime
    return ""
