"""The commands and their options; the work of each is a module of its own."""
# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that the program starts fast

import datetime as dt
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, TypeAlias

import typer

import qwensim
from qwensim.cli import completions
from qwensim.errors import QwensimError

if TYPE_CHECKING:
    from qwensim.catalog import Catalog

WRONG_USE = 2
"""The exit code of a user's mistake."""

Region: TypeAlias = Literal["global", "china"]
ReplayPace: TypeAlias = Literal["recorded", "instant"]
Plan: TypeAlias = Literal["standard", "coding"]
PaceName: TypeAlias = Literal["instant", "realistic"]
ClientCheck: TypeAlias = Literal["any", "agents", "off"]
ThinkingLevel: TypeAlias = Literal[
    "off", "none", "minimal", "low", "medium", "high", "xhigh", "max"
]

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


app = typer.Typer(
    help="An offline DashScope for testing Qwen integrations, and the qwen provider client.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,  # brackets are brackets, and lines are filled
    pretty_exceptions_enable=False,  # they show local variables, keys among them
)
models = typer.Typer(no_args_is_help=True, help="Look at models.")
app.add_typer(models, name="models")
cassettes = typer.Typer(no_args_is_help=True, help="Look after recordings.")
app.add_typer(cassettes, name="cassettes")


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, with the arguments of the process unless others are given.

    Exits with 0, with 2 for a user's mistake, with 130 on Ctrl-C, or as the command says.
    """
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
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.")] = 8787,
    region: Annotated[
        Region, typer.Option(help="Whose hosts answer a request that names none.")
    ] = "global",
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

    facts = _catalog(catalog, as_of)
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


@models.command("list")
def list_models(
    *,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="One host only, by its name.",
            autocompletion=completions.host_names,
            show_default=False,
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="One provider only; qwen is the only one.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list of rows.")] = False,
    catalog: Catalogs = None,
    as_of: AsOf = None,
) -> None:
    """List what is advertised and what is served, host by host.

    Advertised is what the client's bundled catalogue says, served what the service does: context
    in tokens and inputs. Thinking is on or off by default, only or never.
    """
    from qwensim.cli.models import check_provider, rows_of, show_json, show_tables

    if provider is not None:
        check_provider(provider)
    rows = rows_of(_catalog(catalog, as_of), host)
    (show_json if as_json else show_tables)(rows)


@cassettes.command("audit")
def audit_cassettes(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A cassette, or a folder.", show_default=False)
    ],
) -> None:
    """Prove that a folder holds no credentials: keys, cookies, account ids, signatures.

    They are found in headers, queries and bodies, escaped or cut over the events of a stream too.
    Prints file, place and kind, never the credential. Exits with 1 if there is any.
    """
    from qwensim.cli.cassettes import show_audit

    if not show_audit(path):
        raise typer.Exit(1)


@app.command()
def replay(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A cassette, or a folder.", show_default=False)
    ],
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.")] = 8787,
    region: Annotated[
        Region, typer.Option(help="Whose hosts answer a request that names none.")
    ] = "global",
    pace: Annotated[
        ReplayPace, typer.Option(help="Chunks when they came, or at once.")
    ] = "recorded",
) -> None:
    """Serve recordings on one port until Ctrl-C, to any client.

    A request is answered as one with the same method, host, path, query and JSON was; any other
    with a 404 that names the nearest recording and what differs.
    """
    from qwensim.cli.replay import replay_until_stopped

    replay_until_stopped(path, host=host, port=port, region=region, pace=pace)


@app.command()
def record(
    *,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to keep them.")] = Path(
        "cassettes"
    ),
    case: Annotated[
        str, typer.Option(metavar="GLOB", help="Cases of the contract, by their ids.")
    ] = "*",
    host: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="One host only, by its name.",
            autocompletion=completions.host_names,
            show_default=False,
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="From the real service: it costs tokens.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Spend without being asked.")] = False,
) -> None:
    """Record the contract's conversations as cassettes.

    From the fake the files are the same each time. For the live service set a key for each host,
    in the variable that is named if it is missing. Exits with 1 if a promise was broken.
    """
    from qwensim.cli.record import conversations, fake_recorder, live_recorder
    from qwensim.cli.record import record as record_all
    from qwensim.contract import cases

    recorder = (live_recorder if live else fake_recorder)(out)
    pairs = conversations(recorder, cases(case), host)
    if live and not yes:
        question = f"Hold {len(pairs)} conversations with the live service, at your cost?"
        typer.confirm(question, abort=True)
    if not record_all(recorder, pairs):
        raise typer.Exit(1)


@app.command()
def check(
    *,
    target: Annotated[
        str,
        typer.Option(
            metavar="TARGET",
            help="fake, served, cassettes, live, a folder of recordings, or a base URL.",
        ),
    ] = "fake",
    host: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="One host only, by its name; a base URL stands for it.",
            autocompletion=completions.host_names,
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        Plan | None, typer.Option(help="The hosts of one plan only.", show_default=False)
    ] = None,
    case: Annotated[str, typer.Option(metavar="GLOB", help="Cases whose id matches.")] = "*",
    key_env: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Variable with the key for a base URL.  [default: QWEN_API_KEY, …]",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list of results.")] = False,
    catalog: Catalogs = None,
    as_of: AsOf = None,
) -> None:
    """See which promises of the service and its client a target keeps.

    The live service wants a key for each host, in a variable named as its auth choice
    (QWEN_STANDARD_API_KEY_CN, QWEN_STANDARD_API_KEY, QWEN_API_KEY_CN, QWEN_API_KEY), and costs
    tokens. Exits with 1 if a promise is broken or none could be looked at.
    """
    import os

    from qwensim.cli import check as checking
    from qwensim.contract import cases

    facts = _catalog(catalog, as_of)
    hosts = checking.hosts_of(facts, host=host, plan=plan)
    chosen = cases(case)
    with checking.opened(target, facts, hosts, key_variable=key_env, environ=os.environ) as (
        opened,
        asked,
    ):
        results = checking.check(opened, chosen, asked)
    if as_json:
        checking.show_json(results)
    else:
        checking.show(results, asked, target=target)
    if not checking.passed(results):
        raise typer.Exit(1)


@app.command()
def drift(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            help="Cassettes, raw exchanges, answers, or folders of them.",
            show_default=False,
        ),
    ],
    *,
    known: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="TOML differences that are no surprise; repeatable."),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Who is asked where a recording names no host.",
            autocompletion=completions.host_names,
        ),
    ] = "dashscope-intl.aliyuncs.com",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list of findings.")] = False,
    catalog: Catalogs = None,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="The service as it was on that day.  [default: the day of each recording]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Compare recordings of the service with what the fake answers.

    Each recorded request is sent to the fake. Compared are status, media type, header names, keys,
    their order and types, words that the format prescribes, error codes and messages, and the
    sequence of events; not texts, ids and counts. Exits with 1 if an exchange differs and no known
    difference explains it, or if one could not be looked at.
    """
    from qwensim.cli import drift as drifting
    from qwensim.contract.drift import drift as findings_of
    from qwensim.contract.drift import read_known

    findings = list(
        findings_of(
            paths,
            host=host,
            overlays=catalog or (),
            as_of=as_of.date() if as_of else None,
            known=read_known(known or ()),
        )
    )
    (drifting.show_json if as_json else drifting.show_report)(findings)
    if not drifting.is_clean(findings):
        raise typer.Exit(1)


def _catalog(overlays: Iterable[Path] | None, as_of: dt.datetime | None) -> "Catalog":
    from qwensim.catalog import PAGE_DATE, load

    return load(*overlays or (), as_of=as_of.date() if as_of else PAGE_DATE)
