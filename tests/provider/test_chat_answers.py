"""How an answer that is not streamed is read, by both skins of the provider."""

from typing import Any

import pytest

from qwensim.provider import (
    AuthError,
    MalformedAnswerError,
    ModerationError,
    ToolCall,
    Usage,
)


def test_an_answer_is_read_whole(wire: Any, call: Any) -> None:
    tool_call = {
        "function": {"arguments": '{"city": "Ulm"}', "name": "weather"},
        "id": "call_1",
        "index": 0,
        "type": "function",
    }
    message = {"content": "Hi", "reasoning_content": "Hm.", "role": "assistant"}
    answer = wire.completion({**message, "tool_calls": [tool_call]})
    reply = call(wire.peer(answer)).reply
    assert (reply.content, reply.reasoning, reply.finish_reason) == ("Hi", "Hm.", "stop")
    assert reply.tool_calls == (ToolCall(id="call_1", name="weather", arguments='{"city": "Ulm"}'),)
    assert reply.tool_calls[0].parsed() == {"city": "Ulm"}
    assert reply.usage == Usage(prompt_tokens=10, completion_tokens=2, total_tokens=12)
    assert (reply.model, reply.request_id) == ("qwen3.5-plus", wire.request_id)
    assert reply.raw["object"] == "chat.completion"
    assert reply.message() == {
        "role": "assistant",
        "content": "Hi",
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Ulm"}'},
            }
        ],
    }


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "back"), [("kimi-k2.5", True), ("qwen3.5-plus", False), ("kimi-next", False)]
)
def test_reasoning_that_led_to_calls_goes_back_to_the_models_that_want_it(
    model: str, back: bool, stream: bool, wire: Any, call: Any
) -> None:
    function = {"name": "weather", "arguments": "{}"}
    tool_call = {"id": "call_1", "index": 0, "type": "function", "function": function}
    spoken = {"role": "assistant", "content": "", "reasoning_content": "Hm."}
    message = {**spoken, "tool_calls": [tool_call]}
    ends = wire.chunk(finish="tool_calls")
    answer = wire.stream(wire.chunk(message), ends) if stream else wire.completion(message)
    first = call(wire.peer(answer), f"qwen/{model}", stream=stream).reply
    assert first.reasoning == "Hm."

    peer = wire.peer(wire.completion())
    result = {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
    call(peer, f"qwen/{model}", [{"role": "user", "content": "?"}, first.message(), result])
    turn = peer.body["messages"][1]
    assert turn["tool_calls"][0]["function"] == function
    assert turn.get("reasoning_content") == ("Hm." if back else None)


def test_reasoning_without_calls_stays(wire: Any, call: Any) -> None:
    answer = wire.completion({"role": "assistant", "content": "Hi", "reasoning_content": "Hm."})
    reply = call(wire.peer(answer), "qwen/kimi-k2.5").reply
    assert reply.message() == {"role": "assistant", "content": "Hi"}


def test_a_plain_answer_repeats_as_a_plain_message(wire: Any, call: Any) -> None:
    reply = call(wire.peer(wire.completion({"role": "assistant", "content": None}))).reply
    assert reply.message() == {"role": "assistant", "content": ""}


@pytest.mark.parametrize("arguments", ["[1]", "{", "null", "1"])
def test_arguments_that_are_no_object_do_not_parse(arguments: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ToolCall(id="1", name="f", arguments=arguments).parsed()


def test_a_call_without_arguments_has_none() -> None:
    assert ToolCall(id="1", name="f", arguments="").parsed() == {}


def test_of_several_choices_the_first_is_the_reply(wire: Any, call: Any) -> None:
    choices = [
        {"index": 1, "message": {"content": "B"}, "finish_reason": "stop"},
        {"index": 0, "message": {"content": "A"}, "finish_reason": "length"},
    ]
    reply = call(wire.peer(wire.completion(choices=choices))).reply
    assert (reply.content, reply.finish_reason) == ("A", "length")


@pytest.mark.parametrize(
    "options",
    [
        {"text": "<html>Welcome</html>", "headers": {"content-type": "text/html"}},
        {"text": "{"},
        {"text": "[" * 100_000},
        {"body": [1]},
        {"body": {"choices": []}},
        {"body": {"choices": [{"index": 0}]}},
        {"body": {"choices": "none"}},
    ],
    ids=lambda options: str(options)[:30],
)
def test_an_answer_that_is_no_completion_is_malformed(
    options: dict[str, Any], wire: Any, call: Any
) -> None:
    error = call(wire.peer(wire.answer(**options))).error
    assert isinstance(error, MalformedAnswerError)
    assert (error.status, error.request_id) == (200, wire.request_id)


def test_an_error_under_a_good_status_is_an_error(wire: Any, call: Any) -> None:
    body = {"code": "data_inspection_failed", "message": "Output data", "request_id": "9"}
    error = call(wire.peer(wire.answer(body))).error
    assert isinstance(error, ModerationError)
    assert (error.status, error.request_id) == (200, wire.request_id)


def test_a_failure_keeps_no_trace_of_what_the_sdk_raised(wire: Any, call: Any) -> None:
    peer = wire.peer(wire.refusal(401, "invalid_api_key", f"Incorrect API key {wire.key}"))
    error = call(peer).error
    assert isinstance(error, AuthError)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert error.message == "Incorrect API key [redacted]"
