"""Writes files whole or not at all, several of them together."""

import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qwensim.errors import ConfigError
from qwensim.provider.openclaw.places import LARGEST, too_large

_PRIVATE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFile:
    """A file and the text that it is to hold."""

    path: Path
    before: str = field(repr=False)
    """Its text when it was read; blank if there was none."""
    text: str = field(repr=False)
    secret: bool = False
    """Only its owner may read it. Other files keep their mode; new ones are private too."""


def write_all(files: Sequence[NewFile]) -> None:
    """Write every file, or leave all as they were; a link is followed.

    Each is complete on the disk beside its place before the first takes its place, so that a full
    disk or a killed process leaves whole files; the latter leaves drafts too, as private as they.
    Should one then fail to take its place, those before it get their old contents back. Raises
    `ConfigError`.
    """
    with ExitStack() as cleanup:
        drafts = [_drafted(file, cleanup) for file in files]
        with ExitStack() as undo:
            for file, (draft, path, kept) in zip(files, drafts, strict=True):
                _move(draft, path, named=file.path)
                undo.callback(_put_back, kept, path)
            undo.pop_all()
    _sync_folders(path.parent for _, path, _ in drafts)


def _drafted(file: NewFile, cleanup: ExitStack) -> tuple[Path, Path, Path | None]:
    """Return the draft of a file, its place, and a copy of what stands there, if anything."""
    contents = file.text.encode()
    if len(contents) > LARGEST:
        raise too_large(file.path)
    try:
        path = file.path.resolve()
        path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        old = path.read_bytes() if path.exists() else None
        mode = _PRIVATE if file.secret or old is None else path.stat().st_mode & 0o777
        draft = _write(path, "new", contents, mode, cleanup)
        kept = None if old is None else _write(path, "old", old, path.stat().st_mode, cleanup)
    except OSError as error:
        raise _not_written(file.path, error) from error
    return draft, path, kept


def _write(path: Path, kind: str, contents: bytes, mode: int, cleanup: ExitStack) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.{kind}")
    cleanup.callback(draft.unlink, missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:  # noqa: PTH123 - a path cannot be opened with a mode of its own
        file.write(contents)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(mode & 0o777)
    return draft


def _move(draft: Path, path: Path, *, named: Path) -> None:
    try:
        draft.replace(path)
    except OSError as error:
        raise _not_written(named, error) from error


def _put_back(kept: Path | None, path: Path) -> None:
    if kept is None:
        path.unlink()
    else:
        kept.replace(path)


def _sync_folders(folders: Iterable[Path]) -> None:
    """Make the new names last through a loss of power, where the system can."""
    for folder in set(folders):
        with suppress(OSError):  # Windows opens no folder, some file systems sync none
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _not_written(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"cannot be written, and is as it was: {error.strerror}", file=str(path))
