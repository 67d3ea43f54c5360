"""`qwensim models list`: what the client advertises beside what the service serves."""

from collections.abc import Sequence
from itertools import groupby

import msgspec
import typer
from rich.table import Table

from qwensim.catalog import Catalog
from qwensim.catalog.rows import AdvertisedRow, HostRow, Modality, ModelRow, Plan, Region
from qwensim.cli.consoles import new_table, show_table
from qwensim.errors import UsageError


class Advertised(msgspec.Struct, frozen=True, kw_only=True):
    """What the client's bundled catalogue says. Lengths are in tokens."""

    context_window: int
    max_tokens: int
    input: tuple[Modality, ...]
    reasoning: bool
    default: bool


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What the service does; None where a length is not on record."""

    context: int | None
    max_input: int | None
    max_input_thinking: int | None
    max_reasoning: int | None
    max_output: int | None
    inputs: tuple[Modality, ...]
    thinking: str
    stream_only: bool
    tools: bool
    json_mode: tuple[str, ...]
    surfaces: tuple[str, ...]
    defaults: dict[str, float | int]
    """Sampling, by parameter."""
    defaults_thinking: dict[str, float | int]
    """What differs in thinking."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A model on a host; the keys of `--json`."""

    provider: str = "qwen"
    model: str
    host: str
    base_url: str
    plan: Plan
    region: Region
    advertised: Advertised | None
    served: Served | None
    note: str


def rows_of(catalog: Catalog, host_name: str | None) -> list[Row]:
    """Return the rows of one host or of all: first the advertised models, then others served.

    A model that is advertised only elsewhere has its row too, with neither side filled in.
    Raises `UsageError` for an unknown host.
    """
    if host_name is not None and host_name not in catalog.hosts:
        raise UsageError(f"no host {host_name!r}; there are: {', '.join(catalog.hosts)}")
    hosts = [catalog.hosts[host_name]] if host_name else catalog.hosts.values()
    return [
        _row(host, model, catalog.advertised.get(model), catalog.served[host.name].get(model))
        for host in hosts
        for model in dict.fromkeys([*catalog.advertised, *catalog.served[host.name]])
    ]


def _row(
    host: HostRow, model: str, advertised: AdvertisedRow | None, served: ModelRow | None
) -> Row:
    shown = advertised is not None and host.plan not in advertised.omitted_on
    return Row(
        model=model,
        host=host.name,
        base_url=host.base_url,
        plan=host.plan,
        region=host.region,
        advertised=msgspec.convert(advertised, Advertised, from_attributes=True) if shown else None,
        served=msgspec.convert(served, Served, from_attributes=True) if served else None,
        note=advertised.note if advertised else "",
    )


def show_json(rows: Sequence[Row]) -> None:
    """Print the rows as a JSON list."""
    typer.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))


def show_tables(rows: Sequence[Row]) -> None:
    """Print a table for each host, and below it what there is to note."""
    for base_url, found in groupby(rows, key=lambda row: row.base_url):
        of_host = list(found)
        show_table(_table(base_url, of_host))
        for row in of_host:
            if row.note:
                typer.echo(f"{row.model}: {row.note}")
        typer.echo()


def _table(base_url: str, rows: Sequence[Row]) -> Table:
    table = new_table(base_url, "Model", "Advertised", "Served", "Thinking")
    for row in rows:
        thinking = row.served.thinking if row.served and "chat" in row.served.surfaces else ""
        table.add_row(row.model, _advertised(row.advertised), _served(row.served), thinking)
    return table


def _advertised(advertised: Advertised | None) -> str:
    if advertised is None:
        return "no"
    return described(advertised.context_window, advertised.input)


def _served(served: Served | None) -> str:
    if served is None:
        return "no"
    if "chat" not in served.surfaces:
        return f"{', '.join(served.surfaces)}; no chat"
    return described(served.context, served.inputs)


def described(context: int | None, inputs: Sequence[str]) -> str:
    """Return a context in tokens and the inputs, as a cell."""
    length = f"{context:,}" if context else "unknown"
    return f"{length} {', '.join(inputs)}"
