"""The forms in which recordings are kept, and what cannot be looked at."""

import base64
import json
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwensim.contract.drift import drift
from qwensim.contract.drift.answers import Answer, read_answer
from qwensim.contract.drift.exchanges import Recorded
from qwensim.contract.drift.requests import Identities
from qwensim.errors import UsageError
from qwensim.exchange import Request

STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
BOM = "\ufeff"


def put(path: Path, data: Any) -> Path:
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def raw(folder: Path, name: str, tape: Any, *, request_line: bool = True, mark: str = "") -> None:
    """Write an exchange as raw files."""
    first = f"{tape.method} {tape.path}?a=b HTTP/1.1\n" if request_line else ""
    request = {"Host": f"{tape.host}:443", **tape.request_headers} if request_line else {}
    head = "".join(f"{key}: {value}\n" for key, value in request.items())
    answer = "".join(f"{key}: {value}\n" for key, value in tape.headers.items())
    files = {
        "request.header.txt": f"{first}{head}",
        "request.body.json": json.dumps(tape.request, indent=2),
        "response.header.txt": f"HTTP/1.1 {tape.status} OK\n{answer}",
        "response.body.txt": tape.body,
    }
    for ending, text in files.items():
        (folder / f"{name}{ending}").write_text(mark + text, encoding="utf-8")


def go_vcr(tape: Any) -> dict[str, Any]:
    return {
        "version": 2,
        "interactions": [
            {
                "id": 0,
                "request": {
                    "host": tape.host,
                    "url": f"https://{tape.host}{tape.path}",
                    "method": tape.method,
                    "headers": {"Content-Type": ["application/json"]},
                    "body": json.dumps(tape.request),
                },
                "response": {
                    "status": f"{tape.status} OK",
                    "code": tape.status,
                    "headers": {name.title(): [value] for name, value in tape.headers.items()},
                    "body": tape.body,
                },
            }
        ],
    }


@pytest.mark.parametrize("fields", [{}, STREAMED], ids=["whole", "streamed"])
def test_go_vcr_cassettes_are_read(
    record: Any, chat: Any, look: Any, tmp_path: Path, fields: Any
) -> None:
    [finding] = look(put(tmp_path / "go.yml", go_vcr(record(chat(**fields)))))
    assert (finding.outcome, finding.model) == ("same", "qwen3-max")


def test_bodies_are_read_in_every_form(record: Any, chat: Any, look: Any, tmp_path: Path) -> None:
    tape = record(chat())
    text = tape.body.encode()
    packed = zlib.compressobj(wbits=31)
    gzip = packed.compress(text) + packed.flush()
    encoded = {**tape.headers, "content-encoding": "gzip"}
    deflated = {**tape.headers, "Content-Encoding": "deflate"}
    forms: list[tuple[Any, Any]] = [
        ({"string": text}, tape.headers),
        ({"base64_string": base64.b64encode(text).decode()}, tape.headers),
        ({"string": gzip}, encoded),
        ({"string": tape.body}, encoded),
        ({"string": zlib.compress(text)}, deflated),
        (tape.body, tape.headers),
    ]
    interactions = []
    for body, headers in forms:
        interaction = tape.interaction()
        interaction["response"] |= {"body": body, "headers": headers}
        interactions.append(interaction)
    parsed = tape.interaction()
    parsed["request"] |= {"body": tape.request}
    parsed["response"] |= {"body": None, "parsed_body": json.loads(tape.body)}
    interactions.append(parsed)
    findings = look(put(tmp_path / "forms.yaml", {"interactions": interactions}))
    *plain, written_out = [finding.outcome for finding in findings]
    assert plain == ["same"] * len(forms)
    assert written_out == "differs"  # YAML sorted its keys: their order is not the service's
    assert all(found.where.startswith("order of") for found in findings[-1].differences)


@pytest.mark.parametrize("mark", ["", BOM], ids=["plain", "with byte order marks"])
@pytest.mark.parametrize("fields", [{}, STREAMED], ids=["whole", "streamed"])
def test_raw_exchanges_are_read(
    record: Any, chat: Any, look: Any, tmp_path: Path, mark: str, fields: Any
) -> None:
    raw(tmp_path, "hello.", record(chat(**fields)), mark=mark)
    (tmp_path / "alone").mkdir()
    raw(tmp_path / "alone", "", record(chat("qwen-max", **fields)), mark=mark)
    (tmp_path / "README.md").write_text("no recording", encoding="utf-8")
    findings = look(tmp_path)
    assert {(Path(found.recording).name, found.outcome) for found in findings} == {
        ("hello", "same"),
        ("alone", "same"),
    }


def test_lost_blank_lines_of_a_stream_are_overlooked(
    record: Any, chat: Any, look: Any, tmp_path: Path
) -> None:
    tape = record(chat(**STREAMED))
    raw(tmp_path, "x.", replace(tape, body=tape.body.replace("\n\n", "\n")))
    assert look(tmp_path)[0].outcome == "same"


def test_a_lost_request_line_is_made_up_for(
    record: Any, chat: Any, look: Any, tmp_path: Path
) -> None:
    raw(tmp_path, "x.", record(chat()), request_line=False)
    assert look(tmp_path)[0].outcome == "same"
    prompt = {"model": "qwen-max", "input": {"prompt": "?"}}
    messages = {"model": "qwen-max", "input": {"messages": [{"role": "user", "content": "?"}]}}
    parts = {"model": "qwen-vl", "input": {"messages": [{"role": "user", "content": [{}]}]}}
    surfaces = []
    for body in (prompt, messages, parts):
        raw(tmp_path, "x.", replace(record(chat()), request=body), request_line=False)
        [finding] = look(tmp_path)
        assert finding.outcome == "differs"
        surfaces.append(finding.surface.split("/")[-2])
    assert surfaces == ["text-generation", "text-generation", "multimodal-generation"]
    raw(tmp_path, "x.", replace(record(chat()), request={"model": "qwen-max"}), request_line=False)
    assert look(tmp_path)[0].outcome == "could not look"


CALLS = [("lookup", {"place": "the harbour", "limit": 20}), ("lookup", {})]
TOOLS = [{"type": "function", "function": {"name": "lookup", "parameters": {}}}]
ALONE = {
    "text": ({}, {}),
    "hybrid, thinking": ({"model": "qwen3-max", "enable_thinking": True}, {}),
    "hybrid, not thinking": ({"model": "qwen3.5-plus", "enable_thinking": False}, {}),
    "calls": ({"tools": TOOLS, "parallel_tool_calls": True}, {"tool_calls": CALLS}),
    "logprobs": ({"logprobs": True, "top_logprobs": 2}, {}),
    "choices": ({"n": 2}, {}),
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("fields", "script"), ALONE.values(), ids=ALONE)
def test_an_answer_alone_shows_what_was_asked(
    record: Any, chat: Any, look: Any, tmp_path: Path, fields: Any, script: Any, streamed: bool
) -> None:
    if streamed:
        fields = {**fields, **STREAMED}
    tape = record(chat(**fields), scripts=[script])
    assert tape.status == 200
    if "stream" in fields:
        lines = "\n".join(json.dumps(event) for event in tape.events)
        (tmp_path / "it.chunks.txt").write_text(lines, encoding="utf-8")
    else:
        (tmp_path / "it.json").write_text(json.dumps(json.loads(tape.body), indent=2))
    [finding] = look(tmp_path)
    assert finding.outcome == "same"
    assert finding.day is not None


def test_who_is_asked_for_an_answer_alone_is_an_option(
    record: Any, chat: Any, look: Any, tmp_path: Path
) -> None:
    path = tmp_path / "it.json"
    path.write_text(record(chat()).body, encoding="utf-8")
    assert look(path)[0].host == "dashscope-intl.aliyuncs.com"
    assert look(path, host="dashscope.aliyuncs.com")[0].host == "dashscope.aliyuncs.com"
    with pytest.raises(UsageError, match=r"no host 'nowhere'; there are: dashscope\.aliyuncs\.com"):
        look(path, host="nowhere")


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
    record: Any, chat: Any, look: Any, tmp_path: Path
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


def _answer(body: Any) -> Answer:
    return read_answer(Recorded(status=200, body=json.dumps(body).encode()))


def test_ids_that_an_answer_gave_are_followed() -> None:
    identities = Identities()
    recorded = {"output": {"task_id": "recorded-task"}, "data": [{"id": "recorded-file"}], "n": 1}
    fake = {"data": [{"id": "file-of-the-fake"}], "output": {"task_id": "task-of-the-fake"}}
    identities.learn(_answer(recorded), _answer(fake))
    asked = Request(
        method="GET",
        host="dashscope.aliyuncs.com",
        path="/api/v1/tasks/recorded-task",
        query="after=recorded-file",
        body=b'{"file":"recorded-file"}',
    )
    followed = identities.follow(asked)
    assert followed.path == "/api/v1/tasks/task-of-the-fake"
    assert followed.query == "after=file-of-the-fake"
    assert followed.body == b'{"file":"file-of-the-fake"}'


def test_a_later_exchange_of_a_cassette_is_asked_with_the_id_of_the_fake(
    record: Any, chat: Any, write: Any, look: Any, tmp_path: Path
) -> None:
    identity = "chatcmpl-00000000-1111-2222-3333-444444444444"
    first = record(chat()).saying(lambda body: body.update(id=identity))
    second = record(chat(model=identity))
    alone = look(write(tmp_path / "x.yaml", second))
    after = look(write(tmp_path / "x.yaml", first, second))
    assert [finding.outcome for finding in (*alone, *after)] == ["same"] * 3


MOMENTS = ["99999999999999999999", "soon", "1777000000000"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_out_of_any_calendar_is_none(
    record: Any, chat: Any, find: Any, moment: str
) -> None:
    tape = record(chat())
    finding = find(replace(tape, headers={**tape.headers, "req-arrive-time": moment}))
    assert finding.outcome == "same"
    assert (finding.day is None) == (moment != MOMENTS[-1])


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
def test_no_recording_is_a_crash(asked: Any, said: Any, status: Any) -> None:
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
