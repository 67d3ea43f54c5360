"""The forward proxy: whom it lets through and whom it keeps away."""

from collections.abc import Iterator
from typing import Any

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


# ---- who is let through


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """A name of the service as a client may write it."""
    name = draw(st.sampled_from(CATALOG.host_names))
    upper = draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    written = "".join(c.upper() if up else c for c, up in zip(name, upper, strict=True))
    return written + draw(st.sampled_from(["", "."]))


@given(spellings(), st.sampled_from([":443", ":80"]))
def test_a_tunnel_is_opened_to_every_host_of_the_service(wire: Any, name: str, port: str) -> None:
    wire.connect(name + port).close()


@given(spellings(), st.sampled_from(["", ":80"]))
def test_a_whole_url_leads_to_its_host_whatever_the_host_header_says(
    wire: Any, simulator: Simulator, name: str, port: str
) -> None:
    request = (
        f"GET http://{name}{port}/v1/a HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n"
    )
    assert wire.ask(request.encode()).startswith(b"HTTP/1.1 4")
    entry = simulator.journal[-1]
    assert entry.arrived
    assert (entry.host, entry.path) == (name.lower().removesuffix("."), "/v1/a")
    assert dict(entry.headers)["host"] == entry.host


def test_an_overlay_brings_its_hosts(line: Any) -> None:
    overlay = {
        "host": [
            {
                "name": "models.example",
                "plan": "standard",
                "region": "global",
                "base_path": "/v1",
                "help": "https://models.example/help",
            }
        ]
    }
    with (
        serve(Simulator(catalog=load(overlay)), proxy=True) as server,
        line(server=server).secure("models.example") as connection,
    ):
        connection.sendall(CLOSE)
        assert b"HTTP/1.1 404" in line.read_all(connection)


@pytest.mark.parametrize("host", [NAME, "a.example", "127.0.0.1"])
def test_in_a_tunnel_the_host_is_the_one_it_leads_to(
    wire: Any, simulator: Simulator, host: str
) -> None:
    with wire.secure("dashscope-intl.aliyuncs.com") as connection:
        connection.sendall(CLOSE.replace(NAME.encode(), host.encode()))
        assert wire.read_all(connection).startswith(b"HTTP/1.1 401 Unauthorized")
    assert simulator.journal[-1].host == "dashscope-intl.aliyuncs.com"


def test_a_tunnel_to_port_80_carries_plain_http(wire: Any, simulator: Simulator) -> None:
    connection = wire.connect(f"{NAME}:80")
    connection.sendall(CLOSE)
    assert wire.read_all(connection).startswith(b"HTTP/1.1 401 Unauthorized")
    assert simulator.journal[-1].host == NAME


def test_what_offers_an_upgrade_is_answered_all_the_same(wire: Any, simulator: Simulator) -> None:
    upgrade = b"\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n"
    whole = GET.replace(b"GET ", f"GET http://{NAME}".encode()).replace(b"\r\n\r\n", upgrade)
    assert wire.ask(whole).startswith(b"HTTP/1.1 401")
    assert simulator.journal[-1].host == NAME
    connection = wire.open(f"CONNECT {NAME}:80 HTTP/1.1".encode() + upgrade)
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    connection.sendall(CLOSE)
    assert wire.read_all(connection).startswith(b"HTTP/1.1 401")


def test_the_controls_are_at_the_servers_own_address_alone(wire: Any) -> None:
    health = CLOSE.replace(b"/compatible-mode/v1/models", b"/__qwensim/health")
    assert b" 200 OK" in wire.ask(health.replace(NAME.encode(), b"localhost"))
    whole = health.replace(b"/__qwensim", f"http://{NAME}/__qwensim".encode())
    assert wire.ask(whole).startswith(b"HTTP/1.1 404")
    with wire.secure() as connection:
        connection.sendall(health)
        assert wire.read_all(connection).startswith(b"HTTP/1.1 404")


def test_the_server_itself_is_asked_as_before(wire: Any) -> None:
    assert wire.ask(CLOSE).startswith(b"HTTP/1.1 401")
    by_path = CLOSE.replace(NAME.encode(), b"localhost").replace(b"/comp", f"/{NAME}/comp".encode())
    assert wire.ask(by_path).startswith(b"HTTP/1.1 401")
