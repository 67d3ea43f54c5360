"""What the forward proxy carries, and what it bears: the slow, the broken and the many."""

import asyncio
import contextlib
import logging
import resource
import ssl
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from qwensim.exchange import Chunk, End, Head, Wait
from qwensim.server import Server, serve

HEAD = Head(status=200, headers=(("content-type", "text/event-stream"),))
A = Chunk(data=b"alpha")
LONG = Wait(seconds=3600)
NAME = "dashscope.aliyuncs.com"
GET = b"GET /compatible-mode/v1/models HTTP/1.1\r\nhost: dashscope.aliyuncs.com\r\n\r\n"
CLOSE = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")


@pytest.fixture(autouse=True)
def no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.ERROR):
        yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []


@contextlib.contextmanager
def room_for_files(count: int) -> Iterator[None]:
    """Let the process have so many files open, if it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(count, hard)), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ---- what a tunnel carries


@pytest.fixture
def tunnel(served: tuple[Any, Server], line: Any) -> Iterator[tuple[Any, Any, ssl.SSLSocket]]:
    service, server = served
    wire = line(server=server)
    with wire.secure() as connection:
        yield service, wire, connection


def test_a_tunnel_is_used_again(tunnel: Any) -> None:
    service, _, connection = tunnel
    service.answer = lambda request: (HEAD, Chunk(data=request.path.encode()), End())
    with connection.makefile("rb") as file:
        for number in range(3):
            connection.sendall(GET.replace(b"/models", b"/%d" % number))
            while file.readline().strip():
                pass  # the head
            assert file.readline() == b"15\r\n"
            assert file.readline() == b"/compatible-mode/v1/%d\r\n" % number
            assert file.readline() + file.readline() == b"0\r\n\r\n"


def test_chunks_come_one_by_one_and_leaving_ends_the_exchange(tunnel: Any) -> None:
    service, _, connection = tunnel
    service.answer = lambda _: (HEAD, A, LONG, A, End())
    connection.sendall(GET)
    with connection.makefile("rb") as file:
        assert b"alpha\r\n" in iter(file.readline, b"")
    connection.close()
    assert service.wait_for_end()


def test_leaving_ends_it_also_where_more_was_asked_already(tunnel: Any) -> None:
    service, _, connection = tunnel
    service.answer = lambda _: (HEAD, A, LONG, A, End())
    service.begun.clear()
    service.requests.clear()
    connection.sendall(GET * 2)
    assert service.begun.wait(timeout=10)
    connection.close()
    assert service.wait_for_end()
    assert len(service.requests) == 1


def test_one_who_does_not_read_is_sent_no_more_than_fits_in_between(tunnel: Any) -> None:
    service, _, connection = tunnel
    service.answer = lambda _: (HEAD, *(Chunk(data=bytes(1 << 20)) for _ in range(64)), End())
    service.begun.clear()
    connection.sendall(GET)
    assert service.begun.wait(timeout=10)
    connection.close()
    assert service.wait_for_end()
    assert service.played < 66


def test_one_who_reads_late_gets_all_of_it(tunnel: Any) -> None:
    service, wire, connection = tunnel
    service.answer = lambda _: (HEAD, *(Chunk(data=bytes(1 << 20)) for _ in range(32)), End())
    service.begun.clear()
    connection.sendall(CLOSE)
    assert service.begun.wait(timeout=10)
    assert len(wire.read_all(connection)) > 32 << 20


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve on one event loop, then on the other: they differ in what they hand over first."""
    if request.param == "asyncio":
        monkeypatch.setitem(sys.modules, "uvloop", None)  # so it cannot be imported


@pytest.mark.usefixtures("loop")
def test_what_follows_the_handshake_at_once_is_not_lost(scripted: Any, line: Any) -> None:
    with serve(scripted(HEAD, A, End()), proxy=True) as server:
        say_all_at_once(line(server=server))


def say_all_at_once(wire: Any) -> None:
    connection = wire.connect()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = wire.trusting().wrap_bio(incoming, outgoing, server_hostname=NAME)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    connection.sendall(outgoing.read())
    while True:
        incoming.write(connection.recv(65536))
        try:
            client.do_handshake()
            break
        except ssl.SSLWantReadError:
            continue
    client.write(CLOSE)
    connection.sendall(outgoing.read())  # the end of the handshake and the request, in one
    answer = b""
    while b"alpha" not in answer:
        incoming.write(connection.recv(65536))
        with contextlib.suppress(ssl.SSLWantReadError):
            while piece := client.read(65536):
                answer += piece
    connection.close()


def test_five_hundred_tunnels_are_open_at_once(served: tuple[Any, Server], line: Any) -> None:
    service, server = served
    service.answer = lambda request: (HEAD, Chunk(data=request.body), LONG, End())
    context = line(server=server).trusting()

    async def main() -> list[bytes]:
        transport = httpx2.AsyncHTTPTransport(
            proxy=server.url, verify=context, limits=httpx2.Limits(max_connections=None)
        )
        async with httpx2.AsyncClient(transport=transport, timeout=60) as client:
            requests = [
                client.build_request("POST", f"https://{NAME}/", content=b"%d" % number)
                for number in range(500)
            ]
            answers = await asyncio.gather(*(client.send(r, stream=True) for r in requests))
            pieces = [await anext(answer.aiter_raw()) for answer in answers]
            await asyncio.gather(*(answer.aclose() for answer in answers))
            return pieces

    with room_for_files(2000):
        assert asyncio.run(main()) == [b"%d" % number for number in range(500)]
        assert all(service.wait_for_end() for _ in range(500))


# ---- starting and stopping


@pytest.mark.usefixtures("loop")
def test_stopping_ends_tunnels_in_every_state(line: Any, scripted: Any) -> None:
    service = scripted(HEAD, A, LONG, End())
    with serve(service, proxy=True) as server:
        wire = line(server=server)
        idle, handshaking, streaming = wire.open(), wire.connect(), wire.secure()
        streaming.sendall(GET)
        assert service.begun.wait(timeout=10)
    assert [wire.read_all(connection) for connection in (idle, handshaking)] == [b"", b""]
    wire.read_all(streaming)
    assert service.wait_for_end()
