"""Known differences: which they explain, and what a wrong file is told."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from qwensim.contract.drift import Difference, Finding, Known, drift, read_known
from qwensim.errors import CatalogError

DAY = dt.date(2026, 2, 10)
FOUND = Difference(where="choices[0].delta.role", recorded="string", fake="null", events=(2,))
PLACE = Finding(
    recording="tapes/a.yaml",
    number=1,
    surface="POST /compatible-mode/v1/chat/completions",
    host="dashscope.aliyuncs.com",
    model="qwen-plus",
    day=DAY,
    outcome="differs",
)


def known(**fields: Any) -> Known:
    given = {"where": ("choices[0].delta.role",), "reason": "It was so.", "checked": DAY}
    return Known(**{**given, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"where": ("status", "choices[0]*")},
        {"where": ("*",), "recorded": "str*", "fake": "null"},
        {"model": "qwen-*", "host": "dashscope.*", "surface": "*/chat/*", "recording": "tapes/*"},
        {"before": dt.date(2026, 2, 11)},
        {"since": DAY},
    ],
)
def test_a_difference_is_explained(fields: Any) -> None:
    assert known(**fields).explains(FOUND, PLACE)


@pytest.mark.parametrize(
    "fields",
    [
        {"where": ("status",)},
        {"where": ("choices[1]*",)},
        {"recorded": "null"},
        {"fake": "string"},
        {"model": "qwen3-max"},
        {"host": "dashscope-intl*"},
        {"surface": "GET *"},
        {"recording": "b.yaml"},
        {"before": DAY},
        {"since": dt.date(2026, 2, 11)},
    ],
)
def test_another_difference_is_not(fields: Any) -> None:
    assert not known(**fields).explains(FOUND, PLACE)


def test_a_dated_row_explains_nothing_of_an_unknown_day() -> None:
    undated = Finding(recording="a", number=1, outcome="differs")
    assert known().explains(FOUND, undated)
    assert not known(before=dt.date(2027, 1, 1)).explains(FOUND, undated)
    assert not known(since=dt.date(2020, 1, 1)).explains(FOUND, undated)


def test_the_rows_of_the_package_come_first(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[[difference]]\nwhere = ["status"]\nreason = "Ours."\nchecked = 2026-11-22\n')
    bundled = read_known([])
    assert bundled
    assert read_known([file]) == (
        *bundled,
        known(where=("status",), reason="Ours.", checked=dt.date(2026, 11, 22)),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("differences = 1", "no such table; there is: difference"),
        ("difference = 1", "must be rows"),
        ("[[difference]]\nwhere = ['x']\nchecked = 2026-11-22", "difference 1: reason: .*missing"),
        ("[[difference]]\nwhere = []\nreason = 'x'\nchecked = 2026-11-22", "length >= 1"),
        ("[[difference]]\nwhen = 1", "unknown field `when`"),
        ("difference", "is not TOML"),
    ],
)
def test_a_wrong_file_is_told_where(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(CatalogError, match=message) as caught:
        read_known([file])
    assert str(file) in str(caught.value)


def test_explained_exchanges_are_known(record: Any, chat: Any, write: Any, tmp_path: Path) -> None:
    tape = record(chat()).saying(lambda body: body.pop("system_fingerprint"))
    path = write(tmp_path / "x.yaml", tape)
    row = known(where=("system_fingerprint",))
    [finding] = drift([path], known=[row])
    assert finding.outcome == "known"
    assert finding.differences[0].reason == row.reason
    both = tape.saying(lambda body: body.pop("object"))
    [finding] = drift([write(path, both)], known=[row])
    assert finding.outcome == "differs"
    assert [found.reason for found in finding.differences] == [None, row.reason]


def test_recorders_that_leave_out_the_request_id_are_known(
    record: Any, chat: Any, write: Any, look: Any, tmp_path: Path
) -> None:
    tape = record(chat())
    del tape.headers["x-request-id"]
    assert look(write(tmp_path / "x.yaml", tape))[0].outcome == "known"
