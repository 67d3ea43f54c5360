"""Faults: which exchanges they meet, and what they do to the events at every position."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.errors import UsageError
from qwensim.exchange import Abort, Chunk, End, Head, Wait
from qwensim.simulator import Fault, Simulator

Send = Callable[..., Any]

CN, INTL = "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def with_fault(send: Send, kind: Any, fields: Any = None, **fault: Any) -> Any:
    simulator = Simulator()
    simulator.fault(kind, **fault)
    return send(simulator, **(fields if fields is not None else STREAM))


def plain(send: Send) -> Any:
    return send(Simulator(), **STREAM)


@pytest.mark.parametrize(
    ("kind", "events"),
    [
        ("connect-error", [Abort(kind="refuse")]),
        ("drop-before-headers", [Abort(kind="drop")]),
        ("timeout", [Wait(seconds=3600.0), Abort(kind="drop")]),
    ],
)
def test_faults_before_an_answer(send: Send, kind: Any, events: list[Any]) -> None:
    simulator = Simulator()
    simulator.script("never said")
    simulator.fault(kind)
    reply = send(simulator)
    assert reply.events == events
    entry = simulator.journal[-1]
    assert (entry.status, entry.error, entry.usage, entry.fault) == (0, None, None, kind)
    assert len(simulator.unused_scripts) == 1
    assert send(simulator).text == "never said"


def test_a_delay_comes_before_all_else(send: Send) -> None:
    reply = with_fault(send, "delay", seconds=2.5)
    assert reply.events == [Wait(seconds=2.5), *plain(send).events]


@pytest.mark.parametrize(
    ("kind", "left_out"), [("missing-usage", "usage"), ("missing-done", "done")]
)
def test_a_chunk_that_is_left_out(send: Send, kind: Any, left_out: str) -> None:
    expected = [
        event
        for event in plain(send).events
        if not (isinstance(event, Chunk) and event.kind == left_out)
    ]
    assert len(expected) == len(plain(send).events) - 1
    assert with_fault(send, kind).events == expected


def positions(send: Send) -> range:
    return range(len(plain(send).chunks))


def test_a_drop_at_every_position(send: Send) -> None:
    for position in positions(send):
        reply = with_fault(send, "drop", after=position)
        assert reply.chunks == plain(send).chunks[:position]
        assert reply.events[0] == plain(send).events[0]
        assert reply.events[-1] == Abort()


def test_a_truncated_chunk_at_every_position(send: Send) -> None:
    for position in positions(send):
        reply = with_fault(send, "truncated-chunk", after=position)
        whole = plain(send).chunks[position].data
        assert reply.chunks[:-1] == plain(send).chunks[:position]
        assert whole.startswith(reply.chunks[-1].data)
        assert 0 < len(reply.chunks[-1].data) < len(whole)
        assert reply.events[-1] == Abort()


def test_a_malformed_chunk_at_every_position(send: Send) -> None:
    for position in positions(send):
        reply = with_fault(send, "malformed-chunk", after=position)
        expected = plain(send).chunks
        broken = reply.chunks.pop(position)
        untouched = expected.pop(position)
        assert reply.chunks == expected
        assert broken.kind == untouched.kind
        assert broken.data.startswith(b"data: ")
        assert broken.data.endswith(b"\n\n")
        with pytest.raises(json.JSONDecodeError):
            json.loads(broken.data.removeprefix(b"data: "))
        assert reply.events[-1] == End()


def test_an_error_event_at_every_position(send: Send) -> None:
    for position in positions(send):
        reply = with_fault(send, "error-event", after=position, error="moderation-output")
        assert reply.status == 200
        assert reply.chunks[:-1] == plain(send).chunks[:position]
        assert reply.chunks[-1].kind == "error"
        request_id = reply.headers["x-request-id"]
        assert reply.chunks[-1].data.decode() == (
            'data: {"error":{"message":"Output data may contain inappropriate content. For '
            "details, see: https://www.alibabacloud.com/help/en/model-studio/error-code"
            '#inappropriate-content","type":"data_inspection_failed","param":null,'
            f'"code":"data_inspection_failed"}},"id":"chatcmpl-{request_id}",'
            f'"request_id":"{request_id}"}}\n\n'
        )
        assert reply.events[-1] == End()


def test_an_error_event_is_an_internal_error_unless_it_names_one(send: Send) -> None:
    reply = with_fault(send, "error-event", after=2)
    error = json.loads(reply.chunks[-1].data.removeprefix(b"data: "))["error"]
    assert error["code"] == "internal_error"


@pytest.mark.parametrize("kind", ["drop", "truncated-chunk", "malformed-chunk", "error-event"])
def test_a_position_behind_the_end_is_never_reached(send: Send, kind: Any) -> None:
    assert with_fault(send, kind, after=10_000).events == plain(send).events


@pytest.mark.parametrize("kind", ["missing-usage", "missing-done", "error-event"])
def test_an_answer_that_is_no_stream_has_no_events_to_spoil(send: Send, kind: Any) -> None:
    assert with_fault(send, kind, {}).events == send(Simulator()).events


def test_a_whole_answer_can_be_dropped_truncated_or_malformed(send: Send) -> None:
    body = send(Simulator()).body
    assert with_fault(send, "drop", {}).events[1:] == [Abort()]
    assert with_fault(send, "truncated-chunk", {}).body == body[: len(body) // 2]
    with pytest.raises(json.JSONDecodeError):
        json.loads(with_fault(send, "malformed-chunk", {}).body)


def test_a_fault_meets_refusals_too(send: Send) -> None:
    assert with_fault(send, "drop", {"model": "nope"}, after=0).status == 404
    assert with_fault(send, "drop", {"model": "nope"}).aborted == "drop"
    assert with_fault(send, "drop", {"path": "/nowhere"}).body == b""


@pytest.mark.parametrize("stream", [False, True])
def test_an_injected_error_is_the_whole_answer(send: Send, stream: bool) -> None:
    reply = with_fault(send, "error", {"stream": stream}, error="rate-limit")
    assert reply.status == 429
    assert reply.body.decode() == (
        '{"error":{"message":"You have exceeded your current request limit. For details, see: '
        'https://www.alibabacloud.com/help/en/model-studio/error-code#rate-limit",'
        '"type":"limit_requests","param":null,"code":"limit_requests"},'
        f'"request_id":"{reply.headers["x-request-id"]}"}}'
    )


def test_an_injected_error_of_the_model_s_layer_is_framed_for_a_stream(send: Send) -> None:
    fields = {"error": "input-length", "values": {"limit": 7}}
    assert with_fault(send, "error", {}, **fields).body.startswith(b'{"error"')
    framed = with_fault(send, "error", {"stream": True}, **fields)
    assert framed.body.startswith(b'data: {"error"')
    assert framed.error["message"].endswith("[1, 7]")
    assert with_fault(send, "error", {"raw": b"{", "key": None}).status == 500


# --- which exchanges ------------------------------------------------------------------------------


def met(send: Send, fault: Fault, requests: list[dict[str, Any]]) -> list[bool]:
    simulator = Simulator()
    assert simulator.fault(fault) is fault
    return [send(simulator, **request).aborted == "refuse" for request in requests]


@pytest.mark.parametrize(
    ("times", "every", "expected"),
    [
        (1, 1, "x....."),
        (2, 1, "xx...."),
        (None, 1, "xxxxxx"),
        (1, 3, "..x..."),
        (2, 2, ".x.x.."),
        (None, 3, "..x..x"),
    ],
)
def test_how_often(send: Send, times: int | None, every: int, expected: str) -> None:
    fault = Fault(kind="connect-error", times=times, every=every)
    assert met(send, fault, [{}] * 6) == [mark == "x" for mark in expected]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, [True, True, True, True, True]),
        ({"model": "qwen3-max"}, [True, True, False, False, False]),
        ({"model": "qwen*"}, [True, True, True, False, False]),
        ({"model": "qwen3-ma?"}, [True, True, False, False, False]),
        ({"host": CN}, [False, True, False, False, False]),
        ({"host": CN, "model": "qwen-plus"}, [False] * 5),
    ],
)
def test_which(send: Send, conditions: dict[str, Any], expected: list[bool]) -> None:
    fault = Fault(kind="connect-error", times=None, **conditions)
    requests: list[dict[str, Any]] = [
        {},
        {"host": CN},
        {"model": "qwen-plus"},
        {"raw": b"{"},
        {"model": 5},
    ]
    assert met(send, fault, requests) == expected


def test_faults_act_one_at_a_time_in_the_order_of_setting(send: Send) -> None:
    simulator = Simulator()
    simulator.fault("connect-error", model="qwen-plus")
    simulator.fault("drop-before-headers")
    simulator.fault("error", error="overloaded")
    assert send(simulator).aborted == "drop"
    assert send(simulator).status == 503
    assert send(simulator).status == 200
    assert send(simulator, model="qwen-plus").aborted == "refuse"


def test_reset_disarms(send: Send) -> None:
    simulator = Simulator()
    simulator.fault("connect-error", times=None)
    simulator.reset()
    assert send(simulator).status == 200


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kind": "dropp"}, "no kind 'dropp'; there are: connect-error, delay, .*truncated-chunk"),
        ({"kind": "error", "error": "nope"}, "no error 'nope'; there are: .*rate-limit"),
        ({"kind": "error-event", "error": "nope"}, "no error 'nope'; there are: "),
        ({"kind": "error", "error": "input-length"}, "'input-length' wants values for: limit"),
        ({"kind": "drop", "host": "nope"}, f"no host 'nope'; there are: .*{INTL}"),
        ({"kind": "drop", "times": 0}, "times: .* >= 1; seen: 0"),
        ({"kind": "drop", "every": 0}, "every: .* >= 1; seen: 0"),
        ({"kind": "drop", "after": -1}, "after: .* >= 0; seen: -1"),
        ({"kind": "delay", "seconds": -1.0}, "seconds: .* >= 0.*; seen: -1"),
    ],
)
def test_a_fault_that_cannot_be(fields: dict[str, Any], problem: str) -> None:
    simulator = Simulator()
    with pytest.raises(UsageError, match=problem):
        simulator.fault(Fault(**fields))
    with pytest.raises(UsageError, match=problem):
        simulator.script("x", fault=Fault(**fields))


def test_every_event_of_a_stream_is_a_write(send: Send) -> None:
    reply = plain(send)
    assert isinstance(reply.events[0], Head)
    assert reply.kinds == ["delta"] * (len(reply.kinds) - 3) + ["finish", "usage", "done"]
    assert all(chunk.data.count(b"\n\n") == 1 for chunk in reply.chunks)


def test_an_event_must_be_a_json_object(simulator: Simulator) -> None:
    with pytest.raises(UsageError, match="'plan-client-refused' is no JSON object"):
        simulator.fault("error-event", error="plan-client-refused")
