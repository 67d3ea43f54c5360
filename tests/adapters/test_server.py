"""The served simulator: real sockets on the loopback, real clients."""

import asyncio
import http.client
import logging
import socket
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.exchange import Abort, Chunk, End, Event, Head, Wait
from qwensim.server import Server, serve
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
