"""The usage object: its keys by model family, and when it is sent."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.simulator import Counts, Simulator

Send = Callable[..., Any]

CN = "dashscope.aliyuncs.com"


@pytest.mark.parametrize(
    ("model", "completion", "prompt"),
    [
        ("qwen3-max", None, {"cached_tokens": 3}),
        (
            "qwen3.6-plus",
            {"reasoning_tokens": 4, "text_tokens": 9},
            {"text_tokens": 12, "cached_tokens": 3},
        ),
        (
            "kimi-k2.5",
            {"reasoning_tokens": 4, "text_tokens": 5},
            {"text_tokens": 12, "cached_tokens": 3},
        ),
        ("MiniMax-M2.5", {"reasoning_tokens": 4}, {"cached_tokens": 3}),
        ("kimi-k2-thinking", None, None),
        ("glm-4.7", None, None),
    ],
)
def test_usage_by_family(send: Send, model: str, completion: Any, prompt: Any) -> None:
    simulator = Simulator()
    thinking = completion is not None
    simulator.script("Hi", usage=_counts(thinking=thinking))
    fields = {"enable_thinking": True} if thinking else {}
    usage = send(simulator, host=CN, model=model, **fields).usage
    assert usage.get("completion_tokens_details") == completion
    assert usage.get("prompt_tokens_details") == prompt


def _counts(*, thinking: bool) -> Counts:
    return Counts(prompt=12, completion=9, reasoning=4 if thinking else 0, cached=3)


@pytest.mark.parametrize("streamed", [{}, {"enable_thinking": True}])
def test_an_omni_model_tells_of_its_answer_first_in_a_stream(
    send: Send, streamed: dict[str, Any]
) -> None:
    """As the streams in the docs of Qwen-Omni."""
    simulator = Simulator()
    simulator.script("Hi", usage=_counts(thinking=bool(streamed)))
    options = {"stream": True, "stream_options": {"include_usage": True}}
    usage = send(simulator, model="qwen3-omni-flash", **options, **streamed).usage
    assert list(usage)[3:] == ["completion_tokens_details", "prompt_tokens_details"]
    reasoning = {"reasoning_tokens": 4, "text_tokens": 5}
    assert usage["completion_tokens_details"] == (reasoning if streamed else {"text_tokens": 9})


def test_an_omni_model_answers_without_a_stream(send: Send) -> None:
    """As recorded of qwen3-omni-flash in April 2026, and of qwen3.5-omni-flash."""
    sound = {"type": "input_audio", "input_audio": {"data": "https://example.com/a.wav"}}
    asked = [{"role": "user", "content": [sound, {"type": "text", "text": "Who calls?"}]}]
    for model in ("qwen3-omni-flash", "qwen3.5-omni-flash"):
        reply = send(Simulator(), model=model, messages=asked)
        assert reply.json["choices"][0]["message"]["reasoning_content"] == ""
        assert list(reply.usage)[3:] == ["prompt_tokens_details", "completion_tokens_details"]
        assert list(reply.usage["prompt_tokens_details"]) == ["audio_tokens", "text_tokens"]
        assert list(reply.usage["completion_tokens_details"]) == ["text_tokens"]


def test_a_model_whose_usage_became_another(send: Send) -> None:
    """As recorded of qwen3-vl-flash in February and in October 2026."""
    before, later = dt.date(2026, 5, 18), dt.date(2026, 10, 3)
    for day, details in ((before, ["text_tokens"]), (later, ["cached_tokens"])):
        simulator = Simulator(catalog=load(as_of=day))
        usage = send(simulator, model="qwen3-vl-flash").usage
        assert list(usage["prompt_tokens_details"]) == details, day
        assert list(usage["completion_tokens_details"]) == ["text_tokens"]


def test_usage_with_an_image_counts_the_answer_apart(send: Send) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}
    usage = send(
        Simulator(), model="qwen3.6-plus", messages=[{"role": "user", "content": [image]}]
    ).usage
    details = usage["completion_tokens_details"]
    assert details["text_tokens"] == usage["completion_tokens"] - details["reasoning_tokens"]
    prompt = usage["prompt_tokens_details"]
    assert list(prompt) == ["image_tokens", "text_tokens"]
    assert prompt["image_tokens"] + prompt["text_tokens"] == usage["prompt_tokens"]


@pytest.mark.parametrize(
    "options", [{}, {"stream_options": {}}, {"stream_options": {"include_usage": False}}]
)
def test_a_usage_chunk_comes_only_when_asked_for(send: Send, options: Any) -> None:
    reply = send(Simulator(), stream=True, **options)
    assert "usage" not in reply.kinds
    assert {frame["usage"] for frame in reply.frames} == {None}
    assert all(frame["choices"] for frame in reply.frames)
    asked = send(Simulator(), stream=True, stream_options={"include_usage": True})
    assert asked.kinds[-2:] == ["usage", "done"]
