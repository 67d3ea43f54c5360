"""Whatever is sent natively, the service answers or refuses with a row of its error table."""

import json
import re
from collections.abc import Callable
from string import Formatter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.simulator import Simulator

Native = Callable[..., Any]

CATALOG = load()
HOST = "dashscope.aliyuncs.com"
SURFACES = ("text-generation", "multimodal-generation")
TALKERS = [row.id for row in CATALOG.served[HOST].values() if row.surfaces == ("chat",)]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 5)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["auto", "required", "user", "text", "message", "json_object", "f"])
)
KEYS = st.sampled_from(["text", "image", "video", "audio", "role", "content", "function", "name"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
USER = {"role": "user", "content": "Use the f tool, in JSON."}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
PARAMETERS = [
    *(name for name in CATALOG.parameters if "." not in name),
    *("tool_choice", "response_format", "result_format", "incremental_output", "enable_search"),
    *("search_options", "unknown"),
]
PARTS = st.dictionaries(
    st.sampled_from(["text", "image", "video", "audio", "type", "fps", "min_pixels"]), VALUES
)
MESSAGES = st.lists(
    st.just(USER)
    | st.builds(lambda parts: {"role": "user", "content": parts}, st.lists(PARTS, max_size=3))
    | st.dictionaries(st.sampled_from(["role", "content", "tool_calls"]), VALUES)
    | VALUES,
    max_size=3,
)
BODIES = st.builds(
    lambda model, given, parameters: {"model": model, "input": given, "parameters": parameters},
    st.sampled_from(TALKERS),
    st.builds(lambda messages: {"messages": messages}, st.just([USER]) | MESSAGES)
    | st.dictionaries(st.sampled_from(["messages", "prompt", "history"]), VALUES)
    | VALUES,
    st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=3) | VALUES,
)


def pattern_of(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(re.escape(text) + (".*" if name else "") for text, name, _, _ in parts)


ROWS = [
    (row.status, row.code, re.compile(pattern_of(row.message), re.DOTALL))
    for row in CATALOG.errors_on["native"].values()
]


def assert_catalogued(answer: Any, *, stream: bool) -> None:
    """Fail unless it is an answer, or an error that the catalogue has in a native envelope."""
    framed = answer.text.startswith("id:1\nevent:error\n")
    if answer.status == 200 and not framed:
        bodies = answer.frames if stream else [answer.json]
        assert all(set(body) == {"output", "usage", "request_id"} for body in bodies)
        output = bodies[-1]["output"]
        finish = output["choices"][0] if "choices" in output else output
        assert finish["finish_reason"] in ("stop", "length", "tool_calls")
        return
    assert stream or not framed
    error, status = answer.json, answer.status
    assert set(error) == {"code", "message", "request_id"}
    if framed:
        assert status == 200
        status = int(answer.text.split("\n")[2].removeprefix(":HTTP_STATUS/"))
    assert any(
        (status, error["code"]) == (expected, code) and words.fullmatch(error["message"])
        for expected, code, words in ROWS
    ), answer.text


@settings(max_examples=300, deadline=None)
@given(BODIES, st.sampled_from(SURFACES), st.booleans())
def test_any_body(native: Native, body: dict[str, Any], surface: str, stream: bool) -> None:
    assert_catalogued(native(body, surface=surface, stream=stream), stream=stream)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes(native: Native, raw: bytes) -> None:
    assert_catalogued(native(raw), stream=False)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PARAMETERS), VALUES, st.booleans())
def test_any_value_of_any_parameter(native: Native, name: str, value: Any, stream: bool) -> None:
    body = {
        "model": "qwen-plus",
        "input": {"messages": [USER]},
        "parameters": {"tools": TOOLS, name: value},
    }
    assert_catalogued(native(body, stream=stream), stream=stream)


def said(frames: list[Any], *, incremental: bool) -> list[dict[str, Any]]:
    """What each choice of an answer says, its frames joined."""
    joined: dict[int, dict[str, Any]] = {}
    for frame in frames:
        output = frame["output"]
        choices = output.get("choices") or [
            {"message": {"content": output["text"]}, "finish_reason": output["finish_reason"]}
        ]
        for choice in choices:
            known = joined.setdefault(choice.get("index", 0), {"text": "", "why": "", "calls": {}})
            message = choice["message"]
            content = message["content"]
            if not isinstance(content, str):
                content = "".join(part["text"] for part in content)
            if not incremental:
                known |= {"text": "", "why": "", "calls": {}}
            known["text"] += content
            known["why"] += message.get("reasoning_content", "")
            for call in message.get("tool_calls", ()):
                before = known["calls"].get(call["index"], "")
                known["calls"][call["index"]] = before + call["function"]["arguments"]
            known["finish"] = choice["finish_reason"]
    return [known for _, known in sorted(joined.items())]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(TALKERS),
    st.text(max_size=30).map(lambda text: text + " use the f tool"),
    st.fixed_dictionaries(
        {},
        optional={
            "result_format": st.sampled_from(["text", "message"]),
            "max_tokens": st.integers(1, 8),
            "n": st.integers(1, 3),
            "stop": st.sampled_from(["e", ["a", "。"]]),
            "tools": st.just(TOOLS),
            "enable_search": st.booleans(),
            "enable_thinking": st.booleans(),
        },
    ),
)
def test_an_answer_says_the_same_in_whatever_way_it_comes(
    native: Native, model: str, text: str, parameters: dict[str, Any]
) -> None:
    simulator = Simulator()
    surface = SURFACES["image" in CATALOG.models[model].inputs]
    messages = [{"role": "user", "content": text}]

    def ask(*, stream: bool, **options: Any) -> Any:
        body = {"model": model, "input": {"messages": messages}}
        return native(
            {**body, "parameters": {**parameters, **options}},
            simulator=simulator,
            surface=surface,
            stream=stream,
        )

    whole = ask(stream=False)
    incremental = ask(stream=True, incremental_output=True)
    cumulative = ask(stream=True, incremental_output=False)
    heard = []
    if whole.text.startswith('{"output"'):
        heard.append((said([whole.json], incremental=False), whole.json["usage"]))
    never = model.startswith("qwen-mt-")
    for answer, is_incremental in ((incremental, not never), (cumulative, False)):
        if "event:error" not in answer.text:
            frames = answer.frames
            heard.append((said(frames, incremental=is_incremental), frames[-1]["usage"]))
    for words, usage in heard[1:]:
        assert words == heard[0][0]
        if parameters.get("n", 1) == 1:
            for name in ("input_tokens", "output_tokens", "total_tokens"):
                assert usage[name] == heard[0][1][name]
