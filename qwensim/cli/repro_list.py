"""`qwensim repro list`: the library, and what has certain words in it."""

from collections.abc import Iterable, Sequence

import msgspec
import typer

from qwensim.cli.consoles import new_table, show_table
from qwensim.scenarios import ids, read


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario in short; the keys of `--json`."""

    id: str
    title: str
    reference: str
    symptom: str
    remedy: str | None


def matching(words: Iterable[str]) -> list[Listed]:
    """Return the scenarios in whose texts all the words stand, in any case."""
    wanted = [word.casefold() for word in words]
    found = []
    for name in ids():
        scenario = read(name)
        listed = Listed(
            id=name,
            title=scenario.title,
            reference=scenario.reference,
            symptom=scenario.symptom.strip(),
            remedy=scenario.remedy.words.strip() if scenario.remedy else None,
        )
        text = " ".join(filter(None, msgspec.structs.astuple(listed))).casefold()
        if all(word in text for word in wanted):
            found.append(listed)
    return found


def show(found: Sequence[Listed]) -> None:
    """Print a table."""
    table = new_table(f"{len(found)} support issues", "Scenario", "Title", "Reported in")
    for row in found:
        table.add_row(row.id, row.title, row.reference)
    show_table(table)


def show_json(found: Sequence[Listed]) -> None:
    """Print a JSON list."""
    typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
