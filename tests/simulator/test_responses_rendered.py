"""The Responses API byte by byte: streams, whole bodies, faults."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.simulator import Simulator
from qwensim.simulator.pace import Pace
from qwensim.simulator.replies.reply import Counts

Respond = Callable[..., Any]

LEGACY = "/api/v2/apps/protocols/compatible-mode/v1/responses"
F = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[49][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def test_a_stream_is_byte_for_byte_that_on_record(respond: Respond, simulator: Simulator) -> None:
    simulator.script("Hello", usage=Counts(prompt=57, completion=3, reasoning=0, cached=0))
    reply = respond(simulator, stream=True, enable_thinking=False)
    body = re.sub(rf"(msg|resp)_{UUID}", r"\1_ID", reply.body.decode())
    body = re.sub(r"\d{10}", "N", body)
    begun = (
        '"response":{"output":[],"parallel_tool_calls":true,"created_at":N,"tool_choice":"auto",'
        '"model":"","id":"resp_ID","tools":[],"object":"response","status":'
    )
    where = '"output_index":0,"type":"response.'
    part = '"content_index":0,"item_id":"msg_ID"'
    item = '{"id":"msg_ID","role":"assistant","type":"message","content":['
    said = '{"type":"output_text","annotations":[],"text":"Hello"'
    wanted = [
        f'created|0,"type":"response.created",{begun}"queued"}}}}',
        f'in_progress|1,"type":"response.in_progress",{begun}"in_progress"}}}}',
        f'output_item.added|2,"item":{item}],"status":"in_progress"}},{where}output_item.added"}}',
        (
            f'content_part.added|3,{where}content_part.added",{part},'
            '"part":{"type":"output_text","annotations":[],"text":"","logprobs":null}}'
        ),
        f'output_text.delta|4,{part},"delta":"Hello",{where}output_text.delta","logprobs":[]}}',
        f'output_text.done|5,{part},"text":"Hello",{where}output_text.done","logprobs":[]}}',
        f'content_part.done|6,{where}content_part.done",{part},"part":{said},"logprobs":null}}}}',
        (
            f'output_item.done|7,"item":{item}{said},"logprobs":null}}],"status":"completed"}},'
            f'{where}output_item.done"}}'
        ),
        (
            'completed|8,"type":"response.completed","response":{"top_logprobs":0,"metadata":{},'
            '"presence_penalty":0.0,"usage":{"total_tokens":60,"input_tokens_details":'
            '{"cached_tokens":0},"output_tokens":3,"input_tokens":57,"output_tokens_details":'
            '{"reasoning_tokens":0},"x_details":[{"total_tokens":60,"x_billing_type":"response_api",'
            '"output_tokens":3,"input_tokens":57,"prompt_tokens_details":{"cached_tokens":0}}]},'
            f'"created_at":N,"store":true,"tools":[],"output":[{item}{said}}}],"status":"completed"}}],'
            '"top_p":1.0,"completed_at":N,"frequency_penalty":0.0,"parallel_tool_calls":true,'
            '"background":false,"temperature":1.0,"tool_choice":"auto","model":"qwen3.5-plus",'
            '"service_tier":"default","id":"resp_ID","object":"response","status":"completed"}}'
        ),
    ]
    framed = [(*frame.split("|", 1), number) for number, frame in enumerate(wanted, start=1)]
    assert body == "".join(
        f'id:{number}\nevent:response.{name}\n:HTTP_STATUS/200\ndata:{{"sequence_number":{rest}\n\n'
        for name, rest, number in framed
    )


def test_a_whole_body_has_the_probed_fields_in_order(
    respond: Respond, simulator: Simulator
) -> None:
    simulator.script("Hello")
    options = {"reasoning": {"effort": "none"}, "max_output_tokens": 60}
    told = respond(simulator, **options).json
    assert [*told] == [
        *("background", "completed_at", "created_at", "frequency_penalty", "id"),
        *("max_output_tokens", "metadata", "model", "object", "output", "parallel_tool_calls"),
        *("presence_penalty", "reasoning", "service_tier", "status", "store", "temperature"),
        *("tool_choice", "tools", "top_logprobs", "top_p", "usage"),
    ]
    (message,) = told["output"]
    assert [*message] == ["content", "id", "role", "status", "type"]
    assert message["content"] == [{"annotations": [], "text": "Hello", "type": "output_text"}]
    assert re.fullmatch(f"resp_{UUID}", told["id"])
    assert told["usage"]["input_tokens"] > 40


def test_reasoning_is_streamed_as_a_summary(respond: Respond, simulator: Simulator) -> None:
    simulator.script("Hello", reasoning="Hm")
    events = respond(simulator, stream=True).told
    added, delta, done, item = events[2:6]
    assert added["item"] == {"summary": [], "type": "reasoning", "id": delta["item_id"]}
    assert [*delta] == [
        *("delta", "sequence_number", "output_index", "type", "item_id", "summary_index")
    ]
    assert (delta["delta"], done["text"]) == ("Hm", "Hm")
    assert item["item"]["summary"] == [{"type": "summary_text", "text": "Hm"}]
    (billed,) = events[-1]["response"]["usage"]["x_details"]
    assert billed["output_tokens_details"] == {"reasoning_tokens": 1}


def test_reasoning_is_streamed_under_its_own_name_from_september(respond: Respond) -> None:
    simulator = Simulator(catalog=load(as_of=dt.date(2026, 9, 1)))
    simulator.script("Hello", reasoning="Hm")
    events = respond(simulator, stream=True).told
    _, delta, done, item = events[2:6]
    assert delta["type"] == "response.reasoning_text.delta"
    assert (delta["delta"], delta["content_index"]) == ("Hm", 0)
    assert (done["type"], done["text"]) == ("response.reasoning_text.done", "Hm")
    assert "summary_index" not in {*delta, *done}
    assert item["item"]["summary"] == [{"type": "summary_text", "text": "Hm"}]


@pytest.mark.parametrize(
    ("options", "thinks"),
    [
        ({}, True),
        ({"enable_thinking": False}, False),
        ({"reasoning": {"effort": "none"}}, False),
        ({"reasoning": {"effort": "none"}, "enable_thinking": True}, False),
        ({"reasoning": {"effort": "max"}, "enable_thinking": False}, True),
        ({"reasoning": {"summary": "loud"}}, True),
        ({"model": "qwen3-coder-plus", "reasoning": {"effort": "high"}}, False),
    ],
)
def test_effort_goes_before_the_flag(
    respond: Respond, simulator: Simulator, options: Any, thinks: bool
) -> None:
    reply = respond(simulator, **options)
    assert reply.status == 200
    assert (reply.json["output"][0]["type"] == "reasoning") is thinks


def test_a_call_comes_in_one_piece(respond: Respond, simulator: Simulator) -> None:
    simulator.script(tool_calls=[("f", {"a": 1})])
    reply = respond(simulator, stream=True, tools=[F], enable_thinking=False)
    added, done = reply.told[2:4]
    assert [*done["item"]] == ["name", "arguments", "call_id", "id", "type", "status"]
    assert done["item"]["arguments"] == '{"a":1}'
    assert added["item"] == {**done["item"], "status": "in_progress"}
    assert (added["output_index"], done["output_index"]) == (0, 0)


def test_an_answer_that_is_cut_is_incomplete(respond: Respond, simulator: Simulator) -> None:
    simulator.script("word " * 50, times=2)
    options = {"max_output_tokens": 16, "enable_thinking": False}
    told = respond(simulator, **options).json
    assert (told["status"], told["incomplete_details"]) == (
        "incomplete",
        {"reason": "max_output_tokens"},
    )
    assert told["output"][0]["status"] == "incomplete"
    assert respond(simulator, **options, stream=True).told[-1]["type"] == "response.incomplete"


def test_an_answer_that_is_withheld_is_incomplete(respond: Respond, simulator: Simulator) -> None:
    simulator.script("Well", finish_reason="content_filter")
    told = respond(simulator).json
    assert told["incomplete_details"] == {"reason": "content_filter"}


def test_the_words_do_not_depend_on_delivery_or_address(
    respond: Respond, simulator: Simulator
) -> None:
    whole = respond(simulator)
    assert respond(simulator, path=LEGACY).said == whole.said
    streamed = respond(simulator, stream=True).told[-1]["response"]
    assert streamed["output"][1]["content"] == whole.json["output"][1]["content"]
    assert streamed["usage"] == whole.json["usage"]


def test_an_error_takes_the_place_of_an_event(respond: Respond, simulator: Simulator) -> None:
    simulator.fault("error-event", error="internal-error", after=3)
    *_, last = respond(simulator, stream=True).told
    assert (last["type"], last["sequence_number"]) == ("response.failed", 3)
    assert [*last["response"]["error"]] == ["message", "code"]
    assert simulator.journal[-1].error == "internal-error"


def test_usage_can_be_left_out(respond: Respond, simulator: Simulator) -> None:
    simulator.fault("missing-usage")
    response = respond(simulator, stream=True).told[-1]["response"]
    assert "usage" not in response
    assert response["status"] == "completed"


def test_the_end_can_be_left_out(respond: Respond, simulator: Simulator) -> None:
    simulator.fault("missing-done")
    assert respond(simulator, stream=True).told[-1]["type"] == "response.output_item.done"


def test_tokens_take_their_time(respond: Respond) -> None:
    simulator = Simulator(pace=Pace(first_token=1.0, tokens_per_second=10.0))
    reply = respond(simulator, stream=True)
    spent = reply.told[-1]["response"]["usage"]["output_tokens"]
    assert sum(reply.waits) == pytest.approx(1.0 + spent / 10)
    whole = respond(simulator)
    assert sum(whole.waits) == pytest.approx(1.0 + spent / 10)
    assert whole.json["completed_at"] - whole.json["created_at"] >= int(spent / 10)
