"""What cannot be looked at: it is told, and nothing crashes."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwensim.contract.drift import drift
from qwensim.errors import UsageError

UNREADABLE = {
    "no YAML": "a: [",
    "an object": "!!python/object/apply:os.system ['true']",
    "no cassette": "services: {}",
    "no interactions": "interactions: []",
    "no exchange": "interactions: [1]",
    "no address": "interactions: [{request: {method: GET}, response: {status: {code: 200}}}]",
    "no status": "interactions: [{request: {uri: 'https://a/b'}, response: {}}]",
    "bad base64": (
        "interactions: [{request: {uri: 'https://a/b'}, "
        "response: {code: 200, body: {base64_string: '*'}}}]"
    ),
    "no text": (
        "interactions: [{request: {uri: 'https://a/b'}, "
        "response: {code: 200, headers: {content-encoding: br}, body: !!binary 'gYKD'}}]"
    ),
    "broken gzip": (
        "interactions: [{request: {uri: 'https://a/b'}, "
        "response: {code: 200, headers: {content-encoding: gzip}, body: !!binary 'H4sAAAAA'}}]"
    ),
    "broken JSON": (
        "interactions: [{request: {uri: 'https://a/b'}, response: {code: 200, body: '{'}}]"
    ),
    "no field": (
        "interactions: [{request: {uri: 'https://a/b'}, "
        'response: {code: 200, body: "data: {}\\n\\nwhat is this"}}]'
    ),
    "half a frame": (
        "interactions: [{request: {uri: 'https://a/b'}, response: {code: 200, body: 'id:1'}}]"
    ),
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_could_not_be_looked_at(look: Any, tmp_path: Path, text: str) -> None:
    path = tmp_path / "tape.yaml"
    path.write_text(text, encoding="utf-8")
    [finding] = look(path)
    assert finding.outcome == "could not look"
    assert finding.detail


def test_one_unreadable_exchange_does_not_hide_the_others(
    record: Any, chat: Any, look: Any, tmp_path: Path, put: Callable[[Path, Any], Path]
) -> None:
    tape = record(chat())
    interactions = [tape.interaction(), "?", tape.interaction()]
    findings = look(put(tmp_path / "tape.yaml", {"interactions": interactions}))
    assert [finding.outcome for finding in findings] == ["same", "could not look", "same"]
    assert [finding.number for finding in findings] == [1, 2, 3]


def test_half_a_raw_exchange_could_not_be_looked_at(look: Any, tmp_path: Path) -> None:
    (tmp_path / "a.request.header.txt").write_text("GET / HTTP/1.1\n")
    (tmp_path / "b.response.header.txt").write_text("HTTP/1.1 200 OK\n")
    (tmp_path / "c.response.body.txt").write_bytes(b"\xff\xfe")
    details = {Path(found.recording).name: found.detail for found in look(tmp_path)}
    assert details["a"] == "there is no answer"
    assert details["b"] == "there is no request"
    assert details["c"] == "c.response.body.txt is no text (byte 0)"


def test_an_answer_alone_that_is_no_completion_could_not_be_looked_at(
    look: Any, tmp_path: Path
) -> None:
    for name, text in (("a.json", "[]"), ("b.json", '{"error": {"message": "No."}}')):
        (tmp_path / name).write_text(text)
    (tmp_path / "c.json").write_text('{"choices": [{"index": "one"}], "model": "qwen3-max"}')
    assert [finding.outcome for finding in look(tmp_path)] == ["could not look"] * 3


def test_folders_that_are_named_like_recordings_are_none(look: Any, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.json"):
        (tmp_path / name).mkdir()
    (tmp_path / "c.json").write_text("{")
    assert len(look(tmp_path)) == 1


def test_a_path_without_recordings_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        list(drift([tmp_path / "nowhere"]))
    (tmp_path / "notes.md").write_text("nothing")
    (tmp_path / ".hidden.yaml").write_text("interactions: []")
    with pytest.raises(UsageError, match="no recordings in"):
        list(drift([tmp_path]))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 600) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "tool_calls", "function", "index", "usage", "error"]
            )
            | st.sampled_from(["content", "model", "id", "code", "messages", "input", "logprobs"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    asked=json_values, said=json_values, status=st.sampled_from([200, 400, 401, 404]) | json_values
)
def test_no_recording_is_a_crash(
    asked: Any, said: Any, status: Any, put: Callable[[Path, Any], Path]
) -> None:
    url = "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
    whole = {
        "request": {"method": "POST", "uri": url, "body": json.dumps(asked)},
        "response": {"status": {"code": status}, "body": {"string": json.dumps(said)}},
    }
    frames = {**whole, "response": {"code": 200, "body": f"data: {json.dumps(said)}\n\n"}}
    odd = {"request": asked, "response": {"status": status, "body": said, "headers": asked}}
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder) / "tape.yaml", {"interactions": [whole, frames, odd]})
        Path(folder, "it.json").write_text(json.dumps(said))
        findings = list(drift([path.parent]))
    assert len(findings) == 4


def test_a_cassette_that_is_nested_too_deep_could_not_be_looked_at(
    look: Any, tmp_path: Path
) -> None:
    """libyaml's composer overflows the stack of the process on it."""
    (tmp_path / "deep.yaml").write_text("interactions: " + "[" * 100_000, "utf-8")
    [finding] = look(tmp_path)
    assert finding.outcome == "could not look"
    assert "nested deeper than 100 levels" in str(finding.detail)
