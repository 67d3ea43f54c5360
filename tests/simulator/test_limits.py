"""The service's limits: its words, what counts towards them and when, on a clock that is moved."""

import datetime as dt
import gc
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import CatalogError, UsageError
from qwensim.exchange import Abort, End, Head, Request
from qwensim.simulator import Account, Counts, Simulator, Used, VirtualClock, read_accounts

Send = Callable[..., Any]

INTL, CN = "dashscope-intl.aliyuncs.com", "dashscope.aliyuncs.com"
PLAN = "coding-intl.dashscope.aliyuncs.com"
STANDARD_KEY, PLAN_KEY = "sk-0123456789abcdef", "sk-sp-0123456789abcdef"
HELP = "https://www.alibabacloud.com/help/en/model-studio/error-code"
PLAN_MODEL = "qwen3.5-plus"
NATIVE = "/api/v1/services/aigc/text-generation/generation"
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
HOUR = 3600


def limited(*overlays: Any, **settings: Any) -> tuple[Simulator, VirtualClock]:
    clock = VirtualClock()
    simulator = Simulator(catalog=load(*overlays), clock=clock, limits=True, **settings)
    return simulator, clock


def model(**fields: int) -> dict[str, Any]:
    """Return an overlay of what the model allows on every host."""
    return {"model": [{"id": "qwen3-max", **fields, "on": {INTL: fields}}]}


def subscribed(**account: Any) -> tuple[Simulator, VirtualClock]:
    simulator, clock = limited()
    simulator.account(key=PLAN_KEY, plan="coding", **account)
    return simulator, clock


def ask_plan(send: Send, simulator: Simulator, **body: Any) -> Any:
    return send(simulator, host=PLAN, model=PLAN_MODEL, **body)


def plan_refusal(reply: Any, words: str) -> bytes:
    """Return what the plan tells, byte for byte."""
    return (
        f'{{"error":{{"code":"throttling","message":"{words}","param":null,'
        f'"type":"invalid_request_error"}},"request_id":"{reply.headers["x-request-id"]}"}}'
    ).encode()


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


# --- Coding Plan ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "hours", "week", "month"),
    [("lite", 1_200, 9_000, 18_000), ("pro", 6_000, 45_000, 90_000)],
)
def test_the_quotas_of_the_tiers(send: Send, tier: Any, hours: int, week: int, month: int) -> None:
    for used, scope in (
        (Used(hours=hours - 1), "hour"),
        (Used(week=week - 1), "week"),
        (Used(month=month - 1), "month"),
    ):
        simulator, _ = subscribed(tier=tier, used=used)
        assert ask_plan(send, simulator).status == 200
        reply = ask_plan(send, simulator)
        assert reply.status == 429
        assert reply.body == plan_refusal(reply, f"{scope} allocated quota exceeded.")
        assert ask_plan(send, simulator, **STREAM).status == 429


def test_five_hours_roll_by_the_minute(send: Send) -> None:
    simulator, clock = subscribed(used=Used(hours=1_199))
    clock.advance(5 * HOUR - 30)
    assert ask_plan(send, simulator).status == 200, "the last of 1,200"
    assert ask_plan(send, simulator).status == 429
    clock.advance(29)
    assert ask_plan(send, simulator).status == 429
    clock.advance(1)
    assert ask_plan(send, simulator).status == 200, "those used before are five hours ago"
    assert {ask_plan(send, simulator).status for _ in range(1_198)} == {200}
    assert ask_plan(send, simulator).status == 429


def test_weeks_end_on_monday_in_beijing(send: Send) -> None:
    simulator, clock = subscribed(used=Used(week=9_000))
    monday = dt.datetime(2026, 5, 24, 16, tzinfo=dt.UTC).timestamp()
    clock.advance(monday - clock.now() - 1)
    assert ask_plan(send, simulator).error["message"] == "week allocated quota exceeded."
    clock.advance(1)
    assert ask_plan(send, simulator).status == 200


@pytest.mark.parametrize(
    ("day", "begins"),
    [
        (1, dt.datetime(2026, 5, 31, 16, tzinfo=dt.UTC)),
        (19, dt.datetime(2026, 5, 18, 16, tzinfo=dt.UTC)),
        (18, dt.datetime(2026, 6, 17, 16, tzinfo=dt.UTC)),
        (31, dt.datetime(2026, 5, 30, 16, tzinfo=dt.UTC)),
    ],
)
def test_months_begin_on_the_subscription_day(send: Send, day: int, begins: dt.datetime) -> None:
    simulator, clock = subscribed(used=Used(month=18_000), subscription_day=day)
    clock.advance(begins.timestamp() - clock.now() - 1)
    assert ask_plan(send, simulator).error["message"] == "month allocated quota exceeded."
    clock.advance(1)
    assert ask_plan(send, simulator).status == 200


def test_a_spent_quota_is_told_without_limits_too(send: Send) -> None:
    simulator = Simulator(accounts=[Account(key=PLAN_KEY, plan="coding", spent="week")])
    assert ask_plan(send, simulator).error["message"] == "week allocated quota exceeded."


def test_an_account_that_is_replaced_begins_anew(send: Send) -> None:
    simulator, _ = subscribed(used=Used(hours=1_200))
    assert ask_plan(send, simulator).status == 429
    simulator.account(key=PLAN_KEY, plan="coding", tier="pro", used=Used(hours=1_200))
    assert ask_plan(send, simulator).status == 200


def test_tokens_of_an_hour_where_an_overlay_limits_them(send: Send) -> None:
    simulator, clock = limited({"tier": [{"id": "lite", "usage": 100}]})
    simulator.script("Hello.", usage=Counts(prompt=20, completion=100), times=None)
    assert ask_plan(send, simulator).status == 200
    reply = ask_plan(send, simulator)
    words = "usage allocated quota exceeded. please try again later."
    assert reply.body == plan_refusal(reply, words)
    clock.advance(HOUR)
    assert ask_plan(send, simulator).status == 200


def test_the_plan_answers_so_many_at_once(send: Send) -> None:
    simulator, _ = limited()
    answers = [simulator.handle(chat(PLAN, PLAN_KEY, PLAN_MODEL)) for _ in range(8)]
    reply = ask_plan(send, simulator)
    words = "concurrency allocated quota exceeded. please try again later."
    assert (reply.status, reply.body) == (429, plan_refusal(reply, words))
    assert isinstance(next(answers[0]), Head)
    assert ask_plan(send, simulator).status == 429
    list(answers[0])
    assert ask_plan(send, simulator).status == 200, "one has come to its end"
    assert ask_plan(send, simulator).status == 200, "and so has that one"


@pytest.mark.parametrize("end", ["end", "broken", "closed", "closed at once", "left"])
def test_an_answer_is_no_longer_sent(send: Send, end: str) -> None:
    simulator, _ = limited({"tier": [{"id": "lite", "concurrency": 1}]})
    if end == "broken":
        simulator.fault("drop", after=1)
    answer = simulator.handle(chat(PLAN, PLAN_KEY, PLAN_MODEL, stream=True))
    assert ask_plan(send, simulator).status == 429
    match end:
        case "end" | "broken":
            while not isinstance(next(answer), End | Abort):
                assert ask_plan(send, simulator).status == 429
        case "closed":
            next(answer)
            answer.close()
        case "closed at once":
            answer.close()
        case "left":
            del answer
            gc.collect()
    assert ask_plan(send, simulator).status == 200
    assert ask_plan(send, simulator).status == 200


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"tier": "max"}, "no tier 'max'; there are: lite, pro"),
        ({"subscription_day": 32}, r"<= 31 - at `\$.subscription_day`"),
        ({"used": {"hours": 3}}, "used is a Used, not {'hours': 3}"),
        ({"used": Used(hours=-1)}, ">= 0"),
    ],
)
def test_accounts_that_cannot_be(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        Simulator().account(key=PLAN_KEY, plan="coding", **fields)


@pytest.mark.parametrize(
    "field", [{"tier": "pro"}, {"subscription_day": 2}, {"used": Used(week=1)}, {"spent": "week"}]
)
def test_standard_has_no_quota_of_calls(field: dict[str, Any]) -> None:
    (name,) = field
    with pytest.raises(UsageError, match=f"{name} is for plan 'coding': plan 'standard' has no"):
        Simulator().account(key=STANDARD_KEY, **field)


def test_an_accounts_file_says_tier_day_and_use(send: Send, tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(
        f"""
        [[account]]
        key = "{PLAN_KEY}"
        plan = "coding"
        tier = "pro"
        subscription_day = 15
        used = {{ hours = 5_999, week = 40_000 }}
        """
    )
    (account,) = read_accounts(file, load())
    assert (account.tier, account.subscription_day) == ("pro", 15)
    simulator, _ = limited(accounts=[account])
    assert [ask_plan(send, simulator).status for _ in range(2)] == [200, 429]
    file.write_text(f'[[account]]\nkey = "{PLAN_KEY}"\nplan = "coding"\nused = {{ hour = 1 }}')
    with pytest.raises(CatalogError, match=r"account 1: used: .*unknown field `hour`"):
        read_accounts(file, load())


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
