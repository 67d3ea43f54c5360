"""Every surface beside the chat: what `Simulator.handle` and its events cost, in CPU time.

A surface's own work is what it must do and the chat need not: make vectors, compare texts, encode
the body of its answer. It is timed apart, in the same turns. No surface takes more than the chat
and its own work together, but for a margin.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from qwensim import Simulator
from qwensim.exchange import Chunk, Request

BAR = 1.4
"""How many times what the chat and its own work take a surface may take."""

TURNS, CALLS = 60, 20
"""Surfaces take turns of so many calls, so that all see the same state of the machine."""


def answered(simulator: Simulator, request: Request) -> bytes:
    events = simulator.handle(request)
    return b"".join(event.data for event in events if isinstance(event, Chunk))


def seconds(work: Callable[[Any], object], given: Iterable[Any]) -> float:
    """Return the seconds of CPU that the work takes for one of those given, in the mean."""
    given = tuple(given)
    start = time.process_time()
    for each in given:
        work(each)
    return (time.process_time() - start) / len(given)


def test_no_surface_is_dearer_than_the_chat_and_its_own_work(
    surfaces: Mapping[str, Any], show: Callable[[str], None]
) -> None:
    simulators, tasks, bodies = {}, {}, {}
    for name, surface in surfaces.items():
        simulators[name] = simulator = Simulator()
        order = answered(simulator, surfaces["video task"].request(0))
        tasks[name] = msgspec.json.decode(order)["output"]["task_id"]
        answer = answered(simulator, surface.request(0, task_id=tasks[name]))
        assert simulator.journal[-1].status == 200, (name, answer)
        bodies[name] = msgspec.json.decode(answer)

    whole: dict[str, list[float]] = defaultdict(list)
    own: dict[str, list[float]] = defaultdict(list)
    for turn in range(TURNS):
        numbers = range(turn * CALLS, (turn + 1) * CALLS)
        for name, surface in surfaces.items():
            simulator = simulators[name]
            requests = [surface.request(number, task_id=tasks[name]) for number in numbers]
            whole[name].append(seconds(lambda each: answered(simulator, each), requests))  # noqa: B023 # called in this turn
            encoding = seconds(msgspec.json.encode, [bodies[name]] * CALLS)
            own[name].append(seconds(surface.work, numbers) + encoding)

    ratios = {}
    for name, surface in surfaces.items():
        turns = zip(whole[name], whole[surface.beside], own[name], strict=True)
        ratios[name] = statistics.median(one / (other + work) for one, other, work in turns)
        one, work = statistics.median(whole[name]), statistics.median(own[name])
        show(
            f"{name:<22}{one * 1e6:6.0f} µs CPU, own work {work * 1e6:5.0f} µs: "
            f"{ratios[name]:.2f} x {surface.beside} and own work"
        )
    show("")
    assert {name: ratio for name, ratio in ratios.items() if ratio > BAR} == {}
