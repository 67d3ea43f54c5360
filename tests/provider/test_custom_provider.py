"""A custom provider id changes what references may carry, and nothing else."""

import json

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.catalog.rows import HostRow
from qwensim.errors import UsageError
from qwensim.provider import QwenProvider

HOSTS = load().hosts


def request_of(base_url: str, provider_id: str) -> dict[str, object]:
    """Return the body that a streaming chat sends."""
    seen: list[bytes] = []

    def peer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.content)
        chunk = {"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]}
        body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
        return httpx2.Response(200, text=body, headers={"content-type": "text/event-stream"})

    with httpx2.Client(transport=httpx2.MockTransport(peer)) as http_client:
        provider = QwenProvider(
            base_url=base_url,
            api_key="sk-abcdefgh",
            http_client=http_client,
            provider_id=provider_id,
        )
        stream = provider.chat(f"{provider_id}/qwen3.5-plus", "hi", thinking="high", stream=True)
        assert "".join(delta.content for delta in stream) == "hi"
    body: dict[str, object] = json.loads(seen[0])
    return body


@given(
    host=st.sampled_from([*HOSTS.values()]),
    provider_id=st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True),
)
def test_usage_and_thinking_go_by_the_host(host: HostRow, provider_id: str) -> None:
    body = request_of(host.base_url, provider_id)
    assert body["model"] == "qwen3.5-plus"
    assert body["stream_options"] == {"include_usage": True}
    assert body["enable_thinking"] is True


@given(provider_id=st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True))
def test_a_foreign_host_is_never_asked_for_usage(provider_id: str) -> None:
    body = request_of("https://gateway.example/compatible-mode/v1", provider_id)
    assert "stream_options" not in body


def test_other_names_stay_refused() -> None:
    with pytest.raises(
        UsageError, match="names the provider 'dashscope'; there are: bailian, qwen"
    ):
        QwenProvider(api_key="sk-abcdefgh", provider_id="bailian").chat("dashscope/qwen-plus", "hi")
