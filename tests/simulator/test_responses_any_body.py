"""Whatever is sent to the Responses API is answered, or refused with a row of its errors."""

import json
import re
from collections.abc import Callable
from string import Formatter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.simulator import Simulator

Respond = Callable[..., Any]

CATALOG = load()
MODELS = ["qwen3.5-plus", "qwen3-max-2026-01-23", "qwen3-coder-plus", "qwen3-vl-plus"]
KINDS = ["text", "input_text", "input_image", "image_url", "output_text", "message", "reasoning"]
KINDS += ["function_call", "function_call_output", "web_search_call", "function", *("", "file")]
TOOLS = [*CATALOG.built_in_tools, "mcp", "allowed_tools"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 20)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from([*KINDS, *TOOLS, "user", "assistant", "system", "developer", "auto", "none"])
    | st.sampled_from(["required", "high", "f", "https://example.com/a.png", "{}"])
)
KEYS = st.sampled_from(
    [
        *("type", "text", "image_url", "url", "id", "name", "arguments", "call_id", "output"),
        *("content", "role", "effort", "parameters", "mode", "tools", "function"),
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)
KIND = st.sampled_from([*KINDS, *TOOLS])
TYPED = st.builds(lambda kind, rest: {**rest, "type": kind}, KIND, st.dictionaries(KEYS, VALUES))
USER = {"role": "user", "content": "Use the f tool."}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
ITEMS = st.lists(st.sampled_from([USER, CALL]) | TYPED | VALUES, max_size=4)
FIELDS = ["instructions", "temperature", "top_p", "max_output_tokens", "reasoning", "tool_choice"]
FIELDS += ["previous_response_id", "conversation", "store", "metadata", "model", "input", "stream"]
FIELDS += ["enable_thinking", "text", "parallel_tool_calls"]
ASKED = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3)


def pattern_of(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(re.escape(text) + (".*" if name else "") for text, name, _, _ in parts)


ROWS = [
    (row.status, row.code, re.compile(pattern_of(row.message), re.DOTALL))
    for row in CATALOG.errors_on["responses"].values()
]


def assert_catalogued(reply: Any) -> None:
    """Fail unless it is a response, or an error of the table in its envelope."""
    if reply.status == 200 and not reply.streamed:
        assert reply.json["object"] == "response"
        return
    if reply.status != 200:
        status, code, message = reply.refusal
    else:
        last = reply.told[-1]
        assert last["type"] == f"response.{last['response']['status']}"
        if last["type"] != "response.failed":
            return
        error = last["response"]["error"]
        status, code, message = None, error["code"], error["message"]
    assert any(
        status in (None, known) and code == known_code and words.fullmatch(message)
        for known, known_code, words in ROWS
    ), (status, code, message)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(MODELS),
    ITEMS | st.text(max_size=9),
    st.lists(TYPED, max_size=2) | st.none() | VALUES,
    ASKED,
    st.booleans(),
)
def test_any_body(
    respond: Respond, model: str, given: Any, tools: Any, fields: Any, stream: bool
) -> None:
    simulator = Simulator()
    body = {"model": model, "input": given, "tools": tools, "stream": stream, **fields}
    reply = respond(simulator, raw=json.dumps(body).encode())
    assert_catalogued(reply)
    if reply.status == 200 and not reply.streamed and reply.json["store"]:
        response_id = reply.json["id"]
        assert respond(simulator, rest=response_id).json["output"] == reply.json["output"]
        assert respond(simulator, rest=f"{response_id}/input_items").status == 200
        after = {"model": "qwen3.5-plus", "previous_response_id": response_id, "input": [USER]}
        assert_catalogued(respond(simulator, raw=json.dumps(after).encode()))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes(respond: Respond, raw: bytes) -> None:
    assert_catalogued(respond(Simulator(), raw=raw))
