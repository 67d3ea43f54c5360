"""A server starts, stops and heeds signals."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qwensim.errors import UsageError
from qwensim.exchange import Chunk, End, Head
from qwensim.server import Server, SystemClock, run, serve

HEAD = Head(status=200, headers=(("content-type", "text/event-stream"), ("server", "istio-envoy")))
A, B = Chunk(data=b"alpha"), Chunk(data=b"beta")


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING):
        yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []


GET = b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n"


# ---- starting and stopping


def test_a_port_in_use_is_a_usage_error_that_says_what_to_do(scripted: Any) -> None:
    with (
        serve(scripted()) as server,
        pytest.raises(UsageError, match=rf"127\.0\.0\.1 port {server.port} \(.+\): give another"),
        serve(scripted(), port=server.port),
    ):
        pass


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("127.0.0.1", 70000, "no port 70000: give one from 1 to 65535, or 0"),
        ("127.0.0.1", -1, "no port -1: "),
        ("host.invalid", 0, r"cannot listen on host\.invalid port 0 \(.+\): give"),
    ],
)
def test_an_address_that_cannot_be_is_a_usage_error(
    scripted: Any, host: str, port: int, message: str
) -> None:
    with pytest.raises(UsageError, match=message), serve(scripted(), host=host, port=port):
        pass


def test_an_unknown_region_is_a_usage_error(scripted: Any) -> None:
    wrong: Any = "mars"
    with (
        pytest.raises(UsageError, match="no region 'mars'; there are: china, global"),
        serve(scripted(), region=wrong),
    ):
        pass


def test_it_is_served_on_ipv6_too(scripted: Any) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with serve(scripted(HEAD, A, End()), host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert httpx2.get(server.url).content == b"alpha"


def test_a_server_that_is_left_at_once_stops(scripted: Any) -> None:
    with serve(scripted()) as server:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=10)


def test_nothing_is_left_when_it_has_stopped(scripted: Any) -> None:
    def once() -> None:
        with serve(scripted(HEAD, A, End())) as server, httpx2.Client() as client:
            assert client.get(server.url).content == b"alpha"

    def open_files() -> int:
        folder = Path("/proc/self/fd")
        return len(list(folder.iterdir())) if folder.exists() else 0

    once()
    before = threading.active_count(), open_files()
    for _ in range(3):
        once()
    assert (threading.active_count(), open_files()) == before


PROGRAM = """
import sys
from qwensim.catalog import load
from qwensim.exchange import Chunk, Head, Wait
from qwensim.server import SystemClock, run

class Service:
    catalog, clock = load(), SystemClock()
    def handle(self, request):
        yield Head(status=200, headers=())
        yield Chunk(data=b"alpha")
        yield Wait(seconds=3600)

sys.exit(run(Service(), on_start=lambda server: print(server.url, flush=True)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to processes on POSIX only")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
@pytest.mark.parametrize("streaming", [False, True], ids=["idle", "streaming"])
def test_a_signal_ends_run_with_its_exit_code(
    number: signal.Signals, code: int, *, streaming: bool
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx2.Client() as client:
            if streaming:
                answer = client.send(httpx2.Request("GET", url), stream=True)
                assert next(answer.iter_raw()) == b"alpha"
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (code, "", "")


def test_run_gives_the_signals_back(scripted: Any) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    servers: list[Server] = []

    def stop(server: Server) -> None:
        servers.append(server)
        signal.raise_signal(signal.SIGTERM)

    assert run(scripted(), on_start=stop) == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert servers[0].url == f"http://127.0.0.1:{servers[0].port}"


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_signals_do_nothing_while_run_stops(
    scripted: Any, monkeypatch: pytest.MonkeyPatch, second: signal.Signals
) -> None:
    join, stopping = threading.Thread.join, []

    def interrupted_join(thread: threading.Thread, timeout: float | None = None) -> None:
        if thread.name == "qwensim":
            stopping.append(thread)
            signal.raise_signal(second)
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupted_join)
    assert run(scripted(), on_start=lambda _: signal.raise_signal(signal.SIGINT)) == 130
    (thread,) = stopping
    assert not thread.is_alive()


def test_run_gives_the_signals_back_if_it_cannot_start(scripted: Any) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(UsageError, match="no port 70000"):
        run(scripted(), port=70000, on_start=print)
    assert signal.getsignal(signal.SIGINT) == before


def test_the_system_clock_goes() -> None:
    clock = SystemClock()
    first = clock.now()
    assert 1_700_000_000 < first <= clock.now()
