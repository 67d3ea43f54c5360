"""The forms in which recordings are kept."""

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qwensim.errors import UsageError

STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
BOM = "\ufeff"


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
    record: Any, chat: Any, look: Any, tmp_path: Path, fields: Any, put: Callable[[Path, Any], Path]
) -> None:
    [finding] = look(put(tmp_path / "go.yml", go_vcr(record(chat(**fields)))))
    assert (finding.outcome, finding.model) == ("same", "qwen3-max")


def test_bodies_are_read_in_every_form(
    record: Any, chat: Any, look: Any, tmp_path: Path, put: Callable[[Path, Any], Path]
) -> None:
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
