"""The one list of credentials: what is taken out of everything that is kept or shown.

A secret is known by the place it travels in (a header or parameter of the `credential` table), by
its pattern, or because the caller names it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

from qwensim.catalog.catalog import Catalog

REDACTED = "[redacted]"

_SHORTEST_SECRET = 4
"""A named secret shorter than this would blank out ordinary words."""


class Redactor:
    """Takes credentials out of texts, headers, queries and JSON values.

    `secrets` are strings that the caller knows to be secret in this exchange, whatever their form.
    """

    def __init__(self, catalog: Catalog) -> None:
        rows = catalog.credentials.values()
        self._headers = frozenset(name for row in rows for name in row.headers)
        self._parameters = frozenset(name for row in rows for name in row.parameters)
        patterns = [pattern for row in rows for pattern in row.patterns]
        self._pattern = re.compile("|".join(f"(?:{pattern})" for pattern in patterns))

    def text(self, text: str, *, secrets: Iterable[str] = ()) -> str:
        """Return the text with every credential replaced by `[redacted]`."""
        for secret in secrets:
            if len(secret) >= _SHORTEST_SECRET and secret in text:
                text = text.replace(secret, REDACTED)
        return self._pattern.sub(REDACTED, text)

    def headers(
        self, headers: Iterable[tuple[str, str]], *, secrets: Iterable[str] = ()
    ) -> tuple[tuple[str, str], ...]:
        """Return the headers; those that carry credentials are blanked as a whole."""
        return tuple(
            (self.text(name), REDACTED)
            if name.lower() in self._headers
            else (self.text(name), self.text(value, secrets=secrets))
            for name, value in headers
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
        if clean != decoded:
            return quote(clean, safe="/:[]=")
        return self.text(text, secrets=secrets)

    def value(self, value: Any, *, secrets: Iterable[str] = ()) -> Any:
        """Return a JSON value with the credentials taken out of its strings and keys.

        Raises `RecursionError` for a value nested deeper than the interpreter's stack.
        """
        if isinstance(value, str):
            return self.text(value, secrets=secrets)
        if isinstance(value, Mapping):
            return {
                self.text(key, secrets=secrets): REDACTED
                if isinstance(item, str) and key.lower() in self._parameters
                else self.value(item, secrets=secrets)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.value(item, secrets=secrets) for item in value]
        return value
