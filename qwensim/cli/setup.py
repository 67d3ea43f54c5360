"""The commands of a user's setup, with their options: onboarding, diagnosis, the models."""

import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from qwensim.cli import completions
from qwensim.cli.options import AsOf, Catalogs, Host, Json, catalog_of
from qwensim.errors import UsageError

if TYPE_CHECKING:
    from qwensim.catalog import Catalog

ConfigPath: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="OpenClaw's configuration.  [default: as OpenClaw finds it]",
        show_default=False,
    ),
]
Target: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="A served fake to ask in the place of the service's hosts.",
        show_default=False,
    ),
]
ModelRef: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="REF",
        help="qwen/<model id>.  [default: the configuration's]",
        autocompletion=completions.model_refs,
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (onboard, doctor):
        app.command()(command)
    models = typer.Typer(no_args_is_help=True, help="Look at models.")
    models.command("list")(list_models)
    app.add_typer(models, name="models")


def onboard(
    *,
    auth_choice: Annotated[
        str | None,
        typer.Option(
            metavar="CHOICE",
            help="Plan and region.",
            autocompletion=completions.auth_choices,
            show_default=False,
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="The key; other users may see it here.", show_default=False
        ),
    ] = None,
    api_key_stdin: Annotated[
        bool, typer.Option("--api-key-stdin", help="The key is a line on standard input.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            help="The default model.",
            autocompletion=completions.model_refs,
            show_default=False,
        ),
    ] = None,
    config: ConfigPath = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Ask the endpoint first whether it takes the key.")
    ] = False,
    target: Target = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change only.")] = False,
) -> None:
    """Configure OpenClaw for Qwen: endpoint, models, key.

    Asks on the terminal for what no option says. Shows the change before it writes it, whole or
    not at all; the key goes into OpenClaw's own store, not into the configuration. Exits with 1 if
    the endpoint refuses the key, and then nothing is written.
    """
    from qwensim.catalog import load
    from qwensim.cli import onboard as onboarding
    from qwensim.cli.consoles import show_error
    from qwensim.cli.redirect import client_to
    from qwensim.provider import ProviderError
    from qwensim.provider.openclaw import onboarding as plan_onboarding
    from qwensim.provider.openclaw import read_config

    if target is not None and not verify:
        raise UsageError("--target says where to verify the key; add --verify")
    catalog = load()
    current = read_config(config)
    with onboarding.untouched_if_stopped():
        wanted = onboarding.wishes(
            catalog,
            choice_name=auth_choice,
            api_key=api_key,
            key_from_stdin=api_key_stdin,
            model=model,
        )
    plan = plan_onboarding(
        current, wanted.choice.id, wanted.key, catalog=catalog, default_model=wanted.model
    )
    onboarding.show(plan)
    if verify:
        with onboarding.untouched_if_stopped(), ExitStack() as stack:
            client = stack.enter_context(client_to(catalog, target)) if target else None
            try:
                onboarding.verify(catalog, wanted, plan.ref, http_client=client)
            except ProviderError as error:
                show_error(error)
                raise typer.Exit(1) from error
    if dry_run:
        typer.echo(onboarding.UNTOUCHED)
        return
    with onboarding.untouched_if_stopped():
        if wanted.asked and not onboarding.confirmed():
            typer.echo(onboarding.UNTOUCHED)
            raise typer.Exit(1)
    plan.write()
    where = f" --config {shlex.quote(str(config))}" if config else ""
    typer.echo(f"Written. See whether it works: qwensim doctor{where}")


def doctor(
    *,
    config: ConfigPath = None,
    model: ModelRef = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Find out what fails with your configuration, and the fix.

    Reads OpenClaw's configuration, says which key wins and whether it is of the endpoint's plan,
    then asks the endpoint for a few tokens, two times as a rule: is the address right, is the key,
    is the plan, does the model answer, does it think as asked, does a stream tell its usage? Exits
    with 1 if something fails.
    """
    import os

    from qwensim.catalog import load
    from qwensim.cli import doctor as diagnosis
    from qwensim.cli.redirect import client_to

    if config is not None and not config.exists():
        raise UsageError(f"--config: there is no file {config}; to make one: qwensim onboard")
    catalog = load()
    with ExitStack() as stack:
        findings = diagnosis.diagnose(
            catalog,
            config,
            environ=os.environ,
            model=model,
            http_client=stack.enter_context(client_to(catalog, target)) if target else None,
        )
    (diagnosis.show_json if as_json else diagnosis.show)(findings)
    if not diagnosis.is_healthy(findings):
        raise typer.Exit(1)


def list_models(  # noqa: PLR0913 - one for each option
    *,
    provider: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The configured models of a provider.", show_default=False
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--all", help="With --provider: those not configured too.")
    ] = False,
    config: ConfigPath = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="Ask the configured endpoint: a token of each model, at your cost."
        ),
    ] = False,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Endpoint to probe instead of the configured.", show_default=False
        ),
    ] = None,
    host: Host = None,
    as_json: Json = False,
    catalog: Catalogs = None,
    as_of: AsOf = None,
) -> None:
    """List models: the service's, yours, or an endpoint's.

    Without --provider and --probe, what is advertised and what is served, host by host. Advertised
    is what the client's bundled catalogue says, served what the service does: context in tokens
    and inputs. Thinking is on or off by default, only or never.

    With --provider qwen, what your configuration has, as OpenClaw lists it. With --probe, what a
    running endpoint does serve, beside what is advertised.
    """
    facts = catalog_of(catalog, as_of)
    if base_url is not None and not probe:
        raise UsageError("--base-url names what to probe; add --probe")
    if host is not None and (probe or provider is not None):
        raise UsageError("--host is for the list of the service; leave out --provider and --probe")
    if probe:
        _probe(facts, config, base_url=base_url, provider=provider, as_json=as_json)
    elif provider is not None:
        import os

        from qwensim.cli import listing

        rows = listing.list_configured(
            facts, config, provider=provider, whole=whole, environ=os.environ
        )
        if as_json:
            listing.show_json(rows)
        else:
            listing.show(rows, provider=provider)
    else:
        if config is not None or whole:
            raise UsageError("--config and --all are for the models of a provider: add --provider")
        from qwensim.cli.models import rows_of, show_json, show_tables

        (show_json if as_json else show_tables)(rows_of(facts, host))


def _probe(
    catalog: "Catalog",
    config: Path | None,
    *,
    base_url: str | None,
    provider: str | None,
    as_json: bool,
) -> None:
    import os

    from qwensim.cli import probe as probing
    from qwensim.cli.consoles import show_error
    from qwensim.provider import ProviderError

    try:
        found = probing.probe_endpoint(
            catalog, config, base_url=base_url, provider=provider, environ=os.environ
        )
    except ProviderError as error:
        show_error(error)
        raise typer.Exit(1) from error
    (probing.show_json if as_json else probing.show)(found)
