"""The messages for everything that can be wrong with a row or a file."""

import copy
import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import PAGE_DATE, load
from qwensim.catalog.loader import TABLES, _merge
from qwensim.errors import CatalogError, QwensimError

CHINA = "dashscope.aliyuncs.com"
DATA = Path(__file__).parents[2] / "qwensim" / "catalog" / "data"
ROWS: list[tuple[str, dict[str, Any]]] = [
    (table, row)
    for file in sorted(DATA.glob("*.toml"))
    for table, found in tomllib.loads(file.read_text("utf-8")).items()
    for row in found
    if "since" not in row
]
NEW_MODEL = {"id": "qwen-of-tomorrow", "hosts": ["standard"], "max_input": 1_000}


# Mistakes


def dialect(name: str, extends: str) -> dict[str, Any]:
    return {"id": name, "extends": extends}


@pytest.mark.parametrize(
    ("overlay", "row", "field", "words"),
    [
        ({"modell": []}, "modell", "", "no such table; there are: plan, host"),
        (
            {"model": {"id": "x"}},
            "model",
            "",
            "must be a list of rows, written [[model]], not {'id': 'x'}",
        ),
        ({"model": ["x"]}, "model 1", "", "must be a table of fields, not 'x'"),
        ({"model": [NEW_MODEL, {"hosts": []}]}, "model 2", "id", "must name the row with a text"),
        ({"model": [{"id": ""}]}, "model 1", "id", "with a text, not ''"),
        ({"host": [{"name": 7}]}, "host 1", "name", "with a text, not 7"),
        ({"model": [{"id": "x"}]}, "model x", "hosts", "; there are: source, "),
        (
            {"model": [{**NEW_MODEL, "maxinput": 1}]},
            "model qwen-of-tomorrow",
            "maxinput",
            "unknown field `maxinput`; there are: source, checked, ",
        ),
        ({"model": [{"id": "glm-5", "context": "big"}]}, "model glm-5", "context", "seen: 'big'"),
        ({"model": [{"id": "glm-5", "context": 0}]}, "model glm-5", "context", ">= 1; seen: 0"),
        ({"model": [{"id": "glm-5", "hosts": ["moon"]}]}, "model glm-5", "hosts", "'moon'"),
        ({"model": [{"id": "glm-5", "usage": "moon"}]}, "model glm-5", "usage", "multimodal"),
        ({"model": [{"id": "glm-5", "dialect": "moon"}]}, "model glm-5", "dialect", "classic"),
        ({"model": [{"id": "glm-5", "on": {"moon": {}}}]}, "model glm-5", "on", "'moon'"),
        (
            {"model": [{"id": "glm-5", "on": {"coding": {"usage": "moon"}}}]},
            "model glm-5",
            "on.coding.usage",
            "'moon'",
        ),
        (
            {"model": [{"id": "glm-5", "on": {"coding": {"dialect": "moon"}}}]},
            "model glm-5",
            "on.coding.dialect",
            "'moon'",
        ),
        # Whether a host serves it or not.
        (
            {"model": [{"id": "glm-5", "on": {"coding": {"context": "big"}}}]},
            "model glm-5",
            "on.coding.context",
            "got `str`; seen: 'big'",
        ),
        (
            {"model": [{"id": "qwen-plus", "on": {"coding": {"contxt": 1}}}]},
            "model qwen-plus",
            "on.coding.contxt",
            "unknown field `contxt`; there are: ",
        ),
        (
            {"model": [{"id": "glm-5", "surfaces": ["cht"]}]},
            "model glm-5",
            "surfaces[0]",
            "no 'cht'; there are: ",
        ),
        ({"plan": [{"id": "coding", "wrong_key": "moon"}]}, "plan coding", "wrong_key", "'moon'"),
        (
            {"plan": [{"id": "coding", "key_pattern": "("}]},
            "plan coding",
            "key_pattern",
            "'(' is no regular",
        ),
        ({"host": [{"name": CHINA, "dialect": "moon"}]}, f"host {CHINA}", "dialect", "classic"),
        (
            {"auth_choice": [{"id": "qwen-api-key", "host": "moon"}]},
            "auth_choice qwen-api-key",
            "host",
            "coding-intl",
        ),
        ({"error": [{"id": "overdue", "envelope": "moon"}]}, "error overdue", "envelope", "plan"),
        ({"error": [{"id": "overdue", "status": 99}]}, "error overdue", "status", ">= 200"),
        ({"error": [{"id": "overdue", "message": "{"}]}, "error overdue", "message", "is no templ"),
        ({"error": [{"id": "overdue", "param": "{a.b}"}]}, "error overdue", "param", "is no templ"),
        (
            {"error": [{"id": "overdue", "message_stream": "{}"}]},
            "error overdue",
            "message_stream",
            "is no templ",
        ),
        (
            {"envelope": [{"id": "plan", "error": ["msg"]}]},
            "envelope plan",
            "error[0]",
            "no 'msg'; there are: bare_id, ",
        ),
        (
            {"usage": [{"id": "text", "fields": ["tokens"]}]},
            "usage text",
            "fields[0]",
            "seen: 'tokens'",
        ),
        ({"words": [{"id": "english", "words": []}]}, "words english", "words", ">= 1"),
        ({"parameter": [{"name": "seed", "types": []}]}, "parameter seed", "types", ">= 1"),
        (
            {"parameter": [{"name": "seed", "out_of_range": "moon"}]},
            "parameter seed",
            "out_of_range",
            "'moon'",
        ),
        ({"dialect": [{"id": "new", "usage": "moon"}]}, "dialect new", "usage", "'moon'"),
        ({"dialect": [dialect("classic", "moon")]}, "dialect classic", "extends", "trimmed"),
        ({"dialect": [dialect("classic", "classic")]}, "dialect classic", "extends", "'classic'"),
        (
            {"dialect": [dialect("classic", "new"), dialect("new", "classic")]},
            "dialect classic",
            "extends",
            "'new' extends this one itself",
        ),
        ({"agent": [{"id": "openclaw", "pattern": "["}]}, "agent openclaw", "pattern", "regular"),
        (
            {"credential": [{"id": "cookie", "patterns": ["*"]}]},
            "credential cookie",
            "patterns",
            "regular",
        ),
    ],
)
def test_a_mistake_is_named_by_file_row_and_field(
    overlay: dict[str, Any], row: str, field: str, words: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        load(overlay)
    error = caught.value
    assert (error.file, error.row, error.field) == ("overlay 1", row, field)
    assert words in error.problem
    assert str(error) == ": ".join(part for part in ("overlay 1", row, field) if part) + (
        f": {error.problem}"
    )
    assert isinstance(error, QwensimError)


def test_a_bundled_row_stands_once() -> None:
    tables = {"model": [NEW_MODEL, NEW_MODEL]}
    with pytest.raises(CatalogError, match=r"models\.toml: model qwen-of-tomorrow: stands twice"):
        _merge(
            {table: {} for table in TABLES},
            tables,
            file="models.toml",
            as_of=PAGE_DATE,
            overlay=False,
        )


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"[[model]\n", "is not TOML"), (b"\xff", "is not TOML"), (None, "cannot be read")],
)
def test_a_file_that_is_no_overlay_is_named(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CatalogError, match=words) as caught:
        load(file)
    assert caught.value.file == str(file)


# Any damage to any row

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**6),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.lists(st.text(max_size=4), max_size=2),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
    st.dictionaries(
        st.sampled_from(["standard", "coding", CHINA]),
        st.dictionaries(st.sampled_from(["id", "hosts", "usage", "tools"]), st.integers()),
        max_size=2,
    ),
)


def mistake(overlay: dict[str, Any]) -> CatalogError | None:
    """Return the error with which the overlay is refused, or None."""
    try:
        load(overlay, as_of=dt.date.max)
    except CatalogError as error:
        return error
    return None


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_field_of_any_row_is_named_or_harmless(data: st.DataObject) -> None:
    table, row = data.draw(st.sampled_from(ROWS))
    damaged = copy.deepcopy(row)
    field = data.draw(st.sampled_from([*damaged, "no_such_field"]))
    damaged[field] = data.draw(JUNK)
    error = mistake({table: [damaged]})
    if error is None:
        assert field != "no_such_field"
        return
    name = damaged[TABLES[table][1]]
    assert error.file == "overlay 1"
    assert error.row == (f"{table} {name}" if name and isinstance(name, str) else f"{table} 1")
    assert error.field.startswith(field)
    assert error.problem
