"""Where output goes: whole and plain in a pipe, fitted and coloured on a terminal."""

from rich import box
from rich.console import Console
from rich.table import Table

_UNBOUNDED = 10_000
"""Columns; wider than any table."""


def console(*, stderr: bool = False) -> Console:
    """Return a console that prints text as it is: what models and services say is no markup."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def new_table(title: str, *headings: str) -> Table:
    """Return a table without rows, in the style of all; the first column wraps last."""
    table = Table(
        *headings,
        title=title,
        title_justify="left",
        title_style="bold",
        min_width=len(title),  # else it wraps over a narrow table
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    for column in table.columns:
        column.overflow = "fold"
    table.columns[0].no_wrap = True
    return table


def show_table(table: Table, *, stderr: bool = False) -> None:
    """Print a table and a blank line: fitted to the terminal, or in a pipe at its full width."""
    out = console(stderr=stderr)
    if not out.is_terminal:
        out.width = _UNBOUNDED
    out.print(table)
    out.print()


def show_line(label: str, text: object, *, style: str) -> None:
    """Print a labelled text to stderr, in one line whatever it holds, and without any key."""
    err = console(stderr=True)
    err.print(f"{label}:", style=style, end=" ")
    err.print(" ".join(redacted(str(text)).split()), soft_wrap=True)


def redacted(text: str) -> str:
    """Return a text without what looks like a key: one may stand where a name is expected."""
    from qwensim.catalog import Redactor, load

    return Redactor(load()).text(text)


def show_error(error: Exception) -> None:
    """Print an error's message to stderr."""
    show_line("error", error, style="bold red")


def show_warning(text: object) -> None:
    """Print a warning to stderr."""
    show_line("warning", text, style="bold yellow")
