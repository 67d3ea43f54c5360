"""What clients see of faults and limits, in process and through a socket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import httpx2
import openai
import pytest

from qwensim.catalog import load
from qwensim.server import serve
from qwensim.simulator import Account, Simulator, Used
from qwensim.transport import transport

KEY, PLAN_KEY = "sk-0123456789abcdef", "sk-sp-0123456789abcdef"
INTL, PLAN = "dashscope-intl.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com"
HI: Any = [{"role": "user", "content": "Hello?"}]
TEXT = "Grüße, 你好 \N{SLICE OF PIZZA}."

Connect = Callable[..., Any]


@pytest.fixture(params=["httpx2", "httpx", "served"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Return a client of a host's chat, whose `post` sends what a test says."""
    with ExitStack() as stack:

        def connected(simulator: Simulator, host: str = INTL, **settings: Any) -> Any:
            base = simulator.catalog.hosts[host].base_url
            if request.param == "served":
                server = stack.enter_context(serve(simulator))
                client: Any = httpx2.Client(base_url=server.base_urls[host], **settings)
            else:
                library: Any = httpx2 if request.param == "httpx2" else httpx
                client = library.Client(
                    base_url=base, transport=transport(simulator, library), **settings
                )
            return stack.enter_context(client)

        yield connected


def chat(client: Any, key: str = KEY, model: str = "qwen3-max", **fields: Any) -> Any:
    return client.post(
        "/chat/completions",
        json={"model": model, "messages": HI, **fields},
        headers={"authorization": f"Bearer {key}"},
    )


@pytest.mark.parametrize("kinds", [["gzip"], ["split-utf8"], ["split-utf8", "gzip"]])
@pytest.mark.parametrize("stream", [False, True])
def test_what_a_sound_client_does_not_notice(
    connect: Connect, kinds: list[Any], stream: bool
) -> None:
    simulator = Simulator()
    client = connect(simulator)
    simulator.script(TEXT, times=None)
    expected = chat(client, stream=stream)
    for kind in kinds:
        simulator.fault(kind)
    answer = chat(client, stream=stream)
    assert ("content-encoding" in answer.headers) == ("gzip" in kinds)
    known, other = expected.headers["x-request-id"], answer.headers["x-request-id"]
    assert answer.text == expected.text.replace(known, other)
    assert "你好" in answer.text


def test_the_openai_package_reads_on_over_comments(connect: Connect) -> None:
    simulator = Simulator()
    simulator.script(TEXT)
    simulator.fault("keep-alive")
    simulator.fault("split-utf8")
    simulator.fault("gzip")
    http_client = connect(simulator)
    if isinstance(http_client, httpx.Client):
        pytest.skip("this openai package is built on httpx2")
    with openai.OpenAI(api_key=KEY, base_url=http_client.base_url, http_client=http_client) as sdk:
        stream = sdk.chat.completions.create(model="qwen3-max", messages=HI, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == TEXT


@pytest.mark.parametrize("stream", [False, True])
def test_a_wrong_content_type_comes_as_it_was_set(connect: Connect, stream: bool) -> None:
    simulator = Simulator()
    simulator.fault("wrong-content-type", headers={"content-type": "text/html"})
    answer = chat(connect(simulator), stream=stream)
    assert answer.headers.get_list("content-type") == ["text/html"]
    assert answer.text.startswith("data: {" if stream else "{")


def test_a_stall_is_longer_than_a_client_s_patience(connect: Connect) -> None:
    simulator = Simulator()
    simulator.fault("stall", after=2, seconds=3600)
    client = connect(simulator, timeout=0.2)
    read = bytearray()
    with client.stream(
        "POST",
        "/chat/completions",
        json={"model": "qwen3-max", "messages": HI, "stream": True},
        headers={"authorization": f"Bearer {KEY}"},
    ) as answer:
        assert answer.status_code == 200
        with pytest.raises((httpx.ReadTimeout, httpx2.ReadTimeout)):
            list(map(read.extend, answer.iter_bytes()))
    assert read.count(b"data: ") == 2


def test_too_many_requests_with_and_without_a_time_to_wait(connect: Connect) -> None:
    simulator = Simulator()
    simulator.fault("error", error="rate-limit", headers={"Retry-After": "3"})
    simulator.fault("error", error="rate-limit")
    client = connect(simulator)
    told, untold = chat(client), chat(client)
    assert (told.status_code, untold.status_code) == (429, 429)
    assert told.headers["retry-after"] == "3"
    assert "retry-after" not in untold.headers
    assert chat(client).status_code == 200


def test_limits_hold_for_any_client(connect: Connect) -> None:
    overlay = {"model": [{"id": "qwen3-max", "on": {INTL: {"rpm": 2}}}], "limit": [BURST]}
    simulator = Simulator(catalog=load(overlay), limits=True)
    client = connect(simulator)
    answers = [chat(client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["error"]["code"] == "limit_requests"


BURST = {"id": "burst", "part": 1}
"""All of a minute's requests in one second."""


def test_the_plan_s_quota_holds_for_any_client(connect: Connect) -> None:
    account = Account(key=PLAN_KEY, plan="coding", used=Used(hours=1_199))
    client = connect(Simulator(accounts=[account], limits=True), PLAN)
    answers = [chat(client, PLAN_KEY, "qwen3.5-plus") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[-1].json()["error"]["message"] == "hour allocated quota exceeded."


def test_an_answer_counts_until_its_client_has_left(connect: Connect) -> None:
    overlay = {"tier": [{"id": "lite", "concurrency": 1}]}
    simulator = Simulator(catalog=load(overlay), limits=True)
    simulator.fault("stall", after=2, seconds=3600)
    client = connect(simulator, PLAN, timeout=5)
    with client.stream(
        "POST",
        "/chat/completions",
        json={"model": "qwen3.5-plus", "messages": HI, "stream": True},
        headers={"authorization": f"Bearer {PLAN_KEY}"},
    ) as answer:
        assert answer.status_code == 200
        refused = chat(client, PLAN_KEY, "qwen3.5-plus")
        assert refused.json()["error"]["message"] == (
            "concurrency allocated quota exceeded. please try again later."
        )
    # A server learns a moment later that a client has left.
    assert any(chat(client, PLAN_KEY, "qwen3.5-plus").status_code == 200 for _ in range(2_000))
