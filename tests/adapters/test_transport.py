"""The in-process transport, with both libraries, sync and async."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwensim.exchange import Abort, Chunk, End, Head, Wait
from qwensim.transport import transport

HEAD = Head(status=200, headers=(("content-type", "text/event-stream"), ("server", "istio-envoy")))
A, B, C = Chunk(data=b"alpha"), Chunk(data=b"beta"), Chunk(data=b"gamma")


def test_a_chunk_is_made_when_the_client_asks_for_it(scripted: Any, call: Any) -> None:
    service = scripted(HEAD, A, B, C, End())
    positions: list[int] = []
    outcome = call(
        transport(service, call.library), on_progress=lambda: positions.append(service.played)
    )
    assert positions == [1, 2, 3, 4]
    assert outcome.pieces == [b"alpha", b"beta", b"gamma"]


def test_an_answer_has_the_status_and_the_headers_of_its_head_alone(
    scripted: Any, call: Any
) -> None:
    head = Head(status=418, headers=(("x-two", "1"), ("vary", "Origin"), ("x-two", "2")))
    outcome = call(transport(scripted(head, A, End()), call.library))
    assert outcome.status == 418
    assert outcome.headers == list(head.headers)


def test_the_service_sees_the_request_as_it_is_sent(scripted: Any, call: Any) -> None:
    service = scripted(HEAD, End())
    call(
        transport(service, call.library),
        "https://coding.dashscope.aliyuncs.com/v1/a%2Fb%20c?q=%2F&q=2",
        method="PUT",
        headers={"X-Name": "Value"},
        content=b"\x00body",
    )
    (request,) = service.requests
    assert (request.method, request.host) == ("PUT", "coding.dashscope.aliyuncs.com")
    assert (request.path, request.query) == ("/v1/a%2Fb%20c", "q=%2F&q=2")
    assert request.header("x-name") == "Value"
    assert request.header("content-length") == "5"
    assert request.body == b"\x00body"


@pytest.mark.parametrize(
    "url", ["http://DashScope.aliyuncs.com./x", "https://dashscope.aliyuncs.com/x"]
)
def test_a_host_is_known_in_any_case_with_a_dot_and_over_either_scheme(
    scripted: Any, call: Any, url: str
) -> None:
    service = scripted(HEAD, End())
    assert call(transport(service, call.library), url).status == 200
    assert service.requests[0].host == "dashscope.aliyuncs.com"


def test_an_unknown_host_is_a_connect_error_that_names_those_there_are(
    scripted: Any, call: Any
) -> None:
    service = scripted(HEAD, End())
    error = call(transport(service, call.library), "https://api.openai.com/v1").error
    assert isinstance(error, call.library.ConnectError)
    assert "'api.openai.com'" in str(error)
    assert "connects to nothing" in str(error)
    assert all(host in str(error) for host in service.catalog.hosts)
    assert error.request.url.host == "api.openai.com"
    assert not service.requests


@pytest.mark.parametrize("position", range(4))
def test_a_drop_in_mid_answer_breaks_the_read_there(
    scripted: Any, call: Any, position: int
) -> None:
    service = scripted(HEAD, *[A, B, C][:position], Abort())
    outcome = call(transport(service, call.library))
    assert outcome.pieces == [b"alpha", b"beta", b"gamma"][:position]
    assert isinstance(outcome.error, call.library.RemoteProtocolError)
    assert str(outcome.error) == (
        "peer closed connection without sending complete message body (incomplete chunked read)"
    )
    assert outcome.error.request.method == "POST"
    assert service.wait_for_end()


@pytest.mark.parametrize(
    ("abort", "error_name", "message"),
    [
        (
            Abort(),
            "RemoteProtocolError",
            "Server disconnected without sending a response.",
        ),
        (Abort(kind="refuse"), "ConnectError", "[Errno 111] Connection refused"),
    ],
)
def test_an_abort_before_the_head_leaves_no_answer(
    scripted: Any, call: Any, abort: Abort, error_name: str, message: str
) -> None:
    service = scripted(Wait(seconds=1), abort)
    outcome = call(transport(service, call.library))
    assert outcome.status is None
    assert type(outcome.error) is getattr(call.library, error_name)
    assert str(outcome.error) == message
    assert outcome.error.request.method == "POST"
    assert service.wait_for_end()


def test_a_wait_passes_virtual_time_and_no_other(scripted: Any, call: Any) -> None:
    service = scripted(Wait(seconds=30), HEAD, Wait(seconds=3600), A, Wait(seconds=5), End())
    start = service.clock.now()
    outcome = call(transport(service, call.library), timeout=3600)
    assert outcome.body == b"alpha"
    assert service.clock.now() == start + 3635


@pytest.mark.parametrize(
    ("events", "pieces", "elapsed"),
    [
        ((Wait(seconds=6), HEAD, A, End()), [], 5),
        ((Wait(seconds=3), Wait(seconds=3), HEAD, A, End()), [], 5),
        ((Wait(seconds=4), HEAD, Wait(seconds=4), A, Wait(seconds=9), B, End()), [b"alpha"], 13),
    ],
    ids=["before the head", "in two parts", "in mid-answer"],
)
def test_silence_longer_than_the_read_timeout_raises_it(
    scripted: Any, call: Any, events: Any, pieces: list[bytes], elapsed: float
) -> None:
    service = scripted(*events)
    start = service.clock.now()
    outcome = call(transport(service, call.library), timeout=5)
    assert outcome.pieces == pieces
    assert isinstance(outcome.error, call.library.ReadTimeout)
    assert outcome.error.request.method == "POST"
    assert service.clock.now() == start + elapsed
    assert service.wait_for_end()


def test_without_a_read_timeout_any_wait_is_borne(scripted: Any, call: Any) -> None:
    service = scripted(Wait(seconds=1e6), HEAD, A, End())
    assert call(transport(service, call.library), timeout=None).body == b"alpha"


def test_a_clock_that_goes_by_itself_is_left_alone(scripted: Any, call: Any) -> None:
    class Standing:
        def now(self) -> float:
            return 0.0

    service = scripted(Wait(seconds=2), HEAD, A, Wait(seconds=60), End())
    service.clock = Standing()
    outcome = call(transport(service, call.library), timeout=5)
    assert outcome.body == b"alpha"
    assert isinstance(outcome.error, call.library.ReadTimeout)


def test_a_client_that_leaves_ends_the_exchange(scripted: Any, call: Any) -> None:
    service = scripted(HEAD, A, B, C, End())

    def leave_at_first_piece() -> None:
        if service.played == 2:
            raise StopIteration

    outcome = call(transport(service, call.library), on_progress=leave_at_first_piece)
    assert outcome.pieces == [b"alpha"]
    assert service.wait_for_end()
    assert service.played == 2


def test_a_head_request_gets_no_body(scripted: Any, call: Any) -> None:
    service = scripted(HEAD, A, End())
    outcome = call(transport(service, call.library), method="HEAD")
    assert outcome.status == 200
    assert outcome.pieces == []
    assert service.played == 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8))
def test_any_chunks_arrive_one_by_one(scripted: Any, call: Any, data: list[bytes]) -> None:
    service = scripted(HEAD, *(Chunk(data=piece) for piece in data), End())
    assert call(transport(service, call.library)).pieces == data
