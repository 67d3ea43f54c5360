"""The controls over HTTP: what each does, what it refuses, whom it lets in."""

import re
from typing import Any

import httpx2
import pytest

from qwensim.simulator import Fault, ToolCall

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
