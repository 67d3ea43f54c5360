"""The service's limits: its words, what counts towards them and when, on a clock that is moved."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.exchange import Request
from qwensim.simulator import Account, Counts, Simulator, Used, VirtualClock

Send = Callable[..., Any]
INTL, CN = "dashscope-intl.aliyuncs.com", "dashscope.aliyuncs.com"
PLAN = "coding-intl.dashscope.aliyuncs.com"
STANDARD_KEY, PLAN_KEY = "sk-0123456789abcdef", "sk-sp-0123456789abcdef"
HELP = "https://www.alibabacloud.com/help/en/model-studio/error-code"
PLAN_MODEL = "qwen3.5-plus"
NATIVE = "/api/v1/services/aigc/text-generation/generation"
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def limited(*overlays: Any, **settings: Any) -> tuple[Simulator, VirtualClock]:
    clock = VirtualClock()
    simulator = Simulator(catalog=load(*overlays), clock=clock, limits=True, **settings)
    return simulator, clock


def model(**fields: int) -> dict[str, Any]:
    """Return an overlay of what the model allows on every host."""
    return {"model": [{"id": "qwen3-max", **fields, "on": {INTL: fields}}]}


def ask_plan(send: Send, simulator: Simulator, **body: Any) -> Any:
    return send(simulator, host=PLAN, model=PLAN_MODEL, **body)


# --- Standard -------------------------------------------------------------------------------------


def test_a_minute_s_requests_are_the_figure_of_the_host(send: Send) -> None:
    simulator, clock = limited()
    for _ in range(600):
        assert send(simulator, model="qwen3-max").status == 200
        clock.advance(1 / 16)
    reply = send(simulator, model="qwen3-max")
    assert reply.status == 429
    assert reply.body.decode() == (
        f'{{"error":{{"message":"You have exceeded your current request limit. For details, see: '
        f'{HELP}#rate-limit","type":"limit_requests","param":null,"code":"limit_requests"}},'
        f'"request_id":"{reply.headers["x-request-id"]}"}}'
    )
    assert "retry-after" not in reply.headers
    assert send(simulator, model="qwen3-max", host=CN).status == 200, "30,000 there"
    assert send(simulator, model="qwen-plus").status == 200, "counted by itself"
    clock.advance(60 - 600 / 16)
    assert send(simulator, model="qwen3-max").status == 200, "the first are a minute ago"


def test_a_minute_s_tokens_are_those_of_prompts_and_answers(send: Send) -> None:
    simulator, clock = limited(model(tpm=100))
    simulator.script("Hello.", usage=Counts(prompt=20, completion=60), times=None)
    assert send(simulator).status == 200, "80 are used"
    clock.advance(59)
    assert send(simulator).status == 200, "with a prompt of 11 there are not more than 100"
    reply = send(simulator)
    assert reply.status == 429
    assert reply.body.decode() == (
        f'{{"error":{{"code":"insufficient_quota","message":"You exceeded your current quota, '
        f'please check your plan and billing details. For details, see: {HELP}#token-limit",'
        f'"param":null,"type":"insufficient_quota"}},'
        f'"request_id":"{reply.headers["x-request-id"]}"}}'
    )
    clock.advance(1)
    assert send(simulator).status == 200, "the first is a minute ago"


def test_too_many_in_one_second_are_a_burst(send: Send) -> None:
    simulator, clock = limited(model(rpm=41))
    assert [send(simulator).status for _ in range(6)] == [200] * 5 + [429]
    reply = send(simulator, **STREAM)
    assert reply.status == 429
    assert reply.body.decode() == (
        '{"error":{"message":"Request rate increased too quickly. To ensure system stability, '
        'please adjust your client logic to scale requests more smoothly over time.",'
        '"type":"limit_burst_rate","param":null,"code":"limit_burst_rate"},'
        f'"request_id":"{reply.headers["x-request-id"]}"}}'
    )
    clock.advance(1)
    assert send(simulator).status == 200


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        (
            {"rpm": 1},
            "Throttling.RateQuota",
            "Requests rate limit exceeded, please try again later.",
        ),
        (
            {"tpm": 1},
            "Throttling.AllocationQuota",
            "Allocated quota exceeded, please increase your quota limit.",
        ),
        (
            {"rpm": 19},
            "Throttling.BurstRate",
            (
                "Request rate increased too quickly. To ensure system stability, please adjust "
                "your client logic to scale requests more smoothly over time."
            ),
        ),
    ],
)
def test_the_native_surface_has_words_of_its_own(
    send: Send, fields: dict[str, int], code: str, words: str
) -> None:
    simulator, _ = limited(model(**fields))
    asked = {"input": {"messages": [{"role": "user", "content": "Hello?"}]}, "path": NATIVE}
    refused = next(
        reply
        for reply in (send(simulator, without="messages", **asked) for _ in range(3))
        if reply.status != 200
    )
    assert refused.status == 429
    assert refused.json == {
        "request_id": refused.headers["x-request-id"],
        "code": code,
        "message": words,
    }


def test_a_model_may_answer_so_many_at_once(send: Send) -> None:
    simulator, _ = limited(model(concurrency=1))
    answer = simulator.handle(chat(INTL, STANDARD_KEY, "qwen3-max"))
    next(answer)
    assert send(simulator).error["code"] == "limit_requests"
    assert send(simulator, model="qwen-plus").status == 200
    answer.close()
    assert send(simulator).status == 200


def test_all_keys_are_one_account_s_where_there_are_no_accounts(send: Send) -> None:
    simulator, _ = limited(model(rpm=1))
    assert send(simulator, key="sk-0000000001").status == 200
    assert send(simulator, key="sk-0000000002").status == 429


def test_accounts_are_counted_by_themselves(send: Send) -> None:
    keys = ("sk-0000000001", "sk-0000000002")
    simulator, _ = limited(model(rpm=1), accounts=[Account(key=key) for key in keys])
    assert [send(simulator, key=key).status for key in keys * 2] == [200, 200, 429, 429]


# --- what counts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"key": None}, 401),
        ({"model": "nope"}, 404),
        ({"temperature": 9}, 400),
        ({"raw": b"{"}, 400),
        ({"messages": [{"role": "user", "content": "word " * 300_000}]}, 400),
    ],
)
def test_limits_are_judged_last_and_what_is_refused_does_not_count(
    send: Send, request_: dict[str, Any], status: int
) -> None:
    simulator, _ = limited(model(rpm=1))
    assert send(simulator, **request_).status == status
    assert send(simulator).status == 200
    assert send(simulator).status == 429
    assert send(simulator, **request_).status == status


def test_neither_an_injected_error_nor_a_scripted_one_counts(send: Send) -> None:
    simulator, _ = limited(model(rpm=1, concurrency=1))
    simulator.fault("error", error="overloaded")
    simulator.script(error="internal-error")
    simulator.fault("drop-before-headers", every=2)
    assert [send(simulator).status for _ in range(5)] == [503, 500, None, 200, 429]


def test_a_broken_answer_counts(send: Send) -> None:
    simulator, _ = limited(model(rpm=1))
    simulator.fault("drop")
    assert send(simulator, **STREAM).aborted == "drop"
    assert send(simulator).status == 429


def test_a_refused_call_uses_no_script(send: Send) -> None:
    simulator, _ = limited(model(rpm=1))
    send(simulator)
    simulator.script("kept")
    assert send(simulator).status == 429
    assert len(simulator.unused_scripts) == 1
    assert simulator.journal[-1].error == "rate-limit"


def test_nothing_is_limited_unless_asked_for(send: Send) -> None:
    simulator = Simulator(catalog=load(model(rpm=1, tpm=1, concurrency=1)))
    simulator.account(key=PLAN_KEY, plan="coding", used=Used(hours=9_999))
    simulator.account(key=STANDARD_KEY)
    assert {send(simulator).status for _ in range(5)} == {200}
    assert ask_plan(send, simulator).status == 200
    assert not simulator.limits


def test_turning_limits_on_begins_to_count(send: Send) -> None:
    simulator = Simulator(catalog=load(model(rpm=1)))
    send(simulator)
    simulator.limits = True
    assert [send(simulator).status for _ in range(2)] == [200, 429]
    simulator.limits = False
    assert send(simulator).status == 200
    with pytest.raises(UsageError, match="limits is True or False, not 'yes'"):
        simulator.limits = "yes"  # type: ignore[assignment] # what a user may write


def test_reset_forgets_what_was_counted(send: Send) -> None:
    simulator, _ = limited(model(rpm=1))
    send(simulator)
    simulator.reset()
    assert simulator.limits
    assert send(simulator).status == 200


def chat(host: str, key: str, name: str, *, stream: bool = False) -> Request:
    base = "/v1" if host == PLAN else "/compatible-mode/v1"
    return Request(
        method="POST",
        host=host,
        path=f"{base}/chat/completions",
        headers=(("authorization", f"Bearer {key}"), ("user-agent", "test")),
        body=json.dumps(
            {"model": name, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
        ).encode(),
    )
