"""The real anthropic SDK talks to the fake: served and in process, sync and async."""

import base64
import io
from collections.abc import Callable
from typing import Any

import anthropic
import pytest
from PIL import Image

from qwensim.simulator import Simulator

STORY = "Once upon a time, in a village between the hills."
WEATHER: Any = {
    "name": "weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def test_a_message(
    client: anthropic.Anthropic, simulator: Simulator, asking: Callable[..., dict[str, Any]]
) -> None:
    simulator.script(STORY, reasoning="What shall I tell?")
    message = client.messages.create(**asking(system="You tell stories."))
    thinking, text = message.content
    assert (thinking.type, text.type) == ("thinking", "text")
    assert thinking.type == "thinking"
    assert (thinking.thinking, thinking.signature) == ("What shall I tell?", "")
    assert text.type == "text"
    assert text.text == STORY
    assert (message.model, message.role, message.stop_reason) == (
        "qwen3.5-plus",
        "assistant",
        "end_turn",
    )
    assert message.id.startswith("msg_")
    entry = simulator.journal[-1]
    assert entry.usage is not None
    assert (entry.usage["prompt"], entry.usage["completion"]) == (
        message.usage.input_tokens,
        message.usage.output_tokens,
    )
    assert (entry.model, entry.stream, entry.error, entry.scripted) == (
        "qwen3.5-plus",
        False,
        None,
        True,
    )


def test_the_streaming_helper(
    client: anthropic.Anthropic, simulator: Simulator, asking: Callable[..., dict[str, Any]]
) -> None:
    simulator.script(STORY, reasoning="What shall I tell?")
    with client.messages.stream(**asking()) as stream:
        told = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert told == STORY
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 10
    assert simulator.journal[-1].stream


def test_a_loop_of_tools(
    client: anthropic.Anthropic, simulator: Simulator, asking: Callable[..., dict[str, Any]]
) -> None:
    calls = [("weather", {"city": "Rome"}), ("weather", {"city": "Paris"})]
    simulator.script(tool_calls=calls)
    simulator.script("Rain in both.")
    options = asking("How is the weather?", tools=[WEATHER])
    first = client.messages.create(**options)
    assert first.stop_reason == "tool_use"
    uses = [block for block in first.content if block.type == "tool_use"]
    assert [use.input for use in uses] == [{"city": "Rome"}, {"city": "Paris"}]
    assert all(use.id.startswith("toolu_") for use in uses)
    answers = [
        {
            "type": "tool_result",
            "tool_use_id": use.id,
            "content": [{"type": "text", "text": "Rain"}],
        }
        for use in uses
    ]
    options["messages"] += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [*answers, {"type": "text", "text": "And now?"}]},
    ]
    second = client.messages.create(**options)
    assert [block.text for block in second.content if block.type == "text"] == ["Rain in both."]
    assert second.usage.input_tokens > first.usage.input_tokens


def test_a_streamed_call(
    client: anthropic.Anthropic, simulator: Simulator, asking: Callable[..., dict[str, Any]]
) -> None:
    simulator.script(tool_calls=[("weather", {"city": "Rome"})])
    with client.messages.stream(**asking(tools=[WEATHER])) as stream:
        message = stream.get_final_message()
    (use,) = (block for block in message.content if block.type == "tool_use")
    assert (use.name, use.input) == ("weather", {"city": "Rome"})
    assert message.stop_reason == "tool_use"


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ({"type": "any"}, True),
        ({"type": "tool", "name": "weather"}, True),
        ({"type": "none"}, False),
    ],
)
def test_a_choice_of_tools(
    client: anthropic.Anthropic, choice: Any, called: bool, asking: Callable[..., dict[str, Any]]
) -> None:
    asked = "Please use the weather tool."
    options = asking(asked, tools=[WEATHER], tool_choice=choice, thinking={"type": "disabled"})
    message = client.messages.create(**options)
    assert (message.stop_reason == "tool_use") is called


@pytest.mark.parametrize(
    ("thinking", "thinks"),
    [
        ({"type": "enabled", "budget_tokens": 1024}, True),
        ({"type": "adaptive"}, True),
        ({"type": "disabled"}, False),
    ],
)
def test_thinking(
    client: anthropic.Anthropic, thinking: Any, thinks: bool, asking: Callable[..., dict[str, Any]]
) -> None:
    message = client.messages.create(**asking(thinking=thinking))
    assert (message.content[0].type == "thinking") is thinks


def test_pictures_and_videos(
    client: anthropic.Anthropic, asking: Callable[..., dict[str, Any]]
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480)).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    picture = {"type": "base64", "media_type": "image/png", "data": data}
    text = {"type": "text", "text": "What is it?"}
    plain = client.messages.create(**asking([text]))
    seen = client.messages.create(**asking([{"type": "image", "source": picture}, text]))
    # 640 x 480 in patches of 32: 20 x 15, and two around them.
    assert seen.usage.input_tokens == plain.usage.input_tokens + 302
    film = {"type": "video", "source": {"type": "url", "url": "https://example.com/a.mp4"}}
    watched = client.messages.create(**asking([film, text]))
    assert watched.usage.input_tokens > 1000


def test_counting_is_what_the_message_counts(
    client: anthropic.Anthropic, asking: Callable[..., dict[str, Any]]
) -> None:
    options = asking(system=[{"type": "text", "text": "Be brief."}], tools=[WEATHER])
    message = client.messages.create(**options)
    del options["max_tokens"]
    assert client.messages.count_tokens(**options).input_tokens == message.usage.input_tokens


def test_an_answer_that_is_cut(
    client: anthropic.Anthropic, asking: Callable[..., dict[str, Any]]
) -> None:
    options = asking(thinking={"type": "disabled"}, max_tokens=3)
    message = client.messages.create(**options)
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 3)


def test_a_stop_sequence_is_no_reason_of_its_own(
    client: anthropic.Anthropic, simulator: Simulator, asking: Callable[..., dict[str, Any]]
) -> None:
    simulator.script(STORY)
    message = client.messages.create(**asking(stop_sequences=["in a"]))
    assert (message.stop_reason, message.stop_sequence) == ("end_turn", None)
    assert message.content[-1].type == "text"
    assert message.content[-1].text == "Once upon a time, "


@pytest.mark.anyio
async def test_async(
    async_client: anthropic.AsyncAnthropic,
    simulator: Simulator,
    asking: Callable[..., dict[str, Any]],
) -> None:
    simulator.script(STORY, times=2)
    message = await async_client.messages.create(**asking())
    assert message.content[-1].type == "text"
    assert message.content[-1].text == STORY
    async with async_client.messages.stream(**asking(tools=[WEATHER])) as stream:
        assert "".join([text async for text in stream.text_stream]) == STORY
    options = asking()
    del options["max_tokens"]
    counted = await async_client.messages.count_tokens(**options)
    assert counted.input_tokens == message.usage.input_tokens
    with pytest.raises(anthropic.BadRequestError, match="Model not exist"):
        await async_client.messages.create(**asking(model="moon"))
