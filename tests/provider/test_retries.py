"""What is tried again, how often, and after how long."""

import datetime as dt
import re
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.provider import ConnectionFailure, PlanQuotaError, RateLimitError, ServerError
from qwensim.provider.failures import ProviderError
from qwensim.provider.faults import Fault, retry_after
from qwensim.provider.retries import wait_before_retry

NOW = dt.datetime(2026, 5, 18, 12, tzinfo=dt.UTC)

TRANSIENT = [
    (429, "limit_requests", "You have exceeded your current request limit."),
    (429, "insufficient_quota", "You exceeded your current quota, please check your plan."),
    (429, "throttling", "concurrency allocated quota exceeded. please try again later."),
    (500, "internal_error", "An internal error has occured"),
    (503, "ModelServingError", "Too many requests."),
    (529, None, "overloaded"),
]
FINAL = [
    (400, "invalid_parameter_error", "Range of max_tokens should be [1, 65536]"),
    (400, "invalid_parameter_error", "<400> InternalError.Algo.InvalidParameter: Range of n"),
    (400, "Arrearage", "Access denied, please make sure your account is in good standing."),
    (401, "invalid_api_key", "Incorrect API key provided."),
    (403, "access_denied", "Access denied."),
    (404, "model_not_found", "The model `x` does not exist"),
    (429, "throttling", "hour allocated quota exceeded."),
    (429, "throttling", "week allocated quota exceeded."),
    (429, "insufficient_quota", "month allocated quota exceeded."),
    (429, "insufficient_quota", "Free allocated quota exceeded."),
]
FAILURES = [httpx2.ConnectError("refused"), httpx2.ReadTimeout("slow"), httpx2.ReadError("reset")]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("refusal", TRANSIENT, ids=lambda refusal: str(refusal[1]))
def test_a_passing_refusal_is_tried_three_times_in_all(
    refusal: tuple[int, str, str], stream: bool, wire: Any, call: Any
) -> None:
    peer = wire.peer(wire.refusal(*refusal))
    outcome = call(peer, stream=stream)
    assert len(peer.requests) == 3
    assert outcome.waits == [0.75, 1.5]
    assert isinstance(outcome.error, RateLimitError | ServerError)
    assert outcome.error.message == refusal[2]
    assert outcome.error.request_id == wire.request_id


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("refusal", FINAL, ids=lambda refusal: refusal[2][:20])
def test_a_final_refusal_is_not_tried_again(
    refusal: tuple[int, str, str], stream: bool, wire: Any, call: Any
) -> None:
    peer = wire.peer(wire.refusal(*refusal))
    outcome = call(peer, stream=stream)
    assert len(peer.requests) == 1
    assert outcome.waits == []
    assert outcome.error.message == refusal[2]
    window = re.match("(hour|week|month) allocated", refusal[2])
    assert isinstance(outcome.error, PlanQuotaError) is (window is not None)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_failed_connection_is_tried_three_times_in_all(
    failure: Exception, stream: bool, wire: Any, call: Any
) -> None:
    peer = wire.peer(failure)
    outcome = call(peer, stream=stream)
    assert len(peer.requests) == 3
    assert isinstance(outcome.error, ConnectionFailure)
    assert outcome.error.message == str(failure)
    assert outcome.error.status is None


@given(failures=st.lists(st.sampled_from([429, 500, 503, None]), max_size=4))
def test_as_many_failures_as_retries_are_survived(
    failures: list[int | None], wire: Any, call: Any
) -> None:
    answers = [
        httpx2.ConnectError("refused") if status is None else wire.refusal(status, None, "?")
        for status in failures
    ]
    peer = wire.peer(*answers, wire.completion())
    outcome = call(peer)
    assert len(peer.requests) == min(len(failures), 2) + 1
    assert len(outcome.waits) == min(len(failures), 2)
    assert (outcome.reply is None) == (len(failures) > 2)


def test_retry_after_is_honoured_between_attempts(wire: Any, call: Any) -> None:
    peer = wire.peer(
        wire.refusal(429, "limit_requests", "?", **{"retry-after": "7"}),
        wire.refusal(503, None, "?", **{"retry-after": "60"}),
        wire.completion(),
    )
    outcome = call(peer)
    assert outcome.waits == [7, 60]
    assert outcome.reply.content == "Hi"


@pytest.mark.parametrize("stream", [False, True])
def test_a_retry_after_that_is_too_long_is_told_and_nothing_is_sent_before(
    stream: bool, wire: Any, call: Any
) -> None:
    peer = wire.peer(
        wire.refusal(429, "limit_requests", "Too many.", **{"retry-after": "5400"}),
        wire.completion(),
    )
    outcome = call(peer, stream=stream)
    assert (len(peer.requests), outcome.waits) == (1, [])
    assert isinstance(outcome.error, RateLimitError)
    assert outcome.error.retry_after == 5400
    assert outcome.error.retry
    told = f"Too many. (429, limit_requests, retry after 5400 s, request {wire.request_id})"
    assert str(outcome.error).startswith(told)


def test_a_list_of_models_is_retried_too(wire: Any, call: Any) -> None:
    listed = wire.answer({"object": "list", "data": [{"id": "qwen-plus"}, {"id": None}, 5]})
    peer = wire.peer(wire.refusal(500, None, "?"), listed)
    outcome = call(peer, models=True)
    assert outcome.models == ("qwen-plus",)
    assert [request.url.path for request in peer.requests] == ["/v1/models"] * 2


@given(
    retry=st.booleans(),
    asked=st.none() | st.floats(0, 1e6),
    retries=st.integers(0, 4),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_waits_are_bounded_and_doubled(
    retry: bool, asked: float | None, retries: int, chance: float
) -> None:
    error = ProviderError(Fault(message="?", retry_after=asked), retry=retry)
    wait = wait_before_retry(error, retries=retries, jitter=lambda: chance)
    if not retry or retries >= 2:
        assert wait is None
    elif asked is not None:
        assert wait == (asked if asked <= 60 else None)
    else:
        assert wait is not None
        assert 0.5 * 2**retries <= wait < 2**retries


@given(seconds=st.integers(-100, 10**6))
def test_retry_after_counts_from_the_answers_own_date(seconds: int) -> None:
    until = format_datetime(NOW + dt.timedelta(seconds=seconds), usegmt=True)
    headers = {"date": format_datetime(NOW, usegmt=True), "retry-after": until}
    assert retry_after(headers) == max(seconds, 0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        ("1.5", 1.5),
        ("-1", 0.0),
        ("Mon, 18 May 2020 12:00:00 -0000", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_retry_after_in_any_form(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}) == seconds
