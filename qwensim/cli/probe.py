"""`qwensim models list --probe`: what a running endpoint serves beside what is advertised."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec
import typer
from rich.progress import track

from qwensim.catalog import Catalog
from qwensim.cli.consoles import console, new_table, show_table
from qwensim.cli.models import Advertised, described
from qwensim.cli.questions import greet
from qwensim.errors import UsageError
from qwensim.provider import (
    AuthError,
    ConnectionFailure,
    Endpoint,
    MalformedAnswerError,
    NotFoundError,
    ProviderError,
    QwenProvider,
)
from qwensim.provider.openclaw import (
    ModelEntry,
    catalogue,
    provider_from_config,
    provider_named,
    read_config,
)
from qwensim.provider.openclaw.targets import bundled
from qwensim.provider.refs import PROVIDER, PROVIDERS

Served: TypeAlias = Literal["answers", "refused", "listed"]

_OF_THE_ENDPOINT: Final = (AuthError, ConnectionFailure, MalformedAnswerError, NotFoundError)
"""What says nothing of a model: no other would fare better."""


_ANY_MODEL: Final = "any"
"""A reference names a model, but its provider alone decides where it leads."""


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """A model at an endpoint; the keys of `--json`."""

    provider: str
    model: str
    base_url: str
    advertised: Advertised | None
    """None where the client's catalogue leaves the model out for this endpoint."""
    served: Served
    """Whether the model answered or was refused, or, not asked, is in the endpoint's list."""
    detail: str = ""
    """The words of the refusal."""
    fix: str = ""


def advertised_at(catalog: Catalog, endpoint: Endpoint) -> dict[str, Advertised]:
    """Return what the bundled catalogue offers at an endpoint: all of it on a foreign host."""
    return {
        row.id: msgspec.convert(row, Advertised, from_attributes=True)
        for row in bundled(catalog, endpoint)
    }


def probe_endpoint(
    catalog: Catalog,
    path: Path | None,
    *,
    base_url: str | None,
    provider: str | None,
    environ: Mapping[str, str],
) -> list[Probed]:
    """Probe the endpoint of a base URL, with a key of `environ`, or that of a configuration.

    Of a configuration it is that of `provider`, by default the default model's. Raises `UsageError`
    if a base URL and one of these are given, `ProviderError` if the endpoint takes no request.
    """
    if base_url is None:
        config = read_config(path, environ=environ)
        model = f"{provider_named(config, provider)}/{_ANY_MODEL}" if provider else None
        with provider_from_config(
            path, environ=environ, model=model, catalog=catalog
        ) as configured:
            provider_id = configured.target.provider_id
            offered = catalogue(config, catalog, provider_id=provider_id)
            return probe(
                configured,
                catalog,
                {entry.id: _advertised(entry, catalog) for entry in offered},
                provider_id=provider_id,
            )
    if path is not None or (provider or PROVIDER).lower() not in PROVIDERS:
        raise UsageError("two endpoints are given; use --base-url, or --config and --provider")
    with QwenProvider(base_url=base_url, catalog=catalog, environ=environ) as native:
        offers = advertised_at(catalog, native.endpoint)
        return probe(native, catalog, offers, provider_id=PROVIDER)


def probe(
    provider: QwenProvider,
    catalog: Catalog,
    advertised: Mapping[str, Advertised],
    *,
    provider_id: str,
) -> list[Probed]:
    """Ask the endpoint for its list, and each advertised model for one token.

    The service's own hosts are asked for the whole bundled catalogue; what the list has beyond is
    not asked. Raises `ProviderError` if the endpoint takes no request at all, `UsageError` if
    there is nothing to ask.
    """
    others = catalog.advertised if provider.endpoint.native else ()
    asked = list(dict.fromkeys([*advertised, *others]))
    if not asked:
        raise UsageError(f"no models of {provider_id} to ask for; name some in its configuration")
    err = console(stderr=True)
    refusals = dict(
        track(
            _asked(provider, asked, provider_id),
            description="Asking the models",
            total=len(asked),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
    )
    rows = []
    for model in dict.fromkeys([*asked, *_listed(provider)]):
        refusal = refusals.get(model)
        served: Served = "refused" if refusal else "answers" if model in refusals else "listed"
        rows.append(
            Probed(
                provider=provider_id,
                model=model,
                base_url=provider.endpoint.base_url,
                advertised=advertised.get(model),
                served=served,
                detail=refusal.message.strip() if refusal else "",
                fix=refusal.advice if refusal else "",
            )
        )
    return rows


def _advertised(entry: ModelEntry, catalog: Catalog) -> Advertised:
    row = catalog.advertised.get(entry.id)
    return msgspec.convert(
        {
            "context_window": entry.context_window,
            "max_tokens": entry.max_tokens,
            "input": entry.input,
            "reasoning": entry.reasoning,
            "default": row is not None and row.default,
        },
        Advertised,
    )


def _asked(
    provider: QwenProvider, models: list[str], provider_id: str
) -> Iterator[tuple[str, ProviderError | None]]:
    """Yield each model with its refusal, or None if it answers."""
    for model in models:
        refusal = None
        try:
            greet(provider, f"{provider_id}/{model}")
        except ProviderError as error:
            if isinstance(error, _OF_THE_ENDPOINT):
                raise
            refusal = error
        yield model, refusal


def _listed(provider: QwenProvider) -> tuple[str, ...]:
    """Return the endpoint's list; the Coding Plan and many gateways have none."""
    try:
        return provider.models()
    except ProviderError:
        return ()


def show_json(rows: list[Probed]) -> None:
    """Print the rows as a JSON list."""
    typer.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))


def show(rows: list[Probed]) -> None:
    """Print a table, and below it each refusal once, in the endpoint's words."""
    table = new_table(rows[0].base_url, "Model", "Advertised", "Served")
    for row in rows:
        offered = row.advertised
        table.add_row(
            row.model,
            described(offered.context_window, offered.input) if offered else "no",
            row.served,
        )
    show_table(table)
    for row in rows:
        if row.served == "refused":
            typer.echo(f"{row.model}: {' '.join(f'{row.detail} {row.fix}'.split())}")
