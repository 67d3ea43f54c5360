"""`qwensim drift`: a table of what the fake answers as recorded, and where it does not."""

from collections import Counter
from collections.abc import Sequence
from typing import get_args

import msgspec
import typer

from qwensim.cli.consoles import new_table, show_table
from qwensim.contract.drift import Finding, Outcome

_NO_SURFACE = "(unreadable)"


def is_clean(findings: Sequence[Finding]) -> bool:
    """Whether every exchange was looked at, and every difference is explained."""
    return not any(finding.outcome in ("differs", "could not look") for finding in findings)


def show_json(findings: Sequence[Finding]) -> None:
    """Print the findings as a JSON list."""
    typer.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2))


def show_report(findings: Sequence[Finding]) -> None:
    """Print a table by surface, and below it what is not as recorded."""
    outcomes = get_args(Outcome)
    counts = Counter((finding.surface, finding.outcome) for finding in findings)
    table = new_table("Exchanges", "Surface", *(name.capitalize() for name in outcomes))
    table.columns[0].no_wrap = False
    for column in table.columns[1:]:
        column.justify = "right"
    for surface in sorted({finding.surface for finding in findings}):
        cells = (str(counts[surface, outcome] or "") for outcome in outcomes)
        table.add_row(surface or _NO_SURFACE, *cells)
    show_table(table)
    for finding in findings:
        if not is_clean([finding]):
            _show(finding)
    reasons = Counter(
        reason
        for finding in findings
        for reason in {difference.reason for difference in finding.differences}
        if reason is not None
    )
    for reason, count in reasons.items():
        typer.echo(f"known in {count}: {reason}")


def _show(finding: Finding) -> None:
    facts = (finding.surface, finding.host, finding.model, finding.day, finding.detail)
    told = ", ".join(str(fact) for fact in facts if fact)
    typer.echo(f"{finding.recording} #{finding.number} {finding.outcome}: {told}")
    for difference in finding.differences:
        if difference.reason is None:
            events = ", ".join(map(str, difference.events))
            typer.echo(f"  {difference.where}{f' (events {events})' if events else ''}")
            typer.echo(f"    recorded  {difference.recorded}")
            typer.echo(f"    fake      {difference.fake}")
