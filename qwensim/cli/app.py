"""The commands and their options; the work of each is a module of its own."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import qwensim
from qwensim.cli import client, orders, repro, setup, suite
from qwensim.cli.options import (
    AccountsFile,
    Address,
    AsOf,
    Catalogs,
    ClientCheckName,
    EnforceLimits,
    JournalPath,
    PaceName,
    Port,
    Scenario,
    ScenarioName,
    Seed,
    ServedRegion,
    TaskPaceName,
    catalog_of,
)
from qwensim.errors import QwensimError

WRONG_USE = 2
"""The exit code of a user's mistake."""

app = typer.Typer(
    help="An offline DashScope for testing Qwen integrations, and the qwen provider client.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,  # brackets are brackets, and lines are filled
    pretty_exceptions_enable=False,  # they show local variables, keys among them
)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, with the arguments of the process unless others are given.

    Exits with 0, with 2 for a user's mistake, with 130 on Ctrl-C, or as the command says.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe may not take what a model says
    try:
        app(args, prog_name="qwensim")
    except QwensimError as error:
        from qwensim.cli.consoles import show_error

        show_error(error)
    sys.exit(WRONG_USE)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(f"qwensim {qwensim.__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options of the whole program."""


@app.command()
def demo(*, seed: Seed = 0) -> None:
    """Watch the real client talk to the fake, on all four hosts.

    Every advertised model is asked with thinking off and on, streamed, in process; then each of the
    other surfaces once. Exits with 1 if an answer is not what the catalogue says.
    """
    from qwensim.catalog import load
    from qwensim.cli.demo import run
    from qwensim.simulator import Simulator

    catalog = load()
    if not run(catalog, Simulator(catalog=catalog, seed=seed)):
        raise typer.Exit(1)


@app.command()
def serve(  # noqa: PLR0913 - one for each option
    *,
    host: Address = "127.0.0.1",
    port: Port = 8787,
    region: ServedRegion = "global",
    pace: Annotated[PaceName, typer.Option(help="At once, or like a model that thinks.")] = (
        "instant"
    ),
    task_pace: Annotated[
        TaskPaceName | None,
        typer.Option(
            help="How long tasks take: no time, 3 seconds, or minutes.  [default: brief, or the"
            " scenario's]",
            show_default=False,
        ),
    ] = None,
    task_polls: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="A task is done when it is asked for the Nth time, however long that takes.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    catalog: Catalogs = None,
    accounts: AccountsFile = None,
    as_of: AsOf = None,
    client_check: ClientCheckName = "any",
    limits: EnforceLimits = False,
    script: Scenario = None,
    scenario: ScenarioName = None,
    journal: JournalPath = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No line for each request.")] = False,
    proxy: Annotated[
        bool,
        typer.Option("--proxy", help="Be a forward proxy too, to the real host names alone."),
    ] = False,
    tls: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            help="Serve TLS on that port too, under the real host names; 0 takes any free one.",
            show_default=False,
        ),
    ] = None,
    ca_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where to keep the authority of the certificates.  [default: one for each run]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve the fake on one port until Ctrl-C.

    Prints the base URLs of its hosts and the variables to set, and to stderr a line for each
    request: time, host, method, path, model, status, error, tokens.
    """
    from functools import partial

    from qwensim.catalog.keys import FAKE_KEYS
    from qwensim.cli.serve import add_scenario, serve_until_stopped
    from qwensim.cli.situation import keys_of, read_alone, service_of, show_situation
    from qwensim.server import SystemClock
    from qwensim.simulator import PACES, TASK_PACES, Simulator, TaskPace, read_accounts

    make = partial(Simulator, seed=seed, pace=PACES[pace])
    tasks = TASK_PACES[task_pace] if task_pace is not None else None
    if task_polls is not None:
        tasks = TaskPace(polls=task_polls)
    if scenario is not None:
        others = {
            "--catalog": catalog,
            "--accounts": accounts,
            "--as-of": as_of,
            "--limits": limits,
            "--client-check": client_check != "any",
        }
        situation = read_alone(scenario, others)
        simulator, keys = service_of(situation, make, tasks), keys_of(situation, region)
        known = scenario if situation.accounts else None
        show_situation(situation)
    else:
        facts = catalog_of(catalog, as_of)
        keys, known = ({}, str(accounts)) if accounts else (FAKE_KEYS, None)
        simulator = make(
            catalog=facts,
            clock=SystemClock(),
            accounts=read_accounts(accounts, facts) if accounts else (),
            client_check=client_check,
            limits=limits,
            task_pace=tasks,
        )
    if script is not None:
        add_scenario(simulator, script)
    serve_until_stopped(
        simulator,
        host=host,
        port=port,
        region=region,
        accounts=known,
        keys=keys,
        journal=journal,
        quiet=quiet,
        proxy=proxy,
        tls_port=tls,
        ca_dir=ca_dir,
    )


@app.command(context_settings={"allow_interspersed_args": False})
def run(  # noqa: PLR0913 - one for each option
    command: Annotated[
        list[str],
        typer.Argument(metavar="COMMAND...", help="What to run, after --.", show_default=False),
    ],
    *,
    script: Scenario = None,
    scenario: ScenarioName = None,
    accounts: AccountsFile = None,
    catalog: Catalogs = None,
    as_of: AsOf = None,
    client_check: ClientCheckName = "any",
    limits: EnforceLimits = False,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the exchanges to this cassette (.yaml); replaced."
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Fail if it is refused something or asks another host."),
    ] = False,
    journal: JournalPath = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Tell nothing in the end, unless --strict finds fault.")
    ] = False,
) -> None:
    """Run any command with the fake as its DashScope.

    Its environment leads it to a proxy that answers under the service's own host names and refuses
    all others, and has test keys where there are none. In the end stderr tells what was asked, and
    what the client should do otherwise.
    Exits as the command does, or with 1 if it ended well and --strict finds fault.
    """
    from qwensim.cli.run import run as run_to_end
    from qwensim.simulator import read_accounts

    situation = None
    if scenario is not None:
        from qwensim.cli.situation import read_alone, show_situation
        from qwensim.scenarios import accounts_of, facts_of

        others = {
            "--catalog": catalog,
            "--accounts": accounts,
            "--as-of": as_of,
            "--limits": limits,
            "--client-check": client_check != "any",
        }
        situation = read_alone(scenario, others)
        if not quiet:
            show_situation(situation)
        facts, known = facts_of(situation), accounts_of(situation)
    else:
        facts = catalog_of(catalog, as_of)
        known = read_accounts(accounts, facts) if accounts else ()
    code = run_to_end(
        command,
        catalog=facts,
        accounts=known,
        situation=situation,
        script=script,
        journal=journal,
        record=record,
        strict=strict,
        client_check=client_check,
        limits=limits,
        quiet=quiet,
    )
    raise typer.Exit(code)


client.register(app)
orders.register(app)
repro.register(app)
setup.register(app)
suite.register(app)
