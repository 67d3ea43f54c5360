"""The one list of credentials: what is taken out of everything that is kept or shown.

A secret is known by the place it travels in (a header or parameter of the `credential` table), by
its pattern, or because the caller names it.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus

from qwensim.catalog.catalog import Catalog

REDACTED = "[redacted]"

_SHORTEST_SECRET = 4
"""A named secret shorter than this would blank out ordinary words."""

_ESCAPE = re.compile(r"\\u00([2-7][0-9A-Fa-f])")
"""A printable ASCII character, escaped in JSON though it need not be."""


class Redactor:
    """Takes credentials out of texts, headers, queries and JSON values.

    `secrets` are strings that the caller knows to be secret in this exchange, whatever their form.
    """

    def __init__(self, catalog: Catalog) -> None:
        rows = catalog.credentials.values()
        self._headers = frozenset(name for row in rows for name in row.headers)
        self._parameters = frozenset(name for row in rows for name in row.parameters)
        patterns = [pattern for row in rows for pattern in row.patterns]
        # By line, because several texts are looked at as one.
        self._pattern = re.compile(
            "|".join(f"(?:{pattern})" for pattern in patterns), flags=re.MULTILINE
        )
        names = "|".join(map(re.escape, sorted(self._parameters)))
        self._in_query = re.compile(rf"([?&](?:{names})=)[^&#\s\"']+", re.IGNORECASE)

    def presented(self, headers: Iterable[tuple[str, str]], query: str = "") -> tuple[str, ...]:
        """Return what a client presents as its credentials, whatever their form.

        In lower case too: so they would stand in a host or in the name of a header.
        """
        pairs = parse_qsl(query) if query else ()
        found = [value for name, value in pairs if name.lower() in self._parameters]
        for name, value in headers:
            if name.lower() in self._headers:
                scheme, _, key = value.strip().partition(" ")
                found.append(key.strip() or scheme)
        return (*found, *map(str.lower, found))

    def text(self, text: str, *, secrets: Iterable[str] = ()) -> str:
        """Return the text with every credential replaced by `[redacted]`."""
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET and secret in text:
                text = text.replace(secret, REDACTED)
        if "=" in text:
            text = self._in_query.sub(rf"\1{REDACTED}", text)
        return self._pattern.sub(REDACTED, text)

    def blanked(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return the headers; the values of those that carry credentials are blanked."""
        return tuple(
            (name, REDACTED if name.lower() in self._headers else value) for name, value in headers
        )

    def headers(
        self, headers: Iterable[tuple[str, str]], *, secrets: Iterable[str] = ()
    ) -> tuple[tuple[str, str], ...]:
        """Return the headers, blanked, and without what other headers may hold."""
        return tuple(
            (self.text(name, secrets=secrets), self.url(value, secrets=secrets))
            for name, value in self.blanked(headers)
        )

    def is_clean(self, *values: Any, secrets: Iterable[str] = ()) -> bool:
        """Tell whether JSON values, encoded or not, hold no credential: one look at all of them."""
        keys: list[str] = []
        texts: list[str] = []
        _collect(values, keys, texts)
        if not self._parameters.isdisjoint(map(str.lower, keys)):
            return False
        joined = "\n".join(keys + texts)
        decoded = unquote_plus(joined)
        return self.text(joined, secrets=secrets) == joined and (
            decoded == joined or self.text(decoded, secrets=secrets) == decoded
        )

    def query(self, query: str, *, secrets: Iterable[str] = ()) -> str:
        """Return a query string; values of credential parameters are blanked as a whole."""
        pieces = []
        for piece in query.split("&"):
            name, equals, _ = piece.partition("=")
            if unquote_plus(name).lower() in self._parameters and equals:
                pieces.append(f"{name}={REDACTED}")
            else:
                pieces.append(self.url(piece, secrets=secrets))
        return "&".join(pieces)

    def url(self, text: str, *, secrets: Iterable[str] = ()) -> str:
        """Return a percent-encoded text; a credential is found in its decoded form too."""
        decoded = unquote_plus(text)
        clean = self.text(decoded, secrets=secrets)
        if decoded == text:
            return clean
        if clean == decoded:
            return self.text(text, secrets=secrets)
        return quote(clean, safe="/:[]=")

    def source(self, text: str, *, secrets: Iterable[str] = ()) -> str:
        """Return a text that may be a form or broken JSON; its ASCII escapes come out plain."""
        plain = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
        return self.query(plain, secrets=secrets)

    def value(self, value: Any, *, secrets: Iterable[str] = ()) -> Any:
        """Return a JSON value with the credentials taken out of its strings and keys.

        What is empty is none: so are the signatures that stand beside a model's thinking.

        Raises `RecursionError` for a value nested deeper than the interpreter's stack.
        """
        if isinstance(value, str):
            return self.text(value, secrets=secrets)
        if isinstance(value, dict):
            return {
                self.text(key, secrets=secrets): REDACTED
                if item != ""
                and isinstance(item, str | int | float)
                and key.lower() in self._parameters
                else self.value(item, secrets=secrets)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.value(item, secrets=secrets) for item in value]
        return value


def _collect(values: Iterable[Any], keys: list[str], texts: list[str]) -> None:
    """Gather the keys and the other strings of JSON values."""
    for value in values:
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            keys += value
            _collect(value.values(), keys, texts)
        elif isinstance(value, list | tuple):
            _collect(value, keys, texts)
