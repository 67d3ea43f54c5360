"""The real openai SDK's Responses client talks to the fake: served and in process, both ways."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import openai
import pydantic
import pytest

from qwensim.server import serve
from qwensim.simulator import Account, Simulator
from qwensim.transport import transport

KEY = "sk-0123456789"
STORY = "Once upon a time, in a village between the hills."
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "Tells the weather.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Place(pydantic.BaseModel):
    city: str


def asking(given: Any = "Hello!", /, **options: Any) -> dict[str, Any]:
    return {"model": "qwen3.5-plus", "input": given, **options}


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(accounts=[Account(key=KEY), Account(key=f"{KEY}1")])


@pytest.fixture(params=["in process", "served"])
def root(simulator: Simulator, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the fake is reached: its own address, or nothing where it is in process."""
    if request.param == "served":
        with serve(simulator) as server:
            yield server.url
    else:
        yield ""


def settings(root: str) -> dict[str, Any]:
    base = root or "https://dashscope-intl.aliyuncs.com"
    return {"api_key": KEY, "base_url": f"{base}/compatible-mode/v1", "max_retries": 0}


@pytest.fixture
def client(simulator: Simulator, root: str) -> Iterator[openai.OpenAI]:
    own: dict[str, Any] = {}
    if not root:
        own = {"http_client": httpx2.Client(transport=transport(simulator, httpx2))}
    with openai.OpenAI(**settings(root), **own) as made:
        yield made


@pytest.fixture
async def async_client(simulator: Simulator, root: str) -> AsyncIterator[openai.AsyncOpenAI]:
    own: dict[str, Any] = {}
    if not root:
        own = {"http_client": httpx2.AsyncClient(transport=transport(simulator, httpx2))}
    async with openai.AsyncOpenAI(**settings(root), **own) as made:
        yield made


def test_a_response(client: openai.OpenAI, simulator: Simulator) -> None:
    simulator.script(STORY, reasoning="What shall I tell?")
    response = client.responses.create(**asking(instructions="You tell stories."))
    thought, message = response.output
    assert (thought.type, message.type) == ("reasoning", "message")
    assert thought.type == "reasoning"
    assert [part.text for part in thought.summary] == ["What shall I tell?"]
    assert response.output_text == STORY
    assert (response.status, response.error, response.model) == ("completed", None, "qwen3.5-plus")
    assert response.instructions == "You tell stories."
    entry = simulator.journal[-1]
    assert (entry.model, entry.stream, entry.error) == ("qwen3.5-plus", False, None)
    usage = response.usage
    assert usage is not None
    assert entry.usage is not None
    assert (entry.usage["prompt"], entry.usage["completion"]) == (
        usage.input_tokens,
        usage.output_tokens,
    )
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert 0 < usage.output_tokens_details.reasoning_tokens < usage.output_tokens


@pytest.mark.anyio
async def test_a_response_async(async_client: openai.AsyncOpenAI, simulator: Simulator) -> None:
    simulator.script(STORY)
    response = await async_client.responses.create(**asking())
    assert response.output_text == STORY


def test_a_stream_brings_the_same_response(client: openai.OpenAI, simulator: Simulator) -> None:
    whole = client.responses.create(**asking())
    with client.responses.create(**asking(), stream=True) as stream:
        events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    thought = "".join(e.delta for e in events if e.type == "response.reasoning_summary_text.delta")
    last = events[-1]
    assert last.type == "response.completed"
    assert text == last.response.output_text == whole.output_text
    assert whole.output[0].type == "reasoning"
    assert thought == whole.output[0].summary[0].text
    assert simulator.journal[-1].stream


def test_the_stream_helper(client: openai.OpenAI, simulator: Simulator) -> None:
    simulator.script(STORY)
    with client.responses.stream(**asking()) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(deltas) == final.output_text == STORY
    assert len(deltas) > 1


@pytest.mark.anyio
async def test_the_stream_helper_async(
    async_client: openai.AsyncOpenAI, simulator: Simulator
) -> None:
    simulator.script(STORY)
    async with async_client.responses.stream(**asking()) as stream:
        texts = [e.snapshot async for e in stream if e.type == "response.output_text.delta"]
        final = await stream.get_final_response()
    assert texts[-1] == final.output_text == STORY


def test_a_tool_loop_by_previous_response(client: openai.OpenAI, simulator: Simulator) -> None:
    tools: Any = [WEATHER]
    first = client.responses.create(**asking("Use the weather tool.", tools=tools))
    call = next(item for item in first.output if item.type == "function_call")
    assert call.name == "weather"
    assert set(json.loads(call.arguments)) == {"city"}
    simulator.script("It is sunny.")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    second = client.responses.create(**asking([result], tools=tools, previous_response_id=first.id))
    assert second.output_text == "It is sunny."
    assert second.previous_response_id == first.id


@pytest.mark.anyio
async def test_a_tool_loop_by_items_async(
    async_client: openai.AsyncOpenAI, simulator: Simulator
) -> None:
    talk: list[Any] = [{"role": "user", "content": "Use the weather tool."}]
    first = await async_client.responses.create(**asking(talk, tools=[WEATHER]))
    talk += [item.model_dump(exclude_none=True) for item in first.output]
    for item in first.output:
        if item.type == "function_call":
            output = {"call_id": item.call_id, "output": "sunny"}
            talk.append({"type": "function_call_output", **output})
    simulator.script("It is sunny.")
    second = await async_client.responses.create(**asking(talk, tools=[WEATHER]))
    assert second.output_text == "It is sunny."


def test_a_streamed_call_is_parsed(client: openai.OpenAI) -> None:
    tool: Any = openai.pydantic_function_tool(Place, name="find")["function"]
    flat: Any = {"type": "function", **tool}
    with client.responses.stream(**asking("Use the find tool.", tools=[flat])) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    call = next(item for item in final.output if item.type == "function_call")
    assert Place.model_validate_json(call.arguments).city
    assert kinds.count("response.output_item.done") == len(final.output)


def test_a_scripted_answer_is_parsed(client: openai.OpenAI, simulator: Simulator) -> None:
    simulator.script('{"city": "Oslo"}')
    parsed = client.responses.parse(**asking(), text_format=Place)
    assert parsed.output_parsed == Place(city="Oslo")


def test_a_schema_does_not_hold_as_with_the_service(client: openai.OpenAI) -> None:
    with pytest.raises(pydantic.ValidationError):
        client.responses.parse(**asking(), text_format=Place)


def test_a_response_is_kept_listed_and_deleted(client: openai.OpenAI) -> None:
    made = client.responses.create(**asking("Hello!", metadata={"a": "b"}))
    assert made.metadata == {"a": "b"}
    found = client.responses.retrieve(made.id)
    assert (found.output_text, found.metadata) == (made.output_text, {})
    (item,) = client.responses.input_items.list(made.id)
    assert item.type == "message"
    assert item.content[0].to_dict() == {"text": "Hello!", "type": "input_text"}
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.BadRequestError, match=f"previous_response_id: {made.id}"):
        client.responses.create(**asking(previous_response_id=made.id))


@pytest.mark.anyio
async def test_a_response_is_kept_and_deleted_async(async_client: openai.AsyncOpenAI) -> None:
    made = await async_client.responses.create(**asking())
    assert (await async_client.responses.retrieve(made.id)).output_text == made.output_text
    await async_client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        await async_client.responses.retrieve(made.id)


def test_what_one_account_made_another_does_not_find(client: openai.OpenAI) -> None:
    made = client.responses.create(**asking())
    other = client.with_options(api_key=f"{KEY}1")
    with pytest.raises(openai.NotFoundError):
        other.responses.retrieve(made.id)
    with pytest.raises(openai.BadRequestError, match="Not found previous_response_id"):
        other.responses.create(**asking(previous_response_id=made.id))


def test_a_web_search_is_told(client: openai.OpenAI) -> None:
    tools: Any = [{"type": "web_search"}]
    with client.responses.create(**asking("Weather?", tools=tools), stream=True) as stream:
        events = list(stream)
    kinds = [event.type for event in events]
    assert [kind for kind in kinds if "web_search_call" in kind] == [
        "response.web_search_call.in_progress",
        "response.web_search_call.searching",
        "response.web_search_call.completed",
    ]
    last = events[-1]
    assert last.type == "response.completed"
    search = next(item for item in last.response.output if item.type == "web_search_call")
    assert search.action.type == "search"
    assert search.action.query == "Weather?"
    assert search.action.sources


def test_an_unknown_model_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="Unsupported model: 'gpt-5'"):
        client.responses.create(model="gpt-5", input="Hi")


def test_a_refused_stream_is_a_response_that_failed(client: openai.OpenAI) -> None:
    with client.responses.create(model="gpt-5", input="Hi", stream=True) as stream:
        (event,) = list(stream)
    assert event.type == "response.failed"
    assert event.response.status == "failed"
    assert event.response.error is not None
    assert event.response.error.message == "Unsupported model: 'gpt-5'"


def test_a_wrong_key_is_refused_whether_streamed_or_not(client: openai.OpenAI) -> None:
    wrong = client.with_options(api_key="sk-9876543210")
    for stream in (False, True):
        with pytest.raises(openai.AuthenticationError, match="Invalid API-key provided"):
            wrong.responses.create(**asking(), stream=stream)


def test_a_full_quota_is_a_rate_limit_error(client: openai.OpenAI, simulator: Simulator) -> None:
    simulator.fault("error", error="rate-limit", times=2)
    for stream in (False, True):
        with pytest.raises(openai.RateLimitError):
            client.responses.create(**asking(), stream=stream)


def test_a_stream_may_fail_in_its_midst(client: openai.OpenAI, simulator: Simulator) -> None:
    simulator.fault("error-event", error="moderation-output", after=4)
    with client.responses.create(**asking(), stream=True) as stream:
        events = list(stream)
    assert [event.sequence_number for event in events] == [0, 1, 2, 3, 4]
    last = events[-1]
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert last.response.error.code == "server_error"


def test_the_address_of_before_spring_2026(simulator: Simulator) -> None:
    with serve(simulator) as server:
        base = f"{server.url}/api/v2/apps/protocols/compatible-mode/v1"
        with openai.OpenAI(**{**settings(""), "base_url": base}) as client:
            first = client.responses.create(**asking())
            second = client.responses.create(**asking(previous_response_id=first.id))
    assert second.status == "completed"
