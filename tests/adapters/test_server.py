"""The served simulator: real sockets on the loopback, real clients."""

import asyncio
import http.client
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
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.errors import UsageError
from qwensim.exchange import Abort, Chunk, End, Event, Head, Wait
from qwensim.server import Server, SystemClock, run, serve
from qwensim.transport import transport

HEAD = Head(status=200, headers=(("content-type", "text/event-stream"), ("server", "istio-envoy")))
A, B = Chunk(data=b"alpha"), Chunk(data=b"beta")
LONG = Wait(seconds=3600)
URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING):
        yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []


def send_raw(server: Server, request: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(request)
    return connection


def read_all(connection: socket.socket) -> bytes:
    with connection, connection.makefile("rb") as file:
        return file.read()


GET = b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n"


# ---- the same bytes as in process


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[Event, ...]:
    status = draw(st.sampled_from([200, 400, 404, 429, 500]))
    data = draw(st.lists(st.binary(min_size=1, max_size=100), max_size=5))
    names = st.sampled_from(["x-request-id", "vary", "content-type"])
    values = st.text(st.sampled_from("abc ,=/"), max_size=10).map(str.strip)
    headers = tuple(draw(st.lists(st.tuples(names, values), max_size=4)))
    pauses = st.sampled_from([(), (Wait(seconds=0),)])
    body: list[Event] = []
    for piece in data:
        body += [*draw(pauses), Chunk(data=piece)]
    body.append(End() if draw(st.booleans()) else Abort())
    return (*draw(pauses), Head(status=status, headers=headers), *body)


@pytest.mark.parametrize("carrier", ["socket", "whole URL", "tunnel"])
@settings(max_examples=40)
@given(events=exchanges())
def test_a_socket_carries_what_the_transport_carries(
    served: tuple[Any, Server], caller: Any, line: Any, carrier: str, events: tuple[Event, ...]
) -> None:
    service, server = served
    service.answer = lambda _: events
    call = caller(library=httpx2, asynchronous=False)
    in_process = call(transport(service, httpx2), URL)
    if carrier == "socket":
        over_a_socket = call(httpx2.HTTPTransport(), URL.replace("https:/", server.url))
    else:
        url = URL if carrier == "tunnel" else URL.replace("https", "http")
        trusted = line(server=server).trusting()
        over_a_socket = call(httpx2.HTTPTransport(proxy=server.url, verify=trusted), url)
    assert over_a_socket.end_to_end() == in_process.end_to_end()


# ---- the ways of naming a host


def test_each_base_url_leads_to_its_host(scripted: Any) -> None:
    service = scripted(HEAD, End())
    with serve(service) as server:
        assert set(server.base_urls) == set(service.catalog.hosts)
        for name, base_url in server.base_urls.items():
            httpx2.get(f"{base_url}/a%2Fb%20c?x=%20y")
            request = service.requests[-1]
            base_path = service.catalog.hosts[name].base_path
            assert (request.host, request.path) == (name, f"{base_path}/a%2Fb%20c")
            assert request.query == "x=%20y"


def test_a_bare_url_leads_to_the_servers_region(scripted: Any) -> None:
    service = scripted(HEAD, End())
    with serve(service, region="china") as server:
        httpx2.get(f"{server.url}/v1/models")
        httpx2.get(f"{server.url}/compatible-mode/v1/models")
        httpx2.get(f"{server.url}/", headers={"host": "DashScope-intl.AliyunCS.com.:443"})
    assert [request.host for request in service.requests] == [
        "coding.dashscope.aliyuncs.com",
        "dashscope.aliyuncs.com",
        "dashscope-intl.aliyuncs.com",
    ]


# ---- HTTP


def test_the_bytes_on_the_wire_are_the_services_alone(scripted: Any) -> None:
    with serve(scripted(HEAD, A, B, End())) as server:
        answer = read_all(
            send_raw(server, GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        )
    assert answer == (
        b"HTTP/1.1 200 OK\r\n"
        b"content-type: text/event-stream\r\n"
        b"server: istio-envoy\r\n"
        b"connection: close\r\n"
        b"transfer-encoding: chunked\r\n"
        b"\r\n"
        b"9\r\nalphabeta\r\n0\r\n\r\n"
    )


def test_a_connection_is_used_again(scripted: Any) -> None:
    with serve(scripted(HEAD, A, End())) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        ports = set()
        for method in ("GET", "POST", "HEAD", "GET"):
            connection.request(method, "/v1/models")
            answer = connection.getresponse()
            assert answer.read() == (b"" if method == "HEAD" else b"alpha")
            ports.add(connection.sock.getsockname()[1])
        connection.close()
    assert len(ports) == 1


def test_two_hundred_answers_are_open_at_once(scripted: Any) -> None:
    service = scripted()
    service.answer = lambda request: (HEAD, Chunk(data=request.body), LONG, End())

    async def main(url: str) -> list[bytes]:
        async with httpx2.AsyncClient(
            limits=httpx2.Limits(max_connections=None), timeout=30
        ) as client:
            requests = [
                client.build_request("POST", url, content=b"%d" % number) for number in range(200)
            ]
            answers = await asyncio.gather(*(client.send(r, stream=True) for r in requests))
            pieces = [await anext(answer.aiter_raw()) for answer in answers]
            await asyncio.gather(*(answer.aclose() for answer in answers))
            return pieces

    with serve(service) as server:
        assert asyncio.run(main(server.url)) == [b"%d" % number for number in range(200)]
        assert all(service.wait_for_end() for _ in range(200))


# ---- broken connections


@pytest.mark.parametrize("abort", [Abort(), Abort(kind="refuse")])
def test_an_abort_before_the_head_closes_the_connection_without_a_byte(
    scripted: Any, abort: Abort
) -> None:
    with serve(scripted(Wait(seconds=0), abort)) as server:
        assert read_all(send_raw(server, GET)) == b""


@pytest.mark.parametrize("chunks", [(), (A,), (A, Wait(seconds=0), B)])
def test_an_abort_in_mid_answer_leaves_it_without_an_end(
    scripted: Any, chunks: tuple[Event, ...]
) -> None:
    with serve(scripted(HEAD, *chunks, Abort())) as server:
        head, _, body = read_all(send_raw(server, GET)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body == b"".join(
        b"%x\r\n%b\r\n" % (len(chunk.data), chunk.data)
        for chunk in chunks
        if isinstance(chunk, Chunk)
    )


def test_what_was_sent_before_an_abort_still_arrives_however_much(scripted: Any) -> None:
    much = Chunk(data=bytes(8 << 20))
    with serve(scripted(HEAD, much, Abort())) as server:
        assert len(read_all(send_raw(server, GET))) > len(much.data)


def test_the_next_request_after_an_abort_is_answered(scripted: Any) -> None:
    service = scripted(HEAD, A, End())
    with serve(service) as server, httpx2.Client() as client:
        good, service.answer = service.answer, lambda _: (Abort(),)
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get(server.url)
        service.answer = good
        assert client.get(server.url).content == b"alpha"


@pytest.mark.parametrize("events", [(LONG, HEAD, End()), (HEAD, A, LONG, B, End())])
def test_a_client_that_goes_away_during_a_wait_ends_the_exchange(
    scripted: Any, events: tuple[Event, ...]
) -> None:
    service = scripted(*events)
    with serve(service) as server:
        connection = send_raw(server, GET)
        assert service.begun.wait(timeout=10)
        connection.close()
        assert service.wait_for_end()


def test_a_client_that_stops_reading_and_goes_away_ends_the_exchange(scripted: Any) -> None:
    service = scripted()
    service.answer = lambda _: (HEAD, *(Chunk(data=bytes(1 << 20)) for _ in range(64)), End())
    with serve(service) as server:
        connection = send_raw(server, GET)
        assert service.begun.wait(timeout=10)
        connection.close()
        assert service.wait_for_end()
        assert service.played < 66


def test_stopping_breaks_off_answers_that_are_open(scripted: Any) -> None:
    service = scripted(HEAD, A, LONG, End())
    with serve(service) as server:
        answer = httpx2.Client().send(httpx2.Request("GET", server.url), stream=True)
        pieces = answer.iter_raw()
        assert next(pieces) == b"alpha"
    with pytest.raises(httpx2.TransportError):
        next(pieces)
    assert service.wait_for_end()


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
