"""The real dashscope SDK's 2.x client talks to the fake: served and in process, sync and async."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from dashscope import AsyncClient, Client
from dashscope.v2 import errors

from qwensim.server import serve
from qwensim.simulator import Account, Simulator
from qwensim.transport import transport

KEY = "sk-0123456789"
HOST = "dashscope-intl.aliyuncs.com"
HELLO: Any = [{"role": "user", "content": "Hello!"}]
PICTURE: Any = [
    {
        "role": "user",
        "content": [
            {"type": "image", "url": "https://example.com/a.png", "max_pixels": 100_000},
            {"type": "text", "text": "What is it?"},
        ],
    }
]
TOOLS: Any = [
    {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
]
STORY = "Once upon a time, in a village between the hills."


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(accounts=[Account(key=KEY)])


@pytest.fixture(params=["in process", "served"])
def settings(
    simulator: Simulator, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """The settings of a client, for either way to reach the fake."""
    monkeypatch.setenv("HOME", "/nonexistent")  # no configuration of the SDK's own
    if request.param == "served":
        with serve(simulator) as server:
            yield {"api_key": KEY, "base_url": f"{server.url}/{HOST}/api/v1", "max_retries": 0}
    else:
        yield {"api_key": KEY, "base_url": f"https://{HOST}/api/v1", "max_retries": 0}


def http_of(simulator: Simulator, settings: dict[str, Any], kind: Any) -> dict[str, Any]:
    if settings["base_url"].startswith("http:"):
        return {}
    # A client of httpx that the SDK is given has to bring the key itself.
    headers = {"authorization": f"Bearer {settings['api_key']}"}
    return {"http_client": kind(transport=transport(simulator, httpx), headers=headers)}


@pytest.fixture
def client(simulator: Simulator, settings: dict[str, Any]) -> Iterator[Client]:
    made = Client(**settings, **http_of(simulator, settings, httpx.Client))
    yield made
    made.close()


def test_a_message(client: Client, simulator: Simulator) -> None:
    simulator.script(STORY)
    answer = client.chat.completions.create(model="qwen-plus", messages=HELLO)
    assert answer.output_text == STORY
    assert (answer.choices[0].finish_reason, answer.is_error) == ("stop", False)
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert answer.request_id == answer.headers["x-request-id"]


def test_a_stream(client: Client, simulator: Simulator) -> None:
    simulator.script(STORY, reasoning="What shall I tell?")
    stream = client.chat.completions.create(
        model="qwen-plus", messages=HELLO, stream=True, enable_thinking=True
    )
    chunks = list(stream)
    deltas = [chunk.delta for chunk in chunks if chunk.delta is not None]
    assert "".join(delta.content or "" for delta in deltas) == STORY
    assert "".join(delta.reasoning_content or "" for delta in deltas) == "What shall I tell?"
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"
    assert all(chunk.usage is not None for chunk in chunks)


def test_calls(client: Client, simulator: Simulator) -> None:
    simulator.script(tool_calls=[("weather", {"city": "Rome"})], times=2)
    options: Any = {"model": "qwen3-max", "messages": HELLO, "tools": TOOLS}
    answer = client.chat.completions.create(**options)
    assert answer.choices[0].message.tool_calls is not None
    (call,) = answer.choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", '{"city":"Rome"}')
    arguments, names = "", []
    for chunk in client.chat.completions.create(**options, stream=True):
        for piece in (chunk.delta and chunk.delta.tool_calls) or ():
            arguments += piece.function.arguments or ""
            names.append(piece.function.name)
    assert arguments == '{"city":"Rome"}'
    assert [name for name in names if name] == ["weather"]


def test_a_search(client: Client) -> None:
    answer = client.chat.completions.create(
        model="qwen-plus",
        messages=HELLO,
        enable_search=True,
        search_options={"enable_source": True},
    )
    assert answer.search_info is not None
    assert [found.index for found in answer.search_info.search_results] == [1, 2, 3]


def test_pictures_and_models_that_can_see(client: Client, simulator: Simulator) -> None:
    simulator.script(STORY, times=3)
    seen = client.chat.completions.create(model="qwen3.6-plus", messages=PICTURE)
    assert seen.output_text == STORY
    usage: Any = seen.usage
    assert 0 < usage.image_tokens < 200
    heard = client.multimodal.chat.create(model="qwen3.5-plus", messages=HELLO, stream=True)
    told = "".join((chunk.delta and chunk.delta.content) or "" for chunk in heard)
    assert told == STORY


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        ({"model": "qwen3.5-plus"}, errors.BadRequestError, "InvalidParameter"),
        ({"model": "no-such-model"}, errors.BadRequestError, "InvalidParameter"),
        ({"temperature": 2.5}, errors.BadRequestError, "InvalidParameter"),
    ],
)
def test_refusals(client: Client, options: Any, error: Any, code: str, stream: bool) -> None:
    with pytest.raises(error) as caught:
        list(
            client.chat.completions.create(
                **{"model": "qwen-plus", "messages": HELLO, "stream": stream, **options}
            )
        )
    assert caught.value.code == code
    assert caught.value.request_id


def test_a_wrong_key(simulator: Simulator, settings: dict[str, Any]) -> None:
    given = {**settings, "api_key": "sk-wrong-wrong-wrong"}
    wrong = Client(**given, **http_of(simulator, given, httpx.Client))
    with pytest.raises(errors.AuthenticationError, match="Invalid API-key provided"):
        wrong.chat.completions.create(model="qwen-plus", messages=HELLO)
    wrong.close()


def test_an_error_in_mid_stream(client: Client, simulator: Simulator) -> None:
    simulator.fault("error-event", after=2, error="overloaded")
    told: list[Any] = []
    stream = client.chat.completions.create(model="qwen-plus", messages=HELLO, stream=True)
    with pytest.raises(errors.DashScopeError, match="Too many requests"):
        told.extend(stream)
    assert len(told) == 2


def test_the_asynchronous_client(simulator: Simulator, settings: dict[str, Any]) -> None:
    simulator.script(STORY, times=2)

    async def run() -> tuple[str, str]:
        http = http_of(simulator, settings, httpx.AsyncClient)
        async with AsyncClient(**settings, **http) as client:
            whole = await client.chat.completions.create(model="qwen-plus", messages=HELLO)
            stream = await client.chat.completions.create(
                model="qwen-plus", messages=HELLO, stream=True
            )
            pieces = [(chunk.delta and chunk.delta.content) or "" async for chunk in stream]
        return whole.output_text, "".join(pieces)

    assert asyncio.run(run()) == (STORY, STORY)
