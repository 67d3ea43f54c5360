"""Reads scenarios: those of the library by their ids, others from files."""

from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Final

from qwensim.catalog import Redactor, load
from qwensim.errors import ScenarioError, UsageError
from qwensim.fields import FieldError, convert_fields, written
from qwensim.scenarios.checks import check, check_secrets
from qwensim.scenarios.document import DocumentError, parse
from qwensim.scenarios.spec import Scenario

SUFFIX: Final = ".yaml"

_LIBRARY: Final = files("qwensim.scenarios") / "library"
_LARGEST: Final = 1_000_000
"""Bytes of a file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The text of a scenario."""

    id: str
    """The name of its file, without the suffix."""
    name: str
    """What it was asked for by: the id, or the file."""
    text: str


def ids() -> tuple[str, ...]:
    """Return the ids of the library, in order."""
    names = [entry.name for entry in _LIBRARY.iterdir()]
    return tuple(sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)))


def source(name: str, *, folder: Path | None = None) -> Source:
    """Return the text of a scenario of the library, or of a file: a name with its suffix.

    A relative file is sought in `folder`. Raises `UsageError` for an id that there is not,
    `ScenarioError` for a file that cannot be read.
    """
    if not name.endswith((SUFFIX, ".yml")):
        if name not in ids():
            raise UsageError(f"no scenario {name!r}; {_others(name)}, and files ({SUFFIX})")
        text = (_LIBRARY / f"{name}{SUFFIX}").read_text("utf-8")
        return Source(id=name, name=name, text=text)
    path = (folder or Path()) / name
    return Source(id=path.stem, name=name, text=_read(path, name))


def read(name: str, *, folder: Path | None = None) -> Scenario:
    """Return a scenario by its id, or of a file. Raises as `source` and `scenario_of` do."""
    return scenario_of(source(name, folder=folder))


def scenario_of(source: Source) -> Scenario:
    """Return what a text says. Raises `ScenarioError` for the first thing in it that is wrong."""
    try:
        return _decoded(source)
    except RecursionError:
        raise _error(source, "is nested too deep", line=1) from None


def _others(name: str) -> str:
    nearest = get_close_matches(name, ids(), n=5, cutoff=0.4)
    return f"the nearest: {', '.join(nearest)}" if nearest else f"there are: {', '.join(ids())}"


def _decoded(source: Source) -> Scenario:
    try:
        document = parse(source.text)
    except DocumentError as error:
        problem = Redactor(load()).text(str(error))  # a key may stand where the YAML is wrong
        raise _error(source, problem, line=error.line) from None
    try:
        check_secrets(document.data)
        scenario = convert_fields(document.data, Scenario)
        check(scenario)
    except FieldError as error:
        line, field = document.line_of(error.culprit), written(error.steps)
        raise _error(source, error.problem, line=line, field=field) from None
    return scenario


def _error(source: Source, problem: str, *, line: int, field: str = "") -> ScenarioError:
    problem, field = (" ".join(text.split()) for text in (problem, field))
    return ScenarioError(problem, file=source.name, line=line, field=field)


def _read(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScenarioError("is not UTF-8", file=name, line=line) from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = error.strerror if isinstance(error, OSError) else error
        raise ScenarioError(f"cannot be read: {reason}", file=name) from None
    if len(content) > _LARGEST:
        raise ScenarioError(f"has more than the {_LARGEST:,} bytes allowed", file=name)
    return text
