"""Tool calls, JSON mode and JSON schemas: what is refused, what is made, and that it is valid."""

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

ALGO = "<400> InternalError.Algo.InvalidParameter: "
WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 3},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
        "unit": {"enum": ["C", "F"]},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
}


def tool(name: str, parameters: Any = None) -> dict[str, Any]:
    function = {"name": name} if parameters is None else {"name": name, "parameters": parameters}
    return {"type": "function", "function": function}


TOOLS = [tool("weather", WEATHER), tool("clock"), tool("get.time+(x)", {})]


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def called(send: Send, text: str = "hi", **fields: Any) -> list[str]:
    fields = {"tools": TOOLS, "messages": said(text), **fields}
    reply = send(Simulator(), **fields)
    choice = reply.choices[0]
    assert (choice["finish"] == "tool_calls") == bool(choice["calls"])
    return [name for _, name, _ in choice["calls"]]


def words(send: Send, **fields: Any) -> Any:
    reply = send(Simulator(), **fields)
    return None if reply.status == 200 else reply.error["message"]


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
    send: Send, text: str, choice: Any, parallel: bool, names: list[str], stream: bool
) -> None:
    fields = {"tool_choice": choice, "parallel_tool_calls": parallel, "stream": stream}
    assert called(send, text, **fields) == names


def test_only_the_last_user_text_asks_for_a_tool(send: Send) -> None:
    asked = said("use the clock tool")[0]
    call = {"id": "c", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    calling = {"role": "assistant", "content": "", "tool_calls": [call]}
    answer = {"role": "tool", "tool_call_id": "c", "content": "use the clock tool"}
    assert called(send, messages=[asked, calling, answer]) == []
    heard = {"role": "assistant", "content": "Yes?"}
    assert called(send, messages=[asked, heard, {"role": "user", "content": "hi"}]) == []
    assert (
        called(send, messages=[{"role": "system", "content": asked["content"]}, *said("x")]) == []
    )
    assert called(send, messages=[*said("x"), asked]) == ["clock"]
    parts = {"role": "user", "content": [{"type": "text", "text": "use the clock tool"}]}
    assert called(send, messages=[parts]) == ["clock"]


def test_what_a_user_says_in_several_messages_is_one_turn(send: Send, simulator: Simulator) -> None:
    """Agents add what they know, such as the time, in a message of its own."""
    noted = {"role": "user", "content": "<system-reminder>It is noon.</system-reminder>"}
    system = {"role": "system", "content": "Be short."}
    asked = said("use the clock tool")[0]
    call = {"id": "c", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    calling = {"role": "assistant", "content": "", "tool_calls": [call]}
    told = {"role": "tool", "tool_call_id": "c", "content": "12:00"}
    assert called(send, messages=[asked, system, noted]) == ["clock"]
    assert called(send, messages=[asked, calling, told, noted]) == []
    simulator.script("Tick.", last_user="clock", times=2)
    for messages in ([asked, noted], [noted, asked]):
        assert send(simulator, messages=messages).choices[0]["text"] == "Tick."


def test_a_thinking_model_calls_tools_after_its_thoughts(send: Send) -> None:
    for stream in (False, True):
        reply = send(
            Simulator(),
            model="qwen3.5-plus",
            tools=TOOLS,
            messages=said("use the weather tool"),
            stream=stream,
        )
        choice = reply.choices[0]
        assert (choice["text"], choice["finish"]) == ("", "tool_calls")
        assert choice["reasoning"]
        assert [name for _, name, _ in choice["calls"]] == ["weather"]


@pytest.mark.parametrize(("model", "digits"), [("qwen3-max", 24), ("qwen-plus", 22)])
def test_call_ids_have_the_length_of_the_model_s(send: Send, model: str, digits: int) -> None:
    reply = send(
        Simulator(), model=model, tools=TOOLS, tool_choice="required", parallel_tool_calls=True
    )
    ids = [identifier for identifier, _, _ in reply.choices[0]["calls"]]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(rf"call_[0-9a-f]{{{digits}}}", identifier) for identifier in ids)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), stream=st.booleans())
def test_arguments_are_valid_against_the_tool_s_schema(send: Send, seed: int, stream: bool) -> None:
    reply = send(Simulator(seed=seed), tools=TOOLS, tool_choice="required", stream=stream)
    [(_, name, arguments)] = reply.choices[0]["calls"]
    assert name == "weather"
    Draft202012Validator(WEATHER).validate(json.loads(arguments))


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
def test_tools_of_the_wrong_form(send: Send, tools: Any, refusal: str) -> None:
    assert words(send, tools=tools) == refusal


@pytest.mark.parametrize(
    "parameters",
    ["x", 5, {"type": "string"}, {"properties": []}, {"required": "a"}, {"type": ["object"]}],
)
def test_parameters_of_a_tool_are_an_object_schema(send: Send, parameters: Any) -> None:
    assert words(send, tools=[tool("f", parameters)]) == (
        f"{ALGO}The parameters, when provided as a dict, must confirm to a valid openai-compatible "
        "JSON schema."
    )


def test_parameters_of_a_tool_may_be_a_list(send: Send) -> None:
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


def test_a_model_without_tools(send: Send) -> None:
    refusal = f"{ALGO}The tool call is not supported."
    assert words(send, model="qwen-mt-plus", tools=TOOLS) == refusal
    assert words(send, model="qwen-mt-plus") is None


@pytest.mark.parametrize(
    "choice", ["any", "", 5, True, [], {}, {"type": "function"}, {"function": {}}]
)
def test_an_unknown_tool_choice(send: Send, choice: Any) -> None:
    refusal = 'tool_choice is one of the strings that should be ["none", "auto"]'
    assert words(send, tools=TOOLS, tool_choice=choice) == refusal


def test_a_forced_tool_must_exist(send: Send) -> None:
    choice = {"type": "function", "function": {"name": "nope"}}
    refusal = (
        f'{ALGO}Invalid value for "tool_choice": no function named "nope" was specified in the '
        '"tools" parameter.'
    )
    assert words(send, tools=TOOLS, tool_choice=choice) == refusal
    assert words(send, tool_choice=choice) == refusal
    assert words(send, tool_choice="required") is None


def test_tools_that_are_switched_off_cost_nothing(send: Send) -> None:
    plain, offered, hidden = (
        send(Simulator(), **fields).usage["prompt_tokens"]
        for fields in ({}, {"tools": TOOLS}, {"tools": TOOLS, "tool_choice": "none"})
    )
    assert plain == hidden < offered


# --- JSON mode ------------------------------------------------------------------------------------


def test_json_mode_wants_the_word(send: Send) -> None:
    wanted = {"type": "json_object"}
    refusal = (
        f"{ALGO}'messages' must contain the word 'json' in some form, to use 'response_format' of "
        "type 'json_object'."
    )
    assert words(send, response_format=wanted) == refusal
    for text in ("as JSON", "as json", "jSoN"):
        reply = send(Simulator(), response_format=wanted, messages=said(text))
        assert isinstance(json.loads(reply.text), dict)


def test_a_prompt_that_asks_for_json_and_tells_a_schema_is_followed(send: Send) -> None:
    asks = f"Answer in JSON that follows this schema:\n{json.dumps(WEATHER)}"
    for messages in (said(asks), [{"role": "system", "content": asks}, *said("Paris?")]):
        for model in ("qwen-plus", "qwen3.5-plus"):
            reply = send(Simulator(), model=model, messages=messages)
            Draft202012Validator(WEATHER).validate(json.loads(reply.text))
    for text in (asks.replace("JSON", "words"), "Answer in JSON.", 'JSON: {"type": "string"}'):
        assert not send(Simulator(), messages=said(text)).text.startswith("{")
    assert not send(Simulator(), messages=said(asks), tools=TOOLS).text.startswith("{")


def test_a_model_without_json_mode_leaves_it_out_of_account(send: Send) -> None:
    fields = {"model": "qwen-mt-plus", "response_format": {"type": "json_object"}}
    reply = send(Simulator(), messages=said("json"), **fields)
    assert not reply.text.startswith("{")


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ("json_object", "json_object"),
        (5, "5"),
        ([], "[]"),
        ({}, "null"),
        ({"type": "xml"}, "xml"),
        ({"type": ["text"]}, '["text"]'),
    ],
)
def test_an_unknown_response_format(send: Send, wanted: Any, seen: str) -> None:
    assert words(send, response_format=wanted) == (
        "Unknown format of response_format, response_format should be a dict, includes "
        f"'type' and an optional key 'json_schema'. The response_format type from user is {seen}."
    )


def format_of(schema: Any, name: Any = "answer") -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), stream=st.booleans())
def test_an_answer_is_valid_for_the_schema(send: Send, seed: int, stream: bool) -> None:
    schema = {
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
        "type": "object",
        "properties": {
            "place": WEATHER,
            "list": {"type": "array", "items": {"anyOf": [{"type": "number"}, {"const": "x"}]}},
            "tree": {"$ref": "#/$defs/node"},
        },
        "required": ["place", "list", "tree"],
    }
    reply = send(Simulator(seed=seed), response_format=format_of(schema), stream=stream)
    Draft202012Validator(schema).validate(json.loads(reply.text))


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": "x"},
        {"type": "json_schema", "json_schema": {"name": "x"}},
        format_of({"type": "object"}, name=None),
        format_of({"type": "object"}, name=""),
        format_of({"type": "object"}, name="x" * 65),
        format_of("object"),
        format_of({"type": "string", "pattern": "^a"}),
        format_of({"$ref": "#/$defs/nowhere"}),
        format_of({"type": "string", "enum": [1]}),
        format_of({"anyOf": [{"type": "string"}], "type": "integer"}),
        format_of({"$defs": {"n": {"anyOf": [{"$ref": "#/$defs/n"}]}}, "$ref": "#/$defs/n"}),
    ],
)
def test_a_schema_outside_the_subset(send: Send, wanted: Any) -> None:
    refusal = f"{ALGO}'response_format.json_schema' is not a valid JSON schema."
    assert words(send, response_format=wanted) == refusal


def test_a_model_without_schemas_takes_them_for_json_mode(send: Send) -> None:
    fields = {
        "host": "dashscope.aliyuncs.com",
        "model": "deepseek-v3",
        "response_format": format_of({"type": "object", "properties": {"a": {"const": 1}}}),
    }
    assert "must contain the word 'json'" in words(send, **fields)
    reply = send(Simulator(), messages=said("json"), **fields)
    assert list(json.loads(reply.text)) == ["answer"]


def test_streams_lack_the_prefix_where_they_were_recorded_without_it(send: Send) -> None:
    choice = {"type": "function", "function": {"name": "weather"}}
    for fields in (
        {"response_format": {"type": "json_object"}},
        {"enable_thinking": True, "tools": TOOLS, "tool_choice": choice},
        {"messages": [{"role": "user", "content": None}]},
    ):
        whole = words(send, **fields)
        assert whole.startswith(ALGO)
        assert words(send, stream=True, **fields) == whole.removeprefix(ALGO)
