"""`qwensim repro new`, and the verdict that `qwensim repro run` gives."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CASSETTE = (
    Path(__file__).parents[2] / "cassettes/dashscope-intl.aliyuncs.com/chat/retried-rate-limit.yaml"
)

Qwensim = Callable[..., Any]

STORM = """\
version: 1
title: A client that never gives up
reference: owner/repository#1
symptom: The service is asked again and again.
client: {auth_choice: qwen-standard-api-key, key: standard}
faults: [{kind: error, error: overloaded, times: 9}]
calls:
  - do: http
    host: dashscope-intl.aliyuncs.com
    path: /compatible-mode/v1/chat/completions
    key: standard
    body: {model: qwen-plus, messages: [{role: user, content: Hello}], stream: true}
    repeat: 9
    wait: 0.1
  - {do: models}
reproduced:
  - response: {status: 503}
"""


@pytest.fixture
def storm(tmp_path: Path) -> str:
    path = tmp_path / "storm.yaml"
    path.write_text(STORM, "utf-8")
    return str(path)


def test_a_draft_is_written_and_runs_at_once(qwensim: Qwensim, tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    result = qwensim("repro", "new", "--from", str(CASSETTE), "--out", str(out))
    assert (result.code, result.out) == (0, "")
    assert result.err == (
        f"To play it: qwensim repro run {out}\nrequests: 4, on record but not seen again: 0\n"
    )
    ran = qwensim("repro", "run", str(out))
    assert ran.code == 0
    assert "\nReproduced.\n" in ran.out


def test_a_draft_goes_to_stdout(qwensim: Qwensim) -> None:
    result = qwensim("repro", "new", "--from", str(CASSETTE))
    assert result.code == 0
    assert result.out.startswith("# Made from retried-rate-limit.yaml by `qwensim repro new`.\n")
    assert result.err == "requests: 4, on record but not seen again: 0\n"


def test_a_journal_of_serve_or_run_is_taken_too(qwensim: Qwensim, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    entry = {
        "number": 1,
        "at": 1779062400.0,
        "method": "POST",
        "host": "dashscope-intl.aliyuncs.com",
        "path": "/compatible-mode/v1/chat/completions",
        "query": "",
        "headers": [["authorization", "[redacted]"]],
        "body": {"model": "qwen-plus", "messages": []},
        "status": 400,
        "error": "empty-list",
        "message": "[] is too short - 'messages'",
        "request_id": "1",
        "model": "qwen-plus",
        "stream": False,
        "usage": None,
        "scripted": False,
        "fault": None,
    }
    journal.write_text(json.dumps(entry), "utf-8")
    result = qwensim("repro", "new", "--from", str(journal))
    assert result.code == 0
    assert "error.message: '[] is too short - ''messages'''" in result.out
    assert "faults" not in result.out


@pytest.mark.parametrize(
    ("out", "problem"),
    [
        ("there.yaml", "there.yaml is there already: give another name"),
        ("mine.txt", "mine.txt is no name of a scenario: it ends in .yaml"),
        ("nowhere/mine.yaml", "mine.yaml (No such file or directory)"),
    ],
)
def test_nothing_is_written_over_or_elsewhere(
    out: str, problem: str, qwensim: Qwensim, tmp_path: Path
) -> None:
    (tmp_path / "there.yaml").write_text("mine", "utf-8")
    result = qwensim("repro", "new", "--from", str(CASSETTE), "--out", str(tmp_path / out))
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert problem in result.err
    assert (tmp_path / "there.yaml").read_text("utf-8") == "mine"


def test_what_is_no_record_is_a_mistake(qwensim: Qwensim, storm: str, tmp_path: Path) -> None:
    assert qwensim("repro", "new", "--from", str(tmp_path / "nope.jsonl")).code == 2
    result = qwensim("repro", "new", "--from", storm)
    assert result.code == 2
    assert "is no cassette" in result.err


def test_the_verdict_is_told_below(qwensim: Qwensim, storm: str) -> None:
    result = qwensim("repro", "run", storm, "--verdict")
    assert result.code == 0
    rows = dict(re.findall(r"^([a-z-]+) +(passed|failed|not judged) ", result.out, re.MULTILINE))
    assert rows["retry-storm"] == rows["no-backoff"] == rows["never-asked-for-usage"] == "failed"
    assert rows["ignored-retry-after"] == "not judged"
    assert "9 tries in vain (requests 1, 2, 3, 4, 5, 6, 7, 8, 9)" in result.out
    assert "retry-storm: It tried one request more than 6 times in vain. Give up" in result.out
    assert "The client" not in qwensim("repro", "run", storm).out


def test_the_verdict_of_several_is_told_one_by_one(qwensim: Qwensim, storm: str) -> None:
    result = qwensim("repro", "run", storm, "developer-role", "--verdict")
    assert result.out.count("The client, by its requests") == 2
    assert re.search(r"storm: A client that never gives up\n\nThe client, by its", result.out)


def test_the_verdict_is_in_the_json_if_asked_for(qwensim: Qwensim, storm: str) -> None:
    (row,) = json.loads(qwensim("repro", "run", storm, "--verdict", "--json").out)
    outcomes = {one["rule"]: one["outcome"] for one in row["verdict"]["judgements"]}
    assert outcomes["retry-storm"] == "failed"
    (row,) = json.loads(qwensim("repro", "run", storm, "--json").out)
    assert "verdict" not in row


def test_of_many_breaches_three_are_told(qwensim: Qwensim, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    again = STORM.replace("error: overloaded", "error: moderation-input").replace("503", "400")
    path.write_text(again, "utf-8")
    result = qwensim("repro", "run", str(path), "--verdict")
    assert result.out.count("400 moderation-input does not pass, and was asked again") == 3
    assert "and 5 times more" in result.out
