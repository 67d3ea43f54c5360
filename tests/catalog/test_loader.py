"""Overlays, days and the messages for everything that can be wrong with a row."""

import datetime as dt
from pathlib import Path

import pytest

from qwensim.catalog import PAGE_DATE, load
from qwensim.errors import UsageError

CHINA = "dashscope.aliyuncs.com"
PLAN = "coding.dashscope.aliyuncs.com"
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
