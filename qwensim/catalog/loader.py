"""Reads the TOML rows, lays overlays over them and checks that all of it holds together."""

import datetime as dt
import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from qwensim.catalog import rows
from qwensim.catalog.catalog import Catalog
from qwensim.catalog.checks import check, convert_row
from qwensim.errors import CatalogError
from qwensim.fields import brief

PAGE_DATE = dt.date(2026, 5, 18)
"""The day of the service that is modelled unless another is asked for."""

Overlay: TypeAlias = str | Path | Mapping[str, Any]
"""A TOML file, or the same tables as Python values."""

TABLES: Mapping[str, tuple[type[rows.Row], str]] = {
    "plan": (rows.PlanRow, "id"),
    "host": (rows.HostRow, "name"),
    "asset_host": (rows.AssetHostRow, "name"),
    "route": (rows.RouteRow, "id"),
    "auth_choice": (rows.AuthChoiceRow, "id"),
    "key_variable": (rows.KeyVariableRow, "name"),
    "credential": (rows.CredentialRow, "id"),
    "agent": (rows.AgentRow, "id"),
    "model": (rows.ModelRow, "id"),
    "media": (rows.MediaRow, "id"),
    "picture": (rows.PictureRow, "url"),
    "video": (rows.VideoRow, "id"),
    "video_size": (rows.VideoSizeRow, "id"),
    "image": (rows.ImageRow, "id"),
    "image_protocol": (rows.ImageProtocolRow, "id"),
    "embedding": (rows.EmbeddingRow, "id"),
    "rerank": (rows.RerankRow, "id"),
    "limit": (rows.LimitRow, "id"),
    "tier": (rows.TierRow, "id"),
    "advertised": (rows.AdvertisedRow, "id"),
    "wire": (rows.WireRow, "id"),
    "envelope": (rows.EnvelopeRow, "id"),
    "error": (rows.ErrorRow, "id"),
    "parameter": (rows.ParameterRow, "name"),
    "usage": (rows.UsageRow, "id"),
    "dialect": (rows.DialectRow, "id"),
    "native": (rows.NativeRow, "id"),
    "built_in_tool": (rows.BuiltInToolRow, "id"),
    "words": (rows.WordsRow, "id"),
    "failure": (rows.FailureRow, "id"),
}
"""Each table, the struct of its rows and the field that names a row."""

NESTED = frozenset(
    {"on", "shapes", "codes", "envelopes", "values", "video", "most", "extra", "protocols"}
)
"""Fields that are tables themselves: a later row changes the entries that it gives."""

FIRST_FIT = frozenset({"failure", "native"})
"""Tables in which the first row that fits wins: what an overlay adds comes before what there is."""

_Raw: TypeAlias = dict[str, dict[str, tuple[str, dict[str, Any]]]]
"""Table, row name, then the file that said it last and the merged fields."""


def load(*overlays: Overlay, as_of: dt.date = PAGE_DATE) -> Catalog:
    """Return the catalogue as it stood on the day `as_of`, with the overlays laid over it in order.

    A row of an overlay whose name is new is added. One whose name exists changes the fields that it
    gives; its `source`, `checked` and `confidence` may be left out.

    Raises `CatalogError` with file, row, field, the value seen and what is allowed if anything is
    wrong.
    """
    if isinstance(as_of, dt.datetime):
        as_of = as_of.date()
    if not overlays:
        return _bundled(as_of)
    raw = _bundled_rows(as_of)
    for position, overlay in enumerate(overlays, start=1):
        name, tables = _read_overlay(overlay, position)
        _merge(raw, tables, file=name, as_of=as_of, overlay=True)
    return _build(raw)


@functools.lru_cache(maxsize=4)
def _bundled(as_of: dt.date) -> Catalog:
    """Keep the built catalogue: it is frozen, and parsing it takes longer than a hundred calls."""
    return _build(_bundled_rows(as_of))


def _bundled_rows(as_of: dt.date) -> _Raw:
    raw: _Raw = {table: {} for table in TABLES}
    for name, tables in _bundled_files().items():
        _merge(raw, tables, file=name, as_of=as_of, overlay=False)
    return raw


@functools.cache
def _bundled_files() -> Mapping[str, Mapping[str, Any]]:
    """Keep what the files say, which nobody changes: another day and each overlay need it again."""
    folder = files("qwensim.catalog") / "data"
    return {
        file.name: tomllib.loads(file.read_text("utf-8"))
        for file in sorted(folder.iterdir(), key=lambda item: item.name)
        if file.name.endswith(".toml")
    }


def _read_overlay(overlay: Overlay, position: int) -> tuple[str, Mapping[str, Any]]:
    if isinstance(overlay, Mapping):
        return f"overlay {position}", overlay
    return str(overlay), read_toml(overlay)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file; raises `CatalogError` if it cannot be read or is not TOML."""
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise CatalogError(f"cannot be read ({error.strerror})", file=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(f"is not TOML: {error}", file=str(path)) from error


def _merge(
    raw: _Raw, tables: Mapping[str, Any], *, file: str, as_of: dt.date, overlay: bool
) -> None:
    for table, found in tables.items():
        if table not in TABLES:
            raise CatalogError(
                f"no such table; there are: {', '.join(TABLES)}", file=file, row=table
            )
        if not isinstance(found, list | tuple):
            problem = f"must be a list of rows, written [[{table}]], not {brief(found)}"
            raise CatalogError(problem, file=file, row=table)
        for number, row in enumerate(found, start=1):
            _merge_row(raw[table], table, row, number, file=file, as_of=as_of, overlay=overlay)


def _merge_row(
    known: dict[str, tuple[str, dict[str, Any]]],
    table: str,
    row: Any,
    number: int,
    *,
    file: str,
    as_of: dt.date,
    overlay: bool,
) -> None:
    key = TABLES[table][1]
    if not isinstance(row, Mapping):
        problem = f"must be a table of fields, not {brief(row)}"
        raise CatalogError(problem, file=file, row=f"{table} {number}")
    name = row.get(key)
    if not isinstance(name, str) or not name:
        problem = f"must name the row with a text, not {brief(name)}"
        raise CatalogError(problem, file=file, row=f"{table} {number}", field=key)
    since = row.get("since")
    if since is not None and type(since) is not dt.date:
        raise CatalogError(
            f"must be a date such as 2026-07-01, not {since!r}",
            file=file,
            row=f"{table} {name}",
            field="since",
        )
    if since is not None and since > as_of:
        return
    fields = dict(known[name][1]) if name in known else {}
    if not fields and overlay:
        fields = {"source": file, "checked": as_of, "confidence": "third-party"}
        if table in FIRST_FIT:
            known_before = dict(known)
            known.clear()
            known.update({name: (file, fields)}, **known_before)
    elif name in known and not overlay and since is None:
        raise CatalogError("stands twice", file=file, row=f"{table} {name}")
    nested = {
        field: {**fields[field], **row[field]}
        for field in NESTED & fields.keys() & row.keys()
        if isinstance(fields[field], Mapping) and isinstance(row[field], Mapping)
    }
    known[name] = (file, {**fields, **row, **nested})


def _build(raw: _Raw) -> Catalog:
    tables = {table: _convert(table, found) for table, found in raw.items()}
    check(tables, {table: {name: file for name, (file, _) in raw[table].items()} for table in raw})
    return Catalog.from_tables(tables)


def _convert(table: str, found: Mapping[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    struct = TABLES[table][0]
    return {
        name: convert_row(fields, struct, file=file, row=f"{table} {name}")
        for name, (file, fields) in found.items()
    }
