"""`qwensim check`: holds the contract against a target and tells which promises are kept."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import typer
from rich.padding import Padding
from rich.progress import track
from rich.text import Text

from qwensim.catalog import Catalog
from qwensim.catalog.rows import HostRow, Plan
from qwensim.cli.consoles import console, new_table, show_table
from qwensim.contract import (
    Case,
    Cassettes,
    Fake,
    Gateway,
    Live,
    Result,
    Served,
    Target,
    run,
)
from qwensim.errors import UsageError
from qwensim.provider import Endpoint, credentials, endpoints

CASSETTES: Final = Path("cassettes")
"""Where `qwensim record` keeps its recordings, and `--target cassettes` looks for them."""

_MARKS: Final = {
    "kept": Text("kept", style="green"),
    "broken": Text("broken", style="bold red"),
    "not run": Text("–", style="dim"),
}


def hosts_of(catalog: Catalog, *, host: str | None, plan: Plan | None) -> list[HostRow]:
    """Return the hosts that are meant. Raises `UsageError` if there are none."""
    found = [
        row
        for row in catalog.hosts.values()
        if host in (None, row.name) and plan in (None, row.plan)
    ]
    if not found:
        wanted = " ".join(filter(None, (host, plan and f"with plan {plan}")))
        raise UsageError(f"no host {wanted}; there are: {', '.join(catalog.hosts)}")
    return found


@contextlib.contextmanager
def opened(
    name: str,
    catalog: Catalog,
    hosts: Sequence[HostRow],
    *,
    key_variable: str | None,
    environ: Mapping[str, str],
) -> Iterator[tuple[Target, Sequence[HostRow]]]:
    """Give the target of a name, a folder of recordings or a base URL, and the hosts to ask.

    A base URL stands for the host that it names, or else for one of `hosts`, the Standard and the
    global one before the others. Raises `UsageError` for another name and for a missing key.
    """
    match name:
        case "fake":
            yield Fake(catalog), hosts
        case "served":
            with Served(catalog) as served:
                yield served, hosts
        case "live":
            yield Live(catalog, environ=environ), hosts
        case "cassettes":
            yield Cassettes(CASSETTES, catalog), hosts
        case _ if Path(name).is_dir():
            yield Cassettes(Path(name), catalog), hosts
        case _ if "://" in name:
            endpoint = endpoints.resolve(catalog, base_url=name)
            key = _key(catalog, endpoint, key_variable=key_variable, environ=environ)
            yield Gateway(endpoint.base_url, key=key, catalog=catalog), [_host(endpoint, hosts)]
        case _:
            raise UsageError(
                f"no target {name!r}; there are: fake, served, cassettes, live, a folder of "
                "recordings, and any base URL (https://…)"
            )


def _host(endpoint: Endpoint, hosts: Sequence[HostRow]) -> HostRow:
    """Return the host that an endpoint is, or that it stands for."""
    return min(
        hosts,
        key=lambda host: (
            host.base_url != endpoint.base_url,
            host.plan != "standard",
            host.region != "global",
        ),
    )


def _key(
    catalog: Catalog, endpoint: Endpoint, *, key_variable: str | None, environ: Mapping[str, str]
) -> str:
    given = None
    if key_variable is not None:
        given = environ.get(key_variable, "").strip()
        if not given:
            raise UsageError(
                f"{key_variable} is not set; it must hold the key for {endpoint.base_url}"
            )
    return credentials.find(catalog, api_key=given, environ=environ).key


def check(target: Target, chosen: Sequence[Case], hosts: Sequence[HostRow]) -> list[Result]:
    """Run the cases on those of the hosts that each is about, with a progress bar on a terminal."""
    catalog = target.catalog
    names = [host.name for host in hosts]
    todo = [(case, name) for case in chosen for name in case.hosts(catalog) if name in names]
    err = console(stderr=True)
    return [
        run(case, name, target)
        for case, name in track(
            todo,
            description=f"Asking {target.name}",
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
    ]


def passed(results: Sequence[Result]) -> bool:
    """Return whether no promise is broken and at least one has been seen to be kept."""
    outcomes = {result.outcome for result in results}
    return "kept" in outcomes and "broken" not in outcomes


def show_json(results: Sequence[Result]) -> None:
    """Print the results as a JSON list."""
    typer.echo(msgspec.json.format(msgspec.json.encode(results), indent=2))


def show(results: Sequence[Result], hosts: Sequence[HostRow], *, target: str) -> None:
    """Print a table of cases and hosts, what is broken, and the count."""
    asked = [host for host in hosts if any(result.host == host.name for result in results)]
    cells = {(result.case, result.host): _MARKS[result.outcome] for result in results}
    table = new_table(
        f"Promises kept by {target}", "Case", *(f"{host.plan}\n{host.region}" for host in asked)
    )
    for case in dict.fromkeys(result.case for result in results):
        table.add_row(case, *(cells.get((case, host.name), "") for host in asked))
    show_table(table)
    out = console()
    for result in results:
        if result.outcome == "broken":
            out.print(f"{result.case} at {result.host}", soft_wrap=True)
            out.print(Padding(result.detail, (0, 0, 0, 4)))
    reasons = Counter(result.detail for result in results if result.outcome == "not run")
    for reason, times in reasons.most_common():
        out.print(f"not run ({times}): {reason}", soft_wrap=True)
    counts = Counter(result.outcome for result in results)
    out.print(f"{counts['kept']} kept, {counts['broken']} broken, {counts['not run']} not run")
