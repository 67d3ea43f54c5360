"""Whom the controls let in."""

import asyncio
import http.client
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from qwensim.server.control import Control
from qwensim.simulator import Script, Simulator

SCRIPTS, FAULTS, REQUESTS = "/__qwensim/scripts", "/__qwensim/faults", "/__qwensim/requests"
CLOCK, HEALTH, RESET = "/__qwensim/clock", "/__qwensim/health", "/__qwensim/reset"


# ---- who is let in


def call(
    simulator: Simulator,
    *,
    client: str = "127.0.0.1",
    method: str = "GET",
    body: bytes | None = b"",
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int | None, bytes]:
    """Call the app as uvicorn would; a body of None breaks off."""
    sent: list[Any] = []

    async def nowhere(*_: Any) -> None:
        raise AssertionError

    async def receive() -> Any:
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "method": method,
        "raw_path": SCRIPTS.encode(),
        "query_string": b"",
        "client": (client, 50000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    asyncio.run(Control(simulator, nowhere)(scope, receive, send))
    return (sent[0]["status"], sent[1]["body"]) if sent else (None, b"")


@pytest.mark.parametrize("client", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "headers", [{}, {"host": "localhost:8787"}, {"host": "[::1]:80"}, {"host": "127.0.0.1"}]
)
def test_programs_on_this_machine_are_let_in(client: str, headers: dict[str, str]) -> None:
    assert call(Simulator(), client=client, headers=headers)[0] == 200


@pytest.mark.parametrize("client", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1"])
def test_other_machines_are_not_let_in(client: str) -> None:
    simulator = Simulator()
    status, body = call(simulator, client=client, method="POST", body=b'{"text":"a"}')
    assert (status, b'{"error":"for programs on this machine' in body) == (403, True)
    assert simulator.scenario.scripts == ()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://page.example"},
        {"origin": "null", "host": "localhost"},
        {"host": "page.example"},
        {"host": "192.0.2.1:8787"},
        {"host": "[::1"},
        {"host": "dashscope.aliyuncs.com"},
    ],
)
def test_web_pages_are_not_let_in(headers: dict[str, str]) -> None:
    simulator = Simulator()
    status, _ = call(simulator, method="POST", body=b'{"text":"a"}', headers=headers)
    assert status == 403
    assert simulator.scenario.scripts == ()


def test_any_http_client_will_do(served: Any) -> None:
    url = served.client.base_url
    connection = http.client.HTTPConnection(url.host, url.port, timeout=10)
    connection.request("POST", SCRIPTS, body=b'{"text": "hello"}')
    answer = connection.getresponse()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.read() == b'{"scripts":[{"text":"hello"}],"unused":[{"text":"hello"}]}'
    connection.close()
    assert served.simulator.scenario.scripts == (Script(text="hello"),)


def test_the_bare_prefix_tells_how_it_is(served: Any) -> None:
    assert served.get("/__qwensim/") == served.get(HEALTH)
