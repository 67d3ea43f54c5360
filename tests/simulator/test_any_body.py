"""Whatever is sent, the service answers or refuses with a row of its error table."""

import json
import re
from collections.abc import Callable
from string import Formatter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.simulator import Simulator

Send = Callable[..., Any]

CATALOG = load()
HOSTS = list(CATALOG.hosts)
CHAT_MODELS = [row.id for row in CATALOG.models.values() if "chat" in row.surfaces]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(
        ["auto", "none", "required", "user", "text", "json_object", "f", "sk-12345678"]
    ),
)
KEYS = st.sampled_from(
    ["type", "text", "role", "content", "function", "name", "parameters", "json_schema", "schema"]
) | st.text(max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
USER = {"role": "user", "content": "Use the f tool, in JSON."}
CALLS = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
MESSAGE_FIELDS = ["role", "content", "tool_calls", "tool_call_id", "partial", "name"]
PARAMETERS = [
    *(name for name in CATALOG.parameters if "." not in name),
    *("model", "messages", "tool_choice", "response_format", "unknown"),
]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]

MESSAGES = st.lists(
    st.just(USER)
    | st.just({"role": "assistant", "content": None, "tool_calls": CALLS})
    | st.just({"role": "tool", "tool_call_id": "c", "content": "4"})
    | st.dictionaries(st.sampled_from(MESSAGE_FIELDS), VALUES, max_size=5)
    | st.builds(
        lambda field, value: {**USER, field: value}, st.sampled_from(MESSAGE_FIELDS), VALUES
    ),
    max_size=4,
)
BODIES = st.builds(
    lambda model, messages, extra: {"model": model, "messages": messages, **extra},
    st.sampled_from(CHAT_MODELS),
    st.just([USER]) | MESSAGES,
    st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=2),
)


def pattern_of(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(re.escape(text) + (".*" if name else "") for text, name, _, _ in parts)


ROWS = [
    (row.status, row.code, row.type, re.compile(pattern_of(words), re.DOTALL))
    for row in CATALOG.errors.values()
    for words in {row.message, row.message_stream or row.message}
    if row.wire == "compatible"
]


def assert_catalogued(reply: Any) -> None:
    """Fail unless the reply is an answer, or an error that the catalogue has."""
    if reply.status == 200:
        assert reply.choices[0]["finish"] in ("stop", "length", "tool_calls")
        return
    error = reply.error
    assert any(
        (reply.status, error["code"], error["type"]) == (status, code, kind)
        and words.fullmatch(error["message"])
        for status, code, kind, words in ROWS
    ), reply.body


@settings(max_examples=200, deadline=None)
@given(BODIES, st.sampled_from(HOSTS), st.booleans())
def test_any_request_is_answered_or_refused_in_known_words(
    send: Send, body: dict[str, Any], host: str, stream: bool
) -> None:
    raw = json.dumps({"stream": stream, **body}).encode()
    assert_catalogued(send(Simulator(), host=host, raw=raw))


@settings(max_examples=100, deadline=None)
@given(VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_any_bytes_are_answered_or_refused_in_known_words(send: Send, raw: bytes) -> None:
    assert_catalogued(send(Simulator(), raw=raw))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PARAMETERS), VALUES, st.booleans())
def test_any_value_of_any_parameter(send: Send, name: str, value: Any, stream: bool) -> None:
    fields = {"stream": stream, "messages": [USER], "tools": TOOLS, name: value}
    assert_catalogued(send(Simulator(), raw=json.dumps({"model": "qwen3-max", **fields}).encode()))


@settings(max_examples=60, deadline=None)
@given(schema=VALUES, stream=st.booleans())
def test_any_schema(send: Send, schema: Any, stream: bool) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert_catalogued(send(Simulator(), response_format=wanted, stream=stream))
    function = {"name": "f", "parameters": schema}
    tools = [{"type": "function", "function": function}]
    assert_catalogued(send(Simulator(), tools=tools, tool_choice="required", stream=stream))


# --- what holds for every answer ------------------------------------------------------------------

REQUESTS = st.fixed_dictionaries(
    {
        "model": st.sampled_from(CHAT_MODELS),
        "messages": st.text(max_size=40).map(lambda text: [{"role": "user", "content": text}]),
    },
    optional={
        "enable_thinking": st.booleans(),
        "max_tokens": st.integers(1, 8),
        "n": st.integers(1, 3),
        "stop": st.sampled_from(["e", ["a", "。"], []]),
        "logprobs": st.booleans(),
        "tools": st.just(TOOLS),
        "parallel_tool_calls": st.booleans(),
    },
)


@settings(max_examples=150, deadline=None)
@given(REQUESTS, st.sampled_from(HOSTS), st.integers(0, 3))
def test_a_stream_says_and_counts_what_the_whole_answer_does(
    send: Send, request_: dict[str, Any], host: str, seed: int
) -> None:
    simulators = Simulator(seed=seed), Simulator(seed=seed)
    whole = send(simulators[0], host=host, **request_)
    options = {"stream": True, "stream_options": {"include_usage": True}}
    stream = send(simulators[1], host=host, **request_, **options)
    if whole.status != 200:
        return
    without_ids = [
        [{**c, "calls": [call[1:] for call in c["calls"]]} for c in reply.choices]
        for reply in (whole, stream)
    ]
    assert without_ids[0] == without_ids[1]
    assert simulators[0].journal[-1].usage == simulators[1].journal[-1].usage
    # A stream of the new dialect leaves out a detail (recorded); what both have is the same.
    shared = whole.usage.keys() & stream.usage.keys()
    assert shared >= {"prompt_tokens", "completion_tokens", "total_tokens"}
    assert {k: whole.usage[k] for k in shared} == {k: stream.usage[k] for k in shared}


@settings(max_examples=150, deadline=None)
@given(REQUESTS, st.sampled_from(HOSTS), st.booleans())
def test_usage_adds_up(send: Send, request_: dict[str, Any], host: str, stream: bool) -> None:
    options = {"stream": stream, "stream_options": {"include_usage": True}}
    simulator = Simulator()
    reply = send(simulator, host=host, **request_, **options)
    if reply.status != 200:
        return
    usage = reply.usage
    prompt, completion = usage["prompt_tokens"], usage["completion_tokens"]
    assert usage["total_tokens"] == prompt + completion
    assert prompt > 0
    details = usage.get("completion_tokens_details", {})
    assert 0 <= details.get("reasoning_tokens", 0) <= completion
    assert 0 <= details.get("text_tokens", 0) <= completion
    assert simulator.journal[-1].usage == {
        "prompt": prompt,
        "completion": completion,
        "reasoning": (simulator.journal[-1].usage or {})["reasoning"],
        "cached": usage.get("prompt_tokens_details", {}).get("cached_tokens", 0),
    }


@settings(max_examples=60, deadline=None)
@given(BODIES, st.sampled_from(HOSTS), st.integers(-5, 2**40))
def test_the_same_seed_gives_the_same_bytes(
    send: Send, body: dict[str, Any], host: str, seed: int
) -> None:
    raw = json.dumps(body).encode()
    first, second = Simulator(seed=seed), Simulator(seed=seed)
    for _ in range(2):
        assert send(first, host=host, raw=raw).events == send(second, host=host, raw=raw).events


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_another_seed_gives_another_text(send: Send, one: int, other: int) -> None:
    texts = {seed: send(Simulator(seed=seed)).text for seed in (one, other)}
    assert (len(set(texts.values())) == 2) == (one != other)


@settings(max_examples=60, deadline=None)
@given(st.lists(BODIES, min_size=1, max_size=3), st.booleans())
def test_ids_are_one_and_unlike_for_every_exchange(
    send: Send, bodies: list[dict[str, Any]], stream: bool
) -> None:
    simulator, seen = Simulator(), set()
    for body in bodies * 2:
        raw = json.dumps({**body, "stream": stream}).encode()
        reply = send(simulator, raw=raw)
        request_id = reply.headers["x-request-id"]
        assert re.fullmatch(
            r"[0-9a-f]{8}-[0-9a-f]{4}-9[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", request_id
        )
        assert request_id in reply.body.decode()
        assert simulator.journal[-1].request_id == request_id
        seen.add(request_id)
        if reply.status == 200 and not stream:
            assert reply.json["id"] == f"chatcmpl-{request_id}"
    assert len(seen) == 2 * len(bodies)
    raw = json.dumps(bodies[0]).encode()
    assert send(Simulator(seed=1), raw=raw).headers["x-request-id"] not in seen
