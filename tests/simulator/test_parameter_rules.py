"""Every request parameter with its type, its range and the service's own words."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.simulator import Simulator

Send = Callable[..., Any]

ALGO = "<400> InternalError.Algo.InvalidParameter: "


def message(send: Send, **fields: Any) -> Any:
    """Return the error's message, None for an answer."""
    reply = send(Simulator(), **fields)
    return None if reply.status == 200 else reply.error["message"]


RANGES: list[tuple[str, list[Any], list[Any], str]] = [
    (
        "temperature",
        [0, 0.0, 1.999, None],
        [-0.1, 2, 2.0, 9, 1e300],
        "Temperature should be in [0.0, 2.0)",
    ),
    ("top_p", [0.001, 1, 1.0], [0, 0.0, -1, 1.01], "Range of top_p should be (0.0, 1.0]"),
    ("top_k", [0, 20, 1000, 20.0], [-1], "Parameter top_k be greater than or equal to 0"),
    ("presence_penalty", [-2, 2.0], [-2.1, 2.1], "Presence_penalty should be in [-2.0, 2.0]"),
    ("repetition_penalty", [0.1, 5], [0, -1.5], "Repetition_penalty should be greater than 0.0"),
    ("n", [1, 4, 2.0], [0, 5, -1, 2**70], "Range of n should be [1, 4]"),
    ("max_tokens", [1, 65_536], [0, -1, 65_537], f"{ALGO}Range of max_tokens should be [1, 65536]"),
    ("top_logprobs", [0, 5], [-1, 6], "Range of top_logprobs should be [0, 5]"),
    (
        "thinking_budget",
        [1, 81_920],
        [0, 81_921],
        (
            f"{ALGO}The thinking_budget parameter must be a positive integer and not greater than "
            "81920"
        ),
    ),
]


@pytest.mark.parametrize(("name", "good", "bad", "words"), RANGES, ids=[row[0] for row in RANGES])
def test_a_number_out_of_range(
    send: Send, name: str, good: list[Any], bad: list[Any], words: str
) -> None:
    assert [message(send, **{name: value}) for value in good] == [None] * len(good)
    assert [message(send, **{name: value}) for value in bad] == [words] * len(bad)


@pytest.mark.parametrize("stream", [False, True])
def test_the_model_s_checks_answer_in_their_own_envelope(
    simulator: Simulator, send: Send, stream: bool
) -> None:
    reply = send(simulator, stream=stream, top_p=2)
    request_id = reply.headers["x-request-id"]
    words = '"message":"Range of top_p should be (0.0, 1.0]","type":"invalid_request_error"'
    code, param = '"code":"invalid_parameter_error"', '"param":null'
    error = ",".join((code, param, words) if stream else (words, param, code))
    error = f'{{"error":{{{error}}},"id":"chatcmpl-{request_id}"'
    assert reply.status == 400
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-dashscope-call-gateway"] == "true"
    if stream:
        assert reply.body.decode() == f"data: {error}}}\n\n"
    else:
        assert reply.body.decode() == f'{error},"request_id":"{request_id}"}}'


@pytest.mark.parametrize("stream", [False, True])
def test_the_validator_in_front_answers_in_its_own_envelope(
    simulator: Simulator, send: Send, stream: bool
) -> None:
    reply = send(simulator, stream=stream, temperature="hot")
    assert reply.status == 400
    assert reply.body.decode() == (
        '{"error":{"message":"\'temperature\' must be Float","type":"invalid_request_error",'
        '"param":null,"code":"invalid_value"},'
        f'"request_id":"chatcmpl-{reply.headers["x-request-id"]}"}}'
    )


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        (0, None),
        (2**31 - 1, None),
        (7.0, None),
        (-1, "-1 is lesser than the minimum of 0 - 'seed'"),
        (-3.0, "-3 is lesser than the minimum of 0 - 'seed'"),
        (2**31, "2147483648 is greater than the maximum of 2147483647 - 'seed'"),
        (10**30, f"{10**30} is greater than the maximum of 2147483647 - 'seed'"),
        (1.5, "'seed' must be Integer"),
    ],
)
def test_the_seed_has_words_of_its_own(send: Send, seed: Any, words: str | None) -> None:
    assert message(send, seed=seed) == words


@pytest.mark.parametrize(
    ("model", "limit"), [("qwen-max", 8192), ("qwen3-max", 65536), ("qwen-turbo", 16384)]
)
def test_max_tokens_is_bounded_by_the_model(send: Send, model: str, limit: int) -> None:
    assert message(send, model=model, max_tokens=limit) is None
    words = f"{ALGO}Range of max_tokens should be [1, {limit}]"
    assert message(send, model=model, max_tokens=limit + 1) == words


def test_max_completion_tokens_may_exceed_the_model_s_output(send: Send) -> None:
    assert message(send, max_completion_tokens=1_000_000) is None
    assert "should be [1, " in message(send, max_completion_tokens=0)
    assert "null" not in message(send, max_completion_tokens=0)


def test_a_bound_that_is_not_on_record_is_no_null(send: Send) -> None:
    words = message(send, model="qwen3-coder-plus", thinking_budget=0)
    assert words.startswith(f"{ALGO}The thinking_budget parameter must be a positive integer")
    assert "null" not in words


TYPES: dict[str, tuple[str, list[Any]]] = {
    "Boolean": (
        (
            "stream logprobs enable_thinking parallel_tool_calls enable_search "
            "enable_code_interpreter vl_high_resolution_images"
        ),
        ["true", 1, 0.0, [], {}],
    ),
    "Float": ("temperature top_p presence_penalty repetition_penalty", ["1", True, [], {}]),
    "Integer": (
        "top_k n max_tokens max_completion_tokens seed top_logprobs thinking_budget",
        ["1", 1.5, True, [], {}],
    ),
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_value_of_the_wrong_type(send: Send, kind: str) -> None:
    names, values = TYPES[kind]
    for name in names.split():
        for value in values:
            assert message(send, **{name: value}) == f"'{name}' must be {kind}"


def test_the_usage_option_is_a_boolean(send: Send) -> None:
    words = "'stream_options.include_usage' must be Boolean"
    assert message(send, stream_options={"include_usage": "yes"}) == words
    assert message(send, stream_options={"include_usage": None, "other": 1}) is None


@pytest.mark.parametrize(
    "name",
    [
        "stream_options",
        "tools",
        "search_options",
        "modalities",
        "audio",
        "translation_options",
        "asr_options",
    ],
)
def test_a_container_of_the_wrong_type_is_an_invalid_body(send: Send, name: str) -> None:
    words = "Required body invalid, please check the request body format."
    assert message(send, **{name: "text"}) == words


@pytest.mark.parametrize(
    ("stop", "good"),
    [
        ("x", True),
        ("", True),
        ([], True),
        (["a", "b"], True),
        ([1, 2], True),
        ([[1, 2], []], True),
        (["a", 1], False),
        ([1, [2]], False),
        ([True], False),
        ([1.5], False),
        ([["a"]], False),
        ([None], False),
        (5, False),
        ({}, False),
    ],
)
def test_stop_is_a_text_or_a_list_of_one_kind(send: Send, stop: Any, good: bool) -> None:
    words = (
        'The "stop" parameter must be of type "str", "list[str]", "list[int]", or '
        '"list[list[int]]", and all elements within the list must be of the same type.'
    )
    assert message(send, stop=stop) == (None if good else words)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=8).map(lambda name: f"x_{name}"), JSON, max_size=4))
def test_unknown_parameters_are_ignored(send: Send, unknown: dict[str, Any]) -> None:
    known = {"frequency_penalty": 1, "user": "me", "logit_bias": {}, "service_tier": "auto"}
    raw = json.dumps(
        {"model": "qwen3-max", "messages": [{"role": "user", "content": "hi"}], **known, **unknown}
    )
    assert send(Simulator(), raw=raw.encode()).status == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"5",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"model":"qwen3-max",}',
        b'{"model":"\\ud800"}',
        b'{"model":"qwen3-max","seed":1e400}',
        b'{"model":"qwen3-max","seed":NaN}',
        b'{"model":"qwen3-max","seed":-Infinity}',
        b'{"model":"qwen3-max","seed":' + b"9" * 5000 + b"}",
        b'{"model":"qwen3-max","x":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"model":"qwen3-max","x":' + b'{"a":' * 300 + b"1" + b"}" * 301,
        b"[" * 100_000,
        b'{"model":5}',
        b'{"model":["qwen3-max"]}',
    ],
)
def test_what_cannot_be_read_is_an_invalid_body(
    simulator: Simulator, send: Send, raw: bytes
) -> None:
    reply = send(simulator, raw=raw)
    assert reply.status == 400
    assert reply.body.decode() == (
        '{"error":{"message":"Required body invalid, please check the request body format.",'
        '"type":"invalid_request_error","param":null,"code":null},'
        f'"request_id":"{reply.headers["x-request-id"]}"}}'
    )
    assert "x-dashscope-call-gateway" not in reply.headers


def test_of_duplicate_keys_the_last_counts(simulator: Simulator, send: Send) -> None:
    raw = (
        b'{"model":"gpt-5","temperature":9,"messages":[{"role":"user","content":"hi"}],'
        b'"model":"qwen3-max","temperature":1}'
    )
    assert send(simulator, raw=raw).json["model"] == "qwen3-max"


def test_a_body_may_be_wide_and_fairly_deep(simulator: Simulator, send: Send) -> None:
    assert send(simulator, wide=[[{}]] * 1000).status == 200
    deep: Any = 1
    for _ in range(150):
        deep = [deep]
    assert send(simulator, deep=deep).status == 200
