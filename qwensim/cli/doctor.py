"""`qwensim doctor`: what a configuration says, what its endpoint answers, and what to do."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

import httpx2
import msgspec
import typer
from rich.text import Text

from qwensim.catalog import Catalog
from qwensim.cli.consoles import console, new_table, show_table
from qwensim.cli.questions import ASKED, Finding, Verdict, examine, finding, unanswered
from qwensim.errors import QwensimError
from qwensim.provider import Endpoint
from qwensim.provider.openclaw import (
    Config,
    FoundKey,
    Target,
    find_key,
    provider_from_config,
    read_config,
)
from qwensim.provider.openclaw import target as target_of

_PATIENCE: Final = 60.0
"""Seconds of silence after which an endpoint counts as not answering."""

_MEND: Final = "Mend what is named there, and run this again."

_STYLES: Final[Mapping[Verdict, str]] = {"works": "green", "fails": "bold red", "open": "dim"}


def diagnose(
    catalog: Catalog,
    path: Path | None,
    *,
    environ: Mapping[str, str],
    model: str | None,
    http_client: httpx2.Client | None,
) -> list[Finding]:
    """Judge the configuration and its key, then ask the endpoint through `http_client`."""
    try:
        config = read_config(path, environ=environ)
        target = target_of(config, catalog, model)
    except QwensimError as error:
        failed = finding("configuration", "fails", str(error), fix=_MEND)
        rest = ("key source", "key kind", *ASKED)
        return [failed, *unanswered(rest, after="the configuration")]
    findings = [_configuration(config, target)]
    try:
        key = find_key(
            config,
            catalog,
            provider_id=target.provider_id,
            environ=environ,
            optional=target.endpoint.loopback,
        )
    except QwensimError as error:
        fix = "Store a key: qwensim onboard."
        failed = finding("key source", "fails", str(error), fix=fix)
        return [*findings, failed, *unanswered(("key kind", *ASKED), after="the key source")]
    findings += [_source(key), _kind(catalog, target.endpoint, key)]
    try:
        provider = provider_from_config(
            path,
            environ=environ,
            model=model,
            catalog=catalog,
            http_client=http_client,
            timeout=_PATIENCE,
        )
    except QwensimError as error:
        failed = finding("configuration", "fails", str(error), fix=_MEND)
        return [failed, *findings[1:], *unanswered(ASKED, after="the configuration")]
    with provider:
        return findings + examine(provider, target.ref, catalog, provider_id=target.provider_id)


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Whether nothing fails and nothing is left open."""
    return all(found.verdict == "works" for found in findings)


def show_json(findings: Sequence[Finding]) -> None:
    """Print the findings as a JSON list."""
    typer.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2))


def show(findings: Sequence[Finding]) -> None:
    """Print a table of the findings, the fixes, and the count."""
    table = new_table("Diagnosis", "Question", "Verdict", "What came of it")
    for found in findings:
        verdict = Text(found.verdict, style=_STYLES[found.verdict])
        table.add_row(found.question, verdict, found.detail)
    show_table(table)
    out = console()
    for found in findings:
        if found.fix:
            out.print(f"{found.question}: {found.fix}", soft_wrap=True)
    counts = Counter(found.verdict for found in findings)
    out.print(", ".join(f"{counts[verdict]} {verdict}" for verdict in get_args(Verdict)))


def _configuration(config: Config, target: Target) -> Finding:
    file = config.places.config
    origin = str(file) if file.exists() else f"no file {file}, so the defaults hold"
    detail = f"{origin}: {target.ref} at {target.endpoint.base_url}"
    return finding("configuration", "works", detail)


def _source(key: FoundKey) -> Finding:
    lost = f"; unused: {', '.join(key.lost)}" if key.lost else ""
    source = key.source if key.key else "no key, which a server on this machine may do without"
    return finding("key source", "works", f"{source}{lost}")


def _kind(catalog: Catalog, endpoint: Endpoint, key: FoundKey) -> Finding:
    """Hold the form of the key against the endpoint's plan; a foreign host takes what it likes."""
    question = "key kind"
    kind = f"a {catalog.plans[key.plan].title} key" if key.plan else "no key of the service"
    if endpoint.plan in (None, key.plan):
        return finding(question, "works", f"{kind}, for {endpoint.base_url}")
    wanted = catalog.plans[endpoint.plan].title
    choices = (
        row.id
        for row in catalog.auth_choices.values()
        if (host := catalog.hosts[row.host]).plan == key.plan and host.region == endpoint.region
    )
    fix = f"Use a {wanted} key"
    if choice := next(choices, None):
        fix += f", or its own endpoint: qwensim onboard --auth-choice {choice}"
    if key.lost:
        fix += f", or take this one out of {key.source}; next comes {key.lost[0]}"
    return finding(
        question, "fails", f"{kind}, but {endpoint.base_url} takes {wanted} keys", fix=f"{fix}."
    )
