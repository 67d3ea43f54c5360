"""The three wire dialects, literally: every key in the order in which the service sends it.

Shapes are written by hand from captures: `{}` stands for what differs from answer to answer.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Counts, Simulator

Send = Callable[..., Any]

CN, INTL = "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"
PLAN = "coding.dashscope.aliyuncs.com"
COUNTS = Counts(prompt=12, completion=9, reasoning=4)
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
CALLS = [("weather", '{"city": "Paris"}'), ("clock", '{"zone": "UTC"}')]
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("weather", "clock")]

HEAD = '"created":1779062400,"system_fingerprint":null,"model":"MODEL","id":"ID"}'


def wire(send: Send, host: str, model: str, fields: Any = None, **script: Any) -> str:
    """Return the body with its id masked."""
    simulator = Simulator()
    simulator.script(usage=COUNTS, **{"text": "Hello", **script})
    reply = send(simulator, host=host, model=model, **(fields or {}))
    assert reply.status == 200
    body = str(reply.body.decode())
    body = body.replace(f'"{model}"', '"MODEL"')
    body = body.replace(f'"chatcmpl-{reply.headers["x-request-id"]}"', '"ID"')
    return re.sub(r'"call_[0-9a-f]+"', '"CALL"', body)


def frames(body: str) -> list[str]:
    """Return the JSON of the frames, the framing checked."""
    assert body.endswith("data: [DONE]\n\n")
    lines = body.removesuffix("\n\n").split("\n\n")
    assert all(line.startswith("data: ") for line in lines)
    return [line.removeprefix("data: ") for line in lines[:-1]]


def classic(choice: str, head: str = HEAD) -> str:
    return f'{{"choices":[{choice}],"object":"chat.completion.chunk","usage":null,{head}'


def usage_frame(usage: str, head: str = HEAD) -> str:
    return f'{{"choices":[],"object":"chat.completion.chunk","usage":{usage},{head}'


MAX_USAGE = (
    '{"prompt_tokens":12,"completion_tokens":9,"total_tokens":21,'
    '"completion_tokens_details":{"reasoning_tokens":4},"prompt_tokens_details":{"cached_tokens":0}}'
)
PLUS_USAGE = (
    '{"prompt_tokens":12,"completion_tokens":9,"total_tokens":21,'
    '"completion_tokens_details":{"reasoning_tokens":4,"text_tokens":9},'
    '"prompt_tokens_details":{"text_tokens":12}}'
)
OPENER = (
    '{"delta":{"content":"","role":"assistant"},"index":0,"logprobs":null,"finish_reason":null}'
)
SECOND = '{"finish_reason":null,"logprobs":null,"delta":{"content":"Hello"},"index":0}'
STOP = '{"finish_reason":"stop","delta":{"content":""},"index":0,"logprobs":null}'
STOP_THINKING = (
    '{"finish_reason":"stop","delta":{"content":"","reasoning_content":null},"index":0,'
    '"logprobs":null}'
)


def test_classic_whole(send: Send) -> None:
    assert wire(send, INTL, "qwen3-max") == (
        '{"choices":[{"message":{"content":"Hello","role":"assistant"},"finish_reason":"stop",'
        f'"index":0,"logprobs":null}}],"object":"chat.completion","usage":{MAX_USAGE},{HEAD}'
    )


def test_classic_stream(send: Send) -> None:
    assert frames(wire(send, INTL, "qwen3-max", STREAM)) == [
        classic(OPENER),
        classic(SECOND),
        classic(STOP),
        usage_frame(MAX_USAGE),
    ]


def test_classic_stream_goes_on_in_another_order(send: Send) -> None:
    body = frames(wire(send, INTL, "qwen3-max", STREAM, text="one two three four five six seven"))
    later = json.loads(body[2])["choices"][0]
    assert list(later) == ["delta", "finish_reason", "index", "logprobs"]
    assert list(later["delta"]) == ["content"]


def test_classic_thinking_with_an_empty_opener(send: Send) -> None:
    fields = {**STREAM, "enable_thinking": True}
    body = frames(wire(send, INTL, "qwen3-max", fields, reasoning="So"))
    assert body == [
        classic(
            '{"delta":{"content":null,"role":"assistant","reasoning_content":""},"index":0,'
            '"logprobs":null,"finish_reason":null}'
        ),
        classic(
            '{"finish_reason":null,"logprobs":null,"delta":{"content":null,'
            '"reasoning_content":"So"},"index":0}'
        ),
        classic(
            '{"delta":{"content":"Hello","reasoning_content":null},"finish_reason":null,"index":0,'
            '"logprobs":null}'
        ),
        classic(STOP_THINKING),
        usage_frame(MAX_USAGE),
    ]


@pytest.mark.parametrize("model", ["qwen3.5-plus", "qwen3.5-flash", "qwen3.6-plus"])
def test_classic_thinking_without_opener(send: Send, model: str) -> None:
    body = frames(wire(send, INTL, model, STREAM, reasoning="Here"))
    assert body[0] == classic(
        '{"delta":{"content":null,"reasoning_content":"Here","role":"assistant"},'
        '"finish_reason":null,"index":0,"logprobs":null}'
    )
    assert body[-2:] == [classic(STOP_THINKING), usage_frame(PLUS_USAGE)]


def test_classic_hybrid_with_thinking_off(send: Send) -> None:
    fields = {**STREAM, "enable_thinking": False}
    body = frames(wire(send, CN, "qwen3.5-plus", fields))
    assert body[0] == classic(
        '{"delta":{"content":"Hello","role":"assistant"},"finish_reason":null,"index":0,'
        '"logprobs":null}'
    )
    assert body[1] == classic(STOP)
    whole = json.loads(wire(send, CN, "qwen3.5-plus", {"enable_thinking": False}))
    assert list(whole["choices"][0]["message"]) == ["content", "reasoning_content", "role"]
    assert whole["choices"][0]["message"]["reasoning_content"] == ""
    assert list(whole["usage"])[3:] == ["prompt_tokens_details", "completion_tokens_details"]


def called(position: int, name: str, role: str = "", before: str = '"content":null,') -> str:
    return (
        f'{{"delta":{{{before}"tool_calls":[{{"index":{position},"id":"CALL","type":"function",'
        f'"function":{{"name":"{name}","arguments":""}}}}]{role}}},'
        '"finish_reason":null,"index":0,"logprobs":null}'
    )


@pytest.mark.parametrize("thinking", [False, True])
def test_classic_calls(send: Send, thinking: bool) -> None:
    model = "qwen3.5-plus" if thinking else "qwen3-max"
    before = '"content":null,' + ('"reasoning_content":null,' if thinking else "")
    body = frames(
        wire(
            send,
            INTL,
            model,
            {**STREAM, "tools": TOOLS},
            text=None,
            reasoning="So",
            tool_calls=CALLS,
        )
    )
    if thinking:
        assert '"reasoning_content":"So","role":"assistant"' in body.pop(0)
        assert body[0] == classic(called(0, "weather", before=before))
        end = '{"content":"","reasoning_content":null}'
    else:
        assert body[0] == classic(called(0, "weather", role=',"role":"assistant"'))
        end = "{}"
    arguments = body[1].replace(r"{\"", "X", 1)
    assert arguments.startswith(
        f'{{"choices":[{{"delta":{{{before}"tool_calls":[{{"index":0,"id":"","type":"function",'
        '"function":{"arguments":"X'
    )
    assert arguments.endswith(
        f'"index":0,"logprobs":null}}],"object":"chat.completion.chunk","usage":null,{HEAD}'
    )
    assert classic(called(1, "clock", before=before)) in body
    assert body[-3].startswith('{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"')
    assert '"index":1,"id":"","type":"function"}]},"index":0}]' in body[-3]
    assert sum('"delta":{"tool_calls"' in frame for frame in body) == 1
    assert body[-2] == classic(
        f'{{"finish_reason":"tool_calls","delta":{end},"index":0,"logprobs":null}}'
    )


@pytest.mark.parametrize(
    ("host", "model", "thinking"), [(INTL, "qwen3-max", False), (CN, "qwen-plus", True)]
)
def test_calls_whole(send: Send, host: str, model: str, thinking: bool) -> None:
    fields = {"tools": TOOLS, "enable_thinking": thinking}
    body = wire(send, host, model, fields, text=None, reasoning="So", tool_calls=CALLS[:1])
    reasoning = '"reasoning_content":"So",' if thinking else ""
    assert (
        f'{{"content":"",{reasoning}"role":"assistant","tool_calls":[{{"function":{{"arguments":'
        r'"{\"city\": \"Paris\"}","name":"weather"},"id":"CALL","index":0,"type":"function"}]}'
    ) in body
    assert json.loads(body)["choices"][0]["finish_reason"] == "tool_calls"


# --- the Coding Plan: neither system_fingerprint nor details of usage -----------------------------

TRIMMED = '"created":1779062400,"model":"MODEL","id":"ID"}'
TOTALS = '{"prompt_tokens":12,"completion_tokens":9,"total_tokens":21}'


@pytest.mark.parametrize("host", [PLAN, "coding-intl.dashscope.aliyuncs.com"])
def test_trimmed(send: Send, host: str) -> None:
    model = "qwen3-max-2026-01-23"
    assert frames(wire(send, host, model, STREAM)) == [
        classic(OPENER, TRIMMED),
        classic(SECOND, TRIMMED),
        classic(STOP, TRIMMED),
        usage_frame(TOTALS, TRIMMED),
    ]
    assert wire(send, host, model) == (
        '{"choices":[{"message":{"content":"Hello","role":"assistant"},"finish_reason":"stop",'
        f'"index":0,"logprobs":null}}],"object":"chat.completion","usage":{TOTALS},{TRIMMED}'
    )


# --- the new dialect: qwen-plus and qwen-turbo on the China Standard host -------------------------


def new(choice: str) -> str:
    return (
        f'{{"model":"MODEL","id":"ID","choices":[{choice}],"created":1779062400,'
        '"object":"chat.completion.chunk","usage":null}'
    )


def new_opener(choice: str) -> str:
    return (
        '{"model":"MODEL","id":"ID","created":1779062400,"object":"chat.completion.chunk",'
        f'"usage":null,"choices":[{choice}]}}'
    )


@pytest.mark.parametrize("model", ["qwen-plus", "qwen-turbo"])
def test_new(send: Send, model: str) -> None:
    assert wire(send, CN, model) == (
        '{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"Hello",'
        '"role":"assistant"}}],"created":1779062400,"id":"ID","model":"MODEL",'
        '"object":"chat.completion","usage":{"completion_tokens":9,'
        '"completion_tokens_details":{"reasoning_tokens":4},"prompt_tokens":12,'
        '"prompt_tokens_details":{"cached_tokens":0},"total_tokens":21}}'
    )
    assert frames(wire(send, CN, model, STREAM)) == [
        new_opener('{"logprobs":null,"index":0,"delta":{"content":"","role":"assistant"}}'),
        new('{"delta":{"content":"Hello","role":null},"index":0}'),
        new('{"delta":{"content":"","role":null},"index":0,"finish_reason":"stop"}'),
        (
            '{"model":"MODEL","id":"ID","choices":[],"created":1779062400,'
            '"object":"chat.completion.chunk","usage":{"total_tokens":21,"completion_tokens":9,'
            '"completion_tokens_details":{"reasoning_tokens":4},"prompt_tokens":12,'
            '"prompt_tokens_details":{"cached_tokens":0}}}'
        ),
    ]
    assert '"system_fingerprint":null' in wire(send, INTL, model)


def test_new_thinking_and_calls(send: Send) -> None:
    fields = {**STREAM, "enable_thinking": True}
    body = frames(wire(send, CN, "qwen-plus", fields, reasoning="So"))
    assert body[0] == new_opener(
        '{"logprobs":null,"index":0,"delta":{"content":null,"role":"assistant",'
        '"reasoning_content":""}}'
    )
    assert body[1] == new('{"delta":{"reasoning_content":"So","role":null},"index":0}')
    body = frames(
        wire(send, CN, "qwen-plus", {**STREAM, "tools": TOOLS}, text=None, tool_calls=CALLS)
    )
    call = '"tool_calls":[{"index":0,"id":"CALL","type":"function","function":{"name":'
    assert body[0] == new(
        f'{{"delta":{{"content":"","role":"assistant",{call}"weather","arguments":""}}}}]}},"index":0}}'
    )
    assert body[1].startswith(
        f'{{"model":"MODEL","id":"ID","choices":[{{"delta":{{"content":"",{call}"","arguments":"'
    )
    assert body[-3].endswith(
        '"index":1,"id":"","type":"function"}],"content":""},"index":0}],"created":1779062400,'
        '"object":"chat.completion.chunk","usage":null}'
    )
    assert body[-2] == new('{"delta":{},"index":0,"finish_reason":"tool_calls"}')
