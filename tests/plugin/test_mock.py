"""`mock`: unmodified clients meet the fake under the real host names."""

import asyncio
import socket
from collections.abc import Callable, Generator
from typing import Any

import openai
import pytest

import qwensim
from qwensim import Simulator
from qwensim.exchange import Event, Request
from qwensim.mocking import mock

BASE_URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
KEY = "sk-not-a-real-key"
MESSAGES: Any = [{"role": "user", "content": "Hello"}]
pytestmark = pytest.mark.usefixtures("pristine")


def said(response: Any) -> str:
    text: str = response.json()["choices"][0]["message"]["content"]
    return text


def test_each_client_is_answered_by_the_fake(client: Any) -> None:
    with qwensim.mock() as fake:
        fake.script("Good day")
        response = client.chat()
    assert said(response) == "Good day"
    fake.assert_requested(host="dashscope-intl.aliyuncs.com", last_user="Hello", times=1)


def test_an_answer_has_the_headers_of_the_service_alone(client: Any) -> None:
    with mock() as fake:
        response = client.chat()
    assert response.headers["x-request-id"] == fake.requests[0].request_id
    assert response.http_version == "HTTP/1.1"
    assert response.reason_phrase == "OK"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_is_known_with_a_dot_a_port_and_in_any_case(client: Any, scheme: str) -> None:
    with mock():
        response = client.send("GET", f"{scheme}://Dashscope.ALIYUNCS.com.:8443/nowhere")
    assert response.status_code == 404


def test_a_proxy_in_the_environment_is_not_asked(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with mock():
        assert client.chat().status_code == 200


def test_the_openai_sdk_asks_and_streams() -> None:
    with mock() as fake, openai.OpenAI(base_url=BASE_URL, api_key=KEY) as sdk:
        fake.script("One two three four")
        whole = sdk.chat.completions.create(model="qwen-plus", messages=MESSAGES)
        assert whole.choices[0].message.content == "One two three four"
        fake.script("One two three four")
        stream = sdk.chat.completions.create(model="qwen-plus", messages=MESSAGES, stream=True)
        pieces = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]
    assert "".join(filter(None, pieces)) == "One two three four"
    assert len(pieces) > 2


async def ask_async(model: str = "qwen-plus") -> str:
    async with openai.AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0) as sdk:
        stream = await sdk.chat.completions.create(model=model, messages=MESSAGES, stream=True)
        return "".join(
            [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        )


def test_the_asynchronous_openai_sdk_streams() -> None:
    with mock() as fake:
        fake.script("One two three four")
        assert asyncio.run(ask_async()) == "One two three four"


def test_a_stream_is_made_as_it_is_read(client: Any, plain_client: Any) -> None:
    moments: list[float] = []
    pace = qwensim.Pace(first_token=1, tokens_per_second=1)
    with mock(simulator=Simulator(pace=pace)) as fake:
        fake.script("One two three four five six seven")
        question = {"model": "qwen-plus", "messages": MESSAGES, "stream": True}
        client.send(
            "POST",
            f"{BASE_URL}/chat/completions",
            timeout=60,
            json=question,
            on_piece=lambda _: moments.append(fake.simulator.clock.now()),
        )
    assert moments == sorted(moments)
    assert len(set(moments)) > 2


class Watched(Simulator):
    """Counts the exchanges that are over."""

    ended = 0

    def handle(self, request: Request) -> Generator[Event]:
        try:
            yield from super().handle(request)
        finally:
            self.ended += 1


def test_a_client_that_leaves_ends_the_exchange(client: Any) -> None:
    def leave(piece: bytes) -> None:
        assert piece.startswith(b"data: ")
        assert simulator.ended == 0
        raise EOFError

    simulator = Watched()
    question = {"model": "qwen-plus", "messages": MESSAGES, "stream": True}
    with mock(simulator=simulator), pytest.raises(EOFError):
        client.send("POST", f"{BASE_URL}/chat/completions", json=question, on_piece=leave)
    assert simulator.ended == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("connect-error", "ConnectError"),
        ("drop-before-headers", "RemoteProtocolError"),
        ("drop", "RemoteProtocolError"),
        ("timeout", "ReadTimeout"),
    ],
)
def test_what_goes_wrong_is_the_librarys_own_exception(client: Any, kind: Any, error: str) -> None:
    with mock() as fake:
        fake.fault(kind)
        start = fake.simulator.clock.now()
        with pytest.raises(getattr(client.library, error)) as caught:
            client.chat(timeout=30)
        waited = fake.simulator.clock.now() - start
    assert type(caught.value) is getattr(client.library, error)
    assert caught.value.request.url.host == "dashscope-intl.aliyuncs.com"
    assert waited == (30 if kind == "timeout" else 0)


def test_another_host_is_refused(client: Any) -> None:
    with (
        pytest.raises(AssertionError, match=r"host refused: example\.com \(requests: 1\)"),
        mock(),
        pytest.raises(client.library.ConnectError, match=r"allow\('example\.com'\)") as caught,
    ):
        client.send("GET", "https://example.com/")
    assert caught.value.request.url.host == "example.com"


def test_an_allowed_host_is_reached(client: Any, local_server: str) -> None:
    with mock(allow=["127.0.0.1"]):
        response = client.send("GET", local_server)
    assert "qwen-plus" in {row["id"] for row in response.json()["data"]}


def test_an_allowed_host_that_does_not_answer_fails_as_ever(client: Any) -> None:
    with socket.socket() as bound:  # and not listened on
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        with mock(allow=["127.0.0.1"]), pytest.raises(client.library.ConnectError) as caught:
            client.send("GET", url)
    assert "refused:" not in str(caught.value)


def test_a_wildcard_does_not_let_the_services_own_hosts_through(plain_client: Any) -> None:
    with mock(allow=["*"]):
        assert plain_client.chat().status_code == 200


def test_nothing_is_patched_outside_of_a_mock(pristine: Callable[[], bool]) -> None:
    unused = mock()
    assert pristine()
    with unused:
        assert not pristine()
    assert pristine()
    with pytest.raises(KeyboardInterrupt), unused:
        raise KeyboardInterrupt
    assert pristine()
