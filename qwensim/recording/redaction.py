"""Takes credentials out of what is recorded, before anything of it is kept.

On top of the one list of credentials (`qwensim.catalog.Redactor`) it knows the ways in which a
secret hides in HTTP: behind JSON escapes, percent-encoding or base64, in JSON within a string, and
cut over the deltas of a stream. Where it finds one in such a form, the text around it comes out
decoded. What holds no credential keeps its bytes.
"""

import base64
import binascii
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec

from qwensim.catalog import Catalog, Redactor
from qwensim.catalog.credentials import REDACTED
from qwensim.exchange import Headers
from qwensim.recording.interactions import STREAM, Chunks, Interaction, media_type

_KEPT = re.compile(
    r"accept|authorization|content-type|user-agent|(x-)?api-key|x-dashscope-.*|anthropic-.*"
)
"""Request headers that a service looks at. All others tell of the machine: they are left out."""

_DEEPEST = 100
"""Levels of JSON; what is deeper is looked through as text."""

_ESCAPE = re.compile(r"\\+u00([2-7][0-9A-Fa-f])")
_BASE64 = (re.compile(r"[A-Za-z0-9+/]{16,}={0,2}"), re.compile(r"[A-Za-z0-9_-]{16,}={0,2}"))
"""Of both alphabets: a slash may be a digit, or part a path."""
_FORM = re.compile(r"[^\s=&{\[]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")
_FRAME_END = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)")
_DATA = re.compile(rb"(?m)^(data: ?)([\[{].*?)(\r?)$")


class Scrubber:
    """Scrubs the exchanges of one cassette.

    What any request presents as its credentials, whatever its form, is a secret in all of them.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._redactor = Redactor(catalog)
        self._secrets: set[str] = set()
        self._known: dict[str, str] = {}
        """Texts and what is left of them: most of what an exchange says it says again."""

    def interaction(self, interaction: Interaction) -> Interaction:
        """Return the interaction without its credentials."""
        return self.response(self.request(interaction))

    def learn(self, interaction: Interaction) -> None:
        """Remember what the request presents."""
        query = interaction.uri.partition("?")[2]
        for secret in self._redactor.presented(interaction.request_headers, query):
            if secret != REDACTED and secret not in self._secrets:
                self._secrets |= {secret, json.dumps(secret)[1:-1], quote(secret, safe="")}
                self._known.clear()

    def request(self, interaction: Interaction) -> Interaction:
        """Return it with its request scrubbed, its headers only those that matter."""
        self.learn(interaction)
        kept = [item for item in interaction.request_headers if _KEPT.fullmatch(item[0].lower())]
        return msgspec.structs.replace(
            interaction,
            uri=self.uri(interaction.uri),
            request_headers=self.headers(kept),
            request_body=self.body(interaction.request_body),
        )

    def response(self, interaction: Interaction) -> Interaction:
        """Return it with its response scrubbed; lengths are those of what is left."""
        headers = self.headers(interaction.headers)
        if (media_type(interaction.headers) or _guessed_type(interaction.body)) == STREAM:
            frames = _FRAME_END.split(interaction.body)
            clean = self.frames(frames)
            body = b"".join(clean)
            chunks = _recut(interaction.chunks, frames, clean)
        else:
            body = self.body(interaction.body)
            chunks = interaction.chunks if len(body) == len(interaction.body) else ()
        headers = tuple(
            (name, str(len(body)) if name.lower() == "content-length" and body else value)
            for name, value in headers
        )
        return msgspec.structs.replace(interaction, headers=headers, body=body, chunks=chunks)

    def headers(self, headers: Sequence[tuple[str, str]]) -> Headers:
        """Return headers without credentials; those made to carry them are blanked as a whole."""
        clean = self._redactor.headers(headers, secrets=self._secrets)
        return tuple((name, self.text(value)) for name, value in clean)

    def uri(self, uri: str) -> str:
        """Return a URL without credentials, user and password included."""
        redactor, secrets = self._redactor, self._secrets
        try:
            parts = urlsplit(uri)
        except ValueError:  # brackets in a host name that are no IPv6 address
            return self.text(uri)
        return urlunsplit(
            parts._replace(
                netloc=parts.netloc.rpartition("@")[2],
                path=self.text(redactor.url(parts.path, secrets=secrets)),
                query=self.text(redactor.query(parts.query, secrets=secrets)),
                fragment=self.text(parts.fragment),
            )
        )

    def body(self, body: bytes) -> bytes:
        """Return a body without credentials; it may be JSON, a form, any text, or binary."""
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return self.text(body.decode("latin-1")).encode("latin-1")
        if _FORM.fullmatch(text):
            text = self._redactor.query(text, secrets=self._secrets)
        clean = self.text(self._json(text))
        return clean.encode("utf-8", "surrogatepass")

    def text(self, text: str) -> str:
        """Return a text without credentials."""
        if (clean := self._known.get(text)) is None:
            clean = self._known[text] = self._judged(text)
        return clean

    def _judged(self, text: str) -> str:
        for reveal in (_as_it_is, _unescaped, unquote):
            plain = reveal(text)
            clean = self._redactor.text(plain, secrets=self._secrets)
            if clean != plain:
                text = clean
        for encoded in _BASE64:
            text = encoded.sub(self._base64, text)
        return text

    def frames(self, frames: Sequence[bytes]) -> list[bytes]:
        """Return the events of a stream without credentials, also those cut over several."""
        events = [[_decoded(match[2]) for match in _DATA.finditer(frame)] for frame in frames]
        found: defaultdict[tuple[Any, ...], list[tuple[Any, Any]]] = defaultdict(list)
        for value in (value for event in events for value in event):
            for path, holder, key in _leaves(value):
                found[path].append((holder, key))
        for places in found.values():
            self._scrub_joined(places)
        return [self._frame(frame, event) for frame, event in zip(frames, events, strict=True)]

    def _scrub_joined(self, places: Sequence[tuple[Any, Any]]) -> None:
        """Scrub a text that came in pieces; they keep their lengths, the last takes the rest."""
        pieces = [holder[key] for holder, key in places]
        joined = "".join(pieces)
        clean = self._leaf(joined)
        if len(pieces) == 1 or clean == joined:
            return
        start = 0
        for (holder, key), piece in zip(places[:-1], pieces, strict=False):
            holder[key] = clean[start : start + len(piece)]
            start += len(piece)
        holder, key = places[-1]
        holder[key] = clean[start:]

    def _frame(self, frame: bytes, event: Sequence[Any]) -> bytes:
        values = iter(event)

        def line(match: re.Match[bytes]) -> bytes:
            value = next(values)
            before = _decoded(match[2])
            clean = self._value(value)
            if clean == before:
                return match[0]
            return match[1] + _written(clean).encode("utf-8", "surrogatepass") + match[3]

        data = _DATA.sub(line, frame)
        text = data.decode("utf-8", "surrogateescape")
        return self.text(text).encode("utf-8", "surrogateescape")

    def _json(self, text: str) -> str:
        """Return the text; if it is JSON with credentials in it, written anew without them."""
        if text.lstrip()[:1] not in ("{", "["):
            return text
        value = _decoded(text)
        clean = self._value(value)
        return text if clean == value else _written(clean)

    def _value(self, value: Any) -> Any:
        return _mapped(self._redactor.value(value, secrets=self._secrets), self._leaf)

    def _leaf(self, text: str) -> str:
        """Scrub a string of JSON, which may be JSON itself (the arguments of a call)."""
        return self.text(self._json(text))

    def _base64(self, match: re.Match[str]) -> str:
        """Return base64 as it is unless a credential comes to light in it."""
        token = match[0]
        padded = token.rstrip("=").translate(_URL_SAFE)
        try:
            plain = base64.b64decode(padded + "=" * (-len(padded) % 4)).decode("latin-1")
        except binascii.Error:
            return token
        clean = self._redactor.text(plain, secrets=self._secrets)
        return token if clean == plain else REDACTED


_URL_SAFE = str.maketrans("-_", "+/")


def _guessed_type(body: bytes) -> str:
    """Return what an answer is whose recorder left out its type: a stream, or anything else."""
    return STREAM if _DATA.search(body) else ""


def _as_it_is(text: str) -> str:
    return text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)


def _decoded(text: str | bytes) -> Any:
    """Return the value of JSON; None if it is none, or too deep to look into."""
    try:
        value = json.loads(text)
    except (RecursionError, ValueError):
        return None
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            item
            for holder in level
            if isinstance(holder, dict | list)
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return None if level else value


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with each string in it changed, keys too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return value


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    """Yield path, holder and key of each string; what has an `index` is known by that."""
    if not isinstance(value, dict | list):
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        label = item["index"] if isinstance(item, dict) and "index" in item else key
        if isinstance(item, str):
            yield (*path, key), value, key
        else:
            yield from _leaves(item, (*path, str(label)))


def _recut(chunks: Chunks, old: Sequence[bytes], new: Sequence[bytes]) -> Chunks:
    """Return the chunks of a stream whose frames have changed in length."""
    if not chunks or [*map(len, old)] == [*map(len, new)]:
        return chunks
    recut, end, moved_end = [], 0, 0
    for seconds, length in chunks:
        end += length
        moved, rest = 0, end
        for before, after in zip(old, new, strict=True):
            moved += len(after) if rest >= len(before) else min(rest, len(after))
            rest -= len(before)
            if rest <= 0:
                break
        recut.append((seconds, moved - moved_end))
        moved_end = moved
    return tuple(recut)
