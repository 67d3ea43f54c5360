"""However a native answer is delivered, it says the same; faults and the journal know it."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.exchange import Request
from qwensim.simulator import REALISTIC, Counts, Simulator

Native = Callable[..., Any]
Asked = Callable[..., dict[str, Any]]

MULTIMODAL = "multimodal-generation"
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
TALKERS = [
    row.id for row in load().served["dashscope.aliyuncs.com"].values() if row.surfaces == ("chat",)
]


def text_of(choice: Any) -> Any:
    content = choice["message"]["content"]
    return "".join(part["text"] for part in content) if isinstance(content, list) else content


def test_only_an_incremental_text_ends_with_an_empty_frame(
    native: Native, asked: Asked, simulator: Simulator
) -> None:
    """As test_generation_call_streaming and …_incremental_output of alibaba/loongsuite."""
    simulator.script("1, 2, 3, 4, 5.", times=2)
    repeating = native(asked("qwen-turbo"), simulator=simulator, stream=True).frames
    body = asked("qwen-turbo", incremental_output=True)
    telling = native(body, simulator=simulator, stream=True).frames
    assert repeating[-1]["output"] == {"finish_reason": "stop", "text": "1, 2, 3, 4, 5."}
    assert telling[-1]["output"] == {"finish_reason": "stop", "text": ""}
    pieces = [frame["output"]["text"] for frame in telling[:-1]]
    assert list(itertools.accumulate(pieces)) == [frame["output"]["text"] for frame in repeating]
    assert {frame["output"]["finish_reason"] for frame in telling[:-1]} == {"null"}


@pytest.mark.parametrize("options", [{}, {"result_format": "message"}])
@pytest.mark.parametrize("incremental", [True, False])
def test_usage_grows_from_frame_to_frame(
    native: Native, asked: Asked, incremental: bool, options: dict[str, Any]
) -> None:
    whole = native(asked("qwen-plus", **options)).json
    body = asked("qwen-plus", incremental_output=incremental, **options)
    usages = [frame["usage"] for frame in native(body, stream=True).frames]
    counts = [usage["output_tokens"] for usage in usages]
    assert counts == sorted(counts)
    assert counts[0] > 0
    assert usages[-1] == whole["usage"]
    for usage in usages:
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_each_of_several_answers_has_a_usage_of_its_own(native: Native, asked: Asked) -> None:
    """The dashscope package sums them up."""
    whole = native(asked("qwen-plus", n=2)).json["usage"]
    answer = native(asked("qwen-plus", n=2, incremental_output=True), stream=True)
    last = {
        choice["index"]: frame["usage"]
        for choice, frame in zip(answer.choices, answer.frames, strict=True)
    }
    assert sum(usage["output_tokens"] for usage in last.values()) == whole["output_tokens"]
    assert {usage["input_tokens"] for usage in last.values()} == {whole["input_tokens"]}


def test_scripted_counts(native: Native, asked: Asked, simulator: Simulator) -> None:
    counts = Counts(prompt=100, completion=3, cached=64)
    simulator.script("a long text of many words", usage=counts, times=2)
    usage = native(asked("qwen-plus"), simulator=simulator).json["usage"]
    assert usage["prompt_tokens_details"] == {"cached_tokens": 64}
    frames = native(asked("qwen-plus"), simulator=simulator, stream=True).frames
    assert max(frame["usage"]["output_tokens"] for frame in frames) == 3
    assert frames[-1]["usage"]["total_tokens"] == 103


@pytest.mark.parametrize("model", ["qwen3-max", "qwen3-32b", "deepseek-v3.2"])
def test_lines_that_give_messages_and_tell_only_what_is_new(
    native: Native, asked: Asked, model: str
) -> None:
    body = asked(model, result_format="text", enable_thinking=False)
    pieces = [text_of(choice) for choice in native(body, stream=True).choices]
    assert len(pieces) > 2
    assert pieces[-1] == ""
    (whole,) = native(body).json["output"]["choices"]
    assert "".join(pieces) == text_of(whole)


def test_a_text_has_no_room_for_calls_or_for_several_answers(native: Native, asked: Asked) -> None:
    assert "choices" in native(asked("qwen-plus", tools=TOOLS)).json["output"]
    assert "choices" in native(asked("qwen-plus", n=2)).json["output"]


def test_calls_are_repeated_too(native: Native, asked: Asked, simulator: Simulator) -> None:
    calls = [("weather", {"city": "Paris, France"}), ("weather", {"city": "Rome"})]
    simulator.script(tool_calls=calls)
    body = asked("qwen-max", result_format="message", tools=TOOLS)
    told = [
        choice["message"]["tool_calls"]
        for choice in native(body, simulator=simulator, stream=True).choices
    ]
    assert [len(calls) for calls in told] == sorted(len(calls) for calls in told)
    assert [
        (call["function"]["name"], json.loads(call["function"]["arguments"])) for call in told[-1]
    ] == calls
    assert all(call["id"] for calls in told for call in calls)


def test_an_answer_of_nothing_is_one_frame(
    native: Native, asked: Asked, simulator: Simulator
) -> None:
    simulator.script("", times=2)
    body = asked("qwen-vl-max", incremental_output=True)
    (choice,) = native(body, simulator=simulator, surface=MULTIMODAL, stream=True).choices
    assert choice == {"message": {"content": [], "role": "assistant"}, "finish_reason": "stop"}
    (frame,) = native(asked("qwen-plus"), simulator=simulator, stream=True).frames
    assert frame["output"] == {"finish_reason": "stop", "text": ""}


def test_a_call_without_arguments_is_one_frame(
    native: Native, asked: Asked, simulator: Simulator
) -> None:
    simulator.script(tool_calls=[("weather", "")])
    body = asked("qwen-max", tools=TOOLS, incremental_output=True)
    (choice,) = native(body, simulator=simulator, stream=True).choices
    (call,) = choice["message"]["tool_calls"]
    assert call["function"] == {"name": "weather", "arguments": ""}


def test_a_realistic_pace_waits_before_each_frame(asked: Asked) -> None:
    request = Request(
        method="POST",
        host="dashscope.aliyuncs.com",
        path="/api/v1/services/aigc/text-generation/generation",
        headers=(("authorization", "Bearer sk-0123456789abcdef"), ("x-dashscope-sse", "enable")),
        body=json.dumps(asked("qwen-plus")).encode(),
    )
    kinds = [type(event).__name__ for event in Simulator(pace=REALISTIC).handle(request)]
    assert kinds[:3] == ["Wait", "Head", "Wait"]
    assert kinds.count("Wait") == kinds.count("Chunk") + 1


@pytest.mark.parametrize("model", TALKERS)
def test_every_model_answers_at_one_path_alone(native: Native, asked: Asked, model: str) -> None:
    body = asked(model, incremental_output=True, result_format="message")
    answers = [
        native(body, surface=surface, stream=True) for surface in ("text-generation", MULTIMODAL)
    ]
    (right,) = [answer for answer in answers if "url error" not in answer.text]
    assert [choice["finish_reason"] for choice in right.choices][-1] == "stop"
    assert "".join(map(text_of, right.choices))


# --- faults and the journal -------------------------------------------------------------------


@pytest.fixture(scope="session")
def streamed(asked: Asked) -> dict[str, Any]:
    return asked("qwen-plus", max_tokens=9, incremental_output=True)


@pytest.mark.parametrize(
    "error", ["overloaded", "internal-error", "moderation-output", "token-limit"]
)
@pytest.mark.parametrize("after", [0, 2])
def test_an_error_in_mid_stream_has_the_next_id(
    native: Native, streamed: Any, simulator: Simulator, error: str, after: int
) -> None:
    simulator.fault("error-event", after=after, error=error)
    *frames, rest = native(streamed, simulator=simulator, stream=True).text.split("\n\n")
    assert (len(frames), rest) == (after + 1, "")
    row = simulator.catalog.errors_on["native"][error]
    *framing, data = frames[-1].split("\n")
    assert framing == [f"id:{after + 1}", "event:error", f":HTTP_STATUS/{row.status}"]
    assert json.loads(data.removeprefix("data:"))["code"] == row.code


def test_comments_have_no_ids(native: Native, streamed: Any, simulator: Simulator) -> None:
    simulator.fault("keep-alive")
    simulator.fault("error-event", after=4, error="overloaded")
    assert "\n\nid:3\nevent:error\n" in native(streamed, simulator=simulator, stream=True).text


def test_a_stream_without_usage(native: Native, streamed: Any, simulator: Simulator) -> None:
    simulator.fault("missing-usage")
    frames = native(streamed, simulator=simulator, stream=True).frames
    assert [list(frame) for frame in frames] == [["output", "request_id"]] * len(frames)


def test_a_broken_frame_keeps_its_framing(
    native: Native, streamed: Any, simulator: Simulator
) -> None:
    simulator.fault("malformed-chunk", after=1)
    frames = native(streamed, simulator=simulator, stream=True).text.split("\n\n")
    *framing, data = frames[1].split("\n")
    assert framing == ["id:2", "event:result", ":HTTP_STATUS/200"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(data.removeprefix("data:"))


def test_the_journal(native: Native, asked: Asked, streamed: Any, simulator: Simulator) -> None:
    native(streamed, simulator=simulator, stream=True)
    simulator.script(error="rate-limit")
    native(asked("qwen-plus"), simulator=simulator)
    answered, refused = simulator.journal
    assert (answered.model, answered.stream, answered.error) == ("qwen-plus", True, None)
    assert answered.usage is not None
    assert answered.usage["completion"] == 9
    assert (refused.stream, refused.status, refused.error) == (False, 429, "native-rate-limit")
    assert refused.message == "Requests rate limit exceeded, please try again later."
