"""The controls of clock and requests, and how they speak HTTP."""

import asyncio
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx2
import pytest

from qwensim.errors import UsageError
from qwensim.server import SystemClock
from qwensim.server.app import MAX_BODY
from qwensim.server.control import Control
from qwensim.simulator import Entry, Simulator

SCRIPTS, FAULTS, REQUESTS = "/__qwensim/scripts", "/__qwensim/faults", "/__qwensim/requests"
CLOCK, HEALTH, RESET = "/__qwensim/clock", "/__qwensim/health", "/__qwensim/reset"


# ---- health and reset


def test_health_counts_what_there_is(served: Any) -> None:
    served.simulator.script("hello", times=2)
    served.ask()
    assert served.get(HEALTH) == {"status": "ok", "scripts": 1, "faults": 0, "requests": 1}


def test_reset_drops_scripts_faults_and_requests(served: Any) -> None:
    served.simulator.script("hello", times=2)
    served.simulator.fault("delay", model="other")
    served.ask()
    assert "unknown field `all`; there are: none" in served.refused(RESET, json={"all": True})
    assert len(served.simulator.journal) == 1
    answer = served.client.post(RESET)
    assert answer.json() == {"status": "ok", "scripts": 0, "faults": 0, "requests": 0}
    assert served.state() == ((), (), ())


# ---- the clock


def test_the_clock_is_moved_forward(served: Any) -> None:
    before = served.get(CLOCK)["now"]
    assert served.post(CLOCK, {"advance": 90}) == {"now": before + 90}
    assert served.simulator.clock.now() == before + 90


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"advance": -1}, r"^advance: Expected `float` >= 0\.0; seen: -1$"),
        ({"advance": 1e300}, "^advance: .* is beyond the year 9998"),
        ({"advance": "1"}, "^advance: Expected `float`, got `str`; seen: '1'$"),
        ({"seconds": 1}, r"unknown field `seconds`; there are: advance$|missing .*`advance`"),
        (None, "^Expected `object`, got `null`; seen: None$"),
    ],
)
def test_a_wrong_time_is_told_of(served: Any, fields: Any, told: str) -> None:
    before = served.simulator.clock.now()
    assert re.search(told, served.refused(CLOCK, json=fields))
    assert served.simulator.clock.now() == before


def test_the_system_clock_goes_on_from_where_it_was_moved_to(start: Any) -> None:
    clock = SystemClock()
    with start(Simulator(clock=clock)) as served:
        before = clock.now()
        assert before + 3600 <= served.post(CLOCK, {"advance": 3600})["now"] <= clock.now()
        assert int(served.ask().headers["req-arrive-time"]) >= (before + 3600) * 1000 - 1
    with pytest.raises(UsageError, match="forward only"):
        clock.advance(-1)


def test_a_clock_that_cannot_be_moved_is_told_of(start: Any) -> None:
    class Standing:
        def now(self) -> float:
            return 1e9

    with start(Simulator(clock=Standing())) as served:
        assert "cannot be moved" in served.refused(CLOCK, json={"advance": 1})
        assert served.get(CLOCK) == {"now": 1e9}


# ---- requests


def test_requests_are_shown_without_their_secrets(served: Any) -> None:
    served.ask("hi", api_key="sk-0123456789abcdef")
    text = served.client.get(REQUESTS).text
    assert "sk-0123456789abcdef" not in text
    (entry,) = served.get(REQUESTS)["requests"]
    assert set(entry) == set(Entry.__struct_fields__)
    assert (entry["host"], entry["model"]) == ("dashscope.aliyuncs.com", "qwen3.5-plus")
    assert entry["body"]["messages"] == [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [0, 1, 2, 3]),
        ({"model": "qwen-plus"}, [1]),
        ({"model": "qwen*"}, [0, 1, 2]),
        ({"host": "dashscope-intl.aliyuncs.com"}, [2]),
        ({"status": "404"}, [3]),
        ({"status": "200", "limit": "2"}, [1, 2]),
        ({"limit": "1"}, [3]),
        ({"limit": "9"}, [0, 1, 2, 3]),
        ({"model": ""}, []),
    ],
)
def test_requests_are_filtered(served: Any, query: dict[str, str], numbers: list[int]) -> None:
    served.ask("0")
    served.ask("1", model="qwen-plus")
    served.ask("2", host="dashscope-intl.aliyuncs.com")
    served.ask("3", model="gpt-5")
    found = [
        int(entry["body"]["messages"][0]["content"])
        for entry in served.get(REQUESTS, **query)["requests"]
    ]
    assert found == numbers


def test_requests_that_a_fault_met_are_found_by_their_model(served: Any) -> None:
    served.simulator.fault("error", error="overdue")
    served.simulator.fault("drop-before-headers")
    assert served.ask().status_code == 400
    with pytest.raises(httpx2.RemoteProtocolError):
        served.ask()
    found = served.get(REQUESTS, model="qwen3.5-plus")["requests"]
    assert [entry["fault"] for entry in found] == ["error", "drop-before-headers"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("modle=x", "unknown field `modle`; there are: model, host, status, limit"),
        ("status=ok", "status: Expected `int | null`, got `str`; seen: 'ok'"),
        ("limit=0", "limit: Expected `int` >= 1; seen: '0'"),
        ("model=a&model=b", "stands twice"),
    ],
)
def test_a_wrong_filter_is_told_of(served: Any, query: str, told: str) -> None:
    answer = served.client.get(f"{REQUESTS}?{query}")
    assert answer.status_code == 400
    assert told in answer.json()["error"]


def test_requests_are_forgotten(served: Any) -> None:
    served.ask()
    assert served.delete(REQUESTS) == {"requests": []}
    assert len(served.simulator.journal) == 0


@pytest.mark.parametrize("body", [b'{"a":' * 150 + b"1" + b"}" * 150, b"[" * 50_000, b"\xff"])
def test_any_body_that_was_sent_can_be_shown(served: Any, body: bytes) -> None:
    served.client.post("/compatible-mode/v1/chat/completions", content=body)
    assert len(served.get(REQUESTS)["requests"]) == 1


# ---- HTTP


def test_an_unknown_path_is_told_of(served: Any) -> None:
    answer = served.client.get("/__qwensim/script")
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("no 'script'; there are: health, reset, scripts")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", SCRIPTS, "GET, POST, DELETE"),
        ("POST", HEALTH, "GET"),
        ("GET", RESET, "POST"),
        ("DELETE", CLOCK, "GET, POST"),
        ("HEAD", HEALTH, "GET"),
    ],
)
def test_a_wrong_method_is_told_of(served: Any, method: str, path: str, allowed: str) -> None:
    answer = served.client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    if method != "HEAD":
        assert f"no method {method}" in answer.json()["error"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_fields_in_the_wrong_place_are_told_of(served: Any, method: str) -> None:
    sent: Any = {"json": {}} if method == "GET" else {"params": {"a": "b"}}
    answer = served.client.request(method, SCRIPTS, **sent)
    assert answer.status_code == 400


def test_a_body_that_is_too_long_is_refused() -> None:
    status, _ = call(Simulator(), method="POST", body=bytes(MAX_BODY + 1))
    assert status == 413


def test_a_client_that_leaves_in_mid_request_changes_nothing() -> None:
    simulator = Simulator()
    status, _ = call(simulator, method="POST", body=None)
    assert status is None
    assert simulator.scenario.scripts == ()


def test_the_service_is_not_asked_and_does_not_notice(served: Any) -> None:
    served.get(HEALTH)
    assert len(served.simulator.journal) == 0


def test_without_controls_their_paths_are_the_services(start: Any) -> None:
    with start(Simulator(), control=False) as served:
        assert served.client.get(HEALTH).status_code == 404
        assert served.client.get(HEALTH).content == b""
        assert len(served.simulator.journal) == 2


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
