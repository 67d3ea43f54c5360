"""`qwensim cassettes audit`: which recordings hold credentials."""

from pathlib import Path

import typer

from qwensim.catalog import load
from qwensim.cli.consoles import console
from qwensim.recording import audit


def show_audit(path: Path) -> bool:
    """Print file, place and kind of each credential found; return whether there is none.

    Raises `UsageError` if there is no such file or folder.
    """
    report = audit(path, load())
    for finding in report.findings:
        typer.echo(f"{finding.file}: {finding.place}: {finding.kind}")
    files = f"{report.files} file{'s' * (report.files != 1)}"
    found = len(report.findings)
    verdict = "no credentials" if not found else f"{found} place{'s' * (found != 1)} to look at"
    console(stderr=True).print(f"{files}: {verdict}", soft_wrap=True)
    return not found
