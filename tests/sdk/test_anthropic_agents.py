"""Requests as coding agents send them, by the beta side of the anthropic SDK, on both plans."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.catalog.rows import Plan
from qwensim.server import serve
from qwensim.simulator import Simulator

BETAS = ["claude-code-20250219", "interleaved-thinking-2025-05-14", "context-management-2025-06-27"]
CACHED = {"type": "ephemeral", "ttl": "1h"}
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {"file_path": {"type": "string"}},
    "required": ["file_path"],
    "additionalProperties": False,
}
TOOLS: list[Any] = [
    {"name": "Read", "description": "Reads a file.", "input_schema": SCHEMA},
    {"name": "Edit", "description": "Edits.", "input_schema": SCHEMA, "cache_control": CACHED},
]
TURN: dict[str, Any] = {
    "model": "qwen3.5-plus",
    "max_tokens": 16_000,
    "betas": BETAS,
    "system": [
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.0"},
        {"type": "text", "text": "You are an agent.", "cache_control": CACHED},
    ],
    "tools": TOOLS,
    "thinking": {"type": "adaptive"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "output_config": {"effort": "high"},
    "metadata": {"user_id": "user_1_account__session_2"},
    "extra_query": {"beta": "true"},
}
QUESTION: list[Any] = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "<system-reminder>Be brief.</system-reminder>"},
            {"type": "text", "text": "What is in a.txt?", "cache_control": CACHED},
        ],
    }
]


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture(params=["standard", "coding"])
def plan(request: pytest.FixtureRequest) -> Plan:
    found: Plan = request.param
    return found


@pytest.fixture
def agent(simulator: Simulator, plan: Plan) -> Iterator[anthropic.Anthropic]:
    """A client of the bare address: its key says which plan is meant."""
    headers = {"user-agent": "claude-cli/2.1.0 (external, cli)", "x-app": "cli"}
    with (
        serve(simulator) as server,
        anthropic.Anthropic(
            auth_token=FAKE_KEYS[plan],
            base_url=f"{server.url}/apps/anthropic",
            default_headers=headers,
            max_retries=0,
        ) as client,
    ):
        yield client


def test_a_turn_with_a_tool(agent: anthropic.Anthropic, simulator: Simulator, plan: Plan) -> None:
    simulator.script(tool_calls=[("Read", {"file_path": "a.txt"})], reasoning="I must look.")
    simulator.script("It is a poem.", reasoning="I have looked.")
    with agent.beta.messages.stream(**TURN, messages=QUESTION) as stream:
        first = stream.get_final_message()
    thinking, use = first.content
    assert (thinking.type, first.stop_reason) == ("thinking", "tool_use")
    assert use.type == "tool_use"
    assert use.input == {"file_path": "a.txt"}
    found = [
        {"type": "text", "text": "<system-reminder>Careful.</system-reminder>"},
        {"type": "tool_result", "tool_use_id": use.id, "content": "Roses", "is_error": False},
    ]
    spoken: list[Any] = [
        *QUESTION,
        {"role": "assistant", "content": [block.to_dict() for block in first.content]},
        {"role": "user", "content": found},
    ]
    with agent.beta.messages.stream(**TURN, messages=spoken) as stream:
        second = stream.get_final_message()
    assert [block.type for block in second.content] == ["thinking", "text"]
    assert (second.content[-1].to_dict()["text"], second.stop_reason) == (
        "It is a poem.",
        "end_turn",
    )
    assert second.usage.input_tokens > first.usage.input_tokens
    hosts = {row.name for row in simulator.catalog.hosts.values() if row.plan == plan}
    assert {entry.host for entry in simulator.journal} <= hosts
    assert {entry.query for entry in simulator.journal} == {"beta=true"}


def test_a_count_before_a_turn(agent: anthropic.Anthropic) -> None:
    asked = {name: value for name, value in TURN.items() if name not in ("max_tokens", "metadata")}
    counted = agent.beta.messages.count_tokens(**asked, messages=QUESTION)
    message = agent.beta.messages.create(**TURN, messages=QUESTION)
    assert counted.input_tokens == message.usage.input_tokens


def test_a_title_in_a_schema(agent: anthropic.Anthropic) -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
        "additionalProperties": False,
    }
    options: dict[str, Any] = {
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "thinking": {"type": "disabled"},
        "tools": [],
    }
    message = agent.beta.messages.create(**{**TURN, **options}, messages=QUESTION)
    (block,) = message.content
    assert block.to_dict()["text"].startswith('{"title": "')


def test_a_probe_of_one_token(agent: anthropic.Anthropic) -> None:
    message = agent.beta.messages.create(
        model="qwen3-coder-plus", max_tokens=1, messages=[{"role": "user", "content": "quota"}]
    )
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 1)


def test_a_model_of_another_vendor(agent: anthropic.Anthropic, plan: Plan) -> None:
    words = {"standard": "Model not exist", "coding": "`claude-haiku-4-5` is not supported"}
    with pytest.raises(anthropic.BadRequestError, match=words[plan]):
        agent.beta.messages.create(**{**TURN, "model": "claude-haiku-4-5"}, messages=QUESTION)
