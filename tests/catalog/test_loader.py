"""Overlays, days and the messages for everything that can be wrong with a row."""

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
from qwensim.errors import CatalogError, QwensimError, UsageError

CHINA = "dashscope.aliyuncs.com"
PLAN = "coding.dashscope.aliyuncs.com"
DATA = Path(__file__).parents[2] / "qwensim" / "catalog" / "data"
ROWS: list[tuple[str, dict[str, Any]]] = [
    (table, row)
    for file in sorted(DATA.glob("*.toml"))
    for table, found in tomllib.loads(file.read_text("utf-8")).items()
    for row in found
    if "since" not in row
]

NEW_MODEL = {"id": "qwen-of-tomorrow", "hosts": ["standard"], "max_input": 1_000}


# Overlays


def test_an_overlay_adds_a_row_with_a_provenance_of_its_own() -> None:
    catalog = load({"model": [NEW_MODEL]})
    row = catalog.served[CHINA]["qwen-of-tomorrow"]
    assert (row.max_input, row.source, row.confidence) == (1_000, "overlay 1", "third-party")
    assert row.checked == PAGE_DATE
    assert "qwen-of-tomorrow" not in catalog.served[PLAN]
    assert "qwen-of-tomorrow" not in load().models


def test_an_overlay_changes_the_fields_that_it_gives_and_no_other() -> None:
    changed = load({"model": [{"id": "qwen3.6-plus", "hosts": ["standard", "coding"]}]})
    before, after = load().models["qwen3.6-plus"], changed.models["qwen3.6-plus"]
    assert after.hosts == ("standard", "coding")
    assert (after.context, after.usage, after.source) == (
        before.context,
        before.usage,
        before.source,
    )
    assert "qwen3.6-plus" in changed.served[PLAN]
    assert "qwen3.6-plus" not in load().served[PLAN]


def test_later_overlays_lie_over_earlier_ones() -> None:
    first = {"model": [NEW_MODEL]}
    second = {"model": [{"id": "qwen-of-tomorrow", "max_input": 2_000}]}
    row = load(first, second).models["qwen-of-tomorrow"]
    assert (row.max_input, row.hosts) == (2_000, ("standard",))


def test_an_overlay_file_is_named_as_the_source(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[[model]]\nid = "qwen-of-tomorrow"\nhosts = ["coding"]\n', "utf-8")
    for overlay in (file, str(file)):
        assert load(overlay).served[PLAN]["qwen-of-tomorrow"].source == str(file)


def test_a_dated_row_of_an_overlay_waits_for_its_day() -> None:
    day = dt.date(2026, 6, 1)
    overlay = {"model": [{**NEW_MODEL, "since": day}]}
    assert "qwen-of-tomorrow" not in load(overlay).models
    assert load(overlay, as_of=day).models["qwen-of-tomorrow"].since == day


def test_an_overlay_can_make_a_model_different_on_one_host() -> None:
    overlay = {"model": [{**NEW_MODEL, "on": {CHINA: {"max_input": 9, "dialect": "new"}}}]}
    catalog = load(overlay)
    here, there = (
        catalog.served[host]["qwen-of-tomorrow"] for host in (CHINA, "dashscope-intl.aliyuncs.com")
    )
    assert (here.max_input, here.dialect) == (9, "new")
    assert (there.max_input, there.dialect) == (1_000, "classic")


def test_the_bundled_catalogue_is_built_once_a_day() -> None:
    assert load() is load(as_of=PAGE_DATE)
    assert load() is not load(as_of=PAGE_DATE + dt.timedelta(days=1))


def test_a_host_is_found_by_plan_and_region() -> None:
    catalog = load()
    assert catalog.host_of("coding", "china").name == PLAN
    assert catalog.host_of("standard", "china").base_url == f"https://{CHINA}/compatible-mode/v1"
    with pytest.raises(UsageError, match=r"'coding' in region 'moon'.*standard china"):
        catalog.host_of("coding", "moon")


# Mistakes


def dialect(name: str, extends: str) -> dict[str, Any]:
    return {"id": name, "extends": extends}


@pytest.mark.parametrize(
    ("overlay", "row", "field", "words"),
    [
        ({"modell": []}, "modell", "", "no such table; there are: plan, host"),
        ({"model": {"id": "x"}}, "model", "", "must be a list of rows"),
        ({"model": ["x"]}, "model 1", "", "must be a table of fields"),
        ({"model": [NEW_MODEL, {"hosts": []}]}, "model 2", "id", "must name the row"),
        ({"model": [{"id": ""}]}, "model 1", "id", "must name the row"),
        ({"host": [{"name": 7}]}, "host 1", "name", "must name the row"),
        ({"model": [{"id": "x"}]}, "model x", "hosts", "missing required field"),
        (
            {"model": [{**NEW_MODEL, "maxinput": 1}]},
            "model qwen-of-tomorrow",
            "maxinput",
            "unknown",
        ),
        ({"model": [{"id": "glm-5", "context": "big"}]}, "model glm-5", "context", "got `str`"),
        ({"model": [{"id": "glm-5", "context": 0}]}, "model glm-5", "context", ">= 1"),
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
            "got `str`",
        ),
        (
            {"model": [{"id": "qwen-plus", "on": {"coding": {"contxt": 1}}}]},
            "model qwen-plus",
            "on.coding.contxt",
            "unknown",
        ),
        ({"model": [{"id": "glm-5", "surfaces": ["cht"]}]}, "model glm-5", "surfaces[0]", "'cht'"),
        ({"plan": [{"id": "coding", "wrong_key": "moon"}]}, "plan coding", "wrong_key", "'moon'"),
        ({"plan": [{"id": "coding", "key_pattern": "("}]}, "plan coding", "key_pattern", "regular"),
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
        ({"envelope": [{"id": "plan", "error": ["msg"]}]}, "envelope plan", "error[0]", "'msg'"),
        ({"usage": [{"id": "text", "fields": ["tokens"]}]}, "usage text", "fields[0]", "regex"),
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
