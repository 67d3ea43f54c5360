"""One order of checks: a request with several faults gets the error of the first check."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.simulator import Account, Simulator

Send = Callable[..., Any]

PLAN_KEY = "sk-sp-0123456789abcdef"
TOO_LONG = [{"role": "user", "content": "word " * 170_000}]

# Each fault alone, in the order in which the Coding Plan looks for them, and the error it gives.
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("path", {"path": "/v1/nothing"}, "not-found"),
    ("method", {"method": "PUT"}, "method-not-allowed"),
    ("client", {"agent": None}, "plan-client-refused"),
    ("key", {"key": "sk-sp-fedcba9876543210"}, "plan-wrong-key"),
    ("json", {"raw": b'{"model":'}, "body-invalid"),
    ("model", {"model": "gpt-5"}, "plan-unknown-model"),
    ("account", {"state": "overdue"}, "overdue"),
    ("parameters", {"temperature": 2}, "temperature-range"),
    ("messages", {"messages": []}, "empty-list"),
    ("thinking", {"tool_choice": "required", "tools": [{"function": {"name": "f"}}]}, "forced"),
    ("length", {"messages": TOO_LONG}, "input-length"),
    ("quota", {"spent": "hour"}, "plan-quota"),
]
NAMES = [name for name, _, _ in FAULTS]


def error_of(send: Send, faults: list[int]) -> str | None:
    fields: dict[str, Any] = {"host": "coding.dashscope.aliyuncs.com", "model": "glm-4.7"}
    for position in reversed(faults):  # an earlier fault in the same field wins
        fields |= FAULTS[position][1]
    account = Account(
        key=PLAN_KEY,
        plan="coding",
        state=fields.pop("state", "good"),
        spent=fields.pop("spent", None),
    )
    simulator = Simulator(accounts=[account])
    send(simulator, **fields)
    return simulator.journal[-1].error


@pytest.mark.parametrize("position", range(len(FAULTS)), ids=NAMES)
def test_each_fault_alone_is_found(send: Send, position: int) -> None:
    assert (error_of(send, [position]) or "").startswith(FAULTS[position][2])


def test_a_request_without_fault_is_answered(send: Send) -> None:
    assert error_of(send, []) is None


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, len(FAULTS) - 1), min_size=2, max_size=5, unique=True).map(sorted))
def test_of_several_faults_the_first_answers(send: Send, faults: list[int]) -> None:
    assert (error_of(send, faults) or "").startswith(FAULTS[faults[0]][2])


def test_the_order_of_the_parameters_is_that_of_their_table(
    simulator: Simulator, send: Send
) -> None:
    send(simulator, top_p=0, temperature=2, n=0)
    assert simulator.journal[-1].error == "temperature-range"
    send(simulator, n=0, top_p=0)
    assert simulator.journal[-1].error == "top-p-range"


@pytest.mark.parametrize("model", [None, ""])
def test_a_missing_model_is_asked_for(simulator: Simulator, send: Send, model: Any) -> None:
    reply = send(simulator, model=model, temperature=9)
    assert reply.status == 400
    assert list(reply.error.items()) == [
        ("message", "you must provide a model parameter"),
        ("type", "invalid_request_error"),
        ("param", None),
        ("code", None),
    ]
    assert send(simulator, without="model").body[:80] == reply.body[:80]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["gpt-5", "QWEN3-MAX", "qwen3-max ", "sk"])
def test_an_unknown_model_on_a_standard_host(
    simulator: Simulator, send: Send, model: str, stream: bool
) -> None:
    reply = send(simulator, model=model, stream=stream)
    assert reply.status == 404
    assert reply.body.decode() == (
        f'{{"error":{{"message":"The model `{model}` does not exist or you do not have access to '
        'it.","type":"invalid_request_error","param":null,"code":"model_not_found"},'
        f'"request_id":"{reply.headers["x-request-id"]}"}}'
    )
    assert reply.headers["content-type"] == "application/json"


def test_a_model_of_another_surface(simulator: Simulator, send: Send) -> None:
    reply = send(simulator, model="wan2.6-t2v")
    assert (reply.status, reply.error["code"]) == (404, "model_not_supported")
    assert reply.error["message"] == "Unsupported model `wan2.6-t2v` for OpenAI compatibility mode."


@pytest.mark.parametrize(
    ("host", "model", "limit"),
    [
        ("coding.dashscope.aliyuncs.com", "glm-4.7", 169984),
        ("coding-intl.dashscope.aliyuncs.com", "glm-5", 202745),
        ("dashscope.aliyuncs.com", "glm-5", 202752),
        ("dashscope-intl.aliyuncs.com", "qwen-vl-max", 129024),
    ],
)
def test_the_input_length_is_limited_by_model_and_host(
    simulator: Simulator, send: Send, host: str, model: str, limit: int
) -> None:
    content = "a " * (limit + 5000)
    reply = send(simulator, host=host, model=model, messages=[{"role": "user", "content": content}])
    assert reply.status == 400
    assert reply.error["message"] == (
        f"<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, {limit}]"
    )


def test_the_input_length_depends_on_thinking(send: Send) -> None:
    class Words:
        def split(self, text: str) -> list[str]:
            return text.split(" ")

    simulator = Simulator(tokenizer=Words())
    messages = [{"role": "user", "content": "a " * 98_400}]
    for thinking, error in ((True, "input-length"), (False, None)):
        send(simulator, model="qwen-turbo", messages=messages, enable_thinking=thinking)
        assert simulator.journal[-1].error == error
