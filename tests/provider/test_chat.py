"""What is sent, and to whom, by both skins of the provider."""

from types import MappingProxyType
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.provider import (
    ModelNotOnPlanError,
    QwenProvider,
)

CATALOG = load()
NATIVE = [host.base_url for host in CATALOG.hosts.values()]
LOCAL = ["http://127.0.0.1:8000/v1", "http://gateway.internal/v1"]
FOREIGN = ["https://gateway.example/v1", "https://dashscope-us.aliyuncs.com/compatible-mode/v1"]
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


@pytest.mark.parametrize("choice", CATALOG.auth_choices.values(), ids=lambda choice: choice.id)
def test_a_question_goes_to_the_host_of_the_auth_choice(choice: Any, wire: Any, call: Any) -> None:
    peer = wire.peer(wire.completion())
    call(peer, "modelstudio/qwen3.5-plus", settings={"auth_choice": choice.id})
    [request] = peer.requests
    assert str(request.url) == f"{CATALOG.hosts[choice.host].base_url}/chat/completions"
    assert request.headers["authorization"] == f"Bearer {wire.key}"
    assert request.headers["user-agent"]
    assert peer.body == {
        "model": "qwen3.5-plus",
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_what_belongs_to_openai_is_not_sent(
    wire: Any, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-house")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-another-house")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-house")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://another.house/v1")
    peer = wire.peer(wire.completion())
    call(peer)
    assert "another" not in str(peer.requests[0].url) + str(peer.requests[0].headers.raw)


def test_the_key_comes_from_the_environment_that_is_given(wire: Any, call: Any) -> None:
    environ = {"DASHSCOPE_API_KEY": "sk-dashscope", "MODELSTUDIO_API_KEY": "sk-modelstudio"}
    peer = wire.peer(wire.completion())
    call(peer, settings={"api_key": None, "environ": environ})
    assert peer.requests[0].headers["authorization"] == "Bearer sk-modelstudio"


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_API_KEY", "sk-sp-secret-of-the-process")
    with QwenProvider() as provider:
        shown = repr(provider)
    assert shown == (
        "QwenProvider('https://coding-intl.dashscope.aliyuncs.com/v1', key from QWEN_API_KEY)"
    )


@pytest.mark.parametrize(
    ("thinking", "flag"), [("off", False), ("none", False), ("minimal", True), ("max", True)]
)
def test_a_thinking_level_is_a_flag_at_the_top(
    thinking: str, flag: bool, wire: Any, call: Any
) -> None:
    peer = wire.peer(wire.completion())
    call(peer, thinking=thinking)
    assert peer.body["enable_thinking"] is flag
    assert not {"thinking", "reasoning_effort", "extra_body"} & peer.body.keys()


def test_parameters_go_to_the_top_of_the_body_and_win(wire: Any, call: Any) -> None:
    peer = wire.peer(wire.completion())
    format_ = {"type": "json_object"}
    call(
        peer,
        thinking="high",
        tools=[TOOL],
        tool_choice="auto",
        response_format=format_,
        enable_thinking=False,
        thinking_budget=100,
        temperature=0.5,
        vl_high_resolution_images=True,
    )
    assert {key: value for key, value in peer.body.items() if key not in {"model", "messages"}} == {
        "tools": [TOOL],
        "tool_choice": "auto",
        "response_format": format_,
        "enable_thinking": False,
        "thinking_budget": 100,
        "temperature": 0.5,
        "vl_high_resolution_images": True,
    }


def test_messages_are_sent_as_they_are(wire: Any, call: Any) -> None:
    messages = [
        MappingProxyType({"role": "system", "content": "Be brief."}),
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": "", "reasoning_content": "Hm.", "partial": True},
    ]
    peer = wire.peer(wire.completion())
    call(peer, messages=messages)
    assert peer.body["messages"] == [dict(message) for message in messages]


@pytest.mark.parametrize("messages", [5, None, ["hi"], {"role": "user"}, b"hi"])
def test_messages_that_are_none_are_refused_before_anything_is_sent(
    messages: Any, wire: Any, call: Any
) -> None:
    peer = wire.peer(wire.completion())
    with pytest.raises(UsageError, match="messages must be a string or a list of mappings"):
        call(peer, messages=messages)
    assert peer.requests == []


@given(
    base_url=st.sampled_from([*NATIVE, *LOCAL, *FOREIGN]),
    model=st.sampled_from(["qwen/qwen3.5-plus", "modelstudio/of-yesterday", "bare"]),
    stream=st.booleans(),
    options=st.none() | st.just({"include_usage": False}),
)
def test_usage_is_asked_for_in_streams_of_native_and_local_hosts_alone(
    base_url: str, model: str, stream: bool, options: Any, wire: Any, call: Any
) -> None:
    finish = wire.stream(wire.chunk({"content": "Hi"}, finish="stop"), "data: [DONE]\n\n")
    peer = wire.peer(finish if stream else wire.completion())
    given_options = {} if options is None else {"stream_options": options}
    call(peer, model, stream=stream, settings={"base_url": base_url}, **given_options)
    expected = {"include_usage": True} if stream and base_url not in FOREIGN else None
    assert peer.body.get("stream_options") == (options or expected)
    assert peer.body.get("stream", False) is stream


@pytest.mark.parametrize("stream", [False, True])
def test_this_machine_is_asked_without_a_key_if_there_is_none(
    stream: bool, wire: Any, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-of-openai")
    keyless: Any = {"base_url": "http://localhost:8000/v1", "api_key": None, "environ": {}}
    finish = wire.stream(wire.chunk({"content": "Hi"}, finish="stop"), "data: [DONE]\n\n")
    peer = wire.peer(finish if stream else wire.completion(), wire.answer({"data": [{"id": "a"}]}))
    assert call(peer, stream=stream, settings=keyless).reply.content == "Hi"
    assert call(peer, models=True, settings=keyless).models == ("a",)
    assert [request.headers.get("authorization") for request in peer.requests] == [None, None]


def test_this_machine_gets_the_key_that_there_is(wire: Any, call: Any) -> None:
    peer = wire.peer(wire.completion())
    environ = {"DASHSCOPE_API_KEY": "sk-of-dashscope"}
    call(peer, settings={"base_url": "http://[::1]/v1", "api_key": None, "environ": environ})
    assert peer.requests[0].headers["authorization"] == "Bearer sk-of-dashscope"


def test_a_refusal_for_want_of_a_key_says_so(wire: Any, call: Any) -> None:
    peer = wire.peer(wire.refusal(401, None, "You didn't provide an API key."))
    settings: Any = {"base_url": "http://localhost/v1", "api_key": None, "environ": {}}
    advice = call(peer, settings=settings).error.advice
    assert advice == "No key was sent; http://localhost/v1 does not take that."


def test_a_model_that_the_client_does_not_know_is_sent_and_the_service_decides(
    wire: Any, call: Any
) -> None:
    words = "model `qwen3.6-plus` is not supported."
    peer = wire.peer(wire.refusal(400, "invalid_parameter_error", words))
    error = call(peer, "qwen/qwen3.6-plus", settings={"auth_choice": "qwen-api-key-cn"}).error
    assert peer.body["model"] == "qwen3.6-plus"
    assert isinstance(error, ModelNotOnPlanError)
    assert error.message == words
    assert "qwen-standard-api-key-cn" in str(error)


@given(
    key=st.text("abcXYZ019-_.~+", min_size=8, max_size=40),
    where=st.sampled_from(["message", "code", "text", "connection", "ref", "thinking", "chunk"]),
)
def test_the_key_is_in_no_error_whatever_echoes_it(
    key: str, where: str, wire: Any, call: Any
) -> None:
    answers = {
        "message": wire.refusal(400, None, f"no {key}"),
        "code": wire.refusal(400, key, "no"),
        "text": wire.answer(status=502, text=f"<p>{key}</p>"),
        "connection": httpx2.ConnectError(f"proxy refused {key}"),
        "chunk": wire.stream({"no": [key]}),
    }
    peer = wire.peer(answers.get(where, wire.refusal(404, "model_not_found", f"no `{key}`")))
    options: dict[str, Any] = {"settings": {"api_key": key}, "stream": where == "chunk"}
    if where == "thinking":
        options["thinking"] = key
    try:
        error = call(peer, f"{key}/x" if where == "ref" else f"qwen/{key}", **options).error
    except UsageError as refused:
        error = refused
    assert error is not None
    assert key not in "".join([str(error), repr(error), repr(vars(error)), repr(error.__context__)])


def test_a_client_that_was_given_stays_open(wire: Any) -> None:
    with httpx2.Client(transport=httpx2.MockTransport(wire.peer(wire.completion()))) as client:
        with QwenProvider(api_key=wire.key, http_client=client):
            pass
        assert not client.is_closed


def test_a_client_of_its_own_is_closed_with_the_provider(wire: Any) -> None:
    with QwenProvider(api_key=wire.key) as provider:
        inner: openai.OpenAI = provider._client
        assert not inner.is_closed()
    assert inner.is_closed()


@pytest.mark.parametrize(
    "parameters",
    [{"seed": float("nan")}, {"stop": {"a", "b"}}, {"user": "\udcff"}],
    ids=["nan", "set", "surrogate"],
)
def test_what_json_cannot_write_is_refused_before_anything_is_sent(
    parameters: dict[str, Any], wire: Any, call: Any
) -> None:
    peer = wire.peer(wire.completion())
    with pytest.raises(UsageError, match=r"the request cannot be written as JSON: .+"):
        call(peer, **parameters)
    assert peer.requests == []
