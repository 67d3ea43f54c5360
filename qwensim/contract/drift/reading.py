"""Finds the recordings below a path."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from qwensim.contract.drift import captures
from qwensim.contract.drift.cassettes import read_cassette
from qwensim.contract.drift.exchanges import Exchange, Recording, Unreadable
from qwensim.errors import UsageError

_CASSETTES = (".yaml", ".yml")


def read(paths: Iterable[Path]) -> Iterator[Recording]:
    """Yield the recordings of files and folders, in the order of their names.

    In a folder, files that have the ending of no recording are passed over. Raises `UsageError` for
    a path that does not exist, or where no recording is found.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"no such file or folder: {path}")
        files = [path] if path.is_file() else sorted(_files(path))
        found = False
        for recording in _recordings(files):
            found = True
            yield recording
        if not found:
            raise UsageError(
                f"no recordings in {path}: they are cassettes (.yaml), raw exchanges "
                "(NAME.request.header.txt and the like) or answers (.json, .chunks.txt)"
            )


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _recordings(files: Iterable[Path]) -> Iterator[Recording]:
    raw: dict[Path, dict[str, Path]] = {}
    for path in files:
        if part := captures.PART.fullmatch(path.name):
            name = path.with_name(part["name"]) if part["name"] else path.parent
            raw.setdefault(name, {})[part["part"]] = path
        elif path.suffix in _CASSETTES:
            yield _recording(path, read_cassette(path))
        elif path.suffix == ".json" or path.name.endswith(captures.CHUNKS):
            yield _recording(path, captures.read_answer(path))
    for name, parts in raw.items():
        yield _recording(name, captures.read_exchange(parts))


def _recording(name: Path, exchanges: Iterator[Exchange]) -> Recording:
    try:
        return Recording(name=str(name), exchanges=tuple(exchanges))
    except Unreadable as error:
        return Recording(name=str(name), exchanges=(error,))
