"""The Coding Plan's quotas by tier, on a clock that is moved, and the accounts that have them."""

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
PLAN_MODEL = "qwen3.5-plus"
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
HOUR = 3600


def limited(*overlays: Any, **settings: Any) -> tuple[Simulator, VirtualClock]:
    clock = VirtualClock()
    simulator = Simulator(catalog=load(*overlays), clock=clock, limits=True, **settings)
    return simulator, clock


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
        ({"subscription_day": 32}, "subscription_day: .* <= 31; seen: 32"),
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
