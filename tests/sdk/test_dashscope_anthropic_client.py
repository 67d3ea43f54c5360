"""The dashscope SDK's 2.x client talks the Anthropic protocol to the fake, sync and async."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from dashscope import AsyncClient, Client
from dashscope.v2 import errors

from qwensim.server import serve
from qwensim.simulator import Account, Simulator

KEY = "sk-0123456789"
HELLO: Any = [
    {"role": "system", "content": "You tell stories."},
    {"role": "user", "content": "Hello!"},
]
TOOLS: Any = [
    {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
]
STORY = "Once upon a time, in a village between the hills."


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(accounts=[Account(key=KEY)])


@pytest.fixture
def settings(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.setenv("HOME", "/nonexistent")  # no configuration of the SDK's own
    with serve(simulator) as server:
        base = f"{server.url}/apps/anthropic"
        yield {"api_key": KEY, "base_url": base, "protocol": "anthropic", "max_retries": 0}


@pytest.fixture
def client(settings: dict[str, Any]) -> Iterator[Client]:
    made = Client(**settings)
    yield made
    made.close()


def test_a_message(client: Client, simulator: Simulator) -> None:
    simulator.script(STORY, reasoning="What shall I tell?")
    answer = client.chat.completions.create(model="qwen3.5-plus", messages=HELLO)
    assert answer.output_text == STORY
    (choice,) = answer.choices
    assert (choice.finish_reason, choice.message.reasoning_content) == (
        "stop",
        "What shall I tell?",
    )
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert simulator.journal[-1].path == "/apps/anthropic/v1/messages"


def test_a_stream_with_a_call(client: Client, simulator: Simulator) -> None:
    simulator.script(STORY, tool_calls=[("weather", {"city": "Rome"})])
    options: Any = {"model": "qwen3.5-plus", "messages": HELLO, "tools": TOOLS, "stream": True}
    chunks = list(client.chat.completions.create(**options))
    deltas = [chunk.delta for chunk in chunks if chunk.delta is not None]
    assert "".join(delta.content or "" for delta in deltas) == STORY
    finishes = [choice.finish_reason for chunk in chunks for choice in chunk.choices]
    assert [finish for finish in finishes if finish] == ["tool_calls"]
    told = "".join(str(delta.tool_calls) for delta in deltas if delta.tool_calls)
    assert "weather" in told
    assert "Rome" in told


def test_errors(client: Client, simulator: Simulator) -> None:
    with pytest.raises(errors.DashScopeError, match="Model not exist"):
        client.chat.completions.create(model="moon", messages=HELLO)
    simulator.fault("error-event", error="internal-error", after=3)
    with pytest.raises(errors.DashScopeError, match="An internal error has occured"):
        list(client.chat.completions.create(model="qwen3.5-plus", messages=HELLO, stream=True))


def test_async(settings: dict[str, Any], simulator: Simulator) -> None:
    simulator.script(STORY, times=2)

    async def talk() -> tuple[Any, str]:
        async with AsyncClient(**settings) as client:
            answer = await client.chat.completions.create(model="qwen-plus", messages=HELLO)
            stream = await client.chat.completions.create(
                model="qwen-plus", messages=HELLO, stream=True
            )
            deltas = [chunk.delta async for chunk in stream]
            return answer, "".join((delta and delta.content) or "" for delta in deltas)

    answer, told = asyncio.run(talk())
    assert answer.output_text == told == STORY
