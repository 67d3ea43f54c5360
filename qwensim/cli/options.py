"""The options that several commands have, and the values that they allow."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from qwensim.cli import completions

if TYPE_CHECKING:
    from qwensim.catalog import Catalog

Region: TypeAlias = Literal["global", "china"]
ReplayPace: TypeAlias = Literal["recorded", "instant"]
Plan: TypeAlias = Literal["standard", "coding"]
PaceName: TypeAlias = Literal["instant", "realistic"]
TaskPaceName: TypeAlias = Literal["instant", "brief", "realistic"]
ClientCheck: TypeAlias = Literal["any", "agents", "off"]
ThinkingLevel: TypeAlias = Literal[
    "off", "none", "minimal", "low", "medium", "high", "xhigh", "max"
]


def _host_name(text: str) -> str:
    """Return a host name as the catalogue has it: DNS knows no case and allows a last dot."""
    return text.strip().lower().removesuffix(".")


Seed: TypeAlias = Annotated[
    int, typer.Option(help="Same seed and same requests: same bytes.", metavar="N")
]
Catalogs: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--catalog", metavar="FILE", help="TOML rows to lay over the catalogue; repeatable."
    ),
]
AsOf: TypeAlias = Annotated[
    dt.datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="The service as it was on that day, like 2026-09-01.  [default: 2026-05-18]",
        show_default=False,
    ),
]
Host: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="One host only, by its name.",
        parser=_host_name,
        autocompletion=completions.host_names,
        show_default=False,
    ),
]
Address: TypeAlias = Annotated[str, typer.Option("--host", help="Address to listen on.")]
Port: TypeAlias = Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.")]
ServedRegion: TypeAlias = Annotated[
    Region, typer.Option(help="Whose hosts answer a request that names none.")
]
AccountsFile: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="TOML accounts: only their keys work.")
]
Scenario: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="YAML, TOML or JSON: scripts and faults to begin with."),
]
ClientCheckName: TypeAlias = Annotated[
    ClientCheck,
    typer.Option(
        "--client-check",
        help="Who may use the Coding Plan: any User-Agent, coding agents, or all.",
    ),
]
EnforceLimits: TypeAlias = Annotated[
    bool, typer.Option("--limits", help="Enforce the limits on requests, tokens and concurrency.")
]
ScenarioName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--scenario",
        metavar="ID|FILE",
        help="The service of a support issue: see `qwensim repro`.",
        autocompletion=completions.scenarios,
        show_default=False,
    ),
]
JournalPath: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Append each request to it, as a line of JSON."),
]
Cases: TypeAlias = Annotated[
    str, typer.Option("--case", metavar="GLOB", help="Cases of the contract, by their ids.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="A JSON list of results.")]
Recordings: TypeAlias = Annotated[
    Path, typer.Argument(metavar="PATH", help="A cassette, or a folder.", show_default=False)
]

AuthChoice: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="CHOICE",
        help="Plan and region.  [default: qwen-api-key]",
        autocompletion=completions.auth_choices,
        show_default=False,
    ),
]
BaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Endpoint to use instead, such as a served fake's.",
        show_default=False,
    ),
]


def catalog_of(overlays: Iterable[Path] | None, as_of: dt.datetime | None) -> "Catalog":
    """Return the catalogue that `--catalog` and `--as-of` ask for."""
    from qwensim.catalog import PAGE_DATE, load

    return load(*overlays or (), as_of=as_of.date() if as_of else PAGE_DATE)
