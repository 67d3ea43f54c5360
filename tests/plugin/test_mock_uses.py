"""`mock` as a block, one in another, as a decorator and with cassettes."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import qwensim
from qwensim import Account, Fake, Simulator, UsageError
from qwensim.mocking import mock
from qwensim.recording import read

BASE_URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
KEY = "sk-not-a-real-key"
MESSAGES: Any = [{"role": "user", "content": "Hello"}]
pytestmark = pytest.mark.usefixtures("pristine")


def said(response: Any) -> str:
    text: str = response.json()["choices"][0]["message"]["content"]
    return text


async def ask_async(model: str = "qwen-plus") -> str:
    async with openai.AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0) as sdk:
        stream = await sdk.chat.completions.create(model=model, messages=MESSAGES, stream=True)
        return "".join(
            [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        )


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
