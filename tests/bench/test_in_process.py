"""What the simulator costs in process, beside a canned answer of the same bytes: CPU time."""

import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openai import OpenAI

CHAT_BAR, EVENT_BAR = 100e-6, 3e-6
"""Seconds of CPU that the simulator may take more than a canned answer, per chat and event."""

BASE_URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
KEY = "sk-0123456789abcdef"
WAYS = ("bare client", "SDK", "SDK stream")
BLOCK = 20
"""Calls in a row. Blocks take turns, so that both sides see the same state of the machine."""

more: dict[str, float] = {}
"""Seconds that the simulator takes more, by way: filled by the benches, judged after them."""


def caller(way: str, transport: httpx2.MockTransport, make_body: Any) -> Callable[[], None]:
    """Return what makes one call in this way."""
    numbers = itertools.count()
    client = httpx2.Client(transport=transport, headers={"authorization": f"Bearer {KEY}"})
    sdk = OpenAI(api_key=KEY, base_url=BASE_URL, http_client=client)

    def bare() -> None:
        body = make_body(next(numbers), stream=False)
        client.post(f"{BASE_URL}/chat/completions", json=body).raise_for_status()

    def whole() -> None:
        sdk.chat.completions.create(**make_body(next(numbers), stream=False))

    def stream() -> None:
        for _ in sdk.chat.completions.create(**make_body(next(numbers), stream=True)):
            pass

    return {"bare client": bare, "SDK": whole, "SDK stream": stream}[way]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.benchmark(group="in process, 20 calls", timer=time.process_time)
def test_call(
    benchmark: Any, way: str, make_transport: Any, make_body: Any, show: Callable[[str], None]
) -> None:
    canned = caller(way, make_transport["canned"](), make_body)
    simulated = caller(way, make_transport["simulated"](), make_body)
    beside = []

    def measure_canned() -> None:
        start = time.process_time()
        for _ in range(BLOCK):
            canned()
        beside.append(time.process_time() - start)

    def call_simulated() -> None:
        for _ in range(BLOCK):
            simulated()

    benchmark.pedantic(call_simulated, setup=measure_canned, rounds=60, warmup_rounds=5)
    one, other = benchmark.stats.stats.median / BLOCK, statistics.median(beside) / BLOCK
    more[way] = one - other
    benchmark.extra_info["canned"] = other
    show(
        f"in process, {way}: {one * 1e6:.0f} µs CPU, canned {other * 1e6:.0f} µs: "
        f"{more[way] * 1e6:.0f} µs more, {one / other:.2f} x"
    )


def test_a_call_in_process_is_within_the_bars(show: Callable[[str], None], events: int) -> None:
    if len(more) < len(WAYS):
        pytest.skip("judges the figures of the whole module")
    per_event = (more["SDK stream"] - more["SDK"]) / events
    show(f"in process: {per_event * 1e6:.1f} µs more CPU for each of {events} events\n")
    assert more["bare client"] <= CHAT_BAR
    assert more["SDK"] <= CHAT_BAR
    assert per_event <= EVENT_BAR
