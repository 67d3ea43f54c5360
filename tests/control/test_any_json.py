"""Whatever is posted is taken whole or refused whole, and the service goes on."""

import json
from typing import Any, get_args

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.simulator import Fault
from qwensim.simulator.faults import Kind
from qwensim.simulator.replies.spec import ScriptSpec
from qwensim.transport import transport

CATALOG = load()

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
"""Texts may hold lone surrogates: JSON can write them, and no text of a program can hold them."""

errors = st.sampled_from(sorted(CATALOG.errors))
models = st.sampled_from(["qwen3.5-plus", "qwen*", "[", "qwen-[z-a]", "other"])
counts = st.none() | st.integers(-1, 3) | st.integers()
values = st.just({"limit": 5, "value": "v", "path": "p", "model": "m", "index": 0, "type": "t"})
usage = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("prompt", "completion", "reasoning", "cached"), st.integers(-1, 10**9)),
)
faults = st.fixed_dictionaries(
    {"kind": st.sampled_from([*get_args(Kind), "other"])},
    optional={
        "error": errors,
        "values": values,
        "seconds": st.sampled_from([0, 0.0, -1, 1e300]),
        "after": counts,
        "model": models,
        "host": st.sampled_from([*CATALOG.hosts, "a.example"]),
        "times": counts,
        "every": counts,
    },
)
scripts = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text(),
        "reasoning": st.text(),
        "tool_calls": st.lists(
            st.fixed_dictionaries({"name": st.text(), "arguments": json_values}), max_size=3
        ),
        "usage": usage,
        "finish_reason": st.text(),
        "error": errors,
        "values": values,
        "fault": faults,
        "model": models,
        "last_user": st.text(),
        "last_user_pattern": st.sampled_from(["", "h.", "(", "(?P<a>x)*", "a{99999999999}"]),
        "times": counts,
    },
)


def spoilt(good: st.SearchStrategy[dict[str, Any]], names: Any) -> st.SearchStrategy[Any]:
    """Return what is good, what has one field at random, and any JSON at all; or lists of it."""
    changed = st.builds(
        lambda fields, name, value: {**fields, name: value},
        good,
        st.sampled_from(sorted(names)) | st.text(),
        json_values,
    )
    one = good | changed | json_values
    return one | st.lists(one, max_size=3)


posts = st.tuples(st.just("scripts"), spoilt(scripts, ScriptSpec.__struct_fields__)) | st.tuples(
    st.just("faults"), spoilt(faults, Fault.__struct_fields__)
)


def encode(value: Any) -> bytes:
    """Write JSON in ASCII, lone surrogates included."""
    return json.dumps(value).encode()


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(posts, min_size=1, max_size=3), st.booleans())
def test_any_json_is_taken_or_refused_and_the_service_goes_on(
    running: Any, posted: list[tuple[str, Any]], stream: bool
) -> None:
    running.simulator.reset()
    for name, value in posted:
        before = running.state()
        answer = running.client.post(f"/__qwensim/{name}", content=encode(value))
        assert answer.status_code in (200, 400), answer.text
        if answer.status_code == 400:
            assert answer.json()["error"]
            assert running.state() == before
        else:
            added = len(value) if isinstance(value, list) else 1
            assert size(running.state()) == size(before) + added
            assert running.get(f"/__qwensim/{name}") == answer.json()
    try:
        # In process: a served delay would be slept through.
        with httpx2.Client(transport=transport(running.simulator, httpx2)) as client:
            ask(client, stream=stream)
    except httpx2.TransportError:
        assert running.simulator.journal[-1].fault is not None


def size(state: Any) -> int:
    """Return the number of scripts and faults."""
    return sum(len(part) for part in state[:2])


def ask(client: httpx2.Client, **fields: Any) -> None:
    url = "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
    body = {"model": "qwen3.5-plus", "messages": [{"role": "user", "content": "hi"}], **fields}
    client.post(url, json=body, headers={"authorization": "Bearer sk-0123456789abcdef"})


@pytest.mark.parametrize("error", sorted(CATALOG.errors))
@pytest.mark.parametrize("stream", [False, True])
def test_every_error_can_be_posted_as_an_answer(served: Any, error: str, stream: bool) -> None:
    wanted = dict.fromkeys(("limit", "value", "path", "model", "index", "type", "method"), "x")
    wanted |= dict.fromkeys(("scope", "height", "width", "allowed", "quoted"), "x")
    wanted |= dict.fromkeys(("minimum", "maximum", "area", "ratio", "listed"), "x")
    served.post("/__qwensim/scripts", {"error": error, "values": wanted})
    row = CATALOG.errors[error]
    envelope = CATALOG.envelopes[row.envelope]
    framed = stream and envelope.stream is not None and envelope.stream_status is not None
    status = envelope.stream_status if framed else row.status
    assert served.ask(stream=stream).status_code == status
