"""Headers in the order of the wire, timings that add up, and the pace at which an answer comes."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.exchange import Head, Wait
from qwensim.simulator import INSTANT, PACES, REALISTIC, Pace, Simulator, VirtualClock

Send = Callable[..., Any]

TIMINGS = ["req-cost-time", "req-arrive-time", "resp-start-time", "x-envoy-upstream-service-time"]
CORS = "Origin,Access-Control-Request-Method,Access-Control-Request-Headers, Accept-Encoding"


def names(reply: Any) -> list[str]:
    return [name for name, _ in reply.header_list]


@pytest.mark.parametrize(
    ("stream", "vary", "kind"),
    [(False, CORS, "application/json"), (True, "Origin", "text/event-stream;charset=utf-8")],
)
def test_the_headers_of_an_answer(send: Send, stream: bool, vary: str, kind: str) -> None:
    reply = send(Simulator(), stream=stream)
    assert reply.status == 200
    assert names(reply) == [
        "vary",
        "x-request-id",
        "x-dashscope-call-gateway",
        "content-type",
        *TIMINGS,
        "date",
        "server",
    ]
    assert reply.headers["vary"] == vary
    assert reply.headers["x-dashscope-call-gateway"] == "true"
    assert reply.headers["content-type"] == kind
    assert reply.headers["server"] == "istio-envoy"
    assert reply.headers["date"] == "Mon, 18 May 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    ("fields", "status", "gateway"),
    [
        ({"key": None}, 401, False),
        ({"key": "sk-sp-12345678"}, 401, False),
        ({"method": "GET"}, 405, False),
        ({"raw": b"{"}, 400, False),
        ({"model": "nope"}, 404, False),
        ({"model": "nope", "host": "coding.dashscope.aliyuncs.com"}, 400, False),
        ({"host": "coding.dashscope.aliyuncs.com", "agent": None}, 405, False),
        ({"temperature": 9}, 400, True),
        ({"temperature": 9, "stream": True}, 400, True),
        ({"messages": []}, 400, True),
    ],
)
def test_the_headers_of_a_refusal(send: Send, fields: Any, status: int, gateway: bool) -> None:
    reply = send(Simulator(), **fields)
    assert reply.status == status
    expected = ["vary", "x-request-id", "x-dashscope-call-gateway", "content-type", *TIMINGS]
    if not gateway:
        expected.remove("x-dashscope-call-gateway")
    assert names(reply) == [*expected, "date", "server"]
    assert reply.headers["content-type"] == "application/json"


def assert_timings_add_up(reply: Any) -> None:
    cost, arrived, started, upstream = (int(reply.headers[name]) for name in TIMINGS)
    assert arrived + cost == started
    assert cost == upstream
    assert cost >= 1


@settings(max_examples=60, deadline=None)
@given(
    start=st.floats(0, 4e9),
    first=st.floats(0, 100),
    speed=st.floats(1, 1000),
    jitter=st.floats(0, 1),
    stream=st.booleans(),
)
def test_timings_add_up_at_any_pace(
    send: Send, start: float, first: float, speed: float, jitter: float, stream: bool
) -> None:
    pace = Pace(first_token=first, tokens_per_second=speed, jitter=jitter)
    simulator = Simulator(pace=pace, clock=VirtualClock(start))
    assert_timings_add_up(send(simulator, stream=stream))
    assert_timings_add_up(send(simulator, stream=stream, model="nope"))


def test_the_clock_is_an_argument(send: Send) -> None:
    clock = VirtualClock(1_000_000_000.25)
    simulator = Simulator(clock=clock)
    first = send(simulator)
    clock.advance(86_400)
    second = send(simulator)
    assert first.headers["req-arrive-time"] == "1000000000250"
    assert first.headers["date"] == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert second.headers["date"] == "Mon, 10 Sep 2001 01:46:40 GMT"
    assert second.json["created"] - first.json["created"] == 86_400
    assert simulator.journal[-1].at - simulator.journal[0].at == 86_400


def test_a_clock_goes_forward_only() -> None:
    with pytest.raises(UsageError, match="forward only"):
        VirtualClock().advance(-1)


# --- pace -----------------------------------------------------------------------------------------


def test_nothing_waits_by_default(send: Send) -> None:
    assert INSTANT.instant
    for stream in (False, True):
        assert send(Simulator(), stream=stream).waits == []


def test_a_stream_waits_before_its_head_and_between_its_tokens(send: Send) -> None:
    pace = Pace(first_token=0.5, tokens_per_second=10)
    options = {"stream": True, "stream_options": {"include_usage": True}}
    reply = send(Simulator(pace=pace), **options)
    kinds = [type(event) for event in reply.events]
    assert kinds[:2] == [Wait, Head]
    assert reply.waits[0] == 0.5
    assert sum(reply.waits) == pytest.approx(0.5 + reply.usage["completion_tokens"] / 10)
    assert reply.headers["req-cost-time"] == "500"


def test_a_whole_answer_waits_as_long_as_its_stream(send: Send) -> None:
    pace = Pace(first_token=0.5, tokens_per_second=10)
    reply = send(Simulator(pace=pace))
    [wait] = reply.waits
    assert wait == pytest.approx(0.5 + reply.usage["completion_tokens"] / 10)
    assert reply.headers["req-cost-time"] == str(round(wait * 1000))
    assert reply.json["created"] == int(Simulator().clock.now() + wait)


def test_without_a_speed_tokens_take_no_time(send: Send) -> None:
    reply = send(Simulator(pace=Pace(first_token=2)), stream=True)
    assert sum(reply.waits) == 2


def test_without_a_first_wait_the_head_comes_at_once(send: Send) -> None:
    reply = send(Simulator(pace=Pace(tokens_per_second=100)), stream=True)
    assert isinstance(reply.events[0], Head)
    assert sum(reply.waits) > 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_realistic_pace_is_deterministic_and_stays_within_its_jitter(
    send: Send, stream: bool
) -> None:
    assert PACES == {"instant": INSTANT, "realistic": REALISTIC}
    replies = [
        send(Simulator(pace=REALISTIC, seed=3), stream=stream, model="qwen3.5-plus")
        for _ in range(2)
    ]
    assert replies[0].events == replies[1].events
    tokens = send(Simulator(seed=3), model="qwen3.5-plus").usage["completion_tokens"]
    usual = REALISTIC.first_token + tokens / REALISTIC.tokens_per_second
    assert 0.7 * usual <= sum(replies[0].waits) <= 1.3 * usual
    assert all(wait > 0 for wait in replies[0].waits)


def test_a_refusal_does_not_wait(send: Send) -> None:
    assert send(Simulator(pace=REALISTIC), model="nope").waits == []


def test_the_pace_does_not_change_what_is_said(send: Send) -> None:
    for stream in (False, True):
        fast, slow = (
            send(Simulator(pace=pace), stream=stream, model="qwen3.5-plus").choices
            for pace in (INSTANT, REALISTIC)
        )
        assert fast == slow


def test_an_envelope_says_which_headers_it_goes_with(send: Send) -> None:
    bare = {"id": "agents-only", "request_id_header": False, "content_type": None}
    simulator = Simulator(catalog=load({"envelope": [bare]}))
    reply = send(simulator, host="coding.dashscope.aliyuncs.com", agent=None)
    assert reply.status == 405
    assert names(reply) == ["vary", *TIMINGS, "date", "server"]


@pytest.mark.parametrize("fields", [{"jitter": 1.5}, {"first_token": -1.0}])
def test_a_pace_that_cannot_be(fields: dict[str, float]) -> None:
    with pytest.raises(
        UsageError, match=f"Pace: {next(iter(fields))}: Expected `float` .*; seen: "
    ):
        Simulator(pace=Pace(**fields))
