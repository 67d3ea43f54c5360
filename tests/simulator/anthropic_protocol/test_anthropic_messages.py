"""The Anthropic protocol byte by byte: streams, whole messages, faults."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Simulator
from qwensim.simulator.pace import Pace
from qwensim.simulator.replies.reply import Counts, ToolCall

Ask = Callable[..., Any]

TOOL = {"name": "f", "input_schema": {"type": "object", "properties": {}}}

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def test_a_stream_is_byte_for_byte_that_on_record(simulator: Simulator, ask: Ask) -> None:
    simulator.script("Hello", reasoning="Hm", tool_calls=[("f", {})])
    reply = ask(simulator, stream=True, tools=[TOOL])
    assert reply.headers["content-type"] == "text/event-stream;charset=utf-8"
    body = re.sub(rf"msg_{UUID}", "msg_ID", reply.body.decode())
    body = re.sub(r"toolu_call_[0-9a-f]{24}", "toolu_ID", body)
    body = re.sub(r'_tokens":[1-9][0-9]*', '_tokens":N', body)
    assert body == (
        'event:message_start\ndata:{"message":{"model":"qwen3.5-plus","id":"msg_ID",'
        '"role":"assistant","type":"message","content":[],"usage":{"input_tokens":N,'
        '"output_tokens":0}},"type":"message_start"}\n\n'
        'event:ping\ndata:{"type":"ping"}\n\n'
        'event:content_block_start\ndata:{"type":"content_block_start",'
        '"content_block":{"type":"thinking","signature":"","thinking":""},"index":0}\n\n'
        'event:content_block_delta\ndata:{"delta":{"type":"thinking_delta","thinking":"Hm"},'
        '"type":"content_block_delta","index":0}\n\n'
        'event:content_block_delta\ndata:{"delta":{"type":"signature_delta","signature":""},'
        '"type":"content_block_delta","index":0}\n\n'
        'event:content_block_stop\ndata:{"type":"content_block_stop","index":0}\n\n'
        'event:content_block_start\ndata:{"type":"content_block_start",'
        '"content_block":{"type":"text","text":""},"index":1}\n\n'
        'event:content_block_delta\ndata:{"delta":{"type":"text_delta","text":"Hello"},'
        '"type":"content_block_delta","index":1}\n\n'
        'event:content_block_stop\ndata:{"type":"content_block_stop","index":1}\n\n'
        'event:content_block_start\ndata:{"type":"content_block_start",'
        '"content_block":{"name":"f","input":{},"id":"toolu_ID","type":"tool_use"},"index":2}\n\n'
        'event:content_block_delta\ndata:{"delta":{"partial_json":"","type":"input_json_delta"},'
        '"type":"content_block_delta","index":2}\n\n'
        'event:content_block_delta\ndata:{"delta":{"partial_json":"{}","type":"input_json_delta"},'
        '"type":"content_block_delta","index":2}\n\n'
        'event:content_block_stop\ndata:{"type":"content_block_stop","index":2}\n\n'
        'event:message_delta\ndata:{"delta":{"stop_reason":"tool_use"},"type":"message_delta",'
        '"usage":{"output_tokens":N,"cache_creation_input_tokens":0,"input_tokens":N,'
        '"cache_read_input_tokens":0}}\n\n'
        'event:message_stop\ndata:{"type":"message_stop"}\n\n'
    )


def test_a_whole_message(simulator: Simulator, ask: Ask) -> None:
    simulator.script("Hello", reasoning="Hm", usage=Counts(prompt=20, completion=7, cached=5))
    reply = ask(simulator)
    body = re.sub(rf"msg_{UUID}", "msg_ID", reply.body.decode())
    assert body == (
        '{"model":"qwen3.5-plus","id":"msg_ID","role":"assistant","type":"message","content":'
        '[{"type":"thinking","signature":"","thinking":"Hm"},{"type":"text","text":"Hello"}],'
        '"stop_reason":"end_turn","stop_sequence":null,"usage":{"output_tokens":7,'
        '"cache_creation_input_tokens":0,"input_tokens":15,"cache_read_input_tokens":5}}'
    )


def test_a_stream_says_what_the_whole_message_says(
    simulator: Simulator, ask: Ask, events_of: Any
) -> None:
    whole = ask(simulator, "Tell me a story.").json
    events = events_of(ask(simulator, "Tell me a story.", stream=True))
    deltas = [event["delta"] for name, event in events if name == "content_block_delta"]
    told = {kind: "".join(delta.get(kind, "") for delta in deltas) for kind in ("thinking", "text")}
    assert told == {block["type"]: block[block["type"]] for block in whole["content"]}
    assert events[-2][1]["usage"] == whole["usage"]


def test_a_realistic_pace_waits_before_what_takes_tokens(ask: Ask) -> None:
    simulator = Simulator(pace=Pace(first_token=1, tokens_per_second=10))
    simulator.script("Hello", reasoning="")
    assert ask(simulator, stream=True).waits == [1.0, 0.1]


def test_a_call_that_is_no_object_is_an_empty_one(simulator: Simulator, ask: Ask) -> None:
    simulator.script(tool_calls=[("f", "[1"), ("f", "[1]")])
    content = ask(simulator, tools=[TOOL]).json["content"]
    assert [block["input"] for block in content if block["type"] == "tool_use"] == [{}, {}]


def test_a_script_gives_the_id_of_a_call(simulator: Simulator, ask: Ask) -> None:
    simulator.script(tool_calls=[ToolCall(name="f", arguments="{}", id="toolu_mine")])
    assert ask(simulator, tools=[TOOL]).json["content"][-1]["id"] == "toolu_mine"


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "max_tokens"), ("content_filter", "content_filter")]
)
def test_a_scripted_finish(simulator: Simulator, finish: str, reason: str, ask: Ask) -> None:
    simulator.script("Hello", finish_reason=finish)
    assert ask(simulator).json["stop_reason"] == reason


def test_a_schema_is_followed(simulator: Simulator, ask: Ask) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    reply = ask(
        simulator,
        thinking={"type": "disabled"},
        output_config={"format": {"type": "json_schema", "schema": schema}},
    )
    (block,) = reply.json["content"]
    assert isinstance(json.loads(block["text"])["n"], int)


@pytest.mark.parametrize(("disabled", "calls"), [(False, 2), (True, 1)])
def test_calls_at_once(simulator: Simulator, disabled: bool, calls: int, ask: Ask) -> None:
    tools = [{**TOOL, "name": name} for name in ("f", "g")]
    choice = {"type": "auto", "disable_parallel_tool_use": disabled}
    text = "Use the f tool and use the g tool."
    content = ask(simulator, text, tools=tools, tool_choice=choice).json["content"]
    assert sum(block["type"] == "tool_use" for block in content) == calls


@pytest.mark.parametrize("error", ["anthropic-serving-error", "internal-error", "plan-usage"])
def test_an_error_in_mid_stream(simulator: Simulator, error: str, ask: Ask, events_of: Any) -> None:
    simulator.fault("error-event", error=error, after=3)
    events = events_of(ask(simulator, stream=True))
    assert [name for name, _ in events] == ["message_start", "ping", "content_block_start", "error"]
    row = simulator.catalog.errors_on["anthropic"][error]
    told = events[-1][1]
    assert told.get("error", told)["message"] == row.message


def test_a_stream_without_usage_and_one_without_an_end(
    simulator: Simulator, ask: Ask, events_of: Any
) -> None:
    simulator.script('Say ,"usage":{"a":1}} twice.', times=2)
    simulator.fault("missing-usage")
    events = events_of(ask(simulator, stream=True))
    assert all(
        "usage" not in event and "usage" not in event.get("message", {}) for _, event in events
    )
    told = "".join(event["delta"].get("text", "") for _, event in events if "delta" in event)
    assert told == 'Say ,"usage":{"a":1}} twice.'
    simulator.fault("missing-done")
    assert events_of(ask(simulator, stream=True))[-1][0] == "message_delta"


def test_the_journal_keeps_the_length_of_a_picture(simulator: Simulator, ask: Ask) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "A" * 10_000}
    ask(simulator, [{"type": "image", "source": source}])
    kept = simulator.journal[-1].body["messages"][0]["content"][0]["source"]
    assert kept == {**source, "data": "[10000 characters]"}
