"""What the simulator costs over a socket, beside a bare ASGI app on the same uvicorn: CPU time.

The app sends the same bytes, ready-made, in one write. Each server is a process of its own, whose
CPU time the kernel counts.
"""

import itertools
import json
import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHAT_BAR, EVENT_BAR = 100e-6, 3e-6
"""Seconds of CPU that the simulator may take more than the bare app, per chat and event."""

CONNECTIONS = 4
TURNS = 6
"""The servers are loaded in turns, so that both see the same state of the machine."""

HEAD = (
    "POST /compatible-mode/v1/chat/completions HTTP/1.1\r\n"
    "host: dashscope-intl.aliyuncs.com\r\n"
    "authorization: Bearer sk-0123456789abcdef\r\n"
    "content-type: application/json\r\n"
    "content-length: {}\r\n\r\n"
)
LAST_CHUNK = b"0\r\n\r\n"


@contextmanager
def server(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a server; yield its process and port."""
    script = str(Path(__file__).with_name("servers.py"))
    with subprocess.Popen(
        [sys.executable, script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        assert process.stdin is not None
        process.stdin.close()


def cpu_of(process: subprocess.Popen[str]) -> float:
    """Return the seconds of CPU that a process has used, its threads included."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port: int, requests: list[bytes]) -> None:
    """Send the requests over a few connections that are kept alive.

    The client does as little as it can, so that it is the server that is busy all the time.
    """
    waiting = iter(requests)
    with selectors.DefaultSelector() as selector:
        for request in itertools.islice(waiting, CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(request)
            selector.register(connection, selectors.EVENT_READ, (connection, bytearray()))
        while selector.get_map():
            for key, _ in selector.select():
                connection, answer = key.data
                answer += connection.recv(65536)
                if not answer.endswith(LAST_CHUNK):
                    continue
                assert answer.startswith(b"HTTP/1.1 200 ")
                answer.clear()
                if following := next(waiting, None):
                    connection.sendall(following)
                else:
                    selector.unregister(connection)
                    connection.close()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads CPU times from /proc")
def test_a_served_chat_is_within_the_bars(
    show: Callable[[str], None],
    make_body: Callable[..., Any],
    ready_made: dict[str, Any],
    events: int,
    tmp_path: Path,
) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(ready_made), encoding="utf-8")
    cost: dict[tuple[str, bool], float] = {}
    with server("canned", str(answers)) as bare, server("simulated") as simulated:
        for stream, number in ((False, 1000), (True, 500)):
            bodies = [json.dumps(make_body(index, stream=stream)) for index in range(number)]
            requests = [(HEAD.format(len(body)) + body).encode() for body in bodies]
            for turn in range(TURNS + 1):
                for name, (process, port) in (("bare", bare), ("simulated", simulated)):
                    before = cpu_of(process)
                    load(port, requests)
                    if turn:  # the first one warms up
                        spent = (cpu_of(process) - before) / number / TURNS
                        cost[name, stream] = cost.get((name, stream), 0.0) + spent
    more = {stream: cost["simulated", stream] - cost["bare", stream] for stream in (False, True)}
    for stream, what in ((False, "chat"), (True, f"stream of {events} events")):
        one, other = cost["simulated", stream] * 1e6, cost["bare", stream] * 1e6
        show(
            f"served, a {what}: {one:.0f} µs CPU, bare {other:.0f} µs: "
            f"{one - other:.0f} µs more, {one / other:.2f} x"
        )
    per_event = (more[True] - more[False]) / events
    show(f"served: {per_event * 1e6:.1f} µs more CPU an event\n")
    assert more[False] <= CHAT_BAR
    assert per_event <= EVENT_BAR
