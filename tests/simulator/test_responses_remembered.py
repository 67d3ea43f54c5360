"""What the Responses API remembers: talks that go on, responses that are asked for again."""

import re
from collections.abc import Callable
from typing import Any

from qwensim.simulator import Account, Simulator
from qwensim.simulator.clock import VirtualClock
from qwensim.simulator.responses import KEPT

Respond = Callable[..., Any]

CHINA = "dashscope.aliyuncs.com"


def test_a_talk_goes_on(respond: Respond, simulator: Simulator) -> None:
    first = respond(simulator, "My word is BANANA7.", instructions="Be brief.").json
    simulator.script("BANANA7", last_user=re.compile("^My word[?]$"))
    reply = respond(simulator, "My word?", previous_response_id=first["id"])
    assert reply.said == "BANANA7"
    second = reply.json
    alone = respond(simulator, "My word?").json
    assert second["usage"]["input_tokens"] > alone["usage"]["input_tokens"] + 10
    assert second["previous_response_id"] == first["id"]
    third = respond(simulator, "Really?", previous_response_id=second["id"]).json
    assert third["usage"]["input_tokens"] > second["usage"]["input_tokens"]


def test_instructions_are_not_carried_over(respond: Respond, simulator: Simulator) -> None:
    long = respond(simulator, "Hi", instructions="Be brief. " * 50).json
    short = respond(simulator, "Hi").json
    told = [
        respond(simulator, "On", previous_response_id=before["id"]).json["usage"]["input_tokens"]
        for before in (long, short)
    ]
    assert abs(told[0] - told[1]) < 50


def test_a_streamed_response_is_remembered_too(respond: Respond, simulator: Simulator) -> None:
    last = respond(simulator, stream=True).told[-1]["response"]
    assert respond(simulator, rest=last["id"]).json == last


def test_what_is_not_to_be_stored_is_not(respond: Respond, simulator: Simulator) -> None:
    told = respond(simulator, store=False).json
    assert told["store"] is False
    message = f"Not found previous_response_id: {told['id']}"
    assert respond(simulator, previous_response_id=told["id"]).refusal == (
        400,
        "InvalidParameter",
        message,
    )


def test_responses_are_kept_for_a_week(respond: Respond) -> None:
    clock = VirtualClock()
    simulator = Simulator(clock=clock)
    response_id = respond(simulator).json["id"]
    clock.advance(KEPT - 1)
    assert respond(simulator, rest=response_id).status == 200
    assert respond(simulator, previous_response_id=response_id).status == 200
    clock.advance(1)
    assert respond(simulator, rest=response_id).status == 404
    assert respond(simulator, previous_response_id=response_id).refusal == (
        400,
        "InvalidParameter",
        f"Not found previous_response_id: {response_id}",
    )


def test_responses_stay_with_their_key_and_host(respond: Respond) -> None:
    keys = ["sk-0123456789", "sk-9876543210"]
    simulator = Simulator(accounts=[Account(key=key) for key in keys])
    response_id = respond(simulator, key=keys[0]).json["id"]
    assert respond(simulator, rest=response_id, key=keys[0]).status == 200
    assert respond(simulator, rest=response_id, key=keys[1]).status == 404
    assert respond(simulator, rest=response_id, key=keys[0], host=CHINA).status == 404


def test_a_reset_forgets_responses(respond: Respond, simulator: Simulator) -> None:
    response_id = respond(simulator).json["id"]
    simulator.reset()
    assert respond(simulator, rest=response_id).refusal == (
        404,
        "Not Found",
        f"Response with id '{response_id}' not found.",
    )


def test_items_are_listed_last_first(respond: Respond, simulator: Simulator) -> None:
    talk = [{"role": role, "content": role} for role in ("system", "user")]
    response_id = respond(simulator, talk).json["id"]
    listed = respond(simulator, rest=f"{response_id}/input_items").json
    assert [item["role"] for item in listed["data"]] == ["user", "system"]
    assert listed["first_id"] == listed["data"][0]["id"]
    assert (listed["object"], listed["has_more"]) == ("list", False)
    turned = respond(simulator, rest=f"{response_id}/input_items", query="order=asc").json
    assert turned["data"] == listed["data"][::-1]


def test_a_deleted_response_is_gone(respond: Respond, simulator: Simulator) -> None:
    response_id = respond(simulator).json["id"]
    gone = respond(simulator, rest=response_id, method="DELETE")
    assert gone.json == {"deleted": True, "id": response_id, "object": "response"}
    assert respond(simulator, rest=response_id, method="DELETE").status == 404
