"""The verdict on a client, as a table."""

from rich.text import Text

from qwensim.cli.consoles import console, new_table, show_line, show_table
from qwensim.verdict import Judgement, Verdict

_STYLES = {"passed": "green", "failed": "bold red", "not judged": "dim"}

_SHOWN = 3
"""Breaches of a rule that are told."""


def show_verdict(verdict: Verdict, *, stderr: bool = False) -> None:
    """Print what came of each rule, and for each that was broken what to do."""
    table = new_table("The client, by its requests", "Rule", "Outcome", "Seen")
    for one in verdict.judgements:
        table.add_row(one.rule, Text(one.outcome, style=_STYLES[one.outcome]), _seen(one))
    show_table(table, stderr=stderr)
    out = console(stderr=stderr)
    for one in verdict.failures():
        out.print(f"{one.rule}: {one.means} {one.advice}", soft_wrap=True)
    if not verdict.passed:
        out.print()


def show_breaches(verdict: Verdict) -> None:
    """Print to stderr a line for each rule that was broken: what was seen, and what to do."""
    for one in verdict.failures():
        first, *others = one.breaches
        more = f", and {len(others):,} times more" if others else ""
        seen = f"{first.seen} ({_requests(first.requests)}{more})"
        show_line(one.rule, f"{seen}. {one.means} {one.advice}", style="bold yellow")


def _seen(one: Judgement) -> str:
    if not one.breaches:
        return one.reason or f"occasions: {one.occasions}"
    lines = [f"{breach.seen} ({_requests(breach.requests)})" for breach in one.breaches[:_SHOWN]]
    if (more := len(one.breaches) - _SHOWN) > 0:
        lines.append(f"and {more} times more")
    return "\n".join(lines)


def _requests(numbers: tuple[int, ...]) -> str:
    listed = ", ".join(map(str, numbers))
    return f"request {listed}" if len(numbers) == 1 else f"requests {listed}"
