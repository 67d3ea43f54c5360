"""The limits beside a model of them that keeps every call."""

import calendar
import datetime as dt
import functools
import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from qwensim.catalog import load
from qwensim.exchange import Request
from qwensim.simulator import Counts, Simulator, Used, VirtualClock

INTL, PLAN = "dashscope-intl.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com"
KEYS = {INTL: ("sk-alpha-0001", "sk-alpha-0002"), PLAN: ("sk-sp-alpha-0001", "sk-sp-alpha-0002")}
MANY = 10**9
RPM, BURST, TPM, OPEN = 10, 3, 400, 3
HOURS, WEEK, MONTH, USAGE, PLAN_OPEN = 9, 12, 20, 240, 2
TOKENS = 60
"""What a script says that each call counts, prompt and answer."""
FREQUENT = {"rpm": RPM, "tpm": MANY, "concurrency": MANY}
LARGE = {"rpm": MANY, "tpm": TPM, "concurrency": OPEN}
OVERLAY = {
    "model": [
        {"id": "qwen3-max", **FREQUENT, "on": {INTL: FREQUENT}},
        {"id": "qwen-plus", **LARGE, "on": {INTL: LARGE}},
    ],
    "limit": [{"id": "burst", "part": 0.25}],
    "tier": [
        {
            "id": "lite",
            "hours": HOURS,
            "week": WEEK,
            "month": MONTH,
            "usage": USAGE,
            "concurrency": PLAN_OPEN,
        }
    ],
}
CATALOG = load(OVERLAY)
WORDS = {
    "rpm": "You have exceeded your current request limit.",
    "tpm": "You exceeded your current quota,",
    "burst": "Request rate increased too quickly.",
    "open": "You have exceeded your current request limit.",
    "hours": "hour allocated quota exceeded.",
    "week": "week allocated quota exceeded.",
    "month": "month allocated quota exceeded.",
    "plan-open": "concurrency allocated quota exceeded.",
    "usage": "usage allocated quota exceeded.",
}
HI = [{"role": "user", "content": "hi"}]
BEIJING = dt.timezone(dt.timedelta(hours=8))


def beijing(now: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(now, BEIJING)


def same_week(one: float, other: float) -> bool:
    return beijing(one).isocalendar()[:2] == beijing(other).isocalendar()[:2]


def months_begun(now: float, day: int) -> int:
    """Count the subscription days up to a moment, from the first of 2026 on."""
    return days_begun(beijing(now).date(), day)


@functools.cache
def days_begun(last: dt.date, day: int) -> int:
    today, begun = dt.date(2026, 1, 1), 0
    while today <= last:
        begun += today.day == min(day, calendar.monthrange(today.year, today.month)[1])
        today += dt.timedelta(days=1)
    return begun


@dataclass(kw_only=True)
class Called:
    """A call that was answered."""

    at: float
    tokens: int = TOKENS


@dataclass(kw_only=True)
class History:
    """All that one account asked of one model; of a plan's account, of all models."""

    prompt: int
    """The tokens of what is asked."""
    calls: list[Called] = field(default_factory=list)
    open: list[Any] = field(default_factory=list)

    def within(self, now: float, steps: int, seconds: int) -> list[Called]:
        return [call for call in self.calls if now // seconds - call.at // seconds < steps]

    def refusal(self, now: float) -> str | None:
        """Return what an account is refused for, if it is."""
        raise NotImplementedError


class Frequent(History):
    """Calls of the model that is limited by requests."""

    def refusal(self, now: float) -> str | None:
        if len(self.within(now, 60, 1)) >= RPM:
            return "rpm"
        return "burst" if len(self.within(now, 1, 1)) >= BURST else None


class Large(History):
    """Calls of the model that is limited by tokens and answers."""

    def refusal(self, now: float) -> str | None:
        if sum(call.tokens for call in self.within(now, 60, 1)) + self.prompt > TPM:
            return "tpm"
        return "open" if len(self.open) >= OPEN else None


@dataclass(kw_only=True)
class Subscription(History):
    """What one account of the plan asked."""

    begun: float
    day: int
    used: Used

    def refusal(self, now: float) -> str | None:
        recent = len(self.within(now, 300, 60))
        if now // 60 - self.begun // 60 < 300:
            recent += self.used.hours
        if recent >= HOURS:
            return "hours"
        weekly = sum(same_week(call.at, now) for call in self.calls)
        if same_week(self.begun, now):
            weekly += self.used.week
        if weekly >= WEEK:
            return "week"
        current = months_begun(now, self.day)
        monthly = sum(months_begun(call.at, self.day) == current for call in self.calls)
        if months_begun(self.begun, self.day) == current:
            monthly += self.used.month
        if monthly >= MONTH:
            return "month"
        if len(self.open) >= PLAN_OPEN:
            return "plan-open"
        hourly = sum(call.tokens for call in self.within(now, 60, 60))
        return "usage" if hourly + self.prompt > USAGE else None


KINDS = {"qwen3-max": Frequent, "qwen-plus": Large}
met: set[str] = set()
"""The limits that a call was refused for."""


class LimitsMachine(RuleBasedStateMachine):
    """Asks over hours and months, leaves answers open, and compares with the history."""

    @initialize(
        day=st.integers(1, 31),
        used=st.builds(
            Used, hours=st.integers(0, 9), week=st.integers(0, 12), month=st.integers(10, 20)
        ),
        start=st.integers(0, 200 * 86_400),
    )
    def begin(self, day: int, used: Used, start: int) -> None:
        self.clock = VirtualClock()
        self.clock.advance(start)
        self.fake = Simulator(catalog=CATALOG, clock=self.clock, limits=True)
        self.fake.script("Hello.", usage=Counts(prompt=20, completion=TOKENS - 20), times=None)
        self.history: dict[tuple[str, ...], History] = {}
        for key in KEYS[INTL]:
            self.fake.account(key=key)
        for key in KEYS[PLAN]:
            self.fake.account(key=key, plan="coding", subscription_day=day, used=used)
            self.history[PLAN, key] = Subscription(
                prompt=prompt_of(PLAN, "qwen3.5-plus"), begun=self.clock.now(), day=day, used=used
            )

    @rule(
        host=st.sampled_from([INTL, PLAN]),
        second=st.booleans(),
        model=st.sampled_from(["qwen3-max", "qwen-plus"]),
        times=st.integers(1, 12),
        apart=st.sampled_from([0, 0.5, 1, 4]),
        keep=st.booleans(),
        wrong=st.booleans(),
    )
    def ask(
        self, host: str, second: bool, model: str, times: int, apart: float, keep: bool, wrong: bool
    ) -> None:
        key = KEYS[host][second]
        if host == INTL:
            history = self.history.setdefault(
                (host, key, model), KINDS[model](prompt=prompt_of(host, model))
            )
        else:
            model, history = "qwen3.5-plus", self.history[host, key]
        body = {"model": model, "messages": HI, "temperature": 9 if wrong else 1}
        for _ in range(times):
            self.clock.advance(apart)
            now = self.clock.now()
            told = history.refusal(now)
            answer = self.fake.handle(request(host, key, body))
            entry = self.fake.journal[-1]
            if wrong:
                assert entry.status == 400
            elif told is not None:
                met.add(told)
                assert (entry.status, (entry.message or "").startswith(WORDS[told])) == (429, True)
            else:
                assert entry.status == 200, entry.message
                history.calls.append(Called(at=now))
                if keep:
                    history.open.append(answer)
                    continue
            list(answer)

    @rule(data=st.data())
    def end_an_answer(self, data: st.DataObject) -> None:
        for history in self.history.values():
            if history.open:
                answer = history.open.pop(data.draw(st.integers(0, len(history.open) - 1)))
                if data.draw(st.booleans()):
                    list(answer)
                else:
                    answer.close()

    @rule(
        seconds=st.sampled_from([0.25, 1.0, 7.0, 59.0, 60.0, 3_600.0, 17_999.0, 18_000.0, 86_400.0])
        | st.floats(0, 40 * 86_400)
    )
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)


@functools.cache
def prompt_of(host: str, model: str) -> int:
    simulator = Simulator()
    list(simulator.handle(request(host, KEYS[host][0], {"model": model, "messages": HI})))
    usage = simulator.journal[-1].usage
    assert usage is not None
    return usage["prompt"]


def request(host: str, key: str, body: dict[str, Any]) -> Request:
    base = "/v1" if host == PLAN else "/compatible-mode/v1"
    return Request(
        method="POST",
        host=host,
        path=f"{base}/chat/completions",
        headers=(("authorization", f"Bearer {key}"), ("user-agent", "test")),
        body=json.dumps(body).encode(),
    )


def test_limits_are_those_of_a_model_that_keeps_every_call() -> None:
    run_state_machine_as_test(
        LimitsMachine,
        settings=settings(
            max_examples=100, stateful_step_count=40, deadline=None, derandomize=True, database=None
        ),
    )
    assert met == set(WORDS), "else some were not compared"
