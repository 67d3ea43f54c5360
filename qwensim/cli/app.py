"""The commands and their options; the work of each is a module of its own."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import qwensim
from qwensim.cli import completions, setup, suite
from qwensim.cli.options import (
    Address,
    AsOf,
    Catalogs,
    ClientCheck,
    PaceName,
    Port,
    Seed,
    ServedRegion,
    ThinkingLevel,
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

    Every advertised model is asked with thinking off and on, streamed, in process. Exits with 1 if
    an answer is not what the catalogue says.
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
    seed: Seed = 0,
    catalog: Catalogs = None,
    accounts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML accounts: only their keys work."),
    ] = None,
    as_of: AsOf = None,
    client_check: Annotated[
        ClientCheck,
        typer.Option(help="Who may use the Coding Plan: any User-Agent, coding agents, or all."),
    ] = "any",
    script: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML, TOML or JSON: scripts and faults to begin with."),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append each request to it, as a line of JSON."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No line for each request.")] = False,
) -> None:
    """Serve the fake on one port until Ctrl-C.

    Prints the base URLs of its hosts and the variables to set, and to stderr a line for each
    request: time, host, method, path, model, status, error, tokens.
    """
    from qwensim.cli.serve import add_scenario, serve_until_stopped
    from qwensim.server import SystemClock
    from qwensim.simulator import PACES, Simulator, read_accounts

    facts = catalog_of(catalog, as_of)
    simulator = Simulator(
        catalog=facts,
        seed=seed,
        clock=SystemClock(),
        accounts=read_accounts(accounts, facts) if accounts else (),
        pace=PACES[pace],
        client_check=client_check,
    )
    if script is not None:
        add_scenario(simulator, script)
    serve_until_stopped(
        simulator,
        host=host,
        port=port,
        region=region,
        accounts=accounts,
        journal=journal,
        quiet=quiet,
    )


@app.command()
def chat(
    message: Annotated[str, typer.Argument(help="What to say.", show_default=False)],
    *,
    model: Annotated[
        str,
        typer.Option(metavar="REF", help="qwen/<model id>.", autocompletion=completions.model_refs),
    ] = "qwen/qwen3.5-plus",
    thinking: Annotated[
        ThinkingLevel | None, typer.Option(help="Default: as the model likes.", show_default=False)
    ] = None,
    auth_choice: Annotated[
        str | None,
        typer.Option(
            metavar="CHOICE",
            help="Plan and region.  [default: qwen-api-key]",
            autocompletion=completions.auth_choices,
            show_default=False,
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Endpoint to use instead, such as a served fake's.",
            show_default=False,
        ),
    ] = None,
    system: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="A system message to begin with.", show_default=False),
    ] = None,
) -> None:
    """Ask the service or a served fake, and stream the answer.

    The answer goes to stdout, reasoning and usage to stderr. The key is that of QWEN_API_KEY,
    MODELSTUDIO_API_KEY or DASHSCOPE_API_KEY. Exits with 1 if the service refuses.
    """
    from qwensim.cli.chat import converse, open_provider

    messages = [{"role": "system", "content": system}] if system is not None else []
    messages.append({"role": "user", "content": message})
    with open_provider(auth_choice=auth_choice, base_url=base_url) as provider:
        if not converse(provider, model, messages, thinking=thinking):
            raise typer.Exit(1)


setup.register(app)
suite.register(app)
