"""`qwensim repro run`: play scenarios, and say what was there and what was not."""

from collections.abc import Sequence

import msgspec
import typer
from rich.padding import Padding
from rich.progress import track
from rich.text import Text

from qwensim.catalog import Redactor, load
from qwensim.cli.consoles import console, new_table, show_table
from qwensim.cli.trace import trace as lines_of
from qwensim.cli.verdict import show_verdict
from qwensim.scenarios import Result, Scenario, Source, reproduce, scenario_of, source


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario and what came of it."""

    source: Source
    scenario: Scenario
    result: Result

    @property
    def outcome(self) -> str:
        """In a word or two."""
        result = self.result
        if result.remedied:
            return "remedied" if result.as_expected else "not remedied"
        return "reproduced" if result.as_expected else "not reproduced"


def run(names: Sequence[str], *, remedy: bool, served: bool) -> list[Run]:
    """Read all scenarios, then play them, with a progress bar on a terminal.

    Raises `QwensimError` for a scenario that is wrong, that there is not, or that has no remedy.
    """
    sources = [source(name) for name in names]
    scenarios = [scenario_of(found) for found in sources]
    err = console(stderr=True)
    return [
        Run(
            source=found,
            scenario=scenario,
            result=reproduce(scenario, remedy=remedy, served=served),
        )
        for found, scenario in track(
            [*zip(sources, scenarios, strict=True)],
            description="Reproducing",
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
    ]


def show(one: Run, *, trace: bool, verdict: bool = False) -> None:
    """Print what came of a scenario, condition by condition, and what helps.

    `verdict`: and what the requests tell of the client.
    """
    out, scenario, result = console(), one.scenario, one.result
    out.print(f"{one.source.id}: {scenario.title}", style="bold", soft_wrap=True)
    out.print(scenario.reference, soft_wrap=True)
    out.print(_paragraph(scenario.symptom))
    if trace:
        _show_trace(one)
    out.print(f"{one.outcome.capitalize()}.", style="green" if result.as_expected else "bold red")
    for finding in result.findings:
        place = f"call {finding.call}, {finding.place}"
        if finding.holds:
            out.print(f"  seen: {place}: {finding.seen}", soft_wrap=True)
        else:
            told = f"expected {finding.expected}; saw {finding.seen}"
            out.print(f"  NOT SEEN: {place}: {told}", style="bold red", soft_wrap=True)
    if result.remedied and result.symptom:
        out.print("  What was reported is still there.", style="bold red")
    if scenario.remedy is not None and not result.remedied:
        out.print()
        out.print("What helps:")
        out.print(_paragraph(scenario.remedy.words))
        out.print(f"To see that: qwensim repro run {one.source.name} --remedy", soft_wrap=True)
    if verdict:
        out.print()
        show_verdict(result.played.verdict)


def show_many(runs: Sequence[Run], *, trace: bool, verdict: bool) -> None:
    """Print a table, and the conditions of what is not as expected; `verdict` is as for `show`."""
    if trace:
        for one in runs:
            console().print(f"{one.source.id}: {one.scenario.title}", style="bold", soft_wrap=True)
            console().print()
            _show_trace(one)
    table = new_table(f"{len(runs)} support issues", "Scenario", "Outcome", "Title")
    for one in runs:
        style = "green" if one.result.as_expected else "bold red"
        table.add_row(one.source.id, Text(one.outcome, style=style), one.scenario.title)
    show_table(table)
    failed = [one for one in runs if not one.result.as_expected]
    for one in failed:
        show(one, trace=False)
        console().print()
    if verdict:
        for one in runs:
            console().print(f"{one.source.id}: {one.scenario.title}", style="bold", soft_wrap=True)
            console().print()
            show_verdict(one.result.played.verdict)
    console().print(f"{len(runs) - len(failed)} as expected, {len(failed)} not")


def show_json(runs: Sequence[Run], *, verdict: bool) -> None:
    """Print a JSON list: scenario, outcome, conditions and, if asked for, the verdict."""
    rows = [
        {
            "id": one.source.id,
            "outcome": one.outcome,
            "as_expected": one.result.as_expected,
            "findings": one.result.findings,
            **({"verdict": one.result.played.verdict} if verdict else {}),
        }
        for one in runs
    ]
    typer.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())


def _show_trace(one: Run) -> None:
    redactor = Redactor(load())
    for number, outcome in enumerate(one.result.played.outcomes, start=1):
        console().print(f"call {number}", style="bold")
        for line in lines_of(outcome.exchanges, redactor):
            console().print(line, soft_wrap=True)


def _paragraph(text: str) -> Padding:
    """Return a text indented, and filled anew."""
    return Padding(" ".join(text.split()), (0, 0, 1, 2))
