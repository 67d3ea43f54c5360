"""The provider that a configuration describes, on the wire."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from qwensim.errors import ConfigError, UsageError
from qwensim.provider import ModelNotOnPlanError, ProviderError
from qwensim.provider.openclaw import (
    async_provider_from_config,
    catalogue,
    provider_from_config,
    target,
)

CODING = "https://coding-intl.dashscope.aliyuncs.com/v1"
KEY = "sk-sp-abcdefgh12345678"
ANSWER = {
    "choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}],
    "model": "m",
}
UNSUPPORTED = {
    "error": {
        "message": "model `qwen3.6-plus` is not supported.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_parameter_error",
    }
}


class Peer:
    """Answers alike and keeps the requests."""

    def __init__(self, status: int = 200, body: Any = None, events: str = "") -> None:
        self.status, self.body = status, ANSWER if body is None else body
        self.events = events
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.events:
            kind = {"content-type": "text/event-stream"}
            return httpx2.Response(self.status, text=self.events, headers=kind)
        return httpx2.Response(self.status, json=self.body)

    @property
    def client(self) -> httpx2.Client:
        return httpx2.Client(transport=httpx2.MockTransport(self))


def coding(**entry: Any) -> dict[str, Any]:
    return {"models": {"providers": {"qwen": {"baseUrl": CODING, "apiKey": KEY, **entry}}}}


def test_an_explicit_model_is_sent_on_the_coding_plan_and_refused_with_the_switch(
    home: Any, catalog: Any
) -> None:
    home.holds(coding(models=[{"id": "qwen3.6-plus"}]))
    peer = Peer(400, UNSUPPORTED)
    config = home.read()
    assert "qwen3.6-plus" in [model.id for model in catalogue(config, catalog)]
    provider = provider_from_config(
        environ=home.environ, model="qwen/qwen3.6-plus", http_client=peer.client
    )
    with pytest.raises(ModelNotOnPlanError) as caught:
        provider.chat(provider.model, "hi")
    assert json.loads(peer.requests[0].content)["model"] == "qwen3.6-plus"
    advice = str(caught.value)
    for part in (
        "Coding Plan",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "qwen-standard-api-key",
    ):
        assert part in advice


def test_headers_of_the_configuration_are_sent(home: Any) -> None:
    home.holds(coding(headers={"X-Team": "red", "User-Agent": "claw/${N}"}))
    peer = Peer()
    environ = {**home.environ, "N": "1", "OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "p"}
    with provider_from_config(environ=environ, http_client=peer.client) as provider:
        assert provider.chat("modelstudio/glm-5", "hi").content == "ok"
    headers = peer.requests[0].headers
    assert (headers["x-team"], headers["user-agent"]) == ("red", "claw/1")
    assert headers["authorization"] == f"Bearer {KEY}"


def test_nothing_of_openai_is_sent(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home.holds(coding(headers={"X-Team": "red"}))
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project")
    peer = Peer()
    provider_from_config(environ=home.environ, http_client=peer.client).chat("glm-5", "hi")
    assert not [name for name in peer.requests[0].headers if name.startswith("openai-")]


def test_a_header_that_cannot_be_had_names_its_place(home: Any) -> None:
    home.holds(coding(headers={"X-Team": "${TEAM}"}))
    with pytest.raises(ConfigError) as caught:
        provider_from_config(environ=home.environ)
    assert str(caught.value) == (
        f'{home.config_file}: models.providers.qwen.headers["X-Team"]: TEAM is not set'
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Team", "two\nlines"), ("X-Team", "größer"), ("X Team", "red"), ("", "red"), ("X:", "")],
)
def test_a_header_that_cannot_be_sent_names_its_place(home: Any, name: str, value: str) -> None:
    home.holds(coding(headers={name: f"sk-hidden123456{value}"}))
    with pytest.raises(ConfigError) as caught:
        provider_from_config(environ=home.environ)
    message = str(caught.value)
    assert message.startswith(f'{home.config_file}: models.providers.qwen.headers["{name}"]: ')
    assert "cannot be sent" in message
    assert "sk-hidden" not in message


def test_the_provider_tells_where_things_came_from_and_never_the_key(home: Any) -> None:
    home.holds(coding())
    provider = provider_from_config(environ=home.environ)
    assert provider.model == provider.target.ref == "qwen/qwen3.5-plus"
    assert provider.key.source == f"models.providers.qwen.apiKey (in {home.config_file})"
    assert provider.key.source in repr(provider)
    for shown in (repr(provider), repr(provider.key), repr(provider.target), repr(vars(provider))):
        assert KEY not in shown


def test_an_alias_names_a_model_of_this_provider(home: Any) -> None:
    home.holds({**coding(), "agents": {"defaults": {"models": {"qwen/glm-5": {"alias": "G"}}}}})
    peer = Peer()
    with provider_from_config(environ=home.environ, http_client=peer.client) as provider:
        provider.chat("g", "hi")
    assert json.loads(peer.requests[0].content)["model"] == "glm-5"


def test_a_reference_to_another_provider_is_not_sent(home: Any) -> None:
    config = coding()
    config["models"]["providers"]["mine"] = {"baseUrl": "https://mine.example/v1"}
    home.holds(config)
    peer = Peer()
    provider = provider_from_config(environ=home.environ, http_client=peer.client)
    with pytest.raises(UsageError, match="belongs to the provider 'mine'"):
        provider.chat("mine/x", "hi")
    with pytest.raises(UsageError, match="names the provider") as caught:
        provider.chat(f"{KEY}/x", "hi")
    assert KEY not in str(caught.value)
    assert peer.requests == []


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("dashscope/qwen3.5-plus", "Write qwen/qwen3.5-plus"),
        ("qwen-portal/coder", "onboard --auth-choice qwen-api-key"),
        ("qwen-oauth/coder", "onboard --auth-choice qwen-api-key"),
        ("qwen/", "names no model"),
    ],
)
def test_a_reference_that_leads_nowhere_says_what_to_write(
    home: Any, catalog: Any, ref: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        target(home.read(), catalog, ref)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"api": "anthropic-messages"}, "mine.api is 'anthropic-messages'"),
        ({}, "mine.baseUrl is missing"),
        ({"baseUrl": "ftp://x.example"}, "mine.baseUrl: base URL"),
        ({"baseUrl": "https://me:hunter22@x.example/v1"}, "mine.baseUrl: .*password"),
    ],
)
def test_an_entry_that_cannot_be_used_names_its_place(
    home: Any, catalog: Any, entry: dict[str, Any], said: str
) -> None:
    home.holds({"models": {"providers": {"mine": entry}}})
    with pytest.raises(UsageError, match=said) as caught:
        target(home.read(), catalog, "mine/x")
    assert str(home.config_file) in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_a_provider_that_is_not_configured_lists_nothing(home: Any, catalog: Any) -> None:
    assert catalogue(home.read(), catalog, provider_id="mine") == ()


def test_a_custom_modelstudio_lists_its_own_models(home: Any, catalog: Any) -> None:
    custom = {"api": "anthropic-messages", "models": [{"id": "x"}]}
    config = home.holds({"models": {"providers": {"modelstudio": custom}}}).read()
    assert [model.id for model in catalogue(config, catalog, provider_id="modelstudio")] == ["x"]
    assert len(catalogue(config, catalog)) == 8


def test_a_custom_modelstudio_owns_its_references_beside_qwen(home: Any, catalog: Any) -> None:
    custom = {"baseUrl": "https://m.example/v1", "api": "openai-responses"}
    entries = {"qwen": {"baseUrl": CODING}, "modelstudio": custom}
    config = home.holds({"models": {"providers": entries}}).read()
    with pytest.raises(UsageError, match=r"providers\.modelstudio\.api is 'openai-responses'"):
        target(config, catalog, "modelstudio/glm-5")
    assert target(config, catalog, "qwen/glm-5").endpoint.base_url == CODING
    assert target(config, catalog, "qwencloud/glm-5").endpoint.base_url == CODING


def test_errors_never_show_the_key(home: Any) -> None:
    home.holds(coding())
    peer = Peer(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})
    provider = provider_from_config(environ=home.environ, http_client=peer.client)
    with pytest.raises(ProviderError) as caught:
        provider.chat("glm-5", "hi")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "said", "asked"),
    [
        ("https://gateway.example/v1", None, False),
        ("https://gateway.example/v1", True, True),
        (CODING, None, True),
        (CODING, False, False),
        ("http://localhost:8000/v1", None, True),
    ],
)
def test_a_model_may_say_whether_its_streams_tell_their_usage(
    home: Any, base_url: str, said: bool | None, asked: bool
) -> None:
    model = {"id": "glm-5", "compat": {"supportsUsageInStreaming": said}}
    home.holds(coding(baseUrl=base_url, models=[{"id": "other"}, model]))
    chunk = {"choices": [{"index": 0, "delta": {"content": "ok"}, "finish_reason": "stop"}]}
    peer = Peer(events=f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n")
    with provider_from_config(environ=home.environ, http_client=peer.client) as provider:
        list(provider.chat("qwen/glm-5", "hi", stream=True))
    assert ("stream_options" in json.loads(peer.requests[0].content)) is asked


def test_this_machine_is_asked_without_a_key_and_with_none_of_others(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_API_KEY", KEY)
    mine = {"baseUrl": "http://127.0.0.1:8000/v1", "headers": {"X-Team": "red"}}
    home.holds({"models": {"providers": {"mine": mine}}})
    peer = Peer()
    settings = {"environ": home.environ, "model": "mine/x", "http_client": peer.client}
    with provider_from_config(**settings) as provider:
        assert provider.chat("mine/x", "hi").content == "ok"
    assert "authorization" not in peer.requests[0].headers
    assert peer.requests[0].headers["x-team"] == "red"
    assert provider.key.source == "nowhere"


def test_the_async_twin_does_the_same(home: Any) -> None:
    home.holds(coding(headers={"X-Team": "red"}))
    peer = Peer()

    async def ask() -> str:
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(peer))
        settings = {"environ": home.environ, "model": "glm-5", "http_client": client}
        async with client, async_provider_from_config(**settings) as provider:
            return (await provider.chat(provider.model, "hi")).content

    assert asyncio.run(ask()) == "ok"
    assert peer.requests[0].headers["x-team"] == "red"
    assert str(peer.requests[0].url) == f"{CODING}/chat/completions"


def test_a_refused_key_is_told_by_its_source(home: Any) -> None:
    home.holds(coding())
    body = {
        "error": {"message": "invalid access token or token expired", "code": "invalid_api_key"}
    }
    peer = Peer(401, body)
    provider = provider_from_config(environ=home.environ, http_client=peer.client)
    with pytest.raises(ProviderError) as caught:
        provider.chat("qwen/qwen3.5-plus", "hi")
    assert provider.key.source in caught.value.advice
    assert "api_key" not in caught.value.advice
