"""What the Responses API refuses, and how it says so."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Account, Simulator

Respond = Callable[..., Any]

PATH = "/compatible-mode/v1/responses"
LEGACY = "/api/v2/apps/protocols/compatible-mode/v1/responses"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "__nope__"}, "Unsupported model: '__nope__'"),
        ({"model": "qwen3-vl-plus"}, "Unsupported model: 'qwen3-vl-plus'"),
        ({"model": None}, 'Required parameter "model" missing from request.'),
        ({"given": None}, 'Required parameter "input" missing from request.'),
        (
            {"temperature": 5},
            "Invalid 'temperature': 5. Expected a value between [0,2), but got 5 instead.",
        ),
        ({"top_p": 9}, "Invalid 'top_p': 9. Expected a value between (0,1], but got 9 instead."),
        (
            {"max_output_tokens": 1},
            "Invalid 'max_output_tokens': must be greater than or equal to 16, got 1.",
        ),
        (
            {"reasoning": {"effort": "bogus_level"}},
            (
                "Invalid 'reasoning.effort': bogus_level. Supported values are:"
                " ('none','minimal','low','medium','high','xhigh','max')."
            ),
        ),
        ({"store": "NOT_A_BOOL"}, "Invalid 'store': NOT_A_BOOL. Must be a boolean."),
        ({"previous_response_id": "resp_1"}, "Not found previous_response_id: resp_1"),
        ({"previous_response_id": 1}, "Not found previous_response_id: 1"),
        (
            {"previous_response_id": "resp_1", "conversation": "conv_1"},
            (
                "Mutually exclusive parameters: Ensure you are only providing one of:"
                " previous_response_id or conversation."
            ),
        ),
    ],
)
def test_requests_are_refused_as_probed(
    respond: Respond, simulator: Simulator, options: Any, message: str
) -> None:
    options = {"given": "Hi", **options}
    given = options.pop("given")
    assert respond(simulator, given, **options).refusal == (400, "InvalidParameter", message)
    assert simulator.journal[-1].message == message
    (event,) = respond(simulator, given, **options, stream=True).told
    assert event["type"] == "response.failed"
    assert event["response"]["error"] == {"message": message, "code": "InvalidParameter"}
    assert event["response"]["status"] == "failed"
    assert (simulator.journal[-1].status, simulator.journal[-1].stream) == (200, True)


@pytest.mark.parametrize("parameters", [{}, {"anyOf": [{"type": "object"}]}, {"type": "list"}])
def test_parameters_of_no_object_are_refused_by_the_name_of_their_tool(
    respond: Respond, simulator: Simulator, parameters: Any
) -> None:
    tools = [
        {"type": "function", "name": "time"},
        {"type": "function", "name": "terminal_selection", "parameters": parameters},
    ]
    message = (
        "<400> InternalError.Algo.InvalidParameter: The parameters, when provided as a dict, must"
        " confirm to a valid openai-compatible JSON schema."
        " Please check the schema definition for tool: terminal_selection."
    )
    assert respond(simulator, tools=tools).refusal == (400, "InvalidParameter", message)
    (event,) = respond(simulator, tools=tools, stream=True).told
    assert event["response"]["error"]["message"] == message
    assert respond(simulator, tools=tools[:1]).status == 200


def test_a_tool_in_the_form_of_the_chat_is_refused(respond: Respond, simulator: Simulator) -> None:
    nested = {"type": "function", "function": {"name": "f", "parameters": {}}}
    reply = respond(simulator, tools=[nested])
    assert reply.status == 400
    assert "must confirm to a valid openai-compatible JSON" in reply.json["message"]


def test_the_gateway_refuses_a_stream_plainly(respond: Respond, simulator: Simulator) -> None:
    for stream in (False, True):
        reply = respond(simulator, key=None, stream=stream)
        assert (reply.status, [*reply.json]) == (401, ["code", "message", "request_id"])
        assert (reply.json["code"], reply.json["message"]) == (
            "InvalidApiKey",
            "No API-key provided.",
        )


def test_other_methods_are_refused(respond: Respond, simulator: Simulator) -> None:
    message = f"Method 'GET' is not allowed for '{PATH}'."
    reply = respond(simulator, method="GET")
    assert reply.refusal == (405, "Method Not Allowed", message)
    assert respond(simulator, rest="resp_1", method="PUT").status == 405


@pytest.mark.parametrize("host", ["coding.dashscope.aliyuncs.com"])
@pytest.mark.parametrize("path", [PATH, LEGACY, "/v1/responses"])
def test_the_coding_plan_has_no_responses(
    respond: Respond, simulator: Simulator, host: str, path: str
) -> None:
    assert respond(simulator, host=host, path=path).status == 404


def test_an_account_in_arrears_is_refused(respond: Respond) -> None:
    simulator = Simulator(accounts=[Account(key="sk-0123456789", state="overdue")])
    reply = respond(simulator, key="sk-0123456789")
    assert (reply.status, reply.json["code"]) == (400, "Arrearage")
