"""The real dashscope SDK's 1.x classes talk to the served fake by the native API."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

import dashscope
import pytest
from dashscope import AioGeneration, AioMultiModalConversation, Generation, MultiModalConversation
from dashscope.api_entities.aio_session import close_shared_aio_session

from qwensim.server import Server, serve
from qwensim.simulator import Account, Simulator

KEY = "sk-0123456789"
HELLO: Any = [{"role": "user", "content": "Hello!"}]
SEEN: Any = [
    {"role": "user", "content": [{"image": "https://example.com/a.png"}, {"text": "What?"}]}
]
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
CALLS = [("weather", {"city": "Rome"}), ("weather", {"city": "Paris"})]
STORY = "Once upon a time, in a village between the hills."


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(accounts=[Account(key=KEY)])


@pytest.fixture(scope="module")
def server(simulator: Simulator) -> Iterator[Server]:
    with serve(simulator) as served:
        yield served


@pytest.fixture(autouse=True)
def address(server: Server, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator.reset()
    address = f"{server.url}/dashscope.aliyuncs.com/api/v1"
    monkeypatch.setattr(dashscope, "base_http_api_url", address)


def generate(**options: Any) -> Any:
    return Generation.call(**{"model": "qwen-plus", "api_key": KEY, **options})


def converse(**options: Any) -> Any:
    return MultiModalConversation.call(**{"model": "qwen-vl-plus", "api_key": KEY, **options})


def texts(responses: Iterable[Any]) -> list[Any]:
    """The content of each response, all of which are answers."""
    told = []
    for response in responses:
        assert response.status_code == 200, response
        assert response.request_id
        told.append(response.output.choices[0].message.content)
    return told


def test_a_text(simulator: Simulator) -> None:
    simulator.script(STORY)
    response = generate(prompt="Tell me a story.")
    assert (response.status_code, response.code, response.message) == (200, "", "")
    assert response.output.text == STORY
    assert response.output.finish_reason == "stop"
    assert response.usage.input_tokens + response.usage.output_tokens == response.usage.total_tokens
    assert response.request_id == simulator.journal[-1].request_id


def test_a_message() -> None:
    response = generate(messages=HELLO, result_format="message")
    (choice,) = response.output.choices
    assert (choice.finish_reason, choice.message.role) == ("stop", "assistant")
    assert choice.message.content
    assert response.output.text is None


def test_a_text_in_a_stream(simulator: Simulator) -> None:
    simulator.script(STORY, times=2)
    told = [response.output.text for response in generate(messages=HELLO, stream=True)]
    assert told[-1] == STORY
    assert all(STORY.startswith(text) for text in told)
    pieces = generate(messages=HELLO, stream=True, incremental_output=True)
    assert "".join(response.output.text for response in pieces) == STORY


def test_a_message_in_a_stream(simulator: Simulator) -> None:
    simulator.script(STORY)
    options = {"result_format": "message", "stream": True, "incremental_output": True}
    responses = list(generate(messages=HELLO, **options))
    assert "".join(texts(responses)) == STORY
    finishes = [response.output.choices[0].finish_reason for response in responses]
    assert finishes == ["null"] * (len(finishes) - 1) + ["stop"]
    counts = [response.usage.output_tokens for response in responses]
    assert counts == sorted(counts)


def test_the_sdk_sums_up_what_it_asked_for_in_pieces(simulator: Simulator) -> None:
    simulator.script(STORY)
    options = {"result_format": "message", "stream": True, "incremental_output": False}
    told = texts(generate(messages=HELLO, **options))
    assert told[-1] == STORY
    assert all(STORY.startswith(text) for text in told)


def test_thinking(simulator: Simulator) -> None:
    simulator.script(STORY, reasoning="What shall I tell?", times=2)
    options: Any = {"result_format": "message", "enable_thinking": True}
    message = generate(messages=HELLO, **options).output.choices[0].message
    assert (message.reasoning_content, message.content) == ("What shall I tell?", STORY)
    stream = list(generate(messages=HELLO, stream=True, incremental_output=True, **options))
    pieces = [response.output.choices[0].message.reasoning_content for response in stream]
    assert "".join(pieces) == "What shall I tell?"
    assert "".join(texts(stream)) == STORY
    assert stream[-1].usage["output_tokens_details"]["reasoning_tokens"] > 0


def test_calls(simulator: Simulator) -> None:
    simulator.script(tool_calls=CALLS, times=3)
    given = ['{"city":"Rome"}', '{"city":"Paris"}']
    options: Any = {
        "model": "qwen-max",
        "result_format": "message",
        "tools": TOOLS,
        "parallel_tool_calls": True,
    }
    (choice,) = generate(messages=HELLO, **options).output.choices
    assert choice.finish_reason == "tool_calls"
    assert [call["function"]["arguments"] for call in choice.message.tool_calls] == given
    *_, summed = generate(messages=HELLO, stream=True, incremental_output=False, **options)
    (choice,) = summed.output.choices
    assert [call["function"]["arguments"] for call in choice.message.tool_calls] == given
    assert all(call["id"].startswith("call_") for call in choice.message.tool_calls)
    arguments = ["", ""]
    for piece in generate(messages=HELLO, stream=True, incremental_output=True, **options):
        for call in piece.output.choices[0].message.tool_calls:
            arguments[call["index"]] += call["function"]["arguments"]
    assert arguments == given


def test_several_answers_are_told_apart() -> None:
    whole = generate(messages=HELLO, result_format="message", n=2)
    expected = [choice.message.content for choice in whole.output.choices]
    options = {"result_format": "message", "n": 2, "stream": True, "incremental_output": False}
    *_, summed = generate(messages=HELLO, **options)
    assert [choice["message"]["content"] for choice in summed.output.choices] == expected
    assert summed.usage["output_tokens"] == whole.usage.output_tokens


def test_a_search() -> None:
    options: Any = {"enable_search": True, "search_options": {"enable_source": True}}
    response = generate(messages=HELLO, result_format="message", **options)
    assert len(response.output.search_info["search_results"]) == 3
    assert response.usage["plugins"]["search"]["count"] == 1


def test_a_picture(simulator: Simulator) -> None:
    simulator.script(STORY, times=3)
    response = converse(messages=SEEN)
    assert response.output.choices[0].message.content == [{"text": STORY}]
    assert response.usage["image_tokens"] == response.usage["input_tokens_details"]["image_tokens"]
    *_, last = texts(converse(messages=SEEN, stream=True))
    assert last == [{"text": STORY}]
    pieces = texts(converse(messages=SEEN, stream=True, incremental_output=True))
    assert "".join(part["text"] for content in pieces for part in content) == STORY


def test_a_multimodal_model_thinks(simulator: Simulator) -> None:
    simulator.script(STORY, reasoning="What shall I tell?")
    told = {"text": "", "reasoning": ""}
    for response in converse(
        model="qwen3.6-plus", messages=SEEN, stream=True, incremental_output=True
    ):
        message = response.output.choices[0].message
        told["text"] += "".join(part["text"] for part in message.content)
        told["reasoning"] += message.get("reasoning_content") or ""
    assert told == {"text": STORY, "reasoning": "What shall I tell?"}


def test_asynchronous_classes(simulator: Simulator) -> None:
    simulator.script(STORY, times=4)

    async def run() -> list[Any]:
        whole: Any = await AioGeneration.call("qwen-plus", messages=HELLO, api_key=KEY)
        options: Any = {"result_format": "message", "stream": True, "incremental_output": True}
        stream: Any = await AioGeneration.call("qwen-plus", messages=HELLO, api_key=KEY, **options)
        pieces = [piece.output.choices[0].message.content async for piece in stream]
        seen: Any = await AioMultiModalConversation.call("qwen-vl-plus", messages=SEEN, api_key=KEY)
        stream = await AioMultiModalConversation.call(
            "qwen-vl-plus", messages=SEEN, api_key=KEY, stream=True
        )
        *_, last = [piece.output.choices[0].message.content async for piece in stream]
        (part,) = seen.output.choices[0].message.content
        await close_shared_aio_session()  # it belongs to a loop that ends here
        return [whole.output.text, "".join(pieces), part["text"], last[0]["text"]]

    assert asyncio.run(run()) == [STORY] * 4


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("options", "status", "code", "words"),
    [
        ({"api_key": "sk-wrong-wrong"}, 401, "InvalidApiKey", "Invalid API-key provided."),
        ({"model": "no-such-model"}, 400, "InvalidParameter", "Model not exist."),
        ({"model": "qwen3.5-plus"}, 400, "InvalidParameter", "url error, please check url！"),
        ({"temperature": 2.5}, 400, "InvalidParameter", "Temperature should be in [0.0, 2.0)"),
    ],
)
def test_refusals(options: Any, status: int, code: str, words: str, stream: bool) -> None:
    response = generate(messages=HELLO, stream=stream, **options)
    if stream:
        (response,) = response
    assert (response.status_code, response.code) == (status, code)
    assert response.message.startswith(words)
    assert response.request_id


def test_an_error_in_mid_stream(simulator: Simulator) -> None:
    simulator.fault("error-event", after=2, error="overloaded")
    *answers, refusal = generate(messages=HELLO, stream=True)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (refusal.status_code, refusal.code) == (400, "ModelServingError")  # whatever it was
    assert refusal.request_id == answers[0].request_id


def test_the_workspace_is_accepted(simulator: Simulator) -> None:
    assert generate(messages=HELLO, workspace="ws-1").status_code == 200
    assert "x-dashscope-workspace" in dict(simulator.journal[-1].headers)
