"""Length, stop sequences, choices and log probabilities; chunks, tokens and words."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.simulator import Simulator
from qwensim.simulator.chance import Chance
from qwensim.simulator.pace import group
from qwensim.simulator.replies.talker import Talker
from qwensim.simulator.replies.tokens import Estimate

Send = Callable[..., Any]

TEXT = "Alpha beta gamma delta epsilon zeta. Second sentence, with a stop: END and a tail."


def scripted() -> Simulator:
    simulator = Simulator()
    simulator.script(TEXT, times=None)
    return simulator


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_token_limit_cuts_the_text(send: Send, name: str, stream: bool) -> None:
    pieces = Estimate().split(TEXT)
    options = {"stream": stream, "stream_options": {"include_usage": True}}
    for limit in (1, 5, len(pieces) - 1):
        reply = send(scripted(), **{name: limit}, **options)
        assert reply.text == "".join(pieces[:limit])
        assert reply.choices[0]["finish"] == "length"
        assert reply.usage["completion_tokens"] == limit
    reply = send(scripted(), **{name: len(pieces)}, **options)
    assert (reply.text, reply.choices[0]["finish"]) == (TEXT, "stop")


def test_of_two_limits_the_lower_counts(send: Send) -> None:
    reply = send(scripted(), max_tokens=5, max_completion_tokens=2)
    assert reply.usage["completion_tokens"] == 2


@pytest.mark.parametrize(
    ("stop", "end"),
    [
        ("END", "END"),
        (["never", "gamma", "END"], "gamma"),
        (["Alpha"], "Alpha"),
        ("never", None),
        ("", None),
        ([1, 2], None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_sequence_ends_the_text_before_it(
    send: Send, stop: Any, end: str | None, stream: bool
) -> None:
    reply = send(scripted(), stop=stop, stream=stream)
    assert reply.text == (TEXT if end is None else TEXT[: TEXT.index(end)])
    assert reply.choices[0]["finish"] == "stop"


@pytest.mark.parametrize(
    ("options", "finish", "last"),
    [
        ({"max_tokens": 3}, "length", " gamma"),
        ({"stop": ["END"]}, "stop", " "),
        ({"max_tokens": 3, "logprobs": True}, "length", " gamma"),
        ({"max_tokens": 3, "enable_thinking": True}, "length", " gamma"),
        ({"max_tokens": 1}, "length", "Alpha"),
        ({}, "stop", ""),
    ],
)
@pytest.mark.parametrize("model", ["qwen3-vl-plus", "qwen3-vl-flash", "qwen3-max"])
def test_of_a_cut_text_qwen3_vl_tells_the_last_token_with_the_end(
    send: Send, model: str, options: dict[str, Any], finish: str, last: str
) -> None:
    """As maruel/genai GenStream-MaxTokens and GenStream-Stop of these models."""
    whole = send(scripted(), model=model, **options)
    reply = send(scripted(), model=model, stream=True, **options)
    assert reply.text == whole.text
    end = reply.frames[-1]["choices"][0]
    assert end["finish_reason"] == finish
    assert end["delta"]["content"] == (last if model != "qwen3-max" else "")
    assert ("reasoning_content" in end["delta"]) is ("enable_thinking" in options)
    if "logprobs" in options and model != "qwen3-max":
        assert [told["token"] for told in end["logprobs"]["content"]] == [last]


@pytest.mark.parametrize("stream", [False, True])
def test_choices_differ_and_are_counted_together(send: Send, stream: bool) -> None:
    options = {"stream": stream, "stream_options": {"include_usage": True}}
    one = send(Simulator(), **options)
    reply = send(Simulator(), n=3, **options)
    texts = [choice["text"] for choice in reply.choices]
    assert len(set(texts)) == 3
    tokens = sum(len(Estimate().split(text)) for text in texts)
    assert reply.usage["completion_tokens"] == tokens
    assert reply.usage["prompt_tokens"] == one.usage["prompt_tokens"]


def test_the_choices_of_a_stream_take_turns(send: Send) -> None:
    reply = send(Simulator(), n=2, stream=True, stream_options={"include_usage": True})
    indices = [frame["choices"][0]["index"] for frame in reply.frames if frame["choices"]]
    assert indices[:4] == [0, 1, 0, 1]
    assert reply.kinds.count("finish") == 2
    assert reply.kinds[-3:] == ["finish", "usage", "done"]


def logprobs_in(reply: Any) -> list[Any]:
    if not reply.streamed:
        return list(reply.json["choices"][0]["logprobs"]["content"])
    found = [c.get("logprobs") for frame in reply.frames for c in frame["choices"]]
    return [entry for logprobs in found if logprobs for entry in logprobs["content"]]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("thinking", [False, True])
@pytest.mark.parametrize("host", ["dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"])
@pytest.mark.parametrize("top", [None, 0, 1, 5])
def test_log_probabilities_are_those_of_the_text(
    send: Send, host: str, stream: bool, thinking: bool, top: int | None
) -> None:
    reply = send(
        Simulator(),
        host=host,
        model="qwen-plus",
        stream=stream,
        enable_thinking=thinking,
        logprobs=True,
        top_logprobs=top,
    )
    entries = logprobs_in(reply)
    assert "".join(entry["token"] for entry in entries) == reply.text
    for entry in entries:
        assert list(entry) == ["token", "logprob", "bytes", "top_logprobs"]
        assert bytes(entry["bytes"]).decode() == entry["token"]
        assert entry["logprob"] <= 0
        tops = [candidate["logprob"] for candidate in entry["top_logprobs"]]
        assert len(tops) == (top or 0)
        assert tops == sorted(tops, reverse=True)
        assert tops[:1] in ([], [entry["logprob"]])
        assert sum(map(math.exp, tops)) < 1.001
        tokens = [candidate["token"] for candidate in entry["top_logprobs"]]
        assert len(set(tokens)) == len(tokens)


@pytest.mark.parametrize("stream", [False, True])
def test_without_asking_there_are_no_log_probabilities(send: Send, stream: bool) -> None:
    reply = send(Simulator(), stream=stream, top_logprobs=3)
    frames = reply.frames if stream else [reply.json]
    assert {c["logprobs"] for frame in frames for c in frame["choices"]} == {None}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 200), st.integers())
def test_a_stream_comes_in_bursts_of_one_to_six_tokens(tokens: int, seed: int) -> None:
    pieces = [str(number) for number in range(tokens)]
    bursts = list(group(pieces, Chance(b"%d" % seed)))
    assert [piece for burst in bursts for piece in burst] == pieces
    assert all(1 <= len(burst) <= 6 for burst in bursts)
    assert all(len(burst) == 1 for burst in bursts[:1])


def test_bursts_of_every_size_occur() -> None:
    sizes = {len(burst) for burst in group(["x"] * 500, Chance(b"0"))}
    assert sizes == {1, 2, 3, 4, 5, 6}


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_tokens_are_the_text_cut_up(text: str) -> None:
    pieces = Estimate().split(text)
    assert "".join(pieces) == text
    assert all(pieces)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The quick brown fox jumps over the lazy dog.", 9, 12),
        ("我喜欢在公园里散步。", 5, 8),
        ("", 0, 0),
    ],
)
def test_the_estimate_is_about_right(text: str, low: int, high: int) -> None:
    assert low <= len(Estimate().split(text)) <= high


def test_the_talker_answers_in_the_script_that_it_is_spoken_to_in(send: Send) -> None:
    han = send(Simulator(), messages=[{"role": "user", "content": "你好"}]).text
    latin = send(Simulator(), messages=[{"role": "user", "content": "hello"}]).text
    assert han.endswith("。")
    assert latin.endswith(".")
    assert latin.isascii()


def test_the_talker_uses_the_words_of_the_catalogue() -> None:
    rows = load().words
    talker = Talker(rows.values())
    assert talker.word("hello", Chance(b"1")) in talker.vocabulary("hello").words
    assert talker.vocabulary("你").script == "han"
    assert json.loads(talker.json_object("hello", Chance(b"1")))["answer"]


def test_the_text_depends_on_seed_and_request_alone(send: Send) -> None:
    simulator = Simulator()
    first = send(simulator).text
    assert send(simulator, seed=5).text != first
    assert send(simulator, model="qwen-plus").text != first
    assert send(simulator, agent="other", key="sk-another-key-1").text == first
    assert send(simulator, stream=True).text == first
    assert send(simulator, host="dashscope.aliyuncs.com").text == first


def test_an_empty_text_is_still_an_answer(send: Send) -> None:
    for model in ("qwen3-max", "qwen3.6-plus"):
        for stream in (False, True):
            simulator = Simulator()
            simulator.script(text="", reasoning="")
            reply = send(simulator, model=model, stream=stream)
            assert (reply.text, reply.choices[0]["finish"]) == ("", "stop")
