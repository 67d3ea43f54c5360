"""`qwensim models list --provider qwen`: a configuration's models, as OpenClaw lists them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import typer

from qwensim.catalog import Catalog, Redactor
from qwensim.cli.consoles import new_table, show_table
from qwensim.errors import UsageError
from qwensim.provider.openclaw import (
    ModelRow,
    find_key,
    model_rows,
    provider_named,
    read_config,
)


def list_configured(
    catalog: Catalog,
    path: Path | None,
    *,
    provider: str,
    whole: bool,
    environ: Mapping[str, str],
) -> list[ModelRow]:
    """Return the models of a provider of a configuration; `whole` adds the rest of its catalogue.

    What looks like a key is taken out of them: one may stand where a name is expected.
    Raises `UsageError` for another provider, `ConfigError` for a wrong file.
    """
    config = read_config(path, environ=environ)
    provider_id = provider_named(config, provider)
    try:
        find_key(config, catalog, provider_id=provider_id, environ=environ)
        available = True
    except UsageError:
        available = False
    rows = model_rows(config, catalog, provider_id=provider_id, available=available, whole=whole)
    clean = Redactor(catalog).value(msgspec.json.decode(msgspec.json.encode(rows)))
    return msgspec.convert(clean, list[ModelRow])


def show_json(rows: Sequence[ModelRow]) -> None:
    """Print the rows as OpenClaw does: an object of their count and themselves."""
    listed = {"count": len(rows), "models": rows}
    typer.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2))


def show(rows: Sequence[ModelRow], *, provider: str) -> None:
    """Print a table with the columns of OpenClaw's."""
    if not rows:
        typer.echo(f"No models of {provider} are configured; --all lists those there are.")
        return
    table = new_table(provider, "Model", "Input", "Ctx", "Local", "Auth", "Tags")
    for row in rows:
        context = f"{row.context_window:,}" if row.context_window else "-"
        flags = (_flag(row.local), _flag(row.available))
        table.add_row(row.key, row.input, context, *flags, ", ".join(row.tags))
    show_table(table)


def _flag(value: bool | None) -> str:  # noqa: FBT001 - a cell
    return "-" if value is None else "yes" if value else "no"
