"""Requests as other clients send them, and answers that break."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.scenarios import Exchange, Outcome, Played, Scenario, play, reproduce

MakeScenario = Callable[..., Scenario]
INTL = "dashscope-intl.aliyuncs.com"
CHAT = "/compatible-mode/v1/chat/completions"
HELLO = {"model": "qwen3.5-plus", "messages": [{"role": "user", "content": "Hello"}]}


def http(**fields: Any) -> dict[str, Any]:
    return {"do": "http", "host": INTL, "path": CHAT, "key": "standard", "body": HELLO, **fields}


def only(played: Played) -> Outcome:
    (outcome,) = played.outcomes
    return outcome


def of_http(scenario: MakeScenario, **fields: Any) -> Outcome:
    seen = [{"requests": 1}]
    return only(play(scenario(calls=[http(**fields)], reproduced=seen)))


def test_http_sends_what_is_said(scenario: MakeScenario) -> None:
    headers = {"user-agent": None, "X-Mine": "1", "x-api-key": {"key": "coding"}}
    exchange = of_http(scenario, path=f"{CHAT}?a=b", headers=headers).exchanges[0]
    assert exchange.path == f"{CHAT}?a=b"
    sent = dict(exchange.headers)
    assert sent["authorization"] == "Bearer [standard]"
    assert sent["x-api-key"] == "[coding]"
    assert sent["x-mine"] == "1"
    assert "user-agent" not in sent
    assert exchange.request_json == HELLO


def test_http_can_do_without_key_and_body(scenario: MakeScenario) -> None:
    outcome = of_http(scenario, method="GET", path="/nothing", key=None, body=None)
    exchange = outcome.exchanges[0]
    assert exchange.status == 404
    assert not {"authorization", "content-type"} & dict(exchange.headers).keys()
    assert exchange.text == ""
    assert outcome.summary == "an answer with status 404"


def test_http_can_send_what_is_no_json(scenario: MakeScenario) -> None:
    exchange = of_http(scenario, body="{nope").exchanges[0]
    assert exchange.content == b"{nope"
    assert exchange.status == 400


def test_a_connection_that_breaks_is_an_error_and_keeps_what_came(scenario: MakeScenario) -> None:
    body = {**HELLO, "stream": True}
    drop = {"kind": "drop", "after": 2}
    made = scenario(calls=[http(body=body)], faults=[drop], reproduced=[{"error": {}}])
    outcome = only(play(made))
    assert outcome.error is not None
    assert outcome.error.type == "RemoteProtocolError"
    exchange = outcome.exchanges[0]
    assert len(exchange.frames) == 2
    assert (exchange.failure or "").startswith("RemoteProtocolError: ")


@pytest.mark.parametrize("kind", ["connect-error", "drop-before-headers"])
def test_an_answer_that_never_came_has_no_status(scenario: MakeScenario, kind: str) -> None:
    seen: list[Any] = [{"response": {}}]
    made = scenario(calls=[http()], faults=[{"kind": kind}], reproduced=seen)
    result = reproduce(made)
    assert result.played.outcomes[0].exchanges[0].status is None
    assert result.played.outcomes[0].exchanges[0].text is None
    (finding,) = result.findings
    assert not finding.holds
    assert "Error: " in finding.seen


def test_a_compressed_answer_is_read(scenario: MakeScenario) -> None:
    made = scenario(calls=[http()], faults=[{"kind": "gzip"}], reproduced=[{"requests": 1}])
    exchange = only(play(made)).exchanges[0]
    assert exchange.received[:2] == b"\x1f\x8b"
    assert exchange.response_json["object"] == "chat.completion"


def test_a_compressed_answer_that_breaks_off_is_shown_as_it_came(scenario: MakeScenario) -> None:
    faults = [{"kind": "gzip"}, {"kind": "truncated-chunk"}]
    seen = [{"requests": 1}]
    exchange = only(play(scenario(calls=[http()], faults=faults, reproduced=seen))).exchanges[0]
    assert exchange.failure
    assert exchange.text is not None
    assert exchange.frames == []


def test_an_answer_that_is_not_compressed_as_it_says_is_shown_as_it_came() -> None:
    exchange = Exchange(
        method="GET",
        host=INTL,
        path="/",
        headers=(),
        content=b"",
        status=200,
        response_headers=(("content-encoding", "gzip"),),
        received=bytearray(b'{"a": 1}'),
    )
    assert exchange.response_json == {"a": 1}
