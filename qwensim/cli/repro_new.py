"""`qwensim repro new`: a draft of a scenario."""

from pathlib import Path

import typer

from qwensim.errors import UsageError
from qwensim.scenarios.drafting import draft
from qwensim.scenarios.reading import SUFFIX


def new(source: Path, out: Path | None) -> None:
    """Write the draft of a cassette or journal, or print it.

    Raises `QwensimError` for a source that is neither, and for a file that cannot be written or is
    there already.
    """
    if out is not None and out.suffix != SUFFIX:
        raise UsageError(f"{out} is no name of a scenario: it ends in {SUFFIX}")
    made = draft(source)
    if out is None:
        typer.echo(made.text, nl=False)
    else:
        _write(out, made.text)
        typer.echo(f"To play it: qwensim repro run {out}", err=True)
    typer.echo(
        f"requests: {made.requests}, on record but not seen again: {len(made.left_out)}", err=True
    )


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already: give another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {path} ({error.strerror})") from error
