"""The commands of the contract suite and its recordings, with their options."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from qwensim.cli import completions
from qwensim.cli.options import (
    Address,
    AsOf,
    Cases,
    Catalogs,
    Host,
    Json,
    Plan,
    Port,
    Recordings,
    ReplayPace,
    ServedRegion,
    catalog_of,
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (check, drift, record, replay):
        app.command()(command)
    cassettes = typer.Typer(no_args_is_help=True, help="Look after recordings.")
    cassettes.command("audit")(audit_cassettes)
    app.add_typer(cassettes, name="cassettes")


def audit_cassettes(
    path: Recordings,
) -> None:
    """Prove that a folder holds no credentials.

    Keys, cookies, account ids and signatures are found in headers, queries and bodies, escaped or
    cut over the events of a stream too. Prints file, place and kind, never the credential. Exits
    with 1 if there is any.
    """
    from qwensim.cli.cassettes import show_audit

    if not show_audit(path):
        raise typer.Exit(1)


def replay(
    path: Recordings,
    *,
    host: Address = "127.0.0.1",
    port: Port = 8787,
    region: ServedRegion = "global",
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


def record(
    *,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to keep them.")] = Path(
        "cassettes"
    ),
    case: Cases = "*",
    host: Host = None,
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
    case: Cases = "*",
    key_env: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Variable with the key for a base URL.  [default: QWEN_API_KEY, …]",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
    catalog: Catalogs = None,
    as_of: AsOf = None,
) -> None:
    """See which promises of the service a target keeps.

    The live service wants a key for each host, in a variable named as its auth choice
    (QWEN_STANDARD_API_KEY_CN, QWEN_STANDARD_API_KEY, QWEN_API_KEY_CN, QWEN_API_KEY), and costs
    tokens. Exits with 1 if a promise is broken or none could be looked at.
    """
    import os

    from qwensim.cli import check as checking
    from qwensim.contract import cases

    facts = catalog_of(catalog, as_of)
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
    as_json: Json = False,
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
