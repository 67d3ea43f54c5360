"""Tool calls: what is refused, what is called, and with which arguments."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qwensim.simulator import Simulator

Send = Callable[..., Any]
Said = Callable[[str], list[dict[str, str]]]
Words = Callable[..., str]
Called = Callable[..., list[str]]

ALGO = "<400> InternalError.Algo.InvalidParameter: "


def tool(name: str, parameters: Any = None) -> dict[str, Any]:
    function = {"name": name} if parameters is None else {"name": name, "parameters": parameters}
    return {"type": "function", "function": function}


@pytest.fixture(scope="session")
def called(send: Send, tools: list[Any], said: Said) -> Called:
    """Ask with tools, and return the names of those that are called."""

    def names(text: str = "hi", **fields: Any) -> list[str]:
        fields = {"tools": tools, "messages": said(text), **fields}
        reply = send(Simulator(), **fields)
        choice = reply.choices[0]
        assert (choice["finish"] == "tool_calls") == bool(choice["calls"])
        return [name for _, name, _ in choice["calls"]]

    return names


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("text", "choice", "parallel", "names"),
    [
        ("what is the weather", "auto", True, []),
        ("Please USE THE Weather TOOL now", "auto", False, ["weather"]),
        ("use the weather tool", None, False, ["weather"]),
        ("use the weathers tool", "auto", False, []),
        ("reuse the weather tool", "auto", False, []),
        ("use the get.time+(x) tool", "auto", False, ["get.time+(x)"]),
        ("use the clock tool, then use the weather tool", "auto", False, ["weather"]),
        ("use the clock tool, then use the weather tool", "auto", True, ["weather", "clock"]),
        ("use the weather tool", "none", True, []),
        ("hi", "required", False, ["weather"]),
        ("hi", "required", True, ["weather", "clock", "get.time+(x)"]),
        ("use the clock tool", "required", True, ["clock"]),
        ("use the weather tool", {"function": {"name": "clock"}}, True, ["clock"]),
    ],
)
def test_which_tools_are_called(
    called: Called, text: str, choice: Any, parallel: bool, names: list[str], stream: bool
) -> None:
    fields = {"tool_choice": choice, "parallel_tool_calls": parallel, "stream": stream}
    assert called(text, **fields) == names


def test_only_the_last_user_text_asks_for_a_tool(called: Called, said: Said) -> None:
    asked = said("use the clock tool")[0]
    call = {"id": "c", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    calling = {"role": "assistant", "content": "", "tool_calls": [call]}
    answer = {"role": "tool", "tool_call_id": "c", "content": "use the clock tool"}
    assert called(messages=[asked, calling, answer]) == []
    heard = {"role": "assistant", "content": "Yes?"}
    assert called(messages=[asked, heard, {"role": "user", "content": "hi"}]) == []
    assert called(messages=[{"role": "system", "content": asked["content"]}, *said("x")]) == []
    assert called(messages=[*said("x"), asked]) == ["clock"]
    parts = {"role": "user", "content": [{"type": "text", "text": "use the clock tool"}]}
    assert called(messages=[parts]) == ["clock"]


def test_what_a_user_says_in_several_messages_is_one_turn(
    send: Send, called: Called, simulator: Simulator, said: Said
) -> None:
    """Agents add what they know, such as the time, in a message of its own."""
    noted = {"role": "user", "content": "<system-reminder>It is noon.</system-reminder>"}
    system = {"role": "system", "content": "Be short."}
    asked = said("use the clock tool")[0]
    call = {"id": "c", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    calling = {"role": "assistant", "content": "", "tool_calls": [call]}
    told = {"role": "tool", "tool_call_id": "c", "content": "12:00"}
    assert called(messages=[asked, system, noted]) == ["clock"]
    assert called(messages=[asked, calling, told, noted]) == []
    simulator.script("Tick.", last_user="clock", times=2)
    for messages in ([asked, noted], [noted, asked]):
        assert send(simulator, messages=messages).choices[0]["text"] == "Tick."


def test_a_thinking_model_calls_tools_after_its_thoughts(
    send: Send, tools: list[Any], said: Said
) -> None:
    for stream in (False, True):
        reply = send(
            Simulator(),
            model="qwen3.5-plus",
            tools=tools,
            messages=said("use the weather tool"),
            stream=stream,
        )
        choice = reply.choices[0]
        assert (choice["text"], choice["finish"]) == ("", "tool_calls")
        assert choice["reasoning"]
        assert [name for _, name, _ in choice["calls"]] == ["weather"]


@pytest.mark.parametrize(("model", "digits"), [("qwen3-max", 24), ("qwen-plus", 22)])
def test_call_ids_have_the_length_of_the_model_s(
    send: Send, model: str, digits: int, tools: list[Any]
) -> None:
    reply = send(
        Simulator(), model=model, tools=tools, tool_choice="required", parallel_tool_calls=True
    )
    ids = [identifier for identifier, _, _ in reply.choices[0]["calls"]]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(rf"call_[0-9a-f]{{{digits}}}", identifier) for identifier in ids)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), stream=st.booleans())
def test_arguments_are_valid_against_the_tool_s_schema(
    send: Send, seed: int, stream: bool, weather: dict[str, Any], tools: list[Any]
) -> None:
    reply = send(Simulator(seed=seed), tools=tools, tool_choice="required", stream=stream)
    [(_, name, arguments)] = reply.choices[0]["calls"]
    assert name == "weather"
    Draft202012Validator(weather).validate(json.loads(arguments))


@pytest.mark.parametrize(
    ("required", "given"), [(["city"], {"city"}), ([], {"city", "unit"}), (None, {"city", "unit"})]
)
def test_options_of_a_tool_are_left_out(
    send: Send, required: list[str] | None, given: set[str]
) -> None:
    parameters = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"]}},
        **({} if required is None else {"required": required}),
    }
    tools = [{"type": "function", "function": {"name": "weather", "parameters": parameters}}]
    reply = send(Simulator(), tools=tools, tool_choice="required")
    [(_, _, arguments)] = reply.choices[0]["calls"]
    assert set(json.loads(arguments)) == given


@pytest.mark.parametrize(
    ("tools", "refusal"),
    [
        ([], "[] is too short - 'tools'"),
        ([5], "Required body invalid, please check the request body format."),
        ([tool("f"), {}], "'function' is a required property, expected an object - 'tools.1'"),
        ([{"function": 5}], "'function' is a required property, expected an object - 'tools.0'"),
        ([{"function": {}}], "'name' is a required property - 'tools.0.function'"),
        ([tool("")], "'name' is a required property - 'tools.0.function'"),
        ([{"function": {"name": 5}}], "'name' is a required property - 'tools.0.function'"),
        ([tool("search")], "Tool names are not allowed to be [search]"),
    ],
)
def test_tools_of_the_wrong_form(tools: Any, refusal: str, words: Words) -> None:
    assert words(tools=tools) == refusal


@pytest.mark.parametrize(
    "parameters",
    ["x", 5, {"type": "string"}, {"properties": []}, {"required": "a"}, {"type": ["object"]}],
)
def test_parameters_of_a_tool_are_an_object_schema(parameters: Any, words: Words) -> None:
    assert words(tools=[tool("f", parameters)]) == (
        f"{ALGO}The parameters, when provided as a dict, must confirm to a valid openai-compatible "
        "JSON schema."
    )


def test_parameters_of_a_tool_may_be_a_list(send: Send, said: Said) -> None:
    """The form of Qwen-Agent, whose own check speaks in the refusal: it looks at dicts alone."""
    parameters = [
        {"name": "city", "type": "string", "required": True},
        {"name": "days", "type": "integer"},
        "not a parameter",
    ]
    for told, names in ((parameters, {"city"}), ([], set())):
        tools = [tool("weather", told)]
        reply = send(Simulator(), tools=tools, messages=said("use the weather tool"))
        ((_, name, arguments),) = reply.choices[0]["calls"]
        assert (name, set(json.loads(arguments))) == ("weather", names)


def test_a_model_without_tools(tools: list[Any], words: Words) -> None:
    refusal = f"{ALGO}The tool call is not supported."
    assert words(model="qwen-mt-plus", tools=tools) == refusal
    assert words(model="qwen-mt-plus") is None


@pytest.mark.parametrize(
    "choice", ["any", "", 5, True, [], {}, {"type": "function"}, {"function": {}}]
)
def test_an_unknown_tool_choice(choice: Any, tools: list[Any], words: Words) -> None:
    refusal = 'tool_choice is one of the strings that should be ["none", "auto"]'
    assert words(tools=tools, tool_choice=choice) == refusal


def test_a_forced_tool_must_exist(tools: list[Any], words: Words) -> None:
    choice = {"type": "function", "function": {"name": "nope"}}
    refusal = (
        f'{ALGO}Invalid value for "tool_choice": no function named "nope" was specified in the '
        '"tools" parameter.'
    )
    assert words(tools=tools, tool_choice=choice) == refusal
    assert words(tool_choice=choice) == refusal
    assert words(tool_choice="required") is None


def test_tools_that_are_switched_off_cost_nothing(send: Send, tools: list[Any]) -> None:
    plain, offered, hidden = (
        send(Simulator(), **fields).usage["prompt_tokens"]
        for fields in ({}, {"tools": tools}, {"tools": tools, "tool_choice": "none"})
    )
    assert plain == hidden < offered


def test_streams_lack_the_prefix_where_they_were_recorded_without_it(words: Words) -> None:
    for fields in (
        {"response_format": {"type": "json_object"}},
        {"messages": [{"role": "user", "content": None}]},
    ):
        whole = words(**fields)
        assert whole.startswith(ALGO)
        assert words(stream=True, **fields) == whole.removeprefix(ALGO)
