"""The key: given, or from the environment, and never shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwensim.catalog import Catalog
from qwensim.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """An API key and where it came from."""

    key: str = field(repr=False)
    source: str
    """`api_key`, or the name of the environment variable."""


def find(catalog: Catalog, *, api_key: str | None, environ: Mapping[str, str]) -> Credential:
    """Return the given key, else that of the first variable of the catalogue that is set.

    A blank value counts as not set. White space around a key is dropped.
    Raises `UsageError` if there is no key, or one that cannot stand in an HTTP header.
    """
    candidates = {"api_key": api_key or ""}
    candidates |= {name: environ.get(name, "") for name in catalog.key_variables}
    for source, value in candidates.items():
        if key := value.strip():
            if not (key.isascii() and key.isprintable() and " " not in key):
                raise UsageError(
                    f"the key in {source} holds a blank, a control character or one outside ASCII; "
                    "copy it again from the console"
                )
            return Credential(key=key, source=source)
    variables = ", ".join(catalog.key_variables)
    raise UsageError(f"no API key; pass api_key or set one of {variables}")
