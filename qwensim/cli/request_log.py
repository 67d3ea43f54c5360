"""What `qwensim serve` tells of each request: a line for people, an entry for programs."""

import contextlib
import datetime as dt
from pathlib import Path

import msgspec
import typer

from qwensim.cli.consoles import show_warning
from qwensim.errors import UsageError
from qwensim.simulator import Entry

_LONGEST = 200
"""Characters of a path or a model name that are shown."""

_TOKENS = ("prompt", "completion")
"""Of what a usage may count: that of a video counts seconds."""


def show_entry(entry: Entry) -> None:
    """Print the line of an entry to stderr, if anyone reads it."""
    with contextlib.suppress(OSError):
        typer.echo(line_of(entry), err=True)


def line_of(entry: Entry) -> str:
    """Return time, host, method, path, model, status, error and tokens; `-` where there is none.

    The error is the id of its row, or the kind of fault if there is no other. Tokens are those of
    prompt and completion.
    """
    when = dt.datetime.fromtimestamp(entry.at, dt.UTC)
    tokens = (str(count) for name, count in (entry.usage or {}).items() if name in _TOKENS)
    columns = (
        f"{when:%Y-%m-%dT%H:%M:%SZ}",
        entry.host,
        entry.method,
        _shown(entry.path or "-"),
        _shown(entry.model or "-"),
        str(entry.status or "-"),
        entry.error or entry.fault or "-",
        "+".join(tokens) or "-",
    )
    return " ".join(columns)


def _shown(text: str) -> str:
    """Return a text of the client's as one word that no terminal takes for a command."""
    plain = text if text.isprintable() and " " not in text else ascii(text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"


class JournalFile:
    """Appends entries to a file, as JSON, one a line. If that fails it says so and ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise UsageError(f"cannot write {path} ({error.strerror})") from error

    def __call__(self, entry: Entry) -> None:
        """Append an entry."""
        if self._file.closed:
            return
        try:
            self._file.write(msgspec.json.encode(entry) + b"\n")
        except OSError as error:
            self.close()
            show_warning(f"{self._path}: {error.strerror}; no more requests are written to it")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
