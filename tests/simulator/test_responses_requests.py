"""What can be asked of the Responses API: input, tools, those that it brings itself."""

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.simulator import Simulator

Respond = Callable[..., Any]

F = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    "given",
    [
        "What is it?",
        [{"role": "user", "content": "What is it?"}],
        [{"type": "message", "role": "user", "content": "What is it?"}],
        [{"role": "user", "content": [{"type": "input_text", "text": "What is it?"}]}],
        [{"role": "user", "content": [{"type": "text", "text": "What is it?"}]}],
        [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "Look it up."},
            {"type": "reasoning", "id": "msg_1", "summary": []},
            {"type": "web_search_call", "id": "msg_2", "status": "completed"},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Done."}]},
            {"role": "user", "content": "What is it?"},
        ],
    ],
)
def test_input_may_be_text_or_items(respond: Respond, simulator: Simulator, given: Any) -> None:
    simulator.script("It.", last_user=re.compile("^What is it[?]$"))
    assert respond(simulator, given).said == "It."


@pytest.mark.parametrize(
    "image_url",
    ["https://example.com/a.png", {"url": "https://example.com/a.png"}],
)
@pytest.mark.parametrize("kind", ["image_url", "input_image"])
def test_pictures_are_billed(
    respond: Respond, simulator: Simulator, kind: str, image_url: Any
) -> None:
    part = {"type": kind, "image_url": image_url}
    words = {"type": "input_text", "text": "What is it?"}
    usage = respond(simulator, [{"role": "user", "content": [part, words]}]).json["usage"]
    (billed,) = usage["x_details"]
    details = billed["input_tokens_details"]
    assert details["image_tokens"] > 0
    assert sum(details.values()) == usage["input_tokens"]


@pytest.mark.parametrize("kind", ["input_file", "input_audio", "video_url"])
def test_other_parts_are_refused(respond: Respond, simulator: Simulator, kind: str) -> None:
    part = {"type": kind, kind: "https://example.com/a"}
    reply = respond(simulator, [{"role": "user", "content": [part]}])
    assert reply.refusal[:2] == (400, "InvalidParameter")
    assert "Unexpected item type in content" in reply.json["message"]


@pytest.mark.parametrize("item", [{"type": "item_reference", "id": "msg_1"}, {"type": 1}, {}])
def test_an_item_of_no_known_kind_lacks_content(
    respond: Respond, simulator: Simulator, item: Any
) -> None:
    message = "<400> InternalError.Algo.InvalidParameter: The content field is a required field."
    reply = respond(simulator, [{"role": "user", "content": "Hi"}, {"role": "user", **item}])
    assert reply.refusal == (400, "InvalidParameter", message)


@pytest.mark.parametrize("given", [1, {}, ["Hi"]])
def test_what_is_no_item_is_refused(respond: Respond, simulator: Simulator, given: Any) -> None:
    reply = respond(simulator, given)
    assert reply.refusal == (400, "InvalidParameter", "Request body format invalid")


def test_calls_that_follow_each_other_are_one_message(
    respond: Respond, simulator: Simulator
) -> None:
    calls = [
        {"type": "function_call", "call_id": f"c{n}", "name": "f", "arguments": "{}"}
        for n in (1, 2)
    ]
    results = [{"type": "function_call_output", "call_id": f"c{n}", "output": "1"} for n in (1, 2)]
    talk = [{"role": "user", "content": "Go"}, *calls, *results]
    assert respond(simulator, talk, tools=[F]).status == 200
    assert "did not have response messages" in respond(simulator, talk[:-1]).json["message"]


def test_allowed_tools_are_all_that_there_are(respond: Respond, simulator: Simulator) -> None:
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"name": "g"}]}
    options = {"tools": [F, {**F, "name": "g"}], "tool_choice": choice, "enable_thinking": False}
    (call,) = respond(simulator, "Use the f tool", **options).json["output"]
    assert call["name"] == "g"


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "f"}])
def test_a_call_can_be_forced(respond: Respond, simulator: Simulator, choice: Any) -> None:
    options = {"tools": [F], "tool_choice": choice, "enable_thinking": False}
    (call,) = respond(simulator, **options).json["output"]
    assert call["name"] == "f"


def test_what_the_service_does_not_know_it_tells_again(
    respond: Respond, simulator: Simulator
) -> None:
    tools = [{"type": "computer"}, {"type": "bogus_tool_xyz"}]
    options = {"metadata": "NOT_AN_OBJECT", "parallel_tool_calls": "NOT_A_BOOL", "tools": tools}
    told = respond(simulator, **options, totally_bogus_param=123, text={"format": 1}).json
    assert {name: told[name] for name in options} == options


@pytest.mark.parametrize(
    ("tool", "steps"),
    [
        ("web_search", ["in_progress", "searching", "completed"]),
        ("code_interpreter", ["in_progress", "interpreting", "completed"]),
        ("file_search", ["in_progress", "searching", "completed"]),
        ("web_search_image", []),
        ("image_search", []),
    ],
)
def test_a_built_in_tool_is_used(
    respond: Respond, simulator: Simulator, tool: str, steps: list[str]
) -> None:
    offered = [{"type": tool}]
    events = respond(simulator, 'Who "is"?', tools=offered, stream=True, model="qwen3.6-plus").told
    told = [event for event in events if event["type"].startswith(f"response.{tool}_call.")]
    assert [event["type"].rpartition(".")[2] for event in told] == steps
    assert {event["item_id"] for event in told} <= {
        event["item"]["id"] for event in events if "item" in event
    }
    item = next(i for i in events[-1]["response"]["output"] if i["type"] == f"{tool}_call")
    assert item["status"] == "completed"
    if "arguments" in item:
        assert json.loads(item["arguments"])
        assert json.loads(item["output"])[0]["title"] == 'Who "is"?'
    assert events[-1]["response"]["usage"]["x_tools"] == {tool: {"count": 1}}


def test_a_page_is_extracted_beside_a_search(respond: Respond, simulator: Simulator) -> None:
    both = [{"type": "web_search"}, {"type": "web_extractor"}]
    output = respond(simulator, tools=both).json["output"]
    assert [item["type"] for item in output] == [
        *("reasoning", "web_search_call", "web_extractor_call", "message")
    ]
    words = "The web_extractor tool must be executed with web_search tool."
    assert respond(simulator, tools=both[1:]).refusal == (
        400,
        "InvalidParameter",
        f"<400> InternalError.Algo.InvalidParameter: {words}",
    )


def test_qwen3_max_interprets_code_only_in_thinking(respond: Respond, simulator: Simulator) -> None:
    options = {"model": "qwen3-max-2026-01-23", "tools": [{"type": "code_interpreter"}]}
    message = "Normal mode does not support Code interpreter. Please set enable_thinking to true."
    assert respond(simulator, **options).refusal == (400, "InvalidParameter", message)
    assert respond(simulator, **options, enable_thinking=True).status == 200


@pytest.mark.parametrize(
    ("day", "status"), [(dt.date(2026, 8, 31), 200), (dt.date(2026, 9, 1), 400)]
)
def test_more_models_interpret_code_only_in_thinking_from_september(
    respond: Respond, day: dt.date, status: int
) -> None:
    simulator = Simulator(catalog=load(as_of=day))
    options = {"model": "qwen3.7-max", "tools": [{"type": "code_interpreter"}]}
    assert respond(simulator, **options, reasoning={"effort": "none"}).status == status
    assert respond(simulator, **options, reasoning={"effort": "low"}).status == 200


@pytest.mark.parametrize(
    "options",
    [
        {"tool_choice": "none"},
        {"tools": [{"type": "web_search"}, F], "given": "Use the f tool"},
        {
            "given": [
                {"role": "user", "content": "?"},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "1"},
            ]
        },
    ],
)
def test_nothing_is_looked_up_unasked(respond: Respond, simulator: Simulator, options: Any) -> None:
    options = {"given": "Hi", "tools": [{"type": "web_search"}], **options}
    told = respond(simulator, options.pop("given"), **options).json
    assert "web_search_call" not in [item["type"] for item in told["output"]]
    assert "x_tools" not in told["usage"]
