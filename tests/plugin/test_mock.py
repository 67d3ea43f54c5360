"""`mock`: unmodified clients meet the fake under the real host names."""

import asyncio
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest
import respx

import qwensim
from qwensim import Account, Fake, Simulator, UsageError
from qwensim.exchange import Event, Request
from qwensim.mocking import HTTPCORE2, mock
from qwensim.recording import read

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


def test_problems_fail_a_block_that_passed_and_no_other() -> None:
    def forget(error: Exception | None) -> None:
        with mock() as fake:
            fake.script("Hello")
            if error is not None:
                raise error

    with pytest.raises(AssertionError, match="script not used up: text='Hello'"):
        forget(None)
    with pytest.raises(ZeroDivisionError):
        forget(ZeroDivisionError())


def test_under_strict_every_reply_needs_a_script(plain_client: Any) -> None:
    with pytest.raises(AssertionError, match="no script matched: request 1"), mock(strict=True):
        plain_client.chat()


def test_accounts_seed_and_catalog_are_the_simulators(plain_client: Any) -> None:
    catalog = qwensim.load_catalog(
        {"model": [{"id": "qwen-mine", "hosts": ["standard"], "thinking": "never"}]}
    )
    with mock(catalog=catalog) as fake:
        assert plain_client.chat(model="qwen-mine").status_code == 200
        assert fake.simulator.catalog is catalog
    with mock(accounts=[Account(key="sk-another-key")]):
        assert plain_client.chat().status_code == 401
    answers = []
    for seed in (1, 1, 2):
        with mock(seed=seed):
            answers.append(said(plain_client.chat()))
    assert answers[0] == answers[1] != answers[2]


def test_a_mock_may_be_used_again_with_a_new_fake(plain_client: Any) -> None:
    again = mock()
    with again as first:
        plain_client.chat()
        with again as second:
            assert second is not first
        plain_client.chat()
    assert (len(first.requests), len(second.requests)) == (2, 0)


def test_a_given_simulator_is_kept(plain_client: Any) -> None:
    simulator = Simulator()
    again = mock(simulator=simulator)
    for _ in range(2):
        with again:
            plain_client.chat()
    assert len(simulator.journal) == 2


def test_the_inner_of_two_mocks_answers(client: Any) -> None:
    with mock() as outer:
        with mock() as inner:
            client.chat()
        client.chat()
        with pytest.raises(client.library.ConnectError), mock() as refusing:
            client.send("GET", "https://example.com")
    assert [len(fake.requests) for fake in (outer, inner, refusing)] == [1, 1, 0]
    assert (outer.problems(), len(refusing.problems())) == ([], 1)


def test_mocks_may_be_left_in_any_order(plain_client: Any, pristine: Callable[[], bool]) -> None:
    first, second = mock(), mock()
    one, two = first.__enter__(), second.__enter__()
    first.__exit__(None, None, None)
    plain_client.chat()
    second.__exit__(None, None, None)
    assert (len(one.requests), len(two.requests)) == (0, 1)
    assert pristine()


def test_mocks_of_two_tasks_do_not_meet() -> None:
    async def converse(model: str, mine: asyncio.Event, other: asyncio.Event) -> Fake:
        with mock() as fake:
            mine.set()
            await other.wait()
            for _ in range(3):
                await ask_async(model)
        return fake

    async def both() -> tuple[Fake, Fake]:
        one, two = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(converse("qwen-plus", one, two), converse("qwen-max", two, one))

    models = [[entry.model for entry in fake.requests] for fake in asyncio.run(both())]
    assert models == [["qwen-plus"] * 3, ["qwen-max"] * 3]


def test_mocks_of_two_threads_do_not_meet(plain_client: Any) -> None:
    both_are_in = threading.Barrier(2, timeout=10)
    found: dict[str, list[str | None]] = {}

    def converse(model: str) -> None:
        with mock() as fake:
            both_are_in.wait()
            for _ in range(3):
                plain_client.chat(model=model)
            both_are_in.wait()
        found[model] = [entry.model for entry in fake.requests]

    threads = [
        threading.Thread(target=converse, args=(name,)) for name in ("qwen-plus", "qwen-max")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: [name] * 3 for name in ("qwen-plus", "qwen-max")}


def test_a_thread_without_a_mock_of_its_own_meets_the_one_there_is(plain_client: Any) -> None:
    with mock() as fake:
        thread = threading.Thread(target=plain_client.chat)
        thread.start()
        thread.join()
    fake.assert_requested(times=1)


def test_a_decorated_function_gets_a_fake_of_its_own(plain_client: Any) -> None:
    seen: list[Fake] = []

    @mock(strict=True)
    def greet(word: str, *, fake: Fake) -> str:
        seen.append(fake)
        fake.script(word)
        return said(plain_client.chat())

    assert [greet("Hi"), greet("Ho")] == ["Hi", "Ho"]  # type: ignore[call-arg] # is given
    assert seen[0] is not seen[1]
    assert greet.__name__ == "greet"


def test_a_decorated_coroutine_function_stays_one() -> None:
    @mock()
    async def greet(fake: Fake) -> str:
        fake.script("Hi")
        return await ask_async()

    assert asyncio.iscoroutinefunction(greet)
    assert asyncio.run(greet()) == "Hi"  # type: ignore[call-arg] # is given


@mock()
def test_a_decorated_test_needs_no_fixture_for_its_fake(plain_client: Any, fake: Fake) -> None:
    fake.script("Hi")
    assert said(plain_client.chat()) == "Hi"


def test_a_decorated_function_may_do_without_the_fake(plain_client: Any) -> None:
    @mock()
    def greet() -> int:
        status: int = plain_client.chat().status_code
        return status

    assert greet() == 200


def test_problems_fail_a_decorated_function() -> None:
    @mock()
    def forget(fake: Fake) -> None:
        fake.script("Hi")

    with pytest.raises(AssertionError, match="script not used up"):
        forget()  # type: ignore[call-arg] # is given


@pytest.mark.parametrize("kind", ["class", "generator", "asynchronous generator"])
def test_only_functions_can_be_decorated(kind: str) -> None:
    def generate() -> Iterator[int]:
        yield 1

    async def generate_async() -> Any:
        yield 1

    things: dict[str, Any] = {
        "class": Fake,
        "generator": generate,
        "asynchronous generator": generate_async,
    }
    with pytest.raises(UsageError, match="decorates functions"):
        mock()(things[kind])


def test_a_cassette_is_recorded_and_then_plays_without_the_fake(
    client: Any, tmp_path: Path
) -> None:
    cassette = tmp_path / "greeting.yaml"
    with mock(cassette=cassette, record="once") as fake:
        fake.script("Good day")
        recorded = client.chat()
    origin = read(cassette).provenance
    assert (origin.kind, origin.host) == ("simulated", "dashscope-intl.aliyuncs.com")
    assert KEY not in cassette.read_text("utf-8")
    for record in ("none", "once"):
        with mock(cassette=cassette, record=record) as fake:
            fake.script("Not used, and not missed")
            played = client.chat()
        assert fake.requests == ()
        assert played.content == recorded.content


def test_nothing_is_recorded_where_there_are_problems(plain_client: Any, tmp_path: Path) -> None:
    cassette = tmp_path / "greeting.yaml"

    @mock(cassette=cassette, record="once")
    def ask(fake: Fake) -> None:
        plain_client.chat()
        fake.script("Good day")

    with pytest.raises(AssertionError, match="script not used up"):
        ask()  # type: ignore[call-arg] # is given
    assert not cassette.exists()


def test_a_cassette_that_is_not_played_fails(plain_client: Any, tmp_path: Path) -> None:
    cassette = tmp_path / "greeting.yaml"
    with mock(cassette=cassette, record="all"):
        plain_client.chat()
    with pytest.raises(AssertionError, match="not played"), mock(cassette=cassette):
        pass


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
