"""What must hold of the tables before they become a catalogue: each row names its mistakes."""

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any, Final

import msgspec

from qwensim.catalog.catalog import Tables
from qwensim.catalog.references import Reference, references
from qwensim.catalog.rows import ModelRow
from qwensim.errors import CatalogError
from qwensim.fields import FieldError, convert_fields, written

Files = Mapping[str, Mapping[str, str]]
"""Table, row name, the file that said it last."""

_MADE_BY: Final = (
    ("video", "video"),
    ("images", "image"),
    ("embeddings", "embedding"),
    ("rerank", "rerank"),
)
"""A surface, and the table in which its models say what they take."""

_CHOICES: Final = (
    ("video", "resolution", "resolutions"),
    ("video", "duration", "durations"),
    ("image", "size", "sizes"),
    ("embedding", "dimension", "dimensions"),
)
"""A table, the field of a default, and the field of the values allowed, if they can be listed."""

_NAMED: Final = re.compile(r"field `(\w+)`")
"""How msgspec names a field that is missing or unknown."""


def convert_row(fields: Any, struct: type[Any], *, file: str, row: str, within: str = "") -> Any:
    """Decode one row into its struct.

    Raises `CatalogError` with the field that is wrong, the value seen there and what is allowed.
    `within` is the field in which the fields stand, if it is not the row itself.
    """
    try:
        return convert_fields(fields, struct)
    except FieldError as error:
        field = written(error.steps)
        if named := _NAMED.search(error.problem):
            field = field or named[1]
        raise CatalogError(
            error.problem, file=file, row=row, field=".".join(filter(None, (within, field)))
        ) from error


def check(tables: Tables, files: Files) -> None:
    """Raise `CatalogError` unless all names, patterns, templates and differences are sound."""
    for reference in references(tables):
        if reference.value not in reference.allowed:
            raise _unknown(files, reference)
    for table, name, field, pattern in _patterns(tables):
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise _wrong(
                files, table, name, field, f"{pattern!r} is no regular expression: {error}"
            ) from error
    for name, field, template in _templates(tables):
        if not _is_template(template):
            problem = f"is no template: {template!r}; values stand in it as {{name}}"
            raise _wrong(files, "error", name, field, problem)
    _check_dialects(tables, files)
    _check_models(tables, files)
    _check_defaults(tables, files)
    _check_built_in_tools(tables, files)
    _check_differences(tables, files)


def _check_models(tables: Tables, files: Files) -> None:
    """Check that models which do not chat say what they take."""
    for model in tables["model"].values():
        for surface, table in _MADE_BY:
            if surface in model.surfaces and model.id not in tables[table]:
                problem = f"{surface!r} wants a row [[{table}]] of this name, and there is none"
                raise _wrong(files, "model", model.id, "surfaces", problem)


def _check_defaults(tables: Tables, files: Files) -> None:
    """Check that defaults are among what is allowed."""
    for table, field, choices in _CHOICES:
        for row in tables[table].values():
            value, allowed = getattr(row, field), getattr(row, choices)
            if allowed and value not in allowed:
                known = ", ".join(map(str, allowed))
                problem = f"{value!r} is none of its {choices}; there are: {known}"
                raise _wrong(files, table, row.id, field, problem)
    for row in tables["image"].values():
        if not (row.sizes or row.sides or row.area or row.size_fixed):
            raise _wrong(files, "image", row.id, "sizes", "are not given, nor sides nor area")
        if row.images > row.most_images:
            problem = f"{row.images} is more than its most_images: {row.most_images}"
            raise _wrong(files, "image", row.id, "images", problem)
    for row in tables["video_size"].values():
        if "16:9" not in row.sizes:
            problem = f"has none for 16:9, the default; there are: {', '.join(row.sizes) or 'none'}"
            raise _wrong(files, "video_size", row.id, "sizes", problem)


def _check_built_in_tools(tables: Tables, files: Files) -> None:
    """Check that items of built-in tools become JSON."""
    for row in tables["built_in_tool"].values():
        for field in ("begun", "done"):
            text = re.sub(r"\$(id|query)\b", '""', getattr(row, field))
            text = re.sub(r"\$(quoted|twice)\b", "", text)
            try:
                msgspec.json.decode(text, type=dict[str, Any])
            except msgspec.MsgspecError as error:
                raise _wrong(
                    files, "built_in_tool", row.id, field, f"is no JSON: {error}"
                ) from None
            if hole := re.search(r"\$\w+", text):
                problem = (
                    f"no value {hole[0]} goes into an item; there are: $id, $query, $quoted, $twice"
                )
                raise _wrong(files, "built_in_tool", row.id, field, problem)


def _check_dialects(tables: Tables, files: Files) -> None:
    """Check what dialects extend, and what stands in their shapes."""
    for name, parent in _loops(tables):
        raise _wrong(files, "dialect", name, "extends", f"{parent!r} extends this one itself")
    for name, field, hole in _strange_holes(tables):
        known = ", ".join(sorted(_HOLES))
        problem = f"no value ${hole} goes into an answer; there are: {known}"
        raise _wrong(files, "dialect", name, field, problem)


def _check_differences(tables: Tables, files: Files) -> None:
    """Check what differs of a model on a plan or host."""
    for model in tables["model"].values():
        for place, changes in model.on.items():
            convert_row(
                {**msgspec.structs.asdict(model), **changes, "on": {}},
                ModelRow,
                file=files["model"][model.id],
                row=f"model {model.id}",
                within=f"on.{place}",
            )


def _wrong(files: Files, table: str, name: str, field: str, problem: str) -> CatalogError:
    return CatalogError(problem, file=files[table][name], row=f"{table} {name}", field=field)


def _unknown(files: Files, reference: Reference) -> CatalogError:
    known = ", ".join(sorted(reference.allowed))
    problem = f"{reference.value!r} is not known; there are: {known}"
    return _wrong(files, reference.table, reference.row, reference.field, problem)


def _loops(tables: Tables) -> Iterator[tuple[str, str]]:
    """Yield the dialects that extend themselves, in however many steps, by what they extend."""
    rows = tables["dialect"]
    for name in rows:
        passed, at = [name], name
        while (parent := rows[at].extends) is not None and parent not in passed:
            passed.append(at := parent)
        if parent == name:
            yield name, passed[-1]


def _patterns(tables: Tables) -> Iterator[tuple[str, str, str, str]]:
    """Yield table, row, field and text of every regular expression."""
    for plan in tables["plan"].values():
        yield "plan", plan.id, "key_pattern", plan.key_pattern
    for agent in tables["agent"].values():
        yield "agent", agent.id, "pattern", agent.pattern
    for credential in tables["credential"].values():
        for pattern in credential.patterns:
            yield "credential", credential.id, "patterns", pattern
    for failure in tables["failure"].values():
        if failure.message is not None:
            yield "failure", failure.id, "message", failure.message


def _templates(tables: Tables) -> Iterator[tuple[str, str, str]]:
    """Yield row, field and text of every template of the error table."""
    for error in tables["error"].values():
        for field in ("message", "message_stream", "param"):
            if (template := getattr(error, field)) is not None:
                yield error.id, field, template


_HOLES = {
    *("arguments", "call_id", "call_index", "calls", "choice", "choices", "content", "created"),
    *("finish", "id", "index", "logprobs", "message", "model", "name", "reasoning", "usage"),
}
"""The values that the shapes of a dialect may have."""


def _strange_holes(tables: Tables) -> Iterator[tuple[str, str, str]]:
    """Yield row, field and name of every hole of a dialect that nothing fills."""
    for row in tables["dialect"].values():
        texts = {field: getattr(row, field) for field in ("completion", "event", "event_usage")}
        texts |= {f"shapes.{name}": shape for name, shape in row.shapes.items()}
        for field, text in texts.items():
            for hole in re.findall(r"\$(\w+)", text or ""):
                if hole not in _HOLES:
                    yield row.id, field, hole


def _is_template(text: str) -> bool:
    try:
        holes = [hole for hole in Formatter().parse(text) if hole[1] is not None]
    except ValueError:
        return False
    return all(
        str(name).isidentifier() and not spec and conversion is None
        for _, name, spec, conversion in holes
    )
