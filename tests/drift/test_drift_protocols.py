"""Recorded answers of the Anthropic protocol and the Responses API are said again and compared."""

from dataclasses import replace
from typing import Any

import pytest

MESSAGES = "/apps/anthropic/v1/messages"
RESPONSES = "/compatible-mode/v1/responses"
STORY = {"text": "Once upon a time, in a village.", "reasoning": "What shall I tell?"}
CALLS = {"tool_calls": [("weather", {"city": "Rome"}), ("weather", {"city": "Paris"})]}
SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}
USE = {"tools": [{"name": "weather", "input_schema": SCHEMA}]}
TOOL = {"type": "function", "name": "weather", "parameters": SCHEMA}


def message(**options: Any) -> dict[str, Any]:
    spoken = [{"role": "user", "content": "Tell me a story."}]
    return {"model": "qwen3.5-plus", "max_tokens": 999, "messages": spoken, **options}


def response(**options: Any) -> dict[str, Any]:
    return {"model": "qwen3.5-plus", "input": "Tell me a story.", **options}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("path", "body", "script"),
    [
        (MESSAGES, message(), STORY),
        (MESSAGES, message(thinking={"type": "disabled"}), {"text": STORY["text"]}),
        (MESSAGES, message(**USE), {**CALLS, "reasoning": "Look."}),
        (MESSAGES, message(max_tokens=3), STORY),
        (RESPONSES, response(), STORY),
        (RESPONSES, response(enable_thinking=False), {"text": STORY["text"]}),
        (RESPONSES, response(tools=[TOOL]), {**CALLS, "reasoning": "Look."}),
        (RESPONSES, response(max_output_tokens=16), {"text": "word " * 40}),
        (RESPONSES, response(tools=[{"type": "web_search"}]), STORY),
    ],
)
def test_what_was_said_is_said_again(
    record: Any, find: Any, path: str, body: Any, script: Any, stream: bool
) -> None:
    tape = record({**body, "stream": stream}, path=path, scripts=[script])
    assert ("event:" in tape.body) is stream
    assert find(tape).differences == ()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [(MESSAGES, message(), "cache_read_input_tokens"), (RESPONSES, response(), "x_details")],
)
def test_what_differs_is_found(
    record: Any, find: Any, path: str, body: Any, field: str, stream: bool
) -> None:
    tape = record({**body, "stream": stream}, path=path, scripts=[STORY])
    finding = find(replace(tape, body=tape.body.replace(field, "other")))
    places = {found.where.rpartition(".")[2] for found in finding.differences}
    assert {field, "other"} <= places


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("path", "body"), [(MESSAGES, message(model="moon")), (RESPONSES, response(model="moon"))]
)
def test_refusals(record: Any, find: Any, path: str, body: Any, stream: bool) -> None:
    tape = record({**body, "stream": stream}, path=path)
    assert find(tape).outcome == "same"
    finding = find(replace(tape, body=tape.body.replace("not exist", "?").replace("Unsup", "?")))
    assert [found.where.rpartition(".")[2] for found in finding.differences] == ["message"]


@pytest.mark.parametrize(
    "error", ["rate-limit", "moderation-input", "overdue", "image-undecodable"]
)
@pytest.mark.parametrize(("path", "asked"), [(MESSAGES, message()), (RESPONSES, response())])
def test_what_no_request_shows_is_arranged(
    record: Any, find: Any, path: str, asked: Any, error: str
) -> None:
    tape = record(asked, path=path, scripts=[{"error": error}])
    assert tape.status >= 400
    assert find(tape).outcome == "same"


def test_a_refused_key(record: Any, find: Any) -> None:
    headers = {"x-api-key": "sk-wrong"}
    tape = record(message(), path=MESSAGES, headers=headers, key=None)
    assert tape.status == 403
    assert find(tape).outcome == "same"


def test_a_key_in_a_header_of_its_own_is_replaced(record: Any, find: Any) -> None:
    headers = {"x-api-key": "sk-0123456789abcdef"}
    tape = record(message(), path=MESSAGES, headers=headers, key=None, scripts=[STORY])
    assert find(replace(tape, request_headers={"x-api-key": "REDACTED"})).outcome == "same"


@pytest.mark.parametrize("stream", [True, False])
def test_a_talk_that_goes_on(
    record: Any, write: Any, look: Any, tmp_path: Any, stream: bool
) -> None:
    first = record(response(stream=stream), path=RESPONSES, scripts=[STORY])
    told = first.body[first.body.index("resp_") :]
    response_id = told[: told.index('"')]
    second = record(response(), path=RESPONSES, scripts=[STORY])
    asked = response(previous_response_id=response_id)
    answered = second.saying(lambda body: body.update(previous_response_id=response_id))
    ordered = answered.saying(lambda body: [body.update({k: body.pop(k)}) for k in sorted(body)])
    findings = look(write(tmp_path / "talk.yaml", first, replace(ordered, request=asked)))
    assert [finding.outcome for finding in findings] == ["same", "same"]


@pytest.mark.parametrize(
    "body",
    [
        {"object": "response", "output": 1},
        {"object": "list", "output": []},
        {"type": "message"},
        {"type": "ping", "model": "m", "content": []},
    ],
)
@pytest.mark.parametrize(("path", "asked"), [(MESSAGES, message()), (RESPONSES, response())])
def test_what_says_nothing_is_compared_all_the_same(
    record: Any, find: Any, path: str, asked: Any, body: Any
) -> None:
    tape = record(asked, path=path).saying(lambda told: (told.clear(), told.update(body)))
    assert find(tape).outcome == "differs"


@pytest.mark.parametrize(("path", "asked"), [(MESSAGES, message()), (RESPONSES, response())])
def test_a_stream_without_its_ends(record: Any, find: Any, path: str, asked: Any) -> None:
    tape = record({**asked, "stream": True}, path=path, scripts=[STORY])
    frames = tape.body.split("\n\n")
    finding = find(replace(tape, body="\n\n".join([*frames[2:5], ""])))
    assert "events" in {found.where for found in finding.differences}
