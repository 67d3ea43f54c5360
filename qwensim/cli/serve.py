"""`qwensim serve`: say where the fake can be reached, and serve it."""

import os
from collections.abc import Mapping
from contextlib import ExitStack, closing
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from qwensim.catalog.rows import Plan, Region
from qwensim.cli.consoles import console, show_warning
from qwensim.cli.request_log import JournalFile, show_entry
from qwensim.errors import CatalogError, UsageError
from qwensim.running import AUTHORITIES, variables
from qwensim.server import Server, run
from qwensim.simulator import Simulator
from qwensim.simulator.replies.spec import read_scenario


def add_scenario(simulator: Simulator, path: Path) -> None:
    """Set the scripts and faults of a file; raises `CatalogError` if anything in it is wrong."""
    scripts, faults = read_scenario(path)
    try:
        simulator.scenario.add(scripts=scripts, faults=faults)
    except UsageError as error:
        raise CatalogError(str(error), file=str(path)) from error


def serve_until_stopped(  # noqa: PLR0913 - one for each option
    simulator: Simulator,
    *,
    host: str,
    port: int,
    region: Region,
    accounts: str | None,
    keys: Mapping[Plan, str],
    journal: Path | None,
    quiet: bool,
    proxy: bool,
    tls_port: int | None,
    ca_dir: Path | None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; either is the proper end.

    `accounts` is the file or scenario whose keys alone work, if there is one; `keys` are keys to
    show; `journal` is the file that every request is appended to. Unless `quiet` each is shown too.
    The rest is as for `run`. Raises `UsageError` if the journal cannot be written or as `run` does.
    """

    def announce(server: Server) -> None:
        address = urlsplit(server.url).hostname or ""
        if not ip_address(address).is_loopback:
            show_warning(f"{address} is no loopback address: other machines can reach this service")
        console().print(_announcement(simulator, server, region, accounts, keys), soft_wrap=True)
        if server.certificate:
            leading = stack.enter_context(
                variables(os.environ, proxy=server.url, certificate=server.certificate)
            )
            console().print(_by_name(server, leading, proxy=proxy), soft_wrap=True)

    with ExitStack() as stack:
        if journal is not None:
            simulator.journal.listen(stack.enter_context(closing(JournalFile(journal))))
        if not quiet:
            simulator.journal.listen(show_entry)
        run(
            simulator,
            host=host,
            port=port,
            region=region,
            proxy=proxy,
            tls_port=tls_port,
            ca_dir=ca_dir,
            on_start=announce,
        )
    console().print("Stopped.")


def _announcement(
    simulator: Simulator,
    server: Server,
    region: Region,
    accounts: str | None,
    keys: Mapping[Plan, str],
) -> str:
    plans = simulator.catalog.plans
    bare = [row for row in simulator.catalog.hosts.values() if row.region == region]
    width = max(len(plans[row.plan].title) for row in bare)
    accepted = "any key of the plan's form" if accounts is None else f"the keys of {accounts}"
    lines = [f"Serving at {server.url} until Ctrl-C; accepts {accepted}.", "", "By host:"]
    lines += [f"  {base_url}" for base_url in server.base_urls.values()]
    lines += ["", f"In region {region}:"]
    lines += [f"  {plans[row.plan].title:{width}}  {server.url}{row.base_path}" for row in bare]
    lines += ["", f"Scripts, faults, clock and requests: {server.url}/__qwensim/", "", "To copy:"]
    for row in bare:
        clients = {"OPENAI": ("BASE_URL", row.base_path)}
        if "text-generation" in plans[row.plan].routes:
            clients["DASHSCOPE"] = ("HTTP_BASE_URL", "/api/v1")
        clients["ANTHROPIC"] = ("BASE_URL", "/apps/anthropic")
        for client, (variable, path) in clients.items():
            lines.append(f"  export {client}_{variable}={server.url}{path}")
            lines += [f"  export {client}_API_KEY={keys[row.plan]}"] if row.plan in keys else []
        lines.append("")
    return "\n".join(lines)


def _by_name(server: Server, leading: Mapping[str, str], *, proxy: bool) -> str:
    """Tell how the fake is reached under the real host names; `leading` are the variables."""
    lines = []
    if server.tls_port is not None:
        address = f"{urlsplit(server.url).hostname}:{server.tls_port}"
        lines += [f"TLS at {address}, under the real host names. To copy:"]
        lines += [f"  export {name}={leading[name]}" for name in AUTHORITIES]
        lines += [f"  curl --connect-to ::{address} https://dashscope-intl.aliyuncs.com/", ""]
    if proxy:
        lines += ["As a proxy, under the real host names; others are refused. To copy:"]
        lines += [f"  export {name}={value}" for name, value in leading.items()]
        lines += [""]
    return "\n".join(lines)
