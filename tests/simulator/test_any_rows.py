"""Whatever is sent to embeddings and reranking, it is answered or refused with a row of errors."""

import json
import re
from collections.abc import Callable
from string import Formatter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.simulator import Simulator

CATALOG = load()
HOST = "dashscope.aliyuncs.com"
ROUTES = ("embeddings", "reranks", "text-embedding", "multimodal-embedding", "text-rerank")
SHAPES = (
    {"error", "request_id"},
    {"error", "id", "request_id"},
    {"code", "message", "request_id"},
)
ANSWERS = (
    {"data", "model", "object", "usage", "id"},
    {"object", "results", "model", "id", "usage"},
    {"output", "usage", "request_id"},
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 5)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["query", "dense", "dense&sparse", "sparse", "base64", "float", 64, 1024])
)
KEYS = st.sampled_from(["text", "image", "video", "multi_images"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.text(max_size=6), max_size=12) | VALUES
GIVEN = (
    st.dictionaries(st.sampled_from(["texts", "contents", "query", "documents"]), ROWS, max_size=4)
    | ROWS
)
PARAMETERS = st.dictionaries(
    st.sampled_from(
        ["dimension", "text_type", "output_type", "instruct", "top_n", "return_documents"]
    ),
    VALUES,
    max_size=4,
)
BODIES = st.fixed_dictionaries(
    {
        "model": st.sampled_from([*CATALOG.embeddings, *CATALOG.reranks, "qwen-plus"]),
        "input": GIVEN,
    },
    optional={
        "parameters": PARAMETERS | VALUES,
        "query": ROWS,
        "documents": ROWS,
        "dimensions": VALUES,
        "encoding_format": VALUES,
        "top_n": VALUES,
    },
)


def pattern_of(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(re.escape(text) + (".*" if name else "") for text, name, _, _ in parts)


WORDS = {
    wire: [
        (row.status, row.code, re.compile(pattern_of(row.message), re.DOTALL))
        for row in CATALOG.errors_on[wire].values()
    ]
    for wire in ("compatible", "native-whole")
}


@settings(max_examples=400, deadline=None)
@given(BODIES | VALUES, st.sampled_from(ROUTES))
def test_any_body(send: Callable[..., Any], body: Any, route: str) -> None:
    row = CATALOG.routes[route]
    path = row.path.replace("{base}", CATALOG.hosts[HOST].base_path)
    simulator = Simulator()
    reply = send(simulator, host=HOST, path=path, raw=json.dumps(body).encode())
    entry = simulator.journal[-1]
    if reply.status == 200:
        assert set(reply.json) in ANSWERS
        assert entry.error is None
        assert (entry.usage or {})["prompt"] > 0
        return
    assert set(reply.json) in SHAPES
    assert entry.error in CATALOG.errors
    error = reply.json.get("error", reply.json)
    assert any(
        (reply.status, error["code"]) == (status, code) and words.fullmatch(error["message"])
        for status, code, words in WORDS[row.wire]
    ), reply.json
