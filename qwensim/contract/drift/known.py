"""The file of known differences: each says what it explains, why, and when that was found out.

    [[difference]]
    where = ["header x-dashscope-*"]
    since = 2026-05-19
    reason = "the gateway names its time limit since then"
    checked = 2026-11-22

`where` lists places as the report names them. `recorded`, `fake`, `recording`, `surface`, `host`
and `model` narrow it down, `before` and `since` by the day of the recording. In all but the dates
`*` and `?` match as in a shell.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import msgspec

from qwensim.catalog.checks import convert_row
from qwensim.catalog.loader import read_toml
from qwensim.contract.drift.comparison import Difference
from qwensim.contract.drift.findings import Finding
from qwensim.errors import CatalogError

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_SIDES = ("recorded", "fake")
_PLACES = ("recording", "surface", "host", "model")


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A difference that is no surprise."""

    where: Annotated[tuple[_Text, ...], msgspec.Meta(min_length=1)]
    reason: _Text
    checked: dt.date
    recorded: str = "*"
    fake: str = "*"
    recording: str = "*"
    surface: str = "*"
    host: str = "*"
    model: str = "*"
    before: dt.date | None = None
    """The first day of a recording that it does not explain."""
    since: dt.date | None = None
    """The first day of a recording that it explains."""

    def explains(self, difference: Difference, finding: Finding) -> bool:
        """Return whether this is the difference, found in an exchange of that day and place."""
        day = finding.day
        if self.before is not None and (day is None or day >= self.before):
            return False
        if self.since is not None and (day is None or day < self.since):
            return False
        if not any(fnmatchcase(difference.where, _pattern(glob)) for glob in self.where):
            return False
        return all(
            fnmatchcase(getattr(side, name), _pattern(getattr(self, name)))
            for side, names in ((difference, _SIDES), (finding, _PLACES))
            for name in names
        )


def read_known(paths: Iterable[Path]) -> tuple[Known, ...]:
    """Read the differences that the package knows of, then those of the files.

    Raises `CatalogError` with file, row and field if anything is wrong.
    """
    with as_file(files("qwensim.contract.drift") / "known.toml") as bundled:
        return tuple(known for path in (bundled, *paths) for known in _rows(path))


def _rows(path: Path) -> Sequence[Known]:
    tables = read_toml(path)
    if unknown := set(tables) - {"difference"}:
        raise CatalogError("no such table; there is: difference", file=str(path), row=min(unknown))
    rows = tables.get("difference", [])
    if not isinstance(rows, list):
        raise CatalogError("must be rows, written [[…]]", file=str(path), row="difference")
    return [
        convert_row(fields, Known, file=str(path), row=f"difference {number}")
        for number, fields in enumerate(rows, start=1)
    ]


def _pattern(glob: str) -> str:
    """Return a pattern in which brackets stand for themselves: places have indices."""
    return glob.replace("[", "[[]")
