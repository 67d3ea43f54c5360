"""The forward proxy keeps clients from other hosts, and forwards nothing."""

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.server import serve
from qwensim.simulator import Simulator

CATALOG = load()
NAME = "dashscope.aliyuncs.com"
GET = b"GET /compatible-mode/v1/models HTTP/1.1\r\nhost: dashscope.aliyuncs.com\r\n\r\n"
CLOSE = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture(scope="module")
def wire(simulator: Simulator, line: Any) -> Iterator[Any]:
    with serve(simulator, proxy=True) as server:
        yield line(server=server)


# ---- who is kept away

NATIVE_LOOKING = [
    "dashscope.aliyuncs.com.evil.test",
    "evil.test.dashscope.aliyuncs.com",
    "xdashscope.aliyuncs.com",
    "dashscope.aliyuncs.com..",
    ".dashscope.aliyuncs.com",
    "aliyuncs.com",
    "dashscope.aliyuncs",
    "dashscope-aliyuncs.com",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "2130706433",
]


@st.composite
def other_names(draw: st.DrawFn) -> str:
    """A name that is none of the service's, though it may look like one."""
    label = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-"), min_size=1)
    name = draw(st.sampled_from(CATALOG.host_names))
    grown: st.SearchStrategy[str] = st.one_of(
        st.sampled_from(NATIVE_LOOKING),
        label.map(lambda more: f"{name}.{more}"),
        label.map(lambda more: f"{more}.{name}"),
        label.map(lambda more: f"{more}{name}"),
        st.integers(0, len(name) - 1).map(lambda at: name[:at] + name[at + 1 :]),
        st.ip_addresses(v=4).map(str),
        st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    )
    return draw(grown.filter(lambda other: other.removesuffix(".") not in CATALOG.host_names))


@given(other_names(), st.sampled_from(["443", "80"]))
def test_a_tunnel_to_another_name_is_refused_and_noted(
    wire: Any, simulator: Simulator, name: str, port: str
) -> None:
    answer = wire.ask(f"CONNECT {name}:{port} HTTP/1.1\r\nuser-agent: me\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"is refused: qwensim answers for dashscope.aliyuncs.com, " in answer
    entry = simulator.journal[-1]
    assert not entry.arrived
    assert (entry.method, entry.status, entry.error) == ("CONNECT", 403, "kept-away")
    assert entry.host == name
    assert entry.headers == (("user-agent", "me"),)


@given(other_names())
def test_a_whole_url_with_another_name_is_refused_and_the_connection_kept(
    wire: Any, simulator: Simulator, name: str
) -> None:
    request = f"POST http://{name}/a?b HTTP/1.1\r\nhost: {NAME}\r\ncontent-length: 3\r\n\r\nabc"
    answer = wire.ask(request.encode() + CLOSE)
    refused, _, other = answer.partition(b"connects to nothing\n")
    assert refused.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert other.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    entry = simulator.journal[-2]
    assert (entry.error, entry.method, entry.path) == ("kept-away", "POST", "/a")


@pytest.mark.parametrize("port", ["22", "8443", "443:443", "443a", "-1", "65536", "0443"])
def test_a_tunnel_to_another_port_is_refused(wire: Any, port: str) -> None:
    assert wire.ask(f"CONNECT {NAME}:{port} HTTP/1.1\r\n\r\n".encode()).startswith(b"HTTP/1.1 40")


@pytest.mark.parametrize("port", ["22", "8443", "443a", "-1", "65536"])
def test_a_whole_url_with_another_port_is_refused(wire: Any, port: str) -> None:
    request = CLOSE.replace(b"GET ", f"GET http://{NAME}:{port}".encode())
    assert wire.ask(request).startswith(b"HTTP/1.1 40")


def test_the_port_of_a_refused_tunnel_is_told_where_it_tells_something(
    wire: Any, simulator: Simulator
) -> None:
    for target in ("a.example:443", f"{NAME}:8443"):
        wire.ask(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
    assert [entry.host for entry in simulator.journal][-2:] == ["a.example", f"{NAME}:8443"]


def test_the_controls_show_who_was_kept_away(wire: Any) -> None:
    wire.ask(b"CONNECT kept.example:443 HTTP/1.1\r\n\r\n")
    answer = httpx2.get(f"{wire.server.url}/__qwensim/requests?host=kept.example").json()
    assert [entry["error"] for entry in answer["requests"]] == ["kept-away"]


KEYS = st.text(st.sampled_from("abcXYZ0189_-"), min_size=8, max_size=20).map("sk-{}".format)


@given(KEYS, st.sampled_from(["host", "path", "query", "header", "name", "proxy-authorization"]))
def test_no_key_of_one_who_is_kept_away_is_noted(
    wire: Any, simulator: Simulator, key: str, place: str
) -> None:
    host = f"{key}.example" if place == "host" else "a.example"
    path = f"/{key}" if place == "path" else "/"
    query = f"?api_key={key}" if place == "query" else ""
    header = {
        "header": f"x-note: {key}\r\n",
        "name": f"x-{key}: a\r\n",
        "proxy-authorization": f"proxy-authorization: Bearer {key}\r\n",
    }.get(place, "")
    end = f"{header}connection: close\r\n\r\n"
    wire.ask(f"GET http://{host}{path}{query} HTTP/1.1\r\n{end}".encode())
    wire.ask(f"CONNECT {host}:443 HTTP/1.1\r\n{end}".encode())
    noted = [repr(entry) for entry in simulator.journal][-2:]
    assert all("kept-away" in entry for entry in noted)
    assert key.lower() not in "".join(noted).lower()


SECRETS = [
    b"CONNECT me:{}@a.example:443 HTTP/1.1\r\n",
    b"CONNECT a.example:443 HTTP/1.1\r\nproxy-authorization: Basic {}\r\n",
    b"CONNECT a.example:443 HTTP/1.1\r\nx-vault: {}\r\n",
    b"GET http://me:{}@a.example/ HTTP/1.1\r\n",
    b"GET http://a.example/?sig={} HTTP/1.1\r\n",
    b"GET http://a.example/ HTTP/1.1\r\ncookie: id={}\r\n",
    b"GET http://a.example/ HTTP/1.1\r\nx-vault: {}\r\n",
]


@pytest.mark.parametrize("request_", SECRETS)
def test_no_secret_of_another_service_is_noted_whatever_its_form(
    wire: Any, simulator: Simulator, request_: bytes
) -> None:
    answer = wire.ask(request_.replace(b"{}", b"hunter2") + b"connection: close\r\n\r\n")
    assert b"hunter2" not in answer
    entry = simulator.journal[-1]
    assert (entry.host, entry.error) == ("a.example", "kept-away")
    assert "hunter2" not in repr(entry)


@given(
    key=KEYS,
    header=st.sampled_from(["authorization", "x-api-key", "cookie", "user-agent", "x-custom"]),
    in_body=st.booleans(),
    in_query=st.booleans(),
)
def test_no_key_is_noted_of_what_comes_through_a_tunnel(
    wire: Any, simulator: Simulator, *, key: str, header: str, in_body: bool, in_query: bool
) -> None:
    body = json.dumps({"model": "qwen-plus", "messages": key if in_body else "hi"}).encode()
    query = f"?x={key}&access_token={key}" if in_query else ""
    head = (
        f"POST /compatible-mode/v1/chat/completions{query} HTTP/1.1\r\nhost: {NAME}\r\n"
        f"{header}: Bearer {key}\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with wire.secure() as connection:
        connection.sendall(head.encode() + body)
        assert b"HTTP/1.1 4" in wire.read_all(connection)
    entry = simulator.journal[-1]
    assert entry.arrived
    assert key.lower() not in repr(entry).lower()


# ---- nothing is forwarded

FORWARDS = """
import sys

def audit(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        print(event, arguments, file=sys.stderr, flush=True)

from qwensim.server import serve
from qwensim.simulator import Simulator

with serve(Simulator(), proxy=True) as server:
    sys.addaudithook(audit)
    print(server.port, flush=True)
    sys.stdin.read()
"""


def ask_for_everything(port: int) -> None:
    for request in (
        b"CONNECT a.example:443 HTTP/1.1\r\n\r\n",
        b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n" % port,
        b"GET http://a.example/ HTTP/1.1\r\nconnection: close\r\n\r\n",
        b"GET http://%b/ HTTP/1.1\r\nconnection: close\r\n\r\n" % NAME.encode(),
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(request)
            assert connection.recv(4096).startswith(b"HTTP/1.1 40")


def test_no_name_is_looked_up_and_nobody_connected_to() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FORWARDS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ask_for_everything(int(process.stdout.readline()))
        assert process.communicate(input="", timeout=30)[1] == ""


def test_the_kernel_is_asked_for_no_connection(tmp_path: Path) -> None:
    """The event loop's own connections pass by Python's audit: here the kernel is asked."""
    strace, log = shutil.which("strace"), tmp_path / "calls"
    command = [strace or "", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", str(log)]
    works = strace and subprocess.run([*command, "true"], check=False).returncode == 0
    if not works:
        pytest.skip("no strace that may be used here")
    with subprocess.Popen(
        [*command, sys.executable, "-c", FORWARDS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ask_for_everything(int(process.stdout.readline()))
        process.communicate(input="", timeout=30)
    assert re.findall(r"AF_INET6?", log.read_text()) == []
