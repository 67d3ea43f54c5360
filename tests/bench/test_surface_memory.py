"""What many requests to each surface leave behind in memory, once all that is kept is full."""

import gc
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from qwensim import Simulator
from qwensim.exchange import Chunk, Request

FULL = 2_000
"""Requests after which journal, storage and the book of responses are full."""
FULL_OF_TASKS = 11_000
REQUESTS = 2_000
REMEMBERED = 200
"""Bytes that a request may leave behind, of the 50,000 whose ids are remembered."""

TALK = 20
"""Responses of which each goes on from the one before."""


def answered(simulator: Simulator, request: Request) -> Any:
    chunks = [event for event in simulator.handle(request) if isinstance(event, Chunk)]
    assert simulator.journal[-1].status == 200
    return msgspec.json.decode(b"".join(chunk.data for chunk in chunks))


def left_behind(ask: Callable[[int], object], full: int) -> float:
    """Return the bytes that one request leaves behind when so many have gone before."""
    tracemalloc.start()
    try:
        for number in range(full):
            ask(number)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(full, full + REQUESTS):
            ask(number)
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / REQUESTS
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "name",
    [
        "native",
        "multimodal",
        "Anthropic",
        "Responses",
        "embeddings",
        "multimodal embeddings",
        "rerank",
        "image",
        "image task",
        "video task",
        "models",
    ],
)
def test_memory_is_flat_over_many_requests(
    name: str, surfaces: Mapping[str, Any], show: Callable[[str], None]
) -> None:
    simulator, surface, poll = Simulator(), surfaces[name], surfaces["task"]

    def ask(number: int) -> None:
        answer = answered(simulator, surface.request(number))
        if name.endswith("task"):
            for _ in range(2):  # by then it is done, and what it made is stored
                answered(simulator, poll.request(number, task_id=answer["output"]["task_id"]))

    each = left_behind(ask, FULL_OF_TASKS if name.endswith("task") else FULL)
    show(f"{name}: {each:.0f} B left behind by a request")
    assert each <= REMEMBERED


def test_memory_is_flat_over_many_remembered_talks(
    surfaces: Mapping[str, Any], show: Callable[[str], None]
) -> None:
    simulator, surface = Simulator(), surfaces["Responses"]
    previous = ""

    def ask(number: int) -> None:
        nonlocal previous
        request = surface.request(number)
        if number % TALK:
            body = {**msgspec.json.decode(request.body), "previous_response_id": previous}
            request = msgspec.structs.replace(request, body=msgspec.json.encode(body))
        previous = answered(simulator, request)["id"]

    each = left_behind(ask, FULL)
    show(f"Responses in talks of {TALK}: {each:.0f} B left behind by a request\n")
    assert each <= REMEMBERED
