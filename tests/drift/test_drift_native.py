"""Recorded native answers are said again by the fake, and compared like the others."""

import json
from dataclasses import replace
from typing import Any

import pytest

PATH = "/api/v1/services/aigc/{}-generation/generation"
STREAM = {"x-dashscope-sse": "enable"}
STORY = {"text": "Once upon a time, in a village.", "reasoning": "What shall I tell?"}
CALLS = {"tool_calls": [("weather", {"city": "Rome"}), ("weather", {"city": "Paris"})]}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
MESSAGE = {"result_format": "message"}
PIECES = {**MESSAGE, "incremental_output": True}


def asked(model: str, **parameters: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Tell me a story."}]
    return {"model": model, "input": {"messages": messages}, "parameters": parameters}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("body", "script"),
    [
        (asked("qwen-plus"), STORY),
        (asked("qwen-plus", incremental_output=True), STORY),
        (asked("qwen-plus", **MESSAGE), STORY),
        (asked("qwen-plus", **PIECES, enable_thinking=True), STORY),
        (asked("qwen-max", **PIECES, tools=TOOLS), CALLS),
        (asked("qwen-max", **MESSAGE, tools=TOOLS), CALLS),
        (asked("qwen-max", **PIECES, max_tokens=2), STORY),
        (asked("qwen-vl-plus"), STORY),
        (asked("qwen3.6-plus", enable_thinking=False), STORY),
        (asked("qwen3.6-plus", tools=TOOLS), {**CALLS, "reasoning": "Look."}),
    ],
)
def test_what_was_said_is_said_again(
    record: Any, find: Any, body: dict[str, Any], script: dict[str, Any], stream: bool
) -> None:
    kind = "text" if body["model"] in ("qwen-plus", "qwen-max") else "multimodal"
    headers = STREAM if stream else {}
    tape = record(body, path=PATH.format(kind), headers=headers, scripts=[script])
    assert tape.body.count("event:result") == tape.body.count(":HTTP_STATUS/200")
    assert find(tape).differences == ()


def test_what_differs_is_found(record: Any, find: Any) -> None:
    tape = record(asked("qwen-plus"), path=PATH.format("text"))
    body = json.loads(tape.body)
    del body["usage"]["prompt_tokens_details"]
    finding = find(replace(tape, body=json.dumps(body)))
    assert [found.where for found in finding.differences] == ["usage.prompt_tokens_details"]


def test_a_refused_stream(record: Any, find: Any) -> None:
    tape = record(asked("qwen-plus", top_p=2), path=PATH.format("text"), headers=STREAM)
    assert tape.status == 200
    assert find(tape).outcome == "same"
    other = tape.body.replace("Range of top_p", "Bounds of top_p")
    finding = find(replace(tape, body=other))
    assert [found.where for found in finding.differences] == ["message"]


@pytest.mark.parametrize("output", [{}, {"task_id": "1"}, {"choices": [{"message": 1}]}])
def test_what_is_no_answer_of_a_model(record: Any, find: Any, output: Any) -> None:
    tape = record(asked("qwen-plus"), path=PATH.format("text"))
    altered = {**json.loads(tape.body), "output": output}
    assert find(replace(tape, body=json.dumps(altered))).outcome == "differs"
