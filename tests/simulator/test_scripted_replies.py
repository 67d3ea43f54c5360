"""Scripted replies: which requests they answer, how often, and what they say."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.errors import UsageError
from qwensim.simulator import Counts, Fault, Script, Simulator, ToolCall

Send = Callable[..., Any]


def unused(simulator: Simulator) -> list[Script]:
    return list(simulator.unused_scripts)


def said(*texts: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text} for text in texts]


@pytest.mark.parametrize("stream", [False, True])
def test_a_text_is_said_word_for_word_once(send: Send, stream: bool) -> None:
    simulator = Simulator()
    script = simulator.script('Grüße, 你好\n\n"quoted" \\ 👋')
    reply = send(simulator, stream=stream)
    assert (reply.text, reply.choices[0]["finish"]) == (script.text, "stop")
    assert simulator.journal[-1].scripted
    assert send(simulator, stream=stream).text != script.text
    assert not simulator.journal[-1].scripted


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "xxxx"),
        ({"model": "qwen3-max"}, "xx.."),
        ({"model": "qwen*"}, "xxx."),
        ({"model": "*m-?"}, "...x"),
        ({"last_user": "weather"}, ".x.."),
        ({"last_user": "Weather"}, "...."),
        ({"last_user": re.compile("weather|bye$")}, ".x.x"),
        ({"last_user": re.compile("^HI$", re.IGNORECASE)}, "x.x."),
        ({"when": lambda ask: ask.model == "glm-5"}, "...x"),
        ({"when": lambda ask: ask.stream}, "..x."),
        ({"when": lambda ask: ask.body.get("user") == "ann"}, "...x"),
        ({"model": "qwen*", "last_user": "hi", "when": lambda ask: not ask.stream}, "x..."),
    ],
)
def test_which_requests(send: Send, conditions: dict[str, Any], expected: str) -> None:
    simulator = Simulator()
    simulator.script("scripted", times=None, **conditions)
    answer = {"role": "assistant", "content": "Yes?"}
    requests: list[dict[str, Any]] = [
        {"messages": said("hi")},
        {"messages": [*said("hi"), answer, *said("the weather?")]},
        {"messages": said("hi"), "model": "qwen-plus", "stream": True},
        {"messages": [*said("hi"), answer, *said("bye")], "model": "glm-5", "user": "ann"},
    ]
    host = "dashscope.aliyuncs.com"
    seen = [send(simulator, host=host, **request).text == "scripted" for request in requests]
    assert seen == [mark == "x" for mark in expected]


@pytest.mark.parametrize(("times", "expected"), [(1, 1), (2, 2), (None, 4)])
def test_how_often(send: Send, times: int | None, expected: int) -> None:
    simulator = Simulator()
    simulator.script("scripted", times=times)
    assert [send(simulator).text for _ in range(4)].count("scripted") == expected


def test_the_first_script_that_matches_answers(send: Send) -> None:
    simulator = Simulator()
    simulator.script("for plus", model="qwen-plus")
    simulator.script("one")
    simulator.script("two")
    texts = [send(simulator).text, send(simulator).text, send(simulator, model="qwen-plus").text]
    assert texts == ["one", "two", "for plus"]


def test_scripts_that_promise_more_are_unused(send: Send) -> None:
    simulator = Simulator()
    once = simulator.script("a")
    twice = simulator.script("b", times=2)
    ever = simulator.script("c", times=None)
    assert unused(simulator) == [once, twice, ever]
    send(simulator)
    send(simulator)
    assert unused(simulator) == [twice, ever]
    send(simulator)
    assert unused(simulator) == [ever]
    send(simulator)
    assert unused(simulator) == []
    assert send(simulator).text == "c"


def test_reset_drops_scripts_and_the_journal(send: Send) -> None:
    simulator = Simulator()
    simulator.script("a")
    send(simulator, model="nope")
    simulator.reset()
    assert unused(simulator) == []
    assert len(simulator.journal) == 0
    assert send(simulator).text != "a"
    assert simulator.journal[0].number == 2


def test_a_refused_request_uses_no_script(send: Send) -> None:
    simulator = Simulator()
    script = simulator.script("a")
    fields: dict[str, Any]
    for fields in ({"key": None}, {"model": "nope"}, {"temperature": 9}, {"messages": []}):
        assert send(simulator, **fields).status != 200
    assert unused(simulator) == [script]


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_shows_only_where_the_model_thinks(send: Send, stream: bool) -> None:
    simulator = Simulator()
    simulator.script(text="4", reasoning="2 + 2", times=None)
    thinking = send(simulator, model="qwen3.5-plus", stream=stream).choices[0]
    assert (thinking["reasoning"], thinking["text"]) == ("2 + 2", "4")
    plain = send(simulator, model="qwen3-max", stream=stream).choices[0]
    assert (plain["reasoning"], plain["text"]) == ("", "4")


def test_what_a_script_leaves_open_comes_from_the_talker(send: Send) -> None:
    simulator = Simulator()
    simulator.script(reasoning="2 + 2")
    reply = send(simulator, model="qwen3.5-plus").choices[0]
    assert reply["reasoning"] == "2 + 2"
    assert reply["text"]
    simulator.script(text="4")
    assert send(simulator, model="qwen3.5-plus").choices[0]["reasoning"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "call",
    [
        ToolCall(name="f", arguments='{"a": 1}', id="call_mine"),
        ("f", {"a": 1}),
        ["f", '{"a":1}'],
        {"name": "f", "arguments": {"a": 1}},
    ],
)
def test_tool_calls_are_made_even_unasked(send: Send, call: Any, stream: bool) -> None:
    simulator = Simulator()
    simulator.script(tool_calls=[call])
    choice = send(simulator, stream=stream).choices[0]
    [(identifier, name, arguments)] = choice["calls"]
    assert (name, json.loads(arguments)) == ("f", {"a": 1})
    assert choice["finish"] == "tool_calls"
    assert choice["text"] == ""
    assert (identifier == "call_mine") == isinstance(call, ToolCall)


@pytest.mark.parametrize("stream", [False, True])
def test_text_and_calls_together(send: Send, stream: bool) -> None:
    simulator = Simulator()
    simulator.script(text="One moment.", tool_calls=[("f", {}), ("g", "")])
    choice = send(simulator, stream=stream).choices[0]
    assert choice["text"] == "One moment."
    assert [call[1:] for call in choice["calls"]] == [("f", "{}"), ("g", "")]


@pytest.mark.parametrize("stream", [False, True])
def test_a_script_may_end_as_it_likes(send: Send, stream: bool) -> None:
    simulator = Simulator()
    simulator.script(text="x", finish_reason="length")
    assert send(simulator, stream=stream).choices[0]["finish"] == "length"
    simulator.script(tool_calls=[("f", {})], finish_reason="stop")
    assert send(simulator, stream=stream).choices[0]["finish"] == "stop"


def test_a_text_keeps_a_scripted_model_from_calling_tools(send: Send) -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    simulator = Simulator()
    simulator.script("no")
    reply = send(simulator, tools=tools, messages=said("use the f tool"))
    assert reply.choices[0] == {"text": "no", "reasoning": "", "calls": [], "finish": "stop"}
    simulator.script(usage=Counts(prompt=5))
    reply = send(simulator, tools=tools, messages=said("use the f tool"))
    assert reply.choices[0]["finish"] == "tool_calls"


@pytest.mark.parametrize("stream", [False, True])
def test_usage_may_be_given_in_part(send: Send, stream: bool) -> None:
    options = {"stream": stream, "stream_options": {"include_usage": True}}
    simulator = Simulator()
    simulator.script("Hello", usage=Counts(prompt=100, cached=64))
    usage = send(simulator, **options).usage
    assert usage["prompt_tokens"] == 100
    assert usage["prompt_tokens_details"]["cached_tokens"] == 64
    assert usage["total_tokens"] == 100 + usage["completion_tokens"]
    simulator.script("Hello", usage=Counts(completion=1))
    usage = send(
        simulator, model="kimi-k2.5", host="dashscope.aliyuncs.com", enable_thinking=True, **options
    ).usage
    details = usage["completion_tokens_details"]
    assert usage["completion_tokens"] == 1 >= details["reasoning_tokens"]
    assert details["text_tokens"] >= 0


def test_an_error_in_the_service_s_words(send: Send) -> None:
    simulator = Simulator()
    simulator.script(error="input-length", values={"limit": 5}, times=2)
    whole, stream = send(simulator), send(simulator, stream=True)
    assert whole.error["message"] == stream.error["message"]
    assert whole.error["message"].endswith("Range of input length should be [1, 5]")
    assert (whole.status, whole.json["request_id"]) == (400, whole.headers["x-request-id"])
    assert stream.body.startswith(b"data: ")
    entry = simulator.journal[-1]
    assert (entry.error, entry.scripted, entry.status) == ("input-length", True, 400)


def test_a_fault_of_a_script(send: Send) -> None:
    simulator = Simulator()
    simulator.script("Hello", fault=Fault(kind="drop", after=2))
    simulator.script(fault=Fault(kind="error", error="overloaded"))
    simulator.script(fault=Fault(kind="timeout"))
    reply = send(simulator, stream=True)
    assert (len(reply.chunks), reply.aborted) == (2, "drop")
    assert simulator.journal[-1].fault == "drop"
    reply = send(simulator)
    assert (reply.status, reply.error["code"]) == (503, "ModelServingError")
    reply = send(simulator)
    assert (reply.status, reply.aborted) == (None, "drop")
    assert (simulator.journal[-1].status, simulator.journal[-1].usage) == (0, None)


def test_a_predicate_may_set_another_script(send: Send) -> None:
    simulator = Simulator()

    def when(_: Any) -> bool:
        if not simulator.unused_scripts[1:]:
            simulator.script("set meanwhile")
        return False

    simulator.script("never", when=when)
    assert send(simulator).text == "set meanwhile"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"error": "nope"}, "no error 'nope'; there are: "),
        ({"error": "input-length"}, "'input-length' wants values for: limit"),
        ({"error": "image-too-small", "values": {"height": 1}}, "wants values for: width"),
        ({"tool_calls": ["f"]}, r"a tool call is \(name, arguments\), not 'f'"),
        ({"tool_calls": [{"name": "f"}]}, r"a tool call is \(name, arguments\), not {'name': 'f'}"),
        ({"tool_calls": [5]}, r"a tool call is \(name, arguments\), not 5"),
    ],
)
def test_a_script_that_cannot_be(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        Simulator().script(**fields)


def test_a_script_may_be_made_beforehand(send: Send) -> None:
    simulator = Simulator()
    script = Script(text="Hello", error=None)
    assert simulator.script(script) is script
    assert send(simulator).text == "Hello"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text": 3}, "Script: text: Expected `str | null`, got `int`; seen: 3"),
        ({"model": 3}, "model: Expected"),
        ({"last_user": 3}, "last_user: Expected"),
        ({"usage": {"prompt": 1}}, "usage is a Counts, not {'prompt': 1}"),
        ({"fault": "drop"}, "fault: Expected"),
        ({"times": 0}, "times: Expected `int` >= 1; seen: 0"),
        ({"when": "always"}, "when must be a function of the request, not 'always'"),
        ({"tool_calls": 5}, "tool_calls is a list of (name, arguments), not 5"),
        ({"tool_calls": ["weather"]}, "a tool call is (name, arguments), not 'weather'"),
        ({"texxt": "a"}, "a script has no field 'texxt'; there are: text, reasoning, tool_calls"),
    ],
)
def test_a_script_that_is_none_is_told(fields: dict[str, Any], told: str) -> None:
    simulator = Simulator()
    with pytest.raises(UsageError, match=re.escape(told)):
        simulator.script(**fields)
    assert not simulator.unused_scripts
