"""What open streams and many requests cost in memory."""

import gc
import json
import resource
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from qwensim import Pace, Simulator
from qwensim.exchange import Chunk, Request

STREAMS = 1000
STREAM_BAR = 9_000
"""Bytes that an open slow stream may take."""
SERVED_STREAM_BAR = 13_000
"""The same where it is served, its connection left out: the watch for the client's departure is a
task of asyncio."""

FORGOTTEN = 110_000
"""Requests after which the memory of ids has been full twice and the allocator has settled."""
REQUESTS = 100_000
SERVED_FORGOTTEN, SERVED_REQUESTS = 5_000, 20_000
GROWTH_BAR = 1_000_000
"""Bytes by which a process may grow over so many requests: less than 10 for each."""

REMEMBERED = 200
"""Bytes that a served request may leave behind, of the 50,000 whose ids are remembered."""

HOST = "dashscope-intl.aliyuncs.com"
PATH = "/compatible-mode/v1/chat/completions"
KEY = "sk-0123456789abcdef"
SLOW = Pace(first_token=0.01, tokens_per_second=0.5)

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="reads the memory of a process from /proc"
)


def resident(pid: int | str = "self") -> int:
    """Return the bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def request_of(body: dict[str, Any]) -> Request:
    encoded = json.dumps(body).encode()
    headers = {
        "host": HOST,
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "content-length": str(len(encoded)),
    }
    return Request(
        method="POST",
        host=HOST,
        path=PATH,
        query="",
        headers=tuple(headers.items()),
        body=encoded,
    )


def opened(simulator: Simulator, body: dict[str, Any]) -> Iterator[Any]:
    """Return a stream of which one chunk has been played."""
    events = simulator.handle(request_of(body))
    while not isinstance(next(events), Chunk):
        pass
    return events


def test_an_open_stream_in_process_is_within_the_bar(
    make_body: Callable[..., dict[str, Any]], show: Callable[[str], None]
) -> None:
    simulator = Simulator(pace=SLOW)
    opened(simulator, make_body(0, stream=True))
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        streams = [opened(simulator, make_body(index, stream=True)) for index in range(STREAMS)]
        gc.collect()
        each = (tracemalloc.get_traced_memory()[0] - before) / len(streams)
    finally:
        tracemalloc.stop()
    show(f"open streams in process: {each / 1000:.1f} kB each, journal included\n")
    assert each <= STREAM_BAR


@needs_proc
def test_memory_is_flat_over_many_requests_in_process(
    make_body: Callable[..., dict[str, Any]], show: Callable[[str], None]
) -> None:
    simulator = Simulator()

    def ask(numbers: range) -> int:
        for number in numbers:
            for _ in simulator.handle(request_of(make_body(number, stream=number % 10 == 0))):
                pass
        gc.collect()
        return resident()

    before = ask(range(FORGOTTEN))
    growth = ask(range(FORGOTTEN, FORGOTTEN + REQUESTS)) - before
    show(f"{REQUESTS} requests in process: {growth / 1000:.0f} kB more, of {before / 1e6:.0f} MB\n")
    assert growth <= GROWTH_BAR


@contextmanager
def server(script: str, mode: str) -> Iterator[tuple[int, int]]:
    """Run a server of this folder; yield the id of its process and its port."""
    script = str(Path(__file__).with_name(script))
    with subprocess.Popen(
        [sys.executable, script, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.kill()


def send(port: int, body: dict[str, Any]) -> socket.socket:
    request = request_of(body)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + request.body)
    return connection


def read_until(connection: socket.socket, end: bytes) -> None:
    answer = b""
    while end not in answer:
        received = connection.recv(65536)
        assert received, answer
        answer += received


@needs_proc
def test_memory_is_flat_over_many_served_requests(
    make_body: Callable[..., dict[str, Any]], show: Callable[[str], None]
) -> None:
    with server("servers.py", "simulated") as (pid, port):

        def ask(numbers: range) -> int:
            for number in numbers:
                with send(port, make_body(number, stream=number % 10 == 0)) as connection:
                    read_until(connection, b"\r\n0\r\n\r\n")
            return resident(pid)

        before = ask(range(SERVED_FORGOTTEN))
        growth = ask(range(SERVED_FORGOTTEN, SERVED_FORGOTTEN + SERVED_REQUESTS)) - before
    each = growth / SERVED_REQUESTS
    show(f"{SERVED_REQUESTS} served requests: {growth / 1000:.0f} kB more, {each:.0f} B each\n")
    assert each <= REMEMBERED


@needs_proc
def test_an_open_served_stream_is_within_the_bar(
    make_body: Callable[..., dict[str, Any]], show: Callable[[str], None]
) -> None:
    each = {}
    for mode in ("simulated", "bare"):
        with server("open_streams.py", mode) as (pid, port), ExitStack() as connections:

            def open_streams(numbers: range) -> int:
                opened = [
                    connections.enter_context(send(port, make_body(number, stream=True)))
                    for number in numbers
                ]
                for connection in opened:
                    read_until(connection, b"data: ")
                return resident(pid)

            before = open_streams(range(20))
            each[mode] = (open_streams(range(20, 20 + STREAMS)) - before) / STREAMS
    more = each["simulated"] - each["bare"]
    show(
        f"open streams served: {each['simulated'] / 1000:.1f} kB each, bare connections "
        f"{each['bare'] / 1000:.1f} kB: {more / 1000:.1f} kB more\n"
    )
    assert more <= SERVED_STREAM_BAR
