"""Windows, days and months by which limits count, and the memory that they take."""

import calendar
import datetime as dt
import json
import tracemalloc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.exchange import Request
from qwensim.simulator import Simulator, VirtualClock
from qwensim.simulator.windows import Calendar, Rolling, month, week

INTL, PLAN = "dashscope-intl.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com"
KEYS = {INTL: ("sk-alpha-0001", "sk-alpha-0002"), PLAN: ("sk-sp-alpha-0001", "sk-sp-alpha-0002")}
HI = [{"role": "user", "content": "hi"}]


def request(host: str, key: str, body: dict[str, Any]) -> Request:
    base = "/v1" if host == PLAN else "/compatible-mode/v1"
    return Request(
        method="POST",
        host=host,
        path=f"{base}/chat/completions",
        headers=(("authorization", f"Bearer {key}"), ("user-agent", "test")),
        body=json.dumps(body).encode(),
    )


moments = st.lists(
    st.tuples(st.floats(0, 400, allow_nan=False), st.integers(0, 9)), min_size=1, max_size=60
)


@given(moments, st.integers(1, 12), st.sampled_from([1, 7, 60]))
def test_a_rolling_window_is_the_sum_over_its_steps(
    steps: list[tuple[float, int]], width: int, seconds: int
) -> None:
    window, now, added = Rolling(steps=width, seconds=seconds), 1_000.0, []
    for pause, amount in steps:
        now += pause
        window.add(now, amount)
        added.append((now, amount))
        inside = [much for when, much in added if now // seconds - when // seconds < width]
        assert window.total(now) == sum(inside)


def test_a_clock_that_goes_back_counts_in_the_latest_step() -> None:
    window = Rolling(steps=2, seconds=60)
    window.add(600.0, 1)
    window.add(500.0, 1)
    assert window.total(600.0) == 2
    assert window.total(719.0) == 2
    assert window.total(720.0) == 0


days = st.dates(dt.date(2026, 1, 1), dt.date(2032, 12, 31))


@given(days, st.integers(1, 31))
def test_a_month_changes_on_its_day_and_on_no_other(day: dt.date, begins: int) -> None:
    before = day - dt.timedelta(days=1)
    length = calendar.monthrange(day.year, day.month)[1]
    changes = month(day, begins=begins) != month(before, begins=begins)
    assert changes == (day.day == min(begins, length))


@given(days)
def test_a_week_changes_on_mondays(day: dt.date) -> None:
    assert (week(day) != week(day - dt.timedelta(days=1))) == (day.weekday() == 0)


def test_days_begin_in_beijing() -> None:
    counted = Calendar(lambda day: day)
    evening = dt.datetime(2026, 5, 18, 15, 59, 59, tzinfo=dt.UTC).timestamp()
    counted.add(evening, 3)
    assert counted.total(evening) == 3
    assert counted.total(evening + 1) == 0


def test_memory_does_not_grow_with_what_is_counted() -> None:
    clock = VirtualClock()
    figures = {"rpm": 10**9, "tpm": 10**9, "concurrency": 10}
    overlay = {
        "model": [{"id": "qwen3-max", **figures, "on": {INTL: figures}}],
        "tier": [
            {"id": "lite", "hours": 10**9, "week": 10**9, "month": 10**9, "usage": 10**9},
        ],
    }
    simulator = Simulator(catalog=load(overlay), clock=clock, limits=True, journal_size=10)

    def ask(times: int) -> None:
        for _ in range(times):
            clock.advance(20)
            for host, model in ((INTL, "qwen3-max"), (PLAN, "qwen3.5-plus")):
                body = {"model": model, "messages": HI}
                list(simulator.handle(request(host, KEYS[host][0], body)))
                assert simulator.journal[-1].status == 200

    def held() -> int:
        """Return the bytes that the limits hold."""
        files = [
            tracemalloc.Filter(True, f"*/simulator/{name}.py") for name in ("limits", "windows")
        ]
        traces = tracemalloc.take_snapshot().filter_traces(files)
        return sum(trace.size for trace in traces.statistics("filename"))

    tracemalloc.start()
    try:
        ask(1_000)  # five hours and a half
        before = held()
        ask(1_000)
        assert 0 < held() < before + 5_000
    finally:
        tracemalloc.stop()
