"""Onboarding on disk: what would change, shown without secrets, and the writing of it."""

import difflib
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from qwensim.catalog import Catalog, Redactor
from qwensim.catalog.credentials import REDACTED
from qwensim.catalog.rows import AuthChoiceRow
from qwensim.errors import ConfigError
from qwensim.provider.credentials import find
from qwensim.provider.endpoints import Endpoint, auth_choice_of, resolve
from qwensim.provider.openclaw import merging
from qwensim.provider.openclaw.config import Config
from qwensim.provider.openclaw.document import edited
from qwensim.provider.openclaw.places import Places, read_text
from qwensim.provider.openclaw.profiles import read_store, with_key
from qwensim.provider.openclaw.writing import NewFile, write_all

_SECRET_KEYS: Final = ("key", "token", "secret", "password", "passphrase", "authorization")
_SECRET_BLOCKS: Final = ("env", "headers")
_USER_INFO: Final = re.compile(r"(?<=//)\S*@")
"""What may be a password before the host of a URL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Onboarding:
    """What an onboarding is about to write. Nothing is written before `write`."""

    places: Places
    choice: AuthChoiceRow
    endpoint: Endpoint
    ref: str
    """The default model."""
    diff: str
    """The values of `openclaw.json` before and after as a unified diff, without secrets, comments
    and what onboarding has nothing to do with; blank if nothing changes."""
    lost_comments: tuple[str, ...]
    """Comments of the file that the new one does not have."""
    files: tuple[NewFile, ...] = field(repr=False)

    def write(self) -> None:
        """Write both files, or leave them as they were.

        Raises `ConfigError` if one cannot be written, or has changed since it was read.
        """
        for file in self.files:
            if read_text(file.path) != file.before:
                raise ConfigError(
                    "has changed since it was read; run onboarding again", file=str(file.path)
                )
        write_all(self.files)


def onboarding(
    config: Config, choice: str, key: str, *, catalog: Catalog, default_model: str | None = None
) -> Onboarding:
    """Return what the choice and its key make of a configuration on disk.

    `default_model` is a reference or an id, by default the catalogue's own.
    Raises `UsageError` for a choice, a key or a model that cannot be, `ConfigError` for a file that
    is wrong.
    """
    row = auth_choice_of(catalog, choice, stacklevel=3)
    key = find(catalog, api_key=key, environ={}).key
    data = merging.onboarded(
        config.data, row.id, catalog=catalog, default_model=default_model, places=config.places
    )
    store = read_store(config.places)
    change = edited(config.text, data, renamed=lambda name: merging.renamed(config, name))
    redactor = Redactor(catalog)
    before, after = (
        redactor.value(
            {name: _masked(value[name]) for name in value if name in merging.BLOCKS}, secrets=(key,)
        )
        for value in (config.data, data)
    )
    return Onboarding(
        places=config.places,
        choice=row,
        endpoint=resolve(catalog, auth_choice=row.id),
        ref=data["agents"]["defaults"]["model"]["primary"],
        diff=_diff(before, after, config.file),
        lost_comments=tuple(redactor.text(text, secrets=(key,)) for text in change.lost_comments),
        # The key first: alone it does nothing, and onboarding again completes it.
        files=(
            NewFile(
                path=config.places.profiles,
                before=store.text,
                text=with_key(store, key),
                secret=True,
            ),
            NewFile(path=config.places.config, before=config.text, text=change.text),
        ),
    )


def _masked(value: Any, *, secret: bool = False) -> Any:
    """Return a JSON value without the strings under the names of secrets, and without user info."""
    if isinstance(value, dict):
        return {key: _masked(item, secret=secret or _is_secret(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, secret=secret) for item in value]
    if not isinstance(value, str):
        return value
    return REDACTED if secret else _USER_INFO.sub(f"{REDACTED}@", value)


def _is_secret(key: str) -> bool:
    return key in _SECRET_BLOCKS or any(part in key.lower() for part in _SECRET_KEYS)


def _diff(before: Any, after: Any, file: str) -> str:
    old, new = (
        json.dumps(value, indent=2, ensure_ascii=False).splitlines() for value in (before, after)
    )
    return "\n".join(difflib.unified_diff(old, new, file, file, lineterm=""))
