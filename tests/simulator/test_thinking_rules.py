"""When a model thinks, and what thinking excludes. The effective state counts, default included."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.simulator import Simulator

Send = Callable[..., Any]

ALGO = "<400> InternalError.Algo.InvalidParameter: "
CN = "dashscope.aliyuncs.com"
JSON_PLEASE = [{"role": "user", "content": "Answer in JSON."}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]

ON = ["qwen3.5-plus", "qwen3.5-flash", "qwen3.6-plus", "qwen3.5-397b-a17b", "glm-5", "glm-4.7"]
OFF = ["qwen3-max", "qwen3-max-2026-01-23", "qwen-plus", "qwen-turbo", "qwen3-vl-plus", "kimi-k2.5"]
ONLY = ["qwen3-next-80b-a3b-thinking", "deepseek-r1", "kimi-k2-thinking", "MiniMax-M2.5"]
NEVER = ["qwen3-max-2025-09-23", "qwen3-coder-plus", "qwen3-coder-next", "qwen-max", "qwen-vl-max"]
STREAM_ONLY = ["qwq-plus", "qvq-max"]
HYBRID_OPEN = [
    "qwen3-235b-a22b",
    "qwen3-32b",
    "qwen3-30b-a3b",
    "qwen3-14b",
    "qwen3-8b",
    "qwen3-4b",
    "qwen3-1.7b",
    "qwen3-0.6b",
]


def thinks(send: Send, model: str, **fields: Any) -> bool:
    reply = send(Simulator(), host=CN, model=model, **fields)
    assert reply.status == 200, reply.body
    return bool(reply.choices[0]["reasoning"])


def words(send: Send, **fields: Any) -> Any:
    reply = send(Simulator(), host=CN, **fields)
    return None if reply.status == 200 else reply.error["message"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("models", "default", "told_to", "told_not_to"),
    [(ON, True, True, False), (OFF, False, True, False), (NEVER, False, False, False)],
    ids=["on", "off", "never"],
)
def test_a_model_thinks_by_default_or_when_told_to(
    send: Send, models: list[str], default: bool, told_to: bool, told_not_to: bool, stream: bool
) -> None:
    for model in models:
        seen = [
            thinks(send, model, stream=stream),
            thinks(send, model, stream=stream, enable_thinking=None),
            thinks(send, model, stream=stream, enable_thinking=True),
            thinks(send, model, stream=stream, enable_thinking=False),
        ]
        assert seen == [default, default, told_to, told_not_to], model


@pytest.mark.parametrize("model", ONLY)
def test_a_model_that_only_thinks_cannot_be_told_not_to(send: Send, model: str) -> None:
    assert thinks(send, model)
    assert thinks(send, model, enable_thinking=True, stream=True)
    assert words(send, model=model, enable_thinking=False) == (
        "The value of the enable_thinking parameter is restricted to True."
    )


@pytest.mark.parametrize("model", STREAM_ONLY)
def test_a_model_that_only_streams(send: Send, model: str) -> None:
    assert thinks(send, model, stream=True)
    assert words(send, model=model) == (
        "This model only support stream mode, please enable the stream parameter to access the "
        "model. "
    )


@pytest.mark.parametrize("model", HYBRID_OPEN)
def test_open_weight_hybrids_think_in_streams_only(send: Send, model: str) -> None:
    refusal = "parameter.enable_thinking must be set to false for non-streaming calls"
    assert words(send, model=model) == refusal
    assert words(send, model=model, enable_thinking=True) == refusal
    assert thinks(send, model, stream=True)
    assert not thinks(send, model, enable_thinking=False)


def test_no_other_model_is_refused_unstreamed_thinking() -> None:
    rows = load().models.values()
    assert [row.id for row in rows if row.thinking_streams_only] == HYBRID_OPEN


def test_a_row_may_refuse_the_flag_that_others_ignore(send: Send) -> None:
    overlay = {"model": [{"id": "qwen3-coder-plus", "thinking_flag": "refused"}]}
    simulator = Simulator(catalog=load(overlay))
    refused = send(simulator, model="qwen3-coder-plus", enable_thinking=False)
    assert (
        refused.error["message"] == "The model qwen3-coder-plus does not support enable_thinking."
    )
    assert send(simulator, model="qwen3-coder-plus").status == 200


def test_json_mode_and_thinking_exclude_each_other(send: Send) -> None:
    refusal = "Json mode response is not supported when enable_thinking is true"
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    for wanted in ({"type": "json_object"}, schema):
        asked = {"messages": JSON_PLEASE, "response_format": wanted}
        assert words(send, model="qwen3.5-plus", **asked) == refusal
        assert words(send, model="qwen3-max", enable_thinking=True, **asked) == refusal
        assert words(send, model="qwen3.5-plus", enable_thinking=False, **asked) is None
        assert words(send, model="qwen3-max", **asked) is None
        assert words(send, model="qwen3-coder-plus", enable_thinking=True, **asked) is None
    assert words(send, model="qwen3.5-plus", response_format={"type": "text"}) is None


@pytest.mark.parametrize("size", ["397b-a17b", "122b-a10b", "35b-a3b", "27b"])
@pytest.mark.parametrize("flag", [{}, {"enable_thinking": True}])
def test_open_qwen3_5_answers_in_json_after_thinking(
    send: Send, size: str, flag: dict[str, Any]
) -> None:
    wanted = {"type": "json_object"}
    reply = send(
        Simulator(), model=f"qwen3.5-{size}", messages=JSON_PLEASE, response_format=wanted, **flag
    )
    assert reply.status == 200, reply.body
    assert reply.choices[0]["reasoning"]
    assert isinstance(json.loads(reply.text), dict)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "f"}}])
def test_a_forced_tool_and_thinking_exclude_each_other(send: Send, choice: Any) -> None:
    refusal = (
        f"{ALGO}The tool_choice parameter does not support being set to required or object in "
        "thinking mode"
    )
    forced = {"tools": TOOLS, "tool_choice": choice}
    assert words(send, model="qwen3.5-plus", **forced) == refusal
    assert words(send, model="qwen3-max", enable_thinking=True, **forced) == refusal
    assert words(send, model="qwen3.5-plus", enable_thinking=False, **forced) is None
    assert words(send, model="qwen3-max", **forced) is None


def test_one_choice_only_in_thinking_or_with_tools(send: Send) -> None:
    refusal = "Range of n should be [1, 1]"
    assert words(send, model="qwen3.5-plus", n=2) == refusal
    assert words(send, model="qwen3-max", n=2, tools=TOOLS) == refusal
    assert words(send, model="qwen3.5-plus", n=2, enable_thinking=False) is None


def test_the_budget_is_bounded_by_model_and_host(send: Send) -> None:
    refusal = f"{ALGO}The thinking_budget parameter must be a positive integer and not greater than"
    asked = {"model": "kimi-k2.5", "thinking_budget": 81_921}
    assert words(send, **asked) == f"{refusal} 32768"
    reply = send(Simulator(), host="coding.dashscope.aliyuncs.com", **asked)
    assert reply.error["message"] == f"{refusal} 81920"
    assert words(send, model="qwen-turbo", thinking_budget=38_912) is None


def test_reasoning_stands_beside_the_text_and_in_usage(send: Send) -> None:
    reply = send(Simulator(), model="qwen3.5-plus")
    assert list(reply.json["choices"][0]["message"]) == ["content", "reasoning_content", "role"]
    details = reply.usage["completion_tokens_details"]
    assert 0 < details["reasoning_tokens"] < reply.usage["completion_tokens"]
    assert details["text_tokens"] == reply.usage["completion_tokens"]


def test_max_tokens_does_not_bound_the_reasoning(send: Send) -> None:
    free = send(Simulator(), model="qwen3.5-plus")
    cut = send(Simulator(), model="qwen3.5-plus", max_tokens=1)
    details = cut.usage["completion_tokens_details"]
    assert cut.choices[0]["finish"] == "length"
    assert details["reasoning_tokens"] > 1
    assert cut.usage["completion_tokens"] == details["reasoning_tokens"] + 1
    assert free.choices[0]["finish"] == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_the_budget_bounds_the_chain_of_thought(send: Send, stream: bool) -> None:
    options = {"stream": stream, "stream_options": {"include_usage": True}}
    simulator = Simulator()
    simulator.script(text="Five.", reasoning="one two three four five", times=None)
    free = send(simulator, model="qwen3.5-plus", **options)
    bounded = send(simulator, model="qwen3.5-plus", thinking_budget=2, **options)
    assert free.choices[0]["reasoning"] == "one two three four five"
    assert bounded.choices[0] == {**free.choices[0], "reasoning": "one two"}
    assert bounded.usage["completion_tokens_details"]["reasoning_tokens"] == 2
