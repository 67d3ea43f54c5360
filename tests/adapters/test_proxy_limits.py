"""What the forward proxy bears: heads without end, what is no TLS, silence, leaving."""

import logging
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.exchange import Chunk, End, Head, Wait
from qwensim.server import Server, serve
from qwensim.server.protocol import MAX_HEAD
from qwensim.simulator import Simulator

HEAD = Head(status=200, headers=(("content-type", "text/event-stream"),))
A = Chunk(data=b"alpha")
NAME = "dashscope.aliyuncs.com"
GET = b"GET /compatible-mode/v1/models HTTP/1.1\r\nhost: dashscope.aliyuncs.com\r\n\r\n"
CLOSE = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
CONNECT = b"CONNECT dashscope.aliyuncs.com:443 HTTP/1.1\r\n\r\n"


@pytest.fixture(autouse=True)
def no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.ERROR):
        yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []


# ---- what a tunnel carries


@pytest.fixture
def tunnel(served: tuple[Any, Server], line: Any) -> Iterator[tuple[Any, Any, ssl.SSLSocket]]:
    service, server = served
    wire = line(server=server)
    with wire.secure() as connection:
        yield service, wire, connection


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve on one event loop, then on the other: they differ in what they hand over first."""
    if request.param == "asyncio":
        monkeypatch.setitem(sys.modules, "uvloop", None)  # so it cannot be imported


# ---- heads without end


@pytest.mark.parametrize(
    "start",
    [b"CONNECT ", b"CONNECT a:443 HTTP/1.1\r\na: ", b"GET /", b"GET / HTTP/1.1\r\na: ", b"\r\n"],
)
def test_a_head_without_end_is_refused_as_soon_as_it_is_too_long(
    served: tuple[Any, Server], line: Any, start: bytes
) -> None:
    _, server = served
    endless = start + (b"a" if start.strip() else b"\r\n") * MAX_HEAD
    answer = line(server=server).ask(endless[: MAX_HEAD + 1])
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


def test_in_a_tunnel_too(tunnel: Any) -> None:
    _, wire, connection = tunnel
    connection.sendall((b"GET / HTTP/1.1\r\na: " + b"a" * MAX_HEAD)[: MAX_HEAD + 1])
    assert wire.read_all(connection).startswith(b"HTTP/1.1 431 ")


def test_a_long_way_to_ask_for_a_tunnel_opens_none(served: tuple[Any, Server], line: Any) -> None:
    _, server = served
    wire = line(server=server)
    connection = wire.open(CONNECT[:-2] + b"a: " + b"a" * (MAX_HEAD - len(CONNECT) - 3))
    connection.sendall(b"b\r\n\r\n")
    assert wire.read_all(connection).startswith(b"HTTP/1.1 431 ")


def test_a_long_body_is_no_long_head(tunnel: Any) -> None:
    service, wire, connection = tunnel
    service.answer = lambda request: (HEAD, Chunk(data=b"%d" % len(request.body)), End())
    body = bytes(4 * MAX_HEAD)
    connection.sendall(CLOSE[:-2] + b"content-length: %d\r\n\r\n" % len(body) + body)
    assert b"\r\n%d\r\n" % len(body) in wire.read_all(connection)


CHUNKED = CLOSE[:-2] + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("start", [b"0\r\na: ", b"0\r\n", b"1;"])
def test_what_frames_a_body_has_its_end_too(tunnel: Any, start: bytes) -> None:
    _, wire, connection = tunnel
    more = b"a: b\r\n" if start.endswith(b"\n") else b"a"
    connection.sendall((CHUNKED + start + more * MAX_HEAD)[: MAX_HEAD + 1])
    assert wire.read_all(connection).startswith(b"HTTP/1.1 431 ")


def test_what_comes_after_a_body_is_no_header(tunnel: Any) -> None:
    service, wire, connection = tunnel
    service.answer = lambda request: (HEAD, Chunk(data=repr(request.headers).encode()), End())
    connection.sendall(CHUNKED + b"1\r\na\r\n0\r\nauthorization: Bearer late\r\n\r\n")
    answer = wire.read_all(connection)
    assert b"transfer-encoding" in answer
    assert b"authorization" not in answer
    assert service.requests[-1].body == b"a"


def test_who_asks_on_and_on_without_reading_is_hung_up_on(
    served: tuple[Any, Server], line: Any
) -> None:
    service, server = served
    service.answer = lambda _: (HEAD, *(Chunk(data=bytes(1 << 20)) for _ in range(16)), End())
    connection = line(server=server).open()
    with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
        connection.sendall(GET * 200_000)
    connection.close()


# ---- what is no TLS


@given(st.binary(min_size=1, max_size=600))
def test_garbage_in_place_of_tls_is_hung_up_on(
    served: tuple[Any, Server], line: Any, garbage: bytes
) -> None:
    _, server = served
    wire = line(server=server)
    connection = wire.connect()
    connection.sendall(garbage)
    connection.shutdown(1)
    wire.read_all(connection)


def test_what_was_said_in_place_of_tls_is_noted(served: tuple[Any, Server], line: Any) -> None:
    service, server = served
    wire = line(server=server)
    connection = wire.connect()
    connection.sendall(GET)
    wire.read_all(connection)
    entry = service.journal[-1]
    assert (entry.method, entry.host, entry.error) == ("CONNECT", NAME, "tls-failed")
    assert entry.message == "HTTP_REQUEST"


def test_a_client_that_does_not_trust_the_proxy_is_noted(
    served: tuple[Any, Server], line: Any
) -> None:
    service, server = served
    connection = line(server=server).connect()
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connection, server_hostname=NAME)
    with line(server=server).secure() as later:
        service.answer = lambda _: (HEAD, A, End())
        later.sendall(CLOSE)
        assert b"alpha" in line.read_all(later)
    entry = service.journal[-1]
    assert (entry.error, entry.message) == ("tls-failed", "TLSV1_ALERT_UNKNOWN_CA")


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("secure", [False, True])
def test_who_leaves_a_tunnel_without_a_request_is_noted(
    scripted: Any, line: Any, secure: bool
) -> None:
    service, noted = scripted(), threading.Event()
    service.journal.listen(lambda _: noted.set())
    with serve(service, proxy=True) as server:
        wire = line(server=server)
        (wire.secure() if secure else wire.connect()).close()
        assert noted.wait(timeout=10)
    (entry,) = service.journal
    assert (entry.method, entry.host, entry.status, entry.error) == ("CONNECT", NAME, 0, "left")
    assert not entry.arrived


def test_who_does_not_wait_for_the_tunnel_gets_none(served: tuple[Any, Server], line: Any) -> None:
    _, server = served
    assert line(server=server).ask(CONNECT + b"\x16\x03\x01").startswith(b"HTTP/1.1 400 ")


# ---- silence


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("protocol", "proxy", "runner"):
        monkeypatch.setattr(f"qwensim.server.{module}.PATIENCE", 0.05)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "said",
    [b"", b"GET", b"CONNECT dash", GET[:-2], CLOSE[:-2] + b"content-length: 2\r\n\r\n1"],
    ids=["nothing", "a word", "half a name", "half a head", "half a body"],
)
@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
def test_who_falls_silent_is_left(
    served: tuple[Any, Server], line: Any, said: bytes, *, inside: bool
) -> None:
    _, server = served
    wire = line(server=server)
    connection = wire.secure() if inside else wire.open()
    connection.sendall(said)
    assert wire.read_all(connection) == b""


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("said", [b"", b"\x16", b"\x16\x03\x01\x02\x00"])
def test_who_falls_silent_before_tls_is_left(
    served: tuple[Any, Server], line: Any, said: bytes
) -> None:
    _, server = served
    wire = line(server=server)
    connection = wire.connect()
    connection.sendall(said)
    assert wire.read_all(connection) == b""


@pytest.mark.usefixtures("impatient")
def test_who_waits_for_an_answer_is_not(tunnel: Any) -> None:
    service, wire, connection = tunnel
    service.answer = lambda _: (Wait(seconds=0.2), HEAD, A, Wait(seconds=0.2), A, End())
    connection.sendall(CLOSE)
    assert wire.read_all(connection).endswith(b"0\r\n\r\n")


# ---- what is left of it all


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc to look at")
def test_no_file_stays_open_whatever_the_clients_did(line: Any) -> None:
    with serve(Simulator(), proxy=True, tls_port=0) as server:
        wire = line(server=server)
        answered = CONNECT.replace(b"443", b"80") + CLOSE

        def once() -> None:
            wire.ask(CLOSE)
            wire.ask(answered)
            wire.ask(b"CONNECT a.example:443 HTTP/1.1\r\n\r\n")
            wire.ask(b"\0\r\n\r\n")
            wire.connect().close()
            for said in (GET, b"\x16\x03\x01\x00\x05hello"):
                connection = wire.connect()
                connection.sendall(said)
                connection.shutdown(1)
                wire.read_all(connection)
            with wire.secure() as connection:
                connection.sendall(CLOSE)
                wire.read_all(connection)
            wire.secure().close()

        once()
        before = open_files()
        for _ in range(20):
            once()
        # The server closes its side when it has seen the client's end: ask it once more.
        for _ in range(200):
            wire.ask(CLOSE)
            if open_files() <= before:
                break
        assert open_files() <= before
