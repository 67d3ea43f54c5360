"""Reads raw captures: files with the two heads and bodies of an exchange, or an answer alone.

The files of one exchange are `NAME.request.header.txt`, `NAME.request.body.json`,
`NAME.response.header.txt` and `NAME.response.body.txt`, or the same without `NAME.` in a folder of
their own. An answer alone is `NAME.json`, or for a stream `NAME.chunks.txt`: the JSON of each event
on a line, the `[DONE]` at the end understood.

What recorders leave behind is overlooked: byte order marks, a request line that is missing.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from qwensim.contract.drift.exchanges import DONE, Recorded, Unreadable, decoded
from qwensim.exchange import Headers, Request

PART = re.compile(r"(?:(?P<name>.+)\.)?(?P<part>(?:request|response)\.(?:header|body))\.\w+")
"""A file name of a raw exchange."""

CHUNKS = ".chunks.txt"

_REQUEST_LINE = re.compile(r"([A-Z]+) (\S+) HTTP/\S+")
_STATUS_LINE = re.compile(r"HTTP/\S+ (\d{3})\b.*")


def read_exchange(parts: Mapping[str, Path]) -> Iterator[Recorded]:
    """Yield the exchange that is in files, found by `request.header` and so on."""
    texts = {part: read_text(path) for part, path in parts.items()}
    if "response.header" not in texts and "response.body" not in texts:
        raise Unreadable("there is no answer")
    if "request.header" not in texts and "request.body" not in texts:
        raise Unreadable("there is no request")
    first, headers = _head(texts.get("response.header", ""), _STATUS_LINE)
    body = texts.get("response.body", "").encode()
    yield Recorded(
        request=_request(texts.get("request.header", ""), texts.get("request.body", "")),
        status=int(first[1]) if first else None,
        headers=headers or None,
        body=decoded(body, headers),
    )


def read_answer(path: Path) -> Iterator[Recorded]:
    """Yield the answer that was kept without its request."""
    text = read_text(path)
    if path.name.endswith(CHUNKS):
        lines = [line.removeprefix("data:").strip() for line in text.splitlines() if line.strip()]
        if DONE not in lines:
            lines.append(DONE)
        text = "".join(f"data: {line}\n\n" for line in lines)
    yield Recorded(body=text.encode())


def read_text(path: Path) -> str:
    """Return the text of a file without its byte order mark; raises `Unreadable`."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is no text (byte {error.start})") from error


def _request(head: str, body: str) -> Request:
    first, headers = _head(head, _REQUEST_LINE)
    path, _, query = first[2].partition("?") if first else ("", "", "")
    host = dict(headers).get("host", "").lower()
    return Request(
        method=first[1] if first else "POST",
        host=host.partition(":")[0],
        path=path,
        query=query,
        headers=headers,
        body=body.encode(),
    )


def _head(text: str, first_line: re.Pattern[str]) -> tuple[re.Match[str] | None, Headers]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = first_line.fullmatch(lines[0]) if lines else None
    pairs = (line.partition(":") for line in (lines[1:] if first else lines))
    return first, tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
