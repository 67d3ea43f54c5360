"""Whatever is sent in the Anthropic protocol is answered, or refused with a row of its errors."""

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
PATH = "/apps/anthropic/v1/messages"
PATHS = (PATH, f"{PATH}/count_tokens")
HOSTS = ("dashscope.aliyuncs.com", "coding.dashscope.aliyuncs.com")
MODELS = ["qwen3.5-plus", "qwen3-max-2026-01-23", "qwen3-coder-plus", "glm-5", "MiniMax-M2.5"]
KINDS = ["text", "image", "video", "thinking", "tool_use", "tool_result", "document", "base64"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 5)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from([*KINDS, "url", "user", "assistant", "system", "auto", "any", "tool", "f"])
)
KEYS = st.sampled_from(
    [
        *("type", "text", "source", "url", "data", "media_type", "id", "name", "input"),
        *("content", "role", "tool_use_id", "budget_tokens", "input_schema", "format", "schema"),
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)
BLOCKS = st.builds(
    lambda kind, rest: {**rest, "type": kind}, st.sampled_from(KINDS), st.dictionaries(KEYS, VALUES)
)
USER = {"role": "user", "content": "Use the f tool, in JSON."}
MESSAGES = st.lists(
    st.just(USER)
    | st.builds(
        lambda role, content: {"role": role, "content": content},
        st.sampled_from(["user", "assistant"]),
        st.lists(BLOCKS, max_size=3),
    )
    | VALUES,
    max_size=4,
)
FIELDS = ["system", "temperature", "top_p", "top_k", "stop_sequences", "thinking", "tools"]
FIELDS += ["tool_choice", "output_config", "metadata", "max_tokens", "model", "messages", "stream"]


def pattern_of(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(re.escape(text) + (".*" if name else "") for text, name, _, _ in parts)


ROWS = [
    (row.status, row.code, re.compile(pattern_of(row.message), re.DOTALL))
    for row in CATALOG.errors_on["anthropic"].values()
]


def assert_catalogued(reply: Any) -> None:
    """Fail unless it is a message, a count, or an error of the table in its envelope."""
    body = reply.body.decode()
    if reply.status == 200:
        if reply.streamed:
            assert body.startswith("event:message_start\ndata:")
            assert body.endswith('event:message_stop\ndata:{"type":"message_stop"}\n\n')
        else:
            assert "input_tokens" in body
        return
    told = json.loads(body.removeprefix("event:error\ndata:"))
    assert (body[0] == "e") is reply.streamed
    error = told.get("error", told)
    assert any(
        (reply.status, error["code"]) == (status, code) and words.fullmatch(error["message"])
        for status, code, words in ROWS
    ), body


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(MODELS),
    MESSAGES,
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3),
    st.booleans(),
    st.sampled_from(PATHS),
    st.sampled_from(HOSTS),
)
def test_any_body(
    send: Send, model: str, messages: Any, fields: Any, stream: bool, path: str, host: str
) -> None:
    body = {"model": model, "messages": messages, "max_tokens": 99, "stream": stream, **fields}
    raw = json.dumps(body).encode()
    assert_catalogued(send(Simulator(), path=path, host=host, raw=raw))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes(send: Send, raw: bytes) -> None:
    assert_catalogued(send(Simulator(), path=PATH, raw=raw))
