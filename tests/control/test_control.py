"""The controls over HTTP: what each does, what it refuses, whom it lets in."""

import asyncio
import http.client
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx2
import pytest

from qwensim.server import SystemClock
from qwensim.server.app import MAX_BODY
from qwensim.server.control import Control
from qwensim.simulator import Entry, Fault, Script, Simulator, ToolCall

SCRIPTS, FAULTS, REQUESTS = "/__qwensim/scripts", "/__qwensim/faults", "/__qwensim/requests"
CLOCK, HEALTH, RESET = "/__qwensim/clock", "/__qwensim/health", "/__qwensim/reset"


# ---- scripts


def test_a_script_that_was_posted_answers(served: Any) -> None:
    shown = served.post(SCRIPTS, {"text": "Four.", "last_user": "2+2"})
    assert shown["scripts"] == [{"text": "Four.", "last_user": "2+2"}]
    assert served.ask("3+3").json()["choices"][0]["message"]["content"] != "Four."
    assert served.ask("2+2").json()["choices"][0]["message"]["content"] == "Four."
    assert served.get(SCRIPTS) == {"scripts": [], "unused": []}


def test_every_field_of_a_script_can_be_posted(served: Any) -> None:
    written = {
        "text": "t",
        "reasoning": "r",
        "tool_calls": [{"name": "f", "arguments": '{"a":1}', "id": "call_1"}],
        "usage": {"prompt": 1, "completion": 2, "reasoning": 0, "cached": 1},
        "finish_reason": "length",
        "model": "qwen3*",
        "last_user_pattern": "^a.b$",
        "times": 3,
    }
    served.post(SCRIPTS, [written, {"error": "input-length", "values": {"limit": 5}}])
    script, refusal = served.simulator.scenario.scripts
    assert script.last_user == re.compile("^a.b$")
    assert script.tool_calls == (ToolCall(name="f", arguments='{"a":1}', id="call_1"),)
    assert (refusal.error, refusal.values) == ("input-length", {"limit": 5})
    assert served.get(SCRIPTS)["scripts"][0] == written
    message = served.ask("a b", usage=None).json()
    assert message["choices"][0]["finish_reason"] == "length"
    assert message["usage"]["total_tokens"] == 3


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"city": "Paris"}, '{"city":"Paris"}'),
        ([1, None], "[1,null]"),
        (None, "null"),
        ('{"city": "Paris"}', '{"city": "Paris"}'),
        ('{"city": ', '{"city": '),
    ],
)
def test_arguments_are_any_json_or_the_text_that_the_model_wrote(
    served: Any, arguments: Any, sent: str
) -> None:
    served.post(SCRIPTS, {"tool_calls": [{"name": "weather", "arguments": arguments}]})
    tool = {"type": "function", "function": {"name": "weather", "parameters": {}}}
    message = served.ask(tools=[tool]).json()["choices"][0]["message"]
    assert message["tool_calls"][0]["function"] == {"name": "weather", "arguments": sent}


def test_a_script_with_a_fault_is_set_and_shown(served: Any) -> None:
    served.post(SCRIPTS, {"text": "Never seen.", "fault": {"kind": "drop-before-headers"}})
    assert served.get(SCRIPTS)["scripts"][0]["fault"]["kind"] == "drop-before-headers"
    with pytest.raises(httpx2.RemoteProtocolError):
        served.ask()


def test_what_is_shown_can_be_posted_again(served: Any) -> None:
    served.simulator.script(
        tool_calls=[("f", {"a": 1})], last_user=re.compile("x+"), fault=Fault(kind="delay")
    )
    served.simulator.fault("error", error="input-length", values={"limit": 5}, times=None)
    before = served.state()
    scripts, faults = served.get(SCRIPTS)["scripts"], served.get(FAULTS)["faults"]
    served.simulator.reset()
    served.post(SCRIPTS, scripts)
    served.post(FAULTS, faults)
    assert served.state() == before


def test_scripts_for_ever_are_shown_but_owe_nothing_once_used(served: Any) -> None:
    served.post(SCRIPTS, [{"text": "a", "times": None}, {"text": "b", "times": 2}])
    served.ask()
    shown = served.get(SCRIPTS)
    assert [script["text"] for script in shown["scripts"]] == ["a", "b"]
    assert [script["text"] for script in shown["unused"]] == ["b"]


def test_a_predicate_set_in_python_is_not_shown(served: Any) -> None:
    served.simulator.script("hello", when=lambda _: True)
    assert served.get(SCRIPTS)["scripts"] == [{"text": "hello"}]


def test_dropping_scripts_leaves_faults_and_requests(served: Any) -> None:
    served.ask()
    served.simulator.script("hello")
    served.simulator.fault("delay")
    assert served.delete(SCRIPTS) == {"scripts": [], "unused": []}
    assert len(served.get(FAULTS)["faults"]) == len(served.get(REQUESTS)["requests"]) == 1


# ---- faults


def test_a_fault_that_was_posted_meets_the_next_request(served: Any) -> None:
    shown = served.post(FAULTS, {"kind": "error", "error": "overdue", "model": "qwen3.5-*"})
    assert shown["faults"][0]["error"] == "overdue"
    assert served.ask(model="qwen-plus").status_code == 200
    assert served.ask().json()["error"]["code"] == "Arrearage"
    assert served.get(FAULTS) == {"faults": []}


def test_dropping_faults_leaves_scripts(served: Any) -> None:
    served.post(FAULTS, [{"kind": "drop", "times": None}, {"kind": "timeout", "every": 3}])
    served.simulator.script("hello")
    assert served.delete(FAULTS) == {"faults": []}
    assert served.ask().json()["choices"][0]["message"]["content"] == "hello"


# ---- what is wrong


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ({"txt": "a"}, r"scripts\[1\]: .*unknown field `txt`; there are: text, reasoning, "),
        ({"times": 0}, r"scripts\[1\]\.times: Expected `int` >= 1; seen: 0$"),
        ({"text": 5}, r"scripts\[1\]\.text: Expected `str \| null`, got `int`; seen: 5$"),
        (
            {"tool_calls": [{"name": "f"}]},
            r"scripts\[1\]\.tool_calls\[0\]: .*missing .*`arguments`; there are: name, arguments",
        ),
        ({"usage": {"promt": 1}}, r"scripts\[1\]\.usage: .*`promt`; there are: prompt, completion"),
        ({"usage": {"prompt": -1}}, r"scripts\[1\]\.usage\.prompt: .* >= 0; seen: -1$"),
        ({"fault": {"kind": "dorp"}}, r"scripts\[1\]\.fault\.kind: no 'dorp'; there are: .*drop,"),
        ({"fault": {"kind": 5}}, r"scripts\[1\]\.fault\.kind: Expected `str`.*; seen: 5"),
        ({"fault": {"kind": "delay", "host": "a.example"}}, r"scripts\[1\]: no host 'a\.example'"),
        ({"fault": {"kind": "delay", "seconds": 1e300}}, r"\.fault\.seconds: .* <= 86400"),
        ({"error": "nope"}, r"scripts\[1\]: no error 'nope'; there are: "),
        ({"error": "input-length"}, r"scripts\[1\]: the message of 'input-length' wants .*: limit"),
        ({"values": {"limit": [1]}}, r"scripts\[1\]\.values\.limit: Expected .*; seen: \[1\]$"),
        ({"last_user_pattern": "("}, r"scripts\[1\]: last_user_pattern: '\(' is no regular"),
        ({"last_user": "a", "last_user_pattern": "a"}, r"scripts\[1\]: has last_user and "),
        ("hello", r"scripts\[1\]: Expected `object`, got `str`; seen: 'hello'$"),
    ],
)
def test_a_wrong_script_is_told_of_and_none_of_its_list_is_set(
    served: Any, script: Any, told: str
) -> None:
    before = served.state()
    assert re.search(told, served.refused(SCRIPTS, json=[{"text": "good"}, script]))
    assert served.state() == before


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"kind": "dorp"}, r"faults\[1\]\.kind: no 'dorp'; there are: "),
        ({}, r"faults\[1\]: .*missing required field `kind`; there are: kind, error, "),
        ({"kind": "error", "error": "nope"}, r"faults\[1\]: no error 'nope'; there are: "),
        ({"kind": "delay", "host": "a.example"}, r"faults\[1\]: no host 'a\.example'; there are: "),
        ({"kind": "delay", "error": "n-range"}, r"faults\[1\]: the message of 'n-range' wants "),
    ],
)
def test_a_wrong_fault_is_told_of_and_none_of_its_list_is_armed(
    served: Any, fault: Any, told: str
) -> None:
    before = served.state()
    assert re.search(told, served.refused(FAULTS, json=[{"kind": "delay"}, fault]))
    assert served.state() == before


@pytest.mark.parametrize("path", [SCRIPTS, FAULTS, CLOCK, RESET])
@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"nan", b'"\\ud800"', b"1e999", b"[" * 100_000], ids=repr
)
def test_what_is_no_json_is_told_of(served: Any, path: str, body: bytes) -> None:
    served.simulator.script("hello")
    before = served.state()
    assert "the body is no JSON: " in served.refused(path, content=body)
    assert served.state() == before


def test_json_at_the_limit_of_nesting_is_no_crash(served: Any) -> None:
    for depth in range(100, 1200, 50):
        arguments = "[" * depth + "]" * depth
        content = f'{{"tool_calls":[{{"name":"f","arguments":{arguments}}}]}}'
        assert served.client.post(SCRIPTS, content=content).status_code in (200, 400)
        assert served.client.get(SCRIPTS).status_code == 200


@pytest.mark.parametrize("path", [SCRIPTS, FAULTS, CLOCK])
def test_a_post_without_a_body_changes_nothing(served: Any, path: str) -> None:
    before = served.state()
    served.refused(path)
    assert served.state() == before


@pytest.mark.parametrize("path", [SCRIPTS, FAULTS, REQUESTS])
def test_a_drop_with_unknown_fields_drops_nothing(served: Any, path: str) -> None:
    served.simulator.script("hello", times=2)
    served.simulator.fault("missing-done", times=None)
    served.ask()
    before = served.state()
    wrong: list[Any] = [{"params": {"model": "x"}}, {"json": {"model": "x"}}, {"json": []}]
    for sent in wrong:
        assert served.client.request("DELETE", path, **sent).status_code == 400
    assert served.state() == before


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
    with pytest.raises(ValueError, match="forward only"):
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
