"""The usage object: its keys by model family, and when it is sent."""

from collections.abc import Callable
from typing import Any

import pytest

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
