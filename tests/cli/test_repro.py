"""`qwensim repro`: list, show, run and schema."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.scenarios import ids, source

Qwensim = Callable[..., Any]

FAILING = """\
version: 1
title: Nothing is wrong
reference: owner/repository#1
symptom: All is well.
client: {auth_choice: qwen-standard-api-key, key: standard}
calls:
  - {do: chat, model: qwen/qwen3.5-plus}
reproduced:
  - error: {status: 500}
"""


def test_the_library_is_listed(qwensim: Qwensim) -> None:
    result = qwensim("repro", "list")
    assert result.code == 0
    assert f"{len(ids())} support issues" in result.out
    for name in ids():
        assert name in result.out


def test_words_are_sought_in_all_texts_and_any_case(qwensim: Qwensim) -> None:
    result = qwensim("repro", "list", "STREAM_OPTIONS", "42958", "--json")
    (row,) = json.loads(result.out)
    assert row["id"] == "usage-zero-without-stream-options"
    assert row["reference"] == "openclaw/openclaw#42958"
    assert set(row) == {"id", "title", "reference", "symptom", "remedy"}


def test_nothing_found_is_told_by_the_exit_code(qwensim: Qwensim) -> None:
    assert qwensim("repro", "list", "no such words").code == 1


def test_a_scenario_is_shown_as_it_is_written(qwensim: Qwensim) -> None:
    result = qwensim("repro", "show", "developer-role")
    assert (result.code, result.out) == (0, source("developer-role").text)


def test_a_scenario_is_reproduced_and_the_remedy_told(qwensim: Qwensim) -> None:
    result = qwensim("repro", "run", "developer-role")
    assert result.code == 0
    assert "\nReproduced.\n" in result.out
    assert "seen: call 1, response.status: 400" in result.out
    assert "What helps:\n  Send the same instructions under the role system." in result.out
    assert "qwensim repro run developer-role --remedy" in result.out


def test_a_remedy_is_tried(qwensim: Qwensim) -> None:
    result = qwensim("repro", "run", "developer-role", "--remedy", "--served")
    assert result.code == 0
    assert "\nRemedied.\n" in result.out
    assert 'request.body.messages.0.role: "system"' in result.out
    assert "What helps" not in result.out


def test_the_trace_is_what_went_over_the_wire_without_keys(qwensim: Qwensim) -> None:
    result = qwensim("repro", "run", "wrong-key-source-wins", "--trace")
    assert "\n> POST https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat" in result.out
    assert "\n> authorization: Bearer [old]\n" in result.out
    assert '\n> {"model":"qwen3.5-plus"' in result.out
    assert "\n< 401 Unauthorized\n" in result.out
    assert '\n< {"error":{"message":"Incorrect API key provided.' in result.out
    for key in FAKE_KEYS.values():
        assert key not in result.out


def test_a_long_trace_is_cut(qwensim: Qwensim) -> None:
    result = qwensim("repro", "run", "unknown-task-polled-for-ever", "--trace")
    assert result.out.count("> GET https://") == 16
    assert "* … 4 exchanges more" in result.out


def test_frames_of_a_stream_are_shown_the_first_and_the_last(qwensim: Qwensim) -> None:
    result = qwensim("repro", "run", "usage-zero-without-stream-options", "--trace")
    frames = [line for line in result.out.splitlines() if line.startswith("< data: ")]
    assert frames[-1] == "< data: [DONE]"
    assert len(frames) <= 16


def test_what_is_not_reproduced_is_told_with_what_was_seen(
    qwensim: Qwensim, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FAILING, "utf-8")
    result = qwensim("repro", "run", str(path))
    assert result.code == 1
    assert "\nNot reproduced.\n" in result.out
    assert "NOT SEEN: call 1, error: expected an error; saw a reply" in result.out
    assert "NOT SEEN: call 1, error.status: expected 500; saw nothing" in result.out


def test_a_broken_connection_is_in_the_trace(qwensim: Qwensim, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"{FAILING}faults: [{{kind: drop-before-headers, times: null}}]\n", "utf-8")
    result = qwensim("repro", "run", str(path), "--trace")
    assert "* RemoteProtocolError: Server disconnected" in result.out


def test_control_characters_reach_no_terminal(qwensim: Qwensim, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f'{FAILING}scripts: [{{text: "\\e[2J\\u2028"}}]\n', "utf-8")
    result = qwensim("repro", "run", str(path), "--trace")
    assert "\x1b" not in result.out


def test_the_whole_library_runs(qwensim: Qwensim) -> None:
    result = qwensim("repro", "run", "--all")
    assert result.code == 0
    assert f"{len(ids())} as expected, 0 not" in result.out
    assert result.out.count(" reproduced ") == len(ids())


def test_several_are_told_in_a_table_and_the_failed_one_in_full(
    qwensim: Qwensim, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FAILING, "utf-8")
    result = qwensim("repro", "run", "developer-role", str(path), "--trace")
    assert result.code == 1
    assert "not reproduced" in result.out
    assert "NOT SEEN: call 1, error.status" in result.out
    assert result.out.count("> POST https://") == 2
    assert "1 as expected, 1 not" in result.out


def test_results_are_json_for_programs(qwensim: Qwensim) -> None:
    result = qwensim("repro", "run", "developer-role", "--remedy", "--json")
    (row,) = json.loads(result.out)
    assert (row["id"], row["outcome"], row["as_expected"]) == ("developer-role", "remedied", True)
    assert row["findings"][0] == {
        "call": 1,
        "place": "reply",
        "expected": "a reply",
        "seen": "a reply",
        "holds": True,
    }


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((), "give ids of scenarios or files of your own, or else --all"),
        (("developer-role", "--all"), "or else --all"),
        (("nope",), "no scenario 'nope'; there are: arrearage-told-as-auth, "),
        (("nope.yaml",), "nope.yaml: cannot be read: No such file or directory"),
    ],
)
def test_a_mistake_is_told_in_a_line(qwensim: Qwensim, args: tuple[str, ...], error: str) -> None:
    result = qwensim("repro", "run", *args)
    assert (result.code, result.out) == (2, "")
    assert error in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "show"])
def test_a_wrong_file_is_told_with_its_line(qwensim: Qwensim, tmp_path: Path, command: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FAILING.replace("do: chat", "do: cat"), "utf-8")
    result = qwensim("repro", command, str(path))
    assert result.code == 2
    assert f"{path}:7: calls[0].do: no 'cat'; there are: chat, " in result.err


def test_a_scenario_without_a_remedy_says_so(qwensim: Qwensim, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FAILING, "utf-8")
    result = qwensim("repro", "run", str(path), "--remedy")
    assert result.code == 2
    assert "has no remedy yet" in result.err


def test_a_remedy_that_leaves_the_symptom_fails(qwensim: Qwensim, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    remedy = "remedy: {words: Wait., limits: true, seen: [{reply: {}}]}\n"
    path.write_text(FAILING.replace("error: {status: 500}", "reply: {}") + remedy, "utf-8")
    result = qwensim("repro", "run", str(path), "--remedy")
    assert result.code == 1
    assert "Not remedied.\n  seen: call 1, reply: a reply\n" in result.out
    assert "What was reported is still there." in result.out


def test_the_schema_is_printed(qwensim: Qwensim) -> None:
    schema = json.loads(qwensim("repro", "schema").out)
    assert schema["$ref"] == "#/$defs/Scenario"
