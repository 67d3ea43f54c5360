"""The Anthropic protocol byte by byte: streams, whole messages, refusals, faults, requests."""

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.simulator import Account, Simulator
from qwensim.simulator.pace import Pace
from qwensim.simulator.replies.reply import Counts, ToolCall

Send = Callable[..., Any]

PATH = "/apps/anthropic/v1/messages"
COUNT = f"{PATH}/count_tokens"
PLAN = "coding-intl.dashscope.aliyuncs.com"
TOOL = {"name": "f", "input_schema": {"type": "object", "properties": {}}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def ask(send: Send, simulator: Simulator, /, text: Any = "Hi", **options: Any) -> Any:
    """Send a request for a message; with `spoken`, of these messages."""
    spoken = options.pop("spoken", [{"role": "user", "content": text}])
    options = {"path": PATH, "model": "qwen3.5-plus", "max_tokens": 4096, **options}
    return send(simulator, messages=spoken, **options)


def events_of(reply: Any) -> list[tuple[str, Any]]:
    """The events of a stream that is framed as by the service, without spaces."""
    *frames, rest = reply.body.decode().split("\n\n")
    assert rest == ""
    events = []
    for frame in frames:
        found = re.fullmatch(r"event:(\w+)\ndata:(.*)", frame)
        assert found is not None, frame
        events.append((found[1], json.loads(found[2])))
    return events


def test_a_stream_is_byte_for_byte_that_on_record(send: Send, simulator: Simulator) -> None:
    simulator.script("Hello", reasoning="Hm", tool_calls=[("f", {})])
    reply = ask(send, simulator, stream=True, tools=[TOOL])
    assert reply.headers["content-type"] == "text/event-stream;charset=utf-8"
    body = re.sub(rf"msg_{UUID}", "msg_ID", reply.body.decode())
    body = re.sub(r"toolu_call_[0-9a-f]{24}", "toolu_ID", body)
    body = re.sub(r'_tokens":[1-9][0-9]*', '_tokens":N', body)
    assert body == (
        'event:message_start\ndata:{"message":{"model":"qwen3.5-plus","id":"msg_ID",'
        '"role":"assistant","type":"message","content":[],"usage":{"input_tokens":N,'
        '"output_tokens":0}},"type":"message_start"}\n\n'
        'event:ping\ndata:{"type":"ping"}\n\n'
        'event:content_block_start\ndata:{"type":"content_block_start",'
        '"content_block":{"type":"thinking","signature":"","thinking":""},"index":0}\n\n'
        'event:content_block_delta\ndata:{"delta":{"type":"thinking_delta","thinking":"Hm"},'
        '"type":"content_block_delta","index":0}\n\n'
        'event:content_block_delta\ndata:{"delta":{"type":"signature_delta","signature":""},'
        '"type":"content_block_delta","index":0}\n\n'
        'event:content_block_stop\ndata:{"type":"content_block_stop","index":0}\n\n'
        'event:content_block_start\ndata:{"type":"content_block_start",'
        '"content_block":{"type":"text","text":""},"index":1}\n\n'
        'event:content_block_delta\ndata:{"delta":{"type":"text_delta","text":"Hello"},'
        '"type":"content_block_delta","index":1}\n\n'
        'event:content_block_stop\ndata:{"type":"content_block_stop","index":1}\n\n'
        'event:content_block_start\ndata:{"type":"content_block_start",'
        '"content_block":{"name":"f","input":{},"id":"toolu_ID","type":"tool_use"},"index":2}\n\n'
        'event:content_block_delta\ndata:{"delta":{"partial_json":"","type":"input_json_delta"},'
        '"type":"content_block_delta","index":2}\n\n'
        'event:content_block_delta\ndata:{"delta":{"partial_json":"{}","type":"input_json_delta"},'
        '"type":"content_block_delta","index":2}\n\n'
        'event:content_block_stop\ndata:{"type":"content_block_stop","index":2}\n\n'
        'event:message_delta\ndata:{"delta":{"stop_reason":"tool_use"},"type":"message_delta",'
        '"usage":{"output_tokens":N,"cache_creation_input_tokens":0,"input_tokens":N,'
        '"cache_read_input_tokens":0}}\n\n'
        'event:message_stop\ndata:{"type":"message_stop"}\n\n'
    )


def test_a_whole_message(send: Send, simulator: Simulator) -> None:
    simulator.script("Hello", reasoning="Hm", usage=Counts(prompt=20, completion=7, cached=5))
    reply = ask(send, simulator)
    body = re.sub(rf"msg_{UUID}", "msg_ID", reply.body.decode())
    assert body == (
        '{"model":"qwen3.5-plus","id":"msg_ID","role":"assistant","type":"message","content":'
        '[{"type":"thinking","signature":"","thinking":"Hm"},{"type":"text","text":"Hello"}],'
        '"stop_reason":"end_turn","stop_sequence":null,"usage":{"output_tokens":7,'
        '"cache_creation_input_tokens":0,"input_tokens":15,"cache_read_input_tokens":5}}'
    )


def test_a_stream_says_what_the_whole_message_says(send: Send, simulator: Simulator) -> None:
    whole = ask(send, simulator, "Tell me a story.").json
    events = events_of(ask(send, simulator, "Tell me a story.", stream=True))
    deltas = [event["delta"] for name, event in events if name == "content_block_delta"]
    told = {kind: "".join(delta.get(kind, "") for delta in deltas) for kind in ("thinking", "text")}
    assert told == {block["type"]: block[block["type"]] for block in whole["content"]}
    assert events[-2][1]["usage"] == whole["usage"]


def test_a_realistic_pace_waits_before_what_takes_tokens(send: Send) -> None:
    simulator = Simulator(pace=Pace(first_token=1, tokens_per_second=10))
    simulator.script("Hello", reasoning="")
    assert ask(send, simulator, stream=True).waits == [1.0, 0.1]


def test_a_call_that_is_no_object_is_an_empty_one(send: Send, simulator: Simulator) -> None:
    simulator.script(tool_calls=[("f", "[1"), ("f", "[1]")])
    content = ask(send, simulator, tools=[TOOL]).json["content"]
    assert [block["input"] for block in content if block["type"] == "tool_use"] == [{}, {}]


def test_a_script_gives_the_id_of_a_call(send: Send, simulator: Simulator) -> None:
    simulator.script(tool_calls=[ToolCall(name="f", arguments="{}", id="toolu_mine")])
    assert ask(send, simulator, tools=[TOOL]).json["content"][-1]["id"] == "toolu_mine"


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "max_tokens"), ("content_filter", "content_filter")]
)
def test_a_scripted_finish(send: Send, simulator: Simulator, finish: str, reason: str) -> None:
    simulator.script("Hello", finish_reason=finish)
    assert ask(send, simulator).json["stop_reason"] == reason


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
    send: Send, simulator: Simulator, changed: Any, status: int, body: dict[str, Any]
) -> None:
    reply = ask(send, simulator, **changed)
    assert reply.status == status
    told = reply.json
    if "type" not in body:
        assert told.pop("request_id") == reply.headers["x-request-id"]
    assert list(told.items()) == list(body.items())


def test_a_refused_stream_is_an_event_of_the_same_status(send: Send, simulator: Simulator) -> None:
    reply = ask(send, simulator, stream=True, max_tokens=100_000)
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
    send: Send, simulator: Simulator, changed: Any, error: tuple[str, str]
) -> None:
    reply = ask(send, simulator, host=PLAN, stream=True, **changed)
    assert list(reply.json) == ["error", "request_id"]
    told = reply.json["error"]
    assert list(told) == ["code", "message", "param", "type"]
    assert (told["code"], told["message"]) == error


def test_the_plan_refuses_who_sends_no_user_agent(send: Send, simulator: Simulator) -> None:
    reply = ask(send, simulator, host=PLAN, agent=None)
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
    send: Send, bare: str | None, borne: str | None, status: int
) -> None:
    simulator = Simulator(accounts=[Account(key="sk-0123456789")])
    headers = (("x-api-key", bare),) if bare is not None else ()
    assert ask(send, simulator, key=borne, headers=headers).status == status


def test_only_this_protocol_takes_a_bare_key(send: Send, simulator: Simulator) -> None:
    reply = send(simulator, key=None, headers=(("x-api-key", "sk-0123456789"),))
    assert reply.status == 401


def test_there_is_no_list_of_models(send: Send, simulator: Simulator) -> None:
    reply = send(simulator, path="/apps/anthropic/v1/models", method="GET", raw=b"")
    assert (reply.status, reply.body) == (404, b"")


def test_counting(send: Send, simulator: Simulator) -> None:
    counted = ask(send, simulator, path=COUNT, stream=True, max_tokens=None)
    assert (counted.status, list(counted.json)) == (200, ["input_tokens"])
    usage = ask(send, simulator).json["usage"]
    assert counted.json == {"input_tokens": usage["input_tokens"]}
    assert simulator.journal[0].usage is None
    refused = ask(send, simulator, path=COUNT, stream=True, model="moon")
    assert refused.json["message"] == "Model not exist."


def test_counting_takes_no_script_and_knows_no_limit(send: Send) -> None:
    simulator = Simulator(
        accounts=[Account(key="sk-sp-0123456789abcdef", plan="coding", spent="hour")]
    )
    simulator.script("Hello")
    assert ask(send, simulator, path=COUNT, host=PLAN).status == 200
    assert ask(send, simulator, path=COUNT, host=PLAN, text="word " * 1_200_000).status == 200
    assert len(simulator.unused_scripts) == 1
    assert ask(send, simulator, host=PLAN).status == 429


@pytest.mark.parametrize("model", ["qvq-max", "qwen3-32b"])
def test_counting_never_needs_a_stream(send: Send, simulator: Simulator, model: str) -> None:
    assert ask(send, simulator, path=COUNT, model=model).status == 200


ASSISTANT = {"role": "assistant", "content": [USE]}
ASKED = {"role": "user", "content": "Go"}


@pytest.mark.parametrize(
    "spoken",
    [
        [{"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {}}]}],
        [ASKED, ASSISTANT, {"role": "user", "content": [RESULT]}],
        [ASKED, ASSISTANT, {"role": "user", "content": [{"type": "text", "text": "x"}, RESULT]}],
        [
            ASKED,
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "Hm", "signature": ""}, USE],
            },
            {"role": "user", "content": [{**RESULT, "is_error": True, "content": None}]},
        ],
        [ASKED, {"role": "assistant", "content": [{"type": "redacted_thinking"}]}, ASKED],
        [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
                ],
            }
        ],
    ],
)
def test_messages_that_are_taken(send: Send, simulator: Simulator, spoken: Any) -> None:
    assert ask(send, simulator, spoken=spoken, tools=[TOOL]).status == 200


PART = "Unexpected item type in content"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"spoken": None}, "you must provide a messages parameter"),
        ({"spoken": []}, "[] is too short - 'messages'"),
        ({"spoken": "Hi"}, "Request body format invalid"),
        ({"spoken": ["Hi"]}, "Request body format invalid"),
        ({"spoken": [{"role": "moon", "content": "Hi"}]}, "Request body format invalid"),
        ({"spoken": [ASKED, {"role": "system", "content": "Be short."}]}, "Request body format"),
        ({"model": None}, "Request body format invalid"),
        ({"text": [{"type": "document"}]}, PART),
        ({"text": [{"type": "image_url", "image_url": {"url": "https://example.com"}}]}, PART),
        ({"text": [{"type": "image", "source": {"type": "file"}}]}, PART),
        ({"text": ["Hi"]}, PART),
        ({"spoken": [ASKED, ASSISTANT, ASKED]}, "must be followed by tool messages"),
        ({"spoken": [{"role": "user", "content": [RESULT]}]}, "must be a response"),
        ({"spoken": [ASKED, {"role": "assistant", "content": "So"}]}, "Role must be in"),
        ({"system": 1}, "Request body format invalid"),
        ({"system": [{"type": "image"}]}, PART),
        ({"thinking": "on"}, "Request body format invalid"),
        ({"thinking": {"type": "moon"}}, "Request body format invalid"),
        ({"thinking": {"type": "enabled", "budget_tokens": "x"}}, "must be Integer"),
        ({"tools": {"f": 1}}, "Request body format invalid"),
        ({"tools": ["f"]}, "Request body format invalid"),
        ({"tools": [{"type": "custom"}]}, "'name' is a required property"),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}}, "does not support being set"),
        ({"stop_sequences": 1}, 'The "stop" parameter must be'),
    ],
)
def test_messages_that_are_refused(
    send: Send, simulator: Simulator, changed: Any, words: str
) -> None:
    reply = ask(send, simulator, **changed)
    assert reply.status == 400
    assert words in reply.json["message"]


@pytest.mark.parametrize("host", ["dashscope.aliyuncs.com", PLAN])
def test_the_system_may_speak_between_messages_from_july_on(send: Send, host: str) -> None:
    simulator = Simulator(catalog=load(as_of=dt.date(2026, 7, 1)))
    simulator.script("Hello.", last_user="Go", any_message="Be short.")
    for content in ("Be short.", [{"type": "text", "text": "Be short."}]):
        spoken = [ASKED, {"role": "system", "content": content}]
        reply = ask(send, simulator, host=host, spoken=spoken, thinking={"type": "disabled"})
        assert reply.status == 200
    assert [entry.scripted for entry in simulator.journal] == [True, False]
    counted = [
        send(simulator, host=host, path=COUNT, model="qwen3.5-plus", messages=messages).json
        for messages in (spoken, spoken[:1])
    ]
    assert counted[0]["input_tokens"] > counted[1]["input_tokens"]


@pytest.mark.parametrize(
    "changed",
    [
        {"tools": []},
        {"tools": [TOOL], "tool_choice": "required"},
        {"tool_choice": {"type": "any"}},
        {"metadata": {"user_id": "x"}, "service_tier": "auto", "container": 1, "mcp_servers": []},
        {"system": ""},
        {"model": "qwen3-coder-plus", "thinking": {"type": "enabled", "budget_tokens": 5000}},
    ],
)
def test_what_is_left_out_of_account(send: Send, simulator: Simulator, changed: Any) -> None:
    reply = ask(send, simulator, **changed)
    assert (reply.status, reply.json["stop_reason"]) == (200, "end_turn")


def test_a_schema_is_followed(send: Send, simulator: Simulator) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    reply = ask(
        send,
        simulator,
        thinking={"type": "disabled"},
        output_config={"format": {"type": "json_schema", "schema": schema}},
    )
    (block,) = reply.json["content"]
    assert isinstance(json.loads(block["text"])["n"], int)


@pytest.mark.parametrize(("disabled", "calls"), [(False, 2), (True, 1)])
def test_calls_at_once(send: Send, simulator: Simulator, disabled: bool, calls: int) -> None:
    tools = [{**TOOL, "name": name} for name in ("f", "g")]
    choice = {"type": "auto", "disable_parallel_tool_use": disabled}
    text = "Use the f tool and use the g tool."
    content = ask(send, simulator, text, tools=tools, tool_choice=choice).json["content"]
    assert sum(block["type"] == "tool_use" for block in content) == calls


@pytest.mark.parametrize("error", ["anthropic-serving-error", "internal-error", "plan-usage"])
def test_an_error_in_mid_stream(send: Send, simulator: Simulator, error: str) -> None:
    simulator.fault("error-event", error=error, after=3)
    events = events_of(ask(send, simulator, stream=True))
    assert [name for name, _ in events] == ["message_start", "ping", "content_block_start", "error"]
    row = simulator.catalog.errors_on["anthropic"][error]
    told = events[-1][1]
    assert told.get("error", told)["message"] == row.message


def test_a_stream_without_usage_and_one_without_an_end(send: Send, simulator: Simulator) -> None:
    simulator.script('Say ,"usage":{"a":1}} twice.', times=2)
    simulator.fault("missing-usage")
    events = events_of(ask(send, simulator, stream=True))
    assert all(
        "usage" not in event and "usage" not in event.get("message", {}) for _, event in events
    )
    told = "".join(event["delta"].get("text", "") for _, event in events if "delta" in event)
    assert told == 'Say ,"usage":{"a":1}} twice.'
    simulator.fault("missing-done")
    assert events_of(ask(send, simulator, stream=True))[-1][0] == "message_delta"


def test_the_journal_keeps_the_length_of_a_picture(send: Send, simulator: Simulator) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "A" * 10_000}
    ask(send, simulator, [{"type": "image", "source": source}])
    kept = simulator.journal[-1].body["messages"][0]["content"][0]["source"]
    assert kept == {**source, "data": "[10000 characters]"}
