"""Messages of any role: their form, their order, and the words of each refusal."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Simulator

Send = Callable[..., Any]

ALGO = "<400> InternalError.Algo.InvalidParameter: "
USER = {"role": "user", "content": "hi"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SECOND = {**CALL, "id": "call_2"}
CALLING = {"role": "assistant", "content": "", "tool_calls": [CALL]}
ANSWER = {"role": "tool", "tool_call_id": "call_1", "content": "42"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}
SAID = {"role": "assistant", "content": "Not yet."}


def error(send: Send, *messages: Any, **fields: Any) -> Any:
    reply = send(Simulator(), messages=list(messages), **fields)
    return None if reply.status == 200 else reply.error


def words(send: Send, *messages: Any, **fields: Any) -> Any:
    refused = error(send, *messages, **fields)
    return refused and refused["message"]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": "be brief"}, USER],
        [USER, USER],
        [USER, {"role": "assistant", "content": "hello"}, USER],
        [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        [{"role": "user", "content": []}],
        [{"role": "user", "content": ""}],
        [{"role": "system", "content": [{"type": "text", "text": "be brief"}]}, USER],
        [USER, CALLING, ANSWER],
        [USER, {"role": "assistant", "tool_calls": [CALL]}, ANSWER],
        [
            USER,
            {**CALLING, "tool_calls": [CALL, SECOND]},
            {**ANSWER, "tool_call_id": "call_2"},
            ANSWER,
        ],
        [USER, CALLING, {"role": "tool", "name": "f", "content": "42"}],
        [
            USER,
            {**CALLING, "tool_calls": [CALL, SECOND]},
            {"role": "tool", "content": "42"},
            {**ANSWER, "tool_call_id": None},
        ],
        [USER, {**CALLING, "tool_calls": []}, USER],
        [USER, CALLING, ANSWER, {"role": "assistant", "content": "42"}, USER],
        [USER, {"role": "function", "name": "f", "content": "42"}],
        [USER, {"role": "assistant", "content": "The answer is", "partial": True}],
        [{**USER, "name": "ann", "refusal": None, "reasoning": "x"}],
    ],
)
def test_messages_that_are_in_order(send: Send, messages: list[Any]) -> None:
    assert error(send, *messages) is None


@pytest.mark.parametrize(
    ("model", "host", "role", "told"),
    [
        ("glm-5", "coding.dashscope.aliyuncs.com", "developer", "invalid msg role: developer"),
        ("glm-5", "dashscope.aliyuncs.com", "developer", "developer is not one of ['system'"),
        ("glm-4.7", "coding.dashscope.aliyuncs.com", "developer", "developer is not one of"),
        ("qwen-mt-plus", "dashscope.aliyuncs.com", "system", "Role must be in [user, assistant]."),
    ],
)
def test_some_models_have_roles_or_words_of_their_own(
    send: Send, model: str, host: str, role: str, told: str
) -> None:
    refused = error(send, {"role": role, "content": "x"}, USER, model=model, host=host)
    assert refused["message"].startswith(told)


def test_the_developer_role_is_refused_in_the_service_s_words(send: Send) -> None:
    refused = error(send, USER, {"role": "developer", "content": "be brief"})
    assert list(refused.items()) == [
        (
            "message",
            (
                "developer is not one of ['system', 'assistant', 'user', 'tool', 'function'] - "
                "'messages.['1'].role'"
            ),
        ),
        ("type", "invalid_request_error"),
        ("param", None),
        ("code", None),
    ]


@pytest.mark.parametrize(
    ("role", "seen"),
    [(None, "null"), ("", ""), ("User", "User"), (5, "5"), (["user"], '["user"]'), ({}, "{}")],
)
def test_an_unknown_role(send: Send, role: Any, seen: str) -> None:
    message = words(send, {"role": role, "content": "hi"})
    assert message.startswith(f"{seen} is not one of ['system', ")
    assert message.endswith("'messages.['0'].role'")


def test_no_messages(simulator: Simulator, send: Send) -> None:
    for reply in (send(simulator, without="messages"), send(simulator, messages=None)):
        assert reply.status == 400
        assert reply.body.decode() == (
            '{"error":{"message":"you must provide a messages parameter",'
            '"type":"invalid_request_error","param":"message",'
            f'"code":"missing_required_parameter"}},"request_id":"chatcmpl-'
            f'{reply.headers["x-request-id"]}"}}'
        )
    assert words(send) == "[] is too short - 'messages'"
    strange: Any
    for strange in ("text", 5, {}, True):
        reply = send(simulator, messages=strange)
        assert reply.error["message"].startswith("Required body invalid")


@pytest.mark.parametrize("message", [None, "hi", 5, [], [USER]])
def test_a_message_that_is_no_object(send: Send, message: Any) -> None:
    assert words(send, message).startswith("Required body invalid")


@pytest.mark.parametrize("content", [{}, {"text": "hi"}, 5, 1.5, True])
def test_content_of_the_wrong_type_is_called_an_object(send: Send, content: Any) -> None:
    assert list(error(send, USER, {"role": "user", "content": content}).items()) == [
        (
            "message",
            (
                "Invalid type for 'messages.[1].content': expected one of a string or array of "
                "objects, but got an object instead."
            ),
        ),
        ("type", "invalid_request_error"),
        ("param", "'messages.[1].content'"),
        ("code", "invalid_type"),
    ]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user"},
        {"role": "user", "content": None},
        {"role": "assistant", "content": None},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "tool_call_id": "call_1"},
    ],
)
def test_content_is_required(send: Send, message: Any) -> None:
    assert words(send, message, USER) == f"{ALGO}The content field is a required field."


@pytest.mark.parametrize(
    "part",
    [
        "hi",
        None,
        {},
        {"text": "hi"},
        {"type": "text"},
        {"type": "text", "text": 5},
        {"type": ["text"], "text": "hi"},
        {"type": "image_url"},
        {"type": "file", "file": {}},
        IMAGE,
    ],
)
def test_a_part_that_a_text_model_does_not_take(send: Send, part: Any) -> None:
    assert words(send, {"role": "user", "content": [part]}) == (
        f"{ALGO}The provided messages input is invalid. "
        "The error info is [Unexpected item type in content.]"
    )


def test_a_model_that_sees_takes_images_from_the_user(send: Send) -> None:
    seeing = {"model": "qwen3-vl-plus"}
    assert error(send, {"role": "user", "content": [IMAGE]}, **seeing) is None
    assert words(send, {"role": "system", "content": [IMAGE]}, USER, **seeing) == (
        f"{ALGO}An incorrect modal `image` was entered, which may not be supported by the model or "
        "was placed in the wrong position (e.g., in system/assistant)."
    )
    audio = {"type": "input_audio", "input_audio": {"data": "…", "format": "wav"}}
    assert "An incorrect modal `audio` was entered" in words(
        send, {"role": "user", "content": [audio]}, **seeing
    )


@pytest.mark.parametrize(
    "messages", [[ANSWER], [USER, ANSWER], [USER, CALLING, ANSWER, USER, ANSWER]]
)
def test_a_tool_s_answer_follows_a_call(send: Send, messages: list[Any]) -> None:
    assert words(send, *messages) == (
        'messages with role "tool" must be a response to a preceeding message with "tool_calls".'
    )


@pytest.mark.parametrize(
    ("messages", "index"),
    [
        ([USER, CALLING], 2),
        ([USER, CALLING, USER], 2),
        ([USER, CALLING, CALLING, ANSWER], 2),
        ([USER, {**CALLING, "tool_calls": [CALL, SECOND]}, ANSWER, USER], 3),
        ([USER, CALLING, {**ANSWER, "tool_call_id": "call_9"}], 3),
        (
            [
                USER,
                {**CALLING, "tool_calls": [CALL, SECOND]},
                {**ANSWER, "tool_call_id": ""},
                ANSWER,
            ],
            4,
        ),
    ],
)
def test_every_call_is_answered(send: Send, messages: list[Any], index: int) -> None:
    assert words(send, *messages) == (
        'An assistant message with "tool_calls" must be followed by tool messages '
        'responding to each "tool_call_id". The following tool_call_ids did not have response '
        f"messages: message[{index}].role"
    )


@pytest.mark.parametrize("model", ["qwen3-vl-plus", "qwen3-vl-flash"])
@pytest.mark.parametrize(
    "messages",
    [
        [USER, CALLING, USER],
        [USER, {**CALLING, "tool_calls": [CALL, SECOND]}, USER, SAID, ANSWER, USER],
        [USER, CALLING, USER, {**CALLING, "tool_calls": [SECOND]}, ANSWER, ANSWER, USER],
    ],
)
def test_qwen3_vl_takes_the_answers_of_tools_late_or_never(
    send: Send, messages: list[Any], model: str
) -> None:
    assert error(send, *messages, model=model) is None


def test_qwen3_vl_too_takes_no_answer_before_a_call(send: Send) -> None:
    assert "must be a response to a preceeding message" in words(
        send, USER, SAID, ANSWER, USER, model="qwen3-vl-plus"
    )


@pytest.mark.parametrize("arguments", ["{", "nope", {"a": 1}, 5, ["{}"]])
def test_arguments_of_a_call_are_json_text(send: Send, arguments: Any) -> None:
    call = {**CALL, "function": {"name": "f", "arguments": arguments}}
    assert words(send, USER, {**CALLING, "tool_calls": [call]}, ANSWER) == (
        f'{ALGO}The "function.arguments" parameter of the code model must be in JSON format.'
    )


@pytest.mark.parametrize("arguments", [None, "", '{"a": 1}', "[]"])
def test_arguments_of_a_call_may_be_left_out(send: Send, arguments: Any) -> None:
    call = {**CALL, "function": {"name": "f", "arguments": arguments}}
    assert error(send, USER, {**CALLING, "tool_calls": [call]}, ANSWER) is None


@pytest.mark.parametrize("calls", ["x", {}, 5, [None], ["x"], [{}], [{"function": "f"}]])
@pytest.mark.parametrize("role", ["user", "assistant"])
def test_calls_of_the_wrong_type_are_an_invalid_body(send: Send, role: str, calls: Any) -> None:
    assert words(send, {"role": role, "content": "", "tool_calls": calls}, USER).startswith(
        "Required body invalid"
    )


@pytest.mark.parametrize("role", ["system", "assistant", "function"])
def test_somebody_must_have_asked(send: Send, role: str) -> None:
    assert words(send, {"role": role, "content": "hi"}) == (
        f"{ALGO}The input messages do not contain elements with the role of user"
    )


@pytest.mark.parametrize(
    "last",
    [
        {"role": "system", "content": "hi"},
        {"role": "assistant", "content": "hi"},
        {"role": "assistant", "content": "hi", "partial": "yes"},
        {"role": "system", "content": "hi", "partial": True},
    ],
)
def test_who_may_speak_last(send: Send, last: Any) -> None:
    assert words(send, USER, last) == (
        f'{ALGO}Role must be in ["user","assistant","system","function","plugin","tool"] and the '
        'role in last message must be in ["user","function","tool"]'
    )


def test_a_partial_answer_is_not_continued_in_thinking(send: Send) -> None:
    begun = {"role": "assistant", "content": "The answer", "partial": True}
    refusal = f"{ALGO}Partial mode is not supported when enable_thinking is true"
    assert words(send, USER, begun, enable_thinking=True) == refusal
    assert words(send, USER, begun, model="qwen3.5-plus") == refusal
    assert words(send, USER, begun, model="qwen3.5-plus", enable_thinking=False) is None
