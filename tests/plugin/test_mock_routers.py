"""`mock` and `mount` beside respx routers of one's own."""

from typing import Any

import httpx
import httpx2
import pytest
import respx

import qwensim
from qwensim import Simulator
from qwensim.mocking import HTTPCORE2, mock

BASE_URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
KEY = "sk-not-a-real-key"
MESSAGES: Any = [{"role": "user", "content": "Hello"}]
pytestmark = pytest.mark.usefixtures("pristine")


def said(response: Any) -> str:
    text: str = response.json()["choices"][0]["message"]["content"]
    return text


@pytest.mark.parametrize("mocked_first", [True, False])
def test_a_respx_router_of_ones_own_has_its_say(mocked_first: bool) -> None:
    router = respx.mock(assert_all_called=True)
    mocks: list[Any] = [mock(), router] if mocked_first else [router, mock()]
    with mocks[0], mocks[1]:
        router.get("https://example.com/").respond(text="mine")
        assert httpx.get("https://example.com/").text == "mine"
        assert httpx.get(f"{BASE_URL}/models").status_code == 401


def test_a_host_that_no_router_knows_is_refused_by_the_last() -> None:
    refused: Any = pytest.raises(httpx.ConnectError, match="allow")
    with pytest.raises(AssertionError, match="host refused"), respx.mock, mock(), refused:
        httpx.get("https://example.com/")
    with mock(), respx.mock, pytest.raises(AssertionError, match="not mocked"):
        httpx.get("https://example.com/")


@pytest.mark.parametrize(("library", "using"), [(httpx, "httpcore"), (httpx2, HTTPCORE2)])
def test_a_simulator_can_be_mounted_on_a_router(library: Any, using: str) -> None:
    simulator = Simulator()
    simulator.script("Good day")
    simulator.fault("drop-before-headers", host="dashscope.aliyuncs.com")
    with respx.mock(using=using) as router:
        route = qwensim.mount(router, simulator)
        router.get("https://example.com/").respond(text="mine")
        router.get("https://example.com/timeout").mock(side_effect=httpx.ConnectTimeout("slow"))
        with library.Client(headers={"authorization": f"Bearer {KEY}"}) as client:
            question = {"model": "qwen-plus", "messages": MESSAGES}
            answer = client.post(f"{BASE_URL}/chat/completions", json=question)
            assert said(answer) == "Good day"
            with pytest.raises(library.RemoteProtocolError):
                client.get("https://dashscope.aliyuncs.com./compatible-mode/v1/models")
            assert client.get("https://example.com/").text == "mine"
            with pytest.raises(library.ConnectTimeout, match="slow"):
                client.get("https://example.com/timeout")
        assert route.call_count == 2
    assert len(simulator.journal) == 2
