"""What a message may be asked for with: conversations, systems, what is left out, and counting."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.simulator import Account, Simulator

Ask = Callable[..., Any]

PATH = "/apps/anthropic/v1/messages"
COUNT = f"{PATH}/count_tokens"
PLAN = "coding-intl.dashscope.aliyuncs.com"
TOOL = {"name": "f", "input_schema": {"type": "object", "properties": {}}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}


def test_counting(simulator: Simulator, ask: Ask) -> None:
    counted = ask(simulator, path=COUNT, stream=True, max_tokens=None)
    assert (counted.status, list(counted.json)) == (200, ["input_tokens"])
    usage = ask(simulator).json["usage"]
    assert counted.json == {"input_tokens": usage["input_tokens"]}
    assert simulator.journal[0].usage is None
    refused = ask(simulator, path=COUNT, stream=True, model="moon")
    assert refused.json["message"] == "Model not exist."


def test_counting_takes_no_script_and_knows_no_limit(ask: Ask) -> None:
    simulator = Simulator(
        accounts=[Account(key="sk-sp-0123456789abcdef", plan="coding", spent="hour")]
    )
    simulator.script("Hello")
    assert ask(simulator, path=COUNT, host=PLAN).status == 200
    assert ask(simulator, path=COUNT, host=PLAN, text="word " * 1_200_000).status == 200
    assert len(simulator.unused_scripts) == 1
    assert ask(simulator, host=PLAN).status == 429


@pytest.mark.parametrize("model", ["qvq-max", "qwen3-32b"])
def test_counting_never_needs_a_stream(simulator: Simulator, model: str, ask: Ask) -> None:
    assert ask(simulator, path=COUNT, model=model).status == 200


ASSISTANT = {"role": "assistant", "content": [USE]}
ASKED = {"role": "user", "content": "Go"}


@pytest.mark.parametrize(
    "spoken",
    [
        [{"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {}}]}],
        [ASKED, ASSISTANT, {"role": "user", "content": [RESULT]}],
        [ASKED, ASSISTANT, {"role": "user", "content": [{"type": "text", "text": "x"}, RESULT]}],
        [
            ASKED,
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "Hm", "signature": ""}, USE],
            },
            {"role": "user", "content": [{**RESULT, "is_error": True, "content": None}]},
        ],
        [ASKED, {"role": "assistant", "content": [{"type": "redacted_thinking"}]}, ASKED],
        [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
                ],
            }
        ],
    ],
)
def test_messages_that_are_taken(simulator: Simulator, spoken: Any, ask: Ask) -> None:
    assert ask(simulator, spoken=spoken, tools=[TOOL]).status == 200


PART = "Unexpected item type in content"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"spoken": None}, "you must provide a messages parameter"),
        ({"spoken": []}, "[] is too short - 'messages'"),
        ({"spoken": "Hi"}, "Request body format invalid"),
        ({"spoken": ["Hi"]}, "Request body format invalid"),
        ({"spoken": [{"role": "moon", "content": "Hi"}]}, "Request body format invalid"),
        ({"spoken": [ASKED, {"role": "system", "content": "Be short."}]}, "Request body format"),
        ({"model": None}, "Request body format invalid"),
        ({"text": [{"type": "document"}]}, PART),
        ({"text": [{"type": "image_url", "image_url": {"url": "https://example.com"}}]}, PART),
        ({"text": [{"type": "image", "source": {"type": "file"}}]}, PART),
        ({"text": ["Hi"]}, PART),
        ({"spoken": [ASKED, ASSISTANT, ASKED]}, "must be followed by tool messages"),
        ({"spoken": [{"role": "user", "content": [RESULT]}]}, "must be a response"),
        ({"spoken": [ASKED, {"role": "assistant", "content": "So"}]}, "Role must be in"),
        ({"system": 1}, "Request body format invalid"),
        ({"system": [{"type": "image"}]}, PART),
        ({"thinking": "on"}, "Request body format invalid"),
        ({"thinking": {"type": "moon"}}, "Request body format invalid"),
        ({"thinking": {"type": "enabled", "budget_tokens": "x"}}, "must be Integer"),
        ({"tools": {"f": 1}}, "Request body format invalid"),
        ({"tools": ["f"]}, "Request body format invalid"),
        ({"tools": [{"type": "custom"}]}, "'name' is a required property"),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}}, "does not support being set"),
        ({"stop_sequences": 1}, 'The "stop" parameter must be'),
    ],
)
def test_messages_that_are_refused(
    simulator: Simulator, changed: Any, words: str, ask: Ask
) -> None:
    reply = ask(simulator, **changed)
    assert reply.status == 400
    assert words in reply.json["message"]


@pytest.mark.parametrize("host", ["dashscope.aliyuncs.com", PLAN])
def test_the_system_may_speak_between_messages_from_july_on(send: Ask, host: str, ask: Ask) -> None:
    simulator = Simulator(catalog=load(as_of=dt.date(2026, 7, 1)))
    simulator.script("Hello.", last_user="Go", any_message="Be short.")
    for content in ("Be short.", [{"type": "text", "text": "Be short."}]):
        spoken = [ASKED, {"role": "system", "content": content}]
        reply = ask(simulator, host=host, spoken=spoken, thinking={"type": "disabled"})
        assert reply.status == 200
    assert [entry.scripted for entry in simulator.journal] == [True, False]
    counted = [
        send(simulator, host=host, path=COUNT, model="qwen3.5-plus", messages=messages).json
        for messages in (spoken, spoken[:1])
    ]
    assert counted[0]["input_tokens"] > counted[1]["input_tokens"]


@pytest.mark.parametrize(
    "changed",
    [
        {"tools": []},
        {"tools": [TOOL], "tool_choice": "required"},
        {"tool_choice": {"type": "any"}},
        {"metadata": {"user_id": "x"}, "service_tier": "auto", "container": 1, "mcp_servers": []},
        {"system": ""},
        {"model": "qwen3-coder-plus", "thinking": {"type": "enabled", "budget_tokens": 5000}},
    ],
)
def test_what_is_left_out_of_account(simulator: Simulator, changed: Any, ask: Ask) -> None:
    reply = ask(simulator, **changed)
    assert (reply.status, reply.json["stop_reason"]) == (200, "end_turn")
