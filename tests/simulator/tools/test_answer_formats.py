"""JSON mode and JSON schemas: what is refused, what is made, and that it is valid."""

import json
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

ALGO = "<400> InternalError.Algo.InvalidParameter: "


def test_json_mode_wants_the_word(send: Send, said: Said, words: Words) -> None:
    wanted = {"type": "json_object"}
    refusal = (
        f"{ALGO}'messages' must contain the word 'json' in some form, to use 'response_format' of "
        "type 'json_object'."
    )
    assert words(response_format=wanted) == refusal
    for text in ("as JSON", "as json", "jSoN"):
        reply = send(Simulator(), response_format=wanted, messages=said(text))
        assert isinstance(json.loads(reply.text), dict)


def test_a_prompt_that_asks_for_json_and_tells_a_schema_is_followed(
    send: Send, weather: dict[str, Any], tools: list[Any], said: Said
) -> None:
    asks = f"Answer in JSON that follows this schema:\n{json.dumps(weather)}"
    for messages in (said(asks), [{"role": "system", "content": asks}, *said("Paris?")]):
        for model in ("qwen-plus", "qwen3.5-plus"):
            reply = send(Simulator(), model=model, messages=messages)
            Draft202012Validator(weather).validate(json.loads(reply.text))
    for text in (asks.replace("JSON", "words"), "Answer in JSON.", 'JSON: {"type": "string"}'):
        assert not send(Simulator(), messages=said(text)).text.startswith("{")
    assert not send(Simulator(), messages=said(asks), tools=tools).text.startswith("{")


def test_a_model_without_json_mode_leaves_it_out_of_account(send: Send, said: Said) -> None:
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
def test_an_unknown_response_format(wanted: Any, seen: str, words: Words) -> None:
    assert words(response_format=wanted) == (
        "Unknown format of response_format, response_format should be a dict, includes "
        f"'type' and an optional key 'json_schema'. The response_format type from user is {seen}."
    )


def format_of(schema: Any, name: Any = "answer") -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), stream=st.booleans())
def test_an_answer_is_valid_for_the_schema(
    send: Send, seed: int, stream: bool, weather: dict[str, Any]
) -> None:
    schema = {
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
        "type": "object",
        "properties": {
            "place": weather,
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
def test_a_schema_outside_the_subset(wanted: Any, words: Words) -> None:
    refusal = f"{ALGO}'response_format.json_schema' is not a valid JSON schema."
    assert words(response_format=wanted) == refusal


def test_a_model_without_schemas_takes_them_for_json_mode(
    send: Send, said: Said, words: Words
) -> None:
    fields = {
        "host": "dashscope.aliyuncs.com",
        "model": "deepseek-v3",
        "response_format": format_of({"type": "object", "properties": {"a": {"const": 1}}}),
    }
    assert "must contain the word 'json'" in words(**fields)
    reply = send(Simulator(), messages=said("json"), **fields)
    assert list(json.loads(reply.text)) == ["answer"]
