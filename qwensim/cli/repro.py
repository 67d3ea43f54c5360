"""`qwensim repro`: support issues from the library and from files, and their options."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from qwensim.cli import completions
from qwensim.cli.options import Json

Name: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ID|FILE",
        help="A scenario of the library, or a YAML file.",
        autocompletion=completions.scenarios,
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    repro = typer.Typer(no_args_is_help=True, help="Reproduce support issues, offline.")
    repro.command("list")(list_scenarios)
    repro.command("show")(show_scenario)
    repro.command("run")(run_scenarios)
    repro.command("new")(new_scenario)
    repro.command("schema")(show_schema)
    app.add_typer(repro, name="repro")


def list_scenarios(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORDS...", help="All stand in what is listed.", show_default=False),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """List the library, or what has the words in it.

    They are looked for in title, reference, symptom and remedy. Exits with 1 if there is nothing to
    list.
    """
    from qwensim.cli.repro_list import matching, show, show_json

    found = matching(words or ())
    (show_json if as_json else show)(found)
    if not found:
        raise typer.Exit(1)


def show_scenario(name: Name) -> None:
    """Print the file of a scenario.

    It is there to be read, or to begin another one with.
    """
    from qwensim.scenarios import scenario_of, source

    found = source(name)
    scenario_of(found)
    typer.echo(found.text, nl=False)


def run_scenarios(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID|FILE...",
            help="Scenarios of the library, or YAML files.",
            autocompletion=completions.scenarios,
            show_default=False,
        ),
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="The whole library.")] = False,
    remedy: Annotated[bool, typer.Option("--remedy", help="With what helps.")] = False,
    served: Annotated[
        bool, typer.Option("--served", help="Over a socket, by a proxy; else in process.")
    ] = False,
    trace: Annotated[
        bool, typer.Option("--trace", help="Print what goes over the wire, without keys.")
    ] = False,
    verdict: Annotated[
        bool, typer.Option("--verdict", help="Print what the requests tell of the client.")
    ] = False,
    as_json: Json = False,
) -> None:
    """See whether what was reported is there, or gone.

    Gone it should be with --remedy. The calls are made by the real provider client, or as other
    clients make them, against the service as it was for the user who reported. Exits with 0 if all
    is as the scenario says, with 1 if not, with 2 if a file is wrong.
    """
    from qwensim.cli.repro_run import run, show, show_json, show_many
    from qwensim.errors import UsageError
    from qwensim.scenarios import ids

    chosen = ids() if everything else tuple(names or ())
    if not chosen or (everything and names):
        raise UsageError("give ids of scenarios or files of your own, or else --all")
    results = run(chosen, remedy=remedy, served=served)
    if as_json:
        show_json(results, verdict=verdict)
    elif len(results) == 1:
        show(results[0], trace=trace, verdict=verdict)
    else:
        show_many(results, trace=trace, verdict=verdict)
    if not all(one.result.as_expected for one in results):
        raise typer.Exit(1)


def new_scenario(
    source: Annotated[
        Path,
        typer.Option(
            "--from",
            metavar="FILE",
            help="A vcrpy cassette (.yaml), or a journal of qwensim run or serve.",
            show_default=False,
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Where to write it; else to stdout.", show_default=False
        ),
    ] = None,
) -> None:
    """Draft a scenario from what is on record.

    It has no keys and runs at once. Its calls are the requests on record, and its service answers
    as is on record, as far as that can be set up: what could not be is told in the file.
    """
    from qwensim.cli.repro_new import new

    new(source, out)


def show_schema() -> None:
    """Print the JSON Schema of scenario files.

    Editors check and complete them by it.
    """
    import json

    from qwensim.scenarios import schema

    typer.echo(json.dumps(schema(), indent=2))
