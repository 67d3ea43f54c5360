"""Native answers have the keys that were recorded, in the order in which they were."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Simulator

Native = Callable[..., Any]
Asked = Callable[..., dict[str, Any]]
MULTIMODAL = "multimodal-generation"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    for name in ("weather", "time")
]
CALLS = [("weather", {"city": "Paris, France"}), ("time", {"city": "Rome"})]
CACHED = ("prompt_tokens_details", ["cached_tokens"])
TEXT_IN = ("input_tokens_details", ["text_tokens"])
TEXT_OUT = ("output_tokens_details", ["text_tokens"])
REASONING = ("output_tokens_details", ["reasoning_tokens"])
BOTH_OUT = ("output_tokens_details", ["reasoning_tokens", "text_tokens"])


def keys(value: Any) -> Any:
    """The keys of an object in their order; one that holds objects comes with theirs."""
    if isinstance(value, dict):
        return [(name, keys(inner)) if keys(inner) else name for name, inner in value.items()]
    return [keys(item) for item in value] if isinstance(value, list) and value else None


def test_a_text(native: Native, asked: Asked) -> None:
    """As alibaba/loongsuite-python-agent test_generation_call_basic."""
    answer = native({"model": "qwen-turbo", "input": {"prompt": "Hello!"}, "parameters": {}})
    usage = ["input_tokens", "output_tokens", CACHED, "total_tokens"]
    assert keys(answer.json) == [
        ("output", ["finish_reason", "text"]),
        ("usage", usage),
        "request_id",
    ]
    assert answer.json["usage"]["input_tokens"] == 14  # as recorded
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert answer.json["output"] == native(asked("qwen-turbo")).json["output"]


@pytest.mark.parametrize(("stream", "finished"), [(False, "true"), (True, "false")])
@pytest.mark.parametrize(
    ("model", "surface", "timeout"),
    [
        ("qwen-plus", "text-generation", "298"),
        ("qwen-vl-plus", MULTIMODAL, "298"),
        ("qwen3.6-plus", MULTIMODAL, "600"),
    ],
)
def test_headers(
    native: Native,
    asked: Asked,
    model: str,
    surface: str,
    timeout: str,
    stream: bool,
    finished: str,
) -> None:
    answer = native(asked(model), surface=surface, stream=stream)
    assert answer.headers["x-dashscope-timeout"] == timeout
    assert answer.headers["x-dashscope-finished"] == finished
    assert answer.headers["x-dashscope-call-gateway"] == "true"
    kind = "text/event-stream;charset=UTF-8" if stream else "application/json"
    assert answer.headers["content-type"] == kind


def test_a_message_with_a_call(native: Native, asked: Asked, simulator: Simulator) -> None:
    """As test_generation_call_with_tool_calls_content_capture of the same cassettes."""
    simulator.script(tool_calls=CALLS[:1])
    body = asked("qwen-turbo", result_format="message", tools=TOOLS)
    (choice,) = native(body, simulator=simulator).json["output"]["choices"]
    call = [("function", ["arguments", "name"]), "id", "index", "type"]
    message = ["content", "role", ("tool_calls", [call])]
    assert keys(choice) == ["finish_reason", "index", ("message", message)]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["id"].startswith("call_")


def test_parallel_calls_in_a_stream(native: Native, asked: Asked, simulator: Simulator) -> None:
    """As cnblogs/dashscope-sdk single-generation-message-with-parallel-tools-sse."""
    simulator.script(tool_calls=CALLS)
    body = asked("qwen-max", result_format="message", incremental_output=True, tools=TOOLS)
    choices = native(body, simulator=simulator, stream=True).choices
    call = ["index", "id", "type", ("function", ["name", "arguments"])]
    message = ["content", ("tool_calls", [call]), "role"]
    assert keys(choices[0]) == [("message", message), "index", "finish_reason"]
    call[-1] = ("function", ["arguments"])
    assert keys(choices[1]) == [("message", message), "index", "finish_reason"]
    assert {choice["message"]["content"] for choice in choices} == {""}
    finishes = [choice["finish_reason"] for choice in choices]
    assert finishes == ["null"] * (len(choices) - 1) + ["tool_calls"]
    arguments: dict[int, str] = {}
    for choice in choices:
        (told,) = choice["message"]["tool_calls"]
        assert bool(told["id"]) == (told["index"] not in arguments)
        before = arguments.get(told["index"], "")
        arguments[told["index"]] = before + told["function"]["arguments"]
    assert [json.loads(text) for text in arguments.values()] == [given for _, given in CALLS]


def test_a_text_model_thinks(native: Native, asked: Asked, simulator: Simulator) -> None:
    """As cnblogs/dashscope-sdk single-generation-message-reasoning-sse."""
    simulator.script("It is two.", reasoning="One and one?")
    options = {"result_format": "message", "incremental_output": True, "enable_thinking": True}
    answer = native(asked("qwen-plus-latest", **options), simulator=simulator, stream=True)
    message = ["content", "reasoning_content", "role"]
    for frame in answer.frames:
        assert keys(frame) == [
            ("output", [("choices", [[("message", message), "finish_reason"]])]),
            ("usage", ["total_tokens", "output_tokens", "input_tokens", REASONING]),
            "request_id",
        ]
    messages = [choice["message"] for choice in answer.choices]
    assert "".join(message["reasoning_content"] for message in messages) == "One and one?"
    assert "".join(message["content"] for message in messages) == "It is two."
    assert not any(message["content"] and message["reasoning_content"] for message in messages)
    assert messages[-1] == {"content": "", "reasoning_content": "", "role": "assistant"}


def test_a_whole_answer_that_thought(native: Native, asked: Asked) -> None:
    """As cnblogs/dashscope-sdk single-generation-message-reasoning-effort-nosse."""
    answer = native(asked("qwen3-max", incremental_output=False, enable_thinking=True)).json
    message = ["content", "reasoning_content", "role"]
    assert keys(answer["output"]) == [("choices", [["finish_reason", ("message", message)]])]
    usage = ["input_tokens", "output_tokens", REASONING, CACHED, "total_tokens"]
    assert keys(answer["usage"]) == usage


def test_a_multimodal_model_thinks_and_calls(
    native: Native, asked: Asked, simulator: Simulator
) -> None:
    """As cnblogs/dashscope-sdk multimodal-generation-message-with-parallel-function-call-sse."""
    simulator.script(reasoning="Look it up, then.", tool_calls=CALLS[:1])
    body = asked("qwen3.6-plus", incremental_output=True, tools=TOOLS)
    picture = {"image": "https://example.com/a.png"}
    body["input"]["messages"][0]["content"] = [picture, {"text": "Where?"}]
    answer = native(body, simulator=simulator, surface=MULTIMODAL, stream=True)
    choices, usages = answer.choices, [frame["usage"] for frame in answer.frames]
    assert keys(choices[0]) == [
        ("message", ["content", "reasoning_content", "role"]),
        "finish_reason",
    ]
    assert list(choices[-1]["message"]) == ["content", "tool_calls", "role"]
    assert all(choice["message"]["content"] == [] for choice in choices)
    assert choices[-1]["finish_reason"] == "tool_calls"
    assert keys(usages[0]) == [
        ("input_tokens_details", ["image_tokens", "text_tokens"]),
        "prompt_tokens_details",
        *("total_tokens", "output_tokens", "input_tokens"),
        BOTH_OUT,
        "image_tokens",
    ]
    assert usages[0]["prompt_tokens_details"] == {}
    for usage in usages:
        assert sum(usage["output_tokens_details"].values()) == usage["output_tokens"]


def test_a_frame_may_hold_the_end_of_one_thing_and_the_beginning_of_the_next(
    native: Native, asked: Asked, simulator: Simulator
) -> None:
    """As the recording above, and multimodal-generation-message-with-tools-sse beside it."""
    simulator.script("It is a long way to Rome.", reasoning="What do I know of Rome?")
    body = asked("qwen3.6-plus", incremental_output=True)
    answer = native(body, simulator=simulator, surface=MULTIMODAL, stream=True)
    told = [
        (bool(choice["message"].get("reasoning_content")), bool(choice["message"]["content"]))
        for choice in answer.choices
    ]
    assert [kind for kind, _ in itertools.groupby(told)] == [
        (True, False),
        (True, True),
        (False, True),
    ]
    assert told.count((True, True)) == 1
    simulator.script(tool_calls=CALLS)
    body = asked("qwen3.6-plus", incremental_output=True, tools=TOOLS, enable_thinking=False)
    answer = native(body, simulator=simulator, surface=MULTIMODAL, stream=True)
    (both,) = [
        choice["message"]["tool_calls"]
        for choice in answer.choices
        if len(choice["message"]["tool_calls"]) == 2
    ]
    assert [(call["index"], bool(call["id"])) for call in both] == [(0, False), (1, True)]
    assert [call["function"]["arguments"] for call in both] == ["", ""]


def test_a_vision_model(native: Native, asked: Asked, simulator: Simulator) -> None:
    """As test_multimodal_conversation_call_streaming and …_basic of alibaba/loongsuite."""
    story = "Once upon a time, in a small village"
    simulator.script(story, times=2)
    body = asked("qwen-vl-plus")
    answer = native(body, simulator=simulator, surface=MULTIMODAL, stream=True)
    texts = [choice["message"]["content"][0]["text"] for choice in answer.choices]
    assert all(after.startswith(before) for before, after in itertools.pairwise(texts))
    assert texts[-1] == story
    usage = ["total_tokens", TEXT_IN, "output_tokens", "input_tokens", TEXT_OUT, CACHED]
    assert keys(answer.frames[0]["usage"]) == usage
    whole = native(body, simulator=simulator, surface=MULTIMODAL).json
    message = [("content", [["text"]]), "reasoning_content", "role"]
    assert keys(whole["output"]) == [("choices", [[("message", message), "finish_reason"]])]
    assert keys(whole["usage"]) == usage
