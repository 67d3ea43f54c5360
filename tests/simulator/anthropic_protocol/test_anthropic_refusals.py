"""What the Anthropic protocol refuses, in which shape, and to whom."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Account, Simulator

Ask = Callable[..., Any]

PLAN = "coding-intl.dashscope.aliyuncs.com"


@pytest.mark.parametrize(
    ("changed", "status", "body"),
    [
        (
            {"raw": b"{"},
            400,
            {"code": "InvalidParameter", "message": "Request body format invalid"},
        ),
        ({"model": "moon"}, 400, {"code": "InvalidParameter", "message": "Model not exist."}),
        (
            {"max_tokens": None},
            400,
            {
                "code": "InvalidParameter",
                "message": 'Required parameter "max_tokens" missing from request.',
            },
        ),
        (
            {"temperature": 2},
            400,
            {"code": "InvalidParameter", "message": "Temperature should be in [0.0, 2.0)"},
        ),
        (
            {"key": "wrong"},
            403,
            {
                "message": "invalid api-key",
                "type": "authentication_error",
                "param": None,
                "code": None,
            },
        ),
    ],
)
def test_refusals(
    simulator: Simulator, changed: Any, status: int, body: dict[str, Any], ask: Ask
) -> None:
    reply = ask(simulator, **changed)
    assert reply.status == status
    told = reply.json
    if "type" not in body:
        assert told.pop("request_id") == reply.headers["x-request-id"]
    assert list(told.items()) == list(body.items())


def test_a_refused_stream_is_an_event_of_the_same_status(
    simulator: Simulator, ask: Ask, events_of: Any
) -> None:
    reply = ask(simulator, stream=True, max_tokens=100_000)
    assert reply.status == 400
    ((name, error),) = events_of(reply)
    assert (name, list(error)) == ("error", ["code", "message", "request_id"])
    assert error["message"].startswith(
        "Error code: 400 - {'error': {'message': '<400> InternalError.Algo.InvalidParameter: "
        "Range of max_tokens should be [1, 65536]', 'type': 'invalid_request_error', "
        "'param': None, 'code': 'invalid_parameter_error'}, 'id': 'chatcmpl-"
    )
    entry = simulator.journal[-1]
    assert (entry.error, entry.stream) == ("anthropic-max-tokens-range", True)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        (
            {"key": "sk-0123456789abcdef"},
            ("invalid_api_key", "invalid access token or token expired"),
        ),
        ({"model": "moon"}, ("invalid_parameter_error", "model `moon` is not supported.")),
    ],
)
def test_the_plans_gateway_answers_in_its_own_shape(
    simulator: Simulator, changed: Any, error: tuple[str, str], ask: Ask
) -> None:
    reply = ask(simulator, host=PLAN, stream=True, **changed)
    assert list(reply.json) == ["error", "request_id"]
    told = reply.json["error"]
    assert list(told) == ["code", "message", "param", "type"]
    assert (told["code"], told["message"]) == error


def test_the_plan_refuses_who_sends_no_user_agent(simulator: Simulator, ask: Ask) -> None:
    reply = ask(simulator, host=PLAN, agent=None)
    assert (reply.status, reply.json["error"][:11]) == (405, "Coding Plan")


@pytest.mark.parametrize(
    ("bare", "borne", "status"),
    [
        ("sk-0123456789", None, 200),
        (None, "sk-0123456789", 200),
        ("sk-0123456789", "sk-wrong-one", 200),
        ("sk-wrong-one", "sk-0123456789", 403),
        (None, None, 403),
        ("", "sk-0123456789", 200),
    ],
)
def test_a_bare_key_goes_before_a_borne_one(
    bare: str | None, borne: str | None, status: int, ask: Ask
) -> None:
    simulator = Simulator(accounts=[Account(key="sk-0123456789")])
    headers = (("x-api-key", bare),) if bare is not None else ()
    assert ask(simulator, key=borne, headers=headers).status == status


def test_only_this_protocol_takes_a_bare_key(send: Ask, simulator: Simulator) -> None:
    reply = send(simulator, key=None, headers=(("x-api-key", "sk-0123456789"),))
    assert reply.status == 401


def test_there_is_no_list_of_models(send: Ask, simulator: Simulator) -> None:
    reply = send(simulator, path="/apps/anthropic/v1/models", method="GET", raw=b"")
    assert (reply.status, reply.body) == (404, b"")
