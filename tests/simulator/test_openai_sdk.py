"""The real openai SDK as the judge of what the service sends, sync and async."""

import asyncio
from typing import Any

import httpx
import httpx2
import openai
import pytest

from qwensim.simulator import Fault, Simulator
from qwensim.transport import transport

CN, INTL = "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"
PLAN = "coding-intl.dashscope.aliyuncs.com"
HI: Any = [{"role": "user", "content": "hi"}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def settings(simulator: Simulator, host: str) -> dict[str, Any]:
    plan = simulator.catalog.hosts[host].plan
    return {
        "base_url": simulator.catalog.hosts[host].base_url,
        "api_key": "sk-sp-0123456789" if plan == "coding" else "sk-0123456789",
        "max_retries": 0,
    }


def client(simulator: Simulator, host: str = INTL) -> openai.OpenAI:
    http = httpx2.Client(transport=transport(simulator, httpx2))
    return openai.OpenAI(http_client=http, **settings(simulator, host))


CASES = [
    (CN, "qwen-plus", False),
    (CN, "qwen-plus", True),
    (INTL, "qwen3-max", False),
    (INTL, "qwen3.6-plus", True),
    (PLAN, "glm-5", True),
    (PLAN, "qwen3-coder-plus", False),
]


@pytest.mark.parametrize(("host", "model", "thinking"), CASES)
def test_a_whole_answer(host: str, model: str, thinking: bool) -> None:
    with client(Simulator(), host) as sdk:
        answer = sdk.chat.completions.create(
            model=model, messages=HI, extra_body={"enable_thinking": thinking}
        )
    [choice] = answer.choices
    assert choice.message.content
    assert bool(getattr(choice.message, "reasoning_content", None)) == thinking
    assert choice.finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id is not None
    assert answer.id == f"chatcmpl-{answer._request_id}"


@pytest.mark.parametrize(("host", "model", "thinking"), CASES)
def test_a_stream_sync_and_async(host: str, model: str, thinking: bool) -> None:
    options: dict[str, Any] = {
        "model": model,
        "messages": HI,
        "stream": True,
        "stream_options": {"include_usage": True},
        "extra_body": {"enable_thinking": thinking},
    }
    with client(Simulator(), host) as sdk:
        chunks = list(sdk.chat.completions.create(**options))
        whole = sdk.chat.completions.create(
            model=model, messages=HI, extra_body={"enable_thinking": thinking}
        )

    async def gather() -> list[Any]:
        simulator = Simulator()
        http = httpx2.AsyncClient(transport=transport(simulator, httpx2))
        async with openai.AsyncOpenAI(http_client=http, **settings(simulator, host)) as sdk:
            return [chunk async for chunk in await sdk.chat.completions.create(**options)]

    assert asyncio.run(gather()) == chunks
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == whole.choices[0].message.content
    assert chunks[-1].choices == []
    usages = chunks[-1].usage, whole.usage
    assert usages[0] is not None
    assert usages[1] is not None
    assert usages[0].total_tokens == usages[1].total_tokens
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert chunks[-2].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("host", "model"), [(CN, "qwen-plus"), (INTL, "qwen3-max"), (PLAN, "glm-5")]
)
def test_the_sdk_s_own_stream_helper_joins_the_calls(host: str, model: str) -> None:
    with (
        client(Simulator(), host) as sdk,
        sdk.chat.completions.stream(
            model=model,
            messages=[{"role": "user", "content": "use the weather tool"}],
            tools=TOOLS,
        ) as stream,
    ):
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls is not None
    [call] = message.tool_calls
    assert call.id.startswith("call_")
    assert call.function.name == "weather"
    assert call.function.arguments.startswith('{"city": ')


@pytest.mark.parametrize(
    ("fields", "error", "code"),
    [
        ({"model": "nope"}, openai.NotFoundError, "model_not_found"),
        ({"temperature": 2}, openai.BadRequestError, "invalid_parameter_error"),
        ({"messages": [{"role": "developer", "content": "x"}]}, openai.BadRequestError, None),
    ],
)
def test_refusals_reach_the_sdk_s_errors(fields: dict[str, Any], error: Any, code: Any) -> None:
    simulator = Simulator()
    with client(simulator) as sdk, pytest.raises(error) as caught:
        sdk.chat.completions.create(**{"model": "qwen3-max", "messages": HI, **fields})
    assert caught.value.code == code
    assert caught.value.request_id == simulator.journal[-1].request_id
    assert str(simulator.journal[-1].message) in str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("wrong-key", openai.AuthenticationError),
        ("not-purchased", openai.PermissionDeniedError),
        ("rate-limit", openai.RateLimitError),
        ("internal-error", openai.InternalServerError),
        ("overloaded", openai.InternalServerError),
    ],
)
def test_injected_errors_reach_the_sdk_s_errors(error: str, kind: Any) -> None:
    simulator = Simulator()
    simulator.fault("error", error=error)
    with client(simulator) as sdk, pytest.raises(kind):
        sdk.chat.completions.create(model="qwen3-max", messages=HI)


def test_an_error_in_mid_stream_raises_after_what_had_come() -> None:
    simulator = Simulator()
    simulator.fault(Fault(kind="error-event", after=2, error="moderation-output"))
    with client(simulator) as sdk:
        stream = sdk.chat.completions.create(model="qwen3-max", messages=HI, stream=True)
        assert next(stream).choices[0].delta.content == ""
        assert next(stream).choices[0].delta.content
        with pytest.raises(openai.APIError, match="inappropriate content"):
            next(stream)


def test_connection_faults_reach_the_sdk_s_errors() -> None:
    simulator = Simulator()
    simulator.fault("connect-error")
    simulator.fault("timeout")
    with client(simulator) as sdk:
        with pytest.raises(openai.APIConnectionError):
            sdk.chat.completions.create(model="qwen3-max", messages=HI)
        with pytest.raises(openai.APITimeoutError):
            sdk.chat.completions.create(model="qwen3-max", messages=HI)


def test_the_sdk_lists_the_models() -> None:
    simulator = Simulator()
    with client(simulator) as sdk:
        ids = [model.id for model in sdk.models.list()]
    assert ids == list(simulator.catalog.served[INTL])
    with client(simulator, PLAN) as sdk, pytest.raises(openai.NotFoundError, match="404"):
        sdk.models.list()


def test_log_probabilities_and_choices_fit_the_sdk_s_types() -> None:
    with client(Simulator()) as sdk:
        answer = sdk.chat.completions.create(
            model="qwen3-max", messages=HI, n=2, logprobs=True, top_logprobs=2, max_tokens=4
        )
    assert [choice.index for choice in answer.choices] == [0, 1]
    for choice in answer.choices:
        assert choice.logprobs is not None
        assert choice.logprobs.content is not None
        assert len(choice.logprobs.content) == 4


def test_httpx_gets_the_same_bytes_as_httpx2() -> None:
    bodies = []
    for library in (httpx, httpx2):
        carried: Any = transport(Simulator(), library)
        with library.Client(transport=carried) as http:
            answer = http.post(
                f"https://{INTL}/compatible-mode/v1/chat/completions",
                json={"model": "qwen3-max", "messages": HI, "stream": True},
                headers={"authorization": "Bearer sk-0123456789"},
            )
            bodies.append(answer.content)
    assert bodies[0] == bodies[1]
    assert bodies[0].endswith(b"data: [DONE]\n\n")
