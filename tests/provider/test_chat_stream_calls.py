"""Tool calls in a stream: their pieces are put together, however they are cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.provider import (
    ToolCall,
)

DONE = "data: [DONE]\n\n"


def piece(index: int | None, id_: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    function = {"arguments": arguments} | ({} if name is None else {"name": name})
    return {"index": index, "id": id_, "type": "function", "function": function}


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        (  # classic: an empty id goes on
            [piece(0, "call_1", "f", ""), piece(0, "", None, '{"a'), piece(0, "", None, '":1}')],
            [("call_1", "f", '{"a":1}')],
        ),
        (  # the new dialect repeats the id with an empty name
            [piece(0, "call_1", "f", ""), piece(0, "call_1", "", "{"), piece(0, "", None, "}")],
            [("call_1", "f", "{}")],
        ),
        (  # parallel calls, one after the other
            [
                piece(0, "call_1", "f", ""),
                piece(0, "", None, "{}"),
                piece(1, "call_2", "g", ""),
                piece(1, "", None, "{}"),
            ],
            [("call_1", "f", "{}"), ("call_2", "g", "{}")],
        ),
        (  # interleaved
            [
                piece(0, "call_1", "f", "{"),
                piece(1, "call_2", "g", "["),
                piece(0, "", None, "}"),
                piece(1, "", None, "]"),
            ],
            [("call_1", "f", "{}"), ("call_2", "g", "[]")],
        ),
        (  # a new id opens a call even under the same index
            [piece(0, "call_1", "f", "{}"), piece(0, "call_2", "f", "{}")],
            [("call_1", "f", "{}"), ("call_2", "f", "{}")],
        ),
        (  # neither index nor further ids
            [piece(None, "call_1", "f", "{"), piece(None, None, None, "}")],
            [("call_1", "f", "{}")],
        ),
    ],
    ids=["classic", "new", "parallel", "interleaved", "same-index", "no-index"],
)
def test_tool_calls_are_put_together(
    pieces: list[Any], calls: list[Any], wire: Any, call: Any
) -> None:
    chunks = [wire.chunk({"content": None, "tool_calls": [piece]}) for piece in pieces]
    peer = wire.peer(wire.stream(*chunks, wire.chunk(finish="tool_calls"), DONE))
    reply = call(peer, stream=True).reply
    expected = [ToolCall(id=id_, name=name, arguments=text) for id_, name, text in calls]
    assert list(reply.tool_calls) == expected
    assert reply.finish_reason == "tool_calls"
    assert reply.usage is None


@given(
    arguments=st.lists(
        st.dictionaries(st.text(max_size=3), st.integers(), max_size=3), min_size=1, max_size=3
    ),
    sizes=st.lists(st.integers(1, 7), min_size=1),
    repeat_id=st.booleans(),
)
def test_arguments_survive_any_cutting(
    arguments: list[Any], sizes: list[int], repeat_id: bool, wire: Any, call: Any
) -> None:
    chunks = []
    for index, value in enumerate(arguments):
        text, size = json.dumps(value), sizes[index % len(sizes)]
        pieces = [piece(index, f"call_{index}", "f", "")]
        again = f"call_{index}" if repeat_id else ""
        pieces += [
            piece(index, again, None, text[at : at + size]) for at in range(0, len(text), size)
        ]
        chunks += [wire.chunk({"tool_calls": [piece]}) for piece in pieces]
    peer = wire.peer(wire.stream(*chunks, wire.chunk(finish="tool_calls"), DONE))
    reply = call(peer, stream=True).reply
    assert [tool_call.parsed() for tool_call in reply.tool_calls] == arguments


def test_of_interleaved_choices_the_first_is_the_reply(wire: Any, call: Any) -> None:
    events = [
        wire.chunk({"content": "A"}),
        wire.chunk({"content": "B"}, index=1),
        wire.chunk({}, finish="stop", index=1),
        wire.chunk({"content": "a"}, finish="length"),
    ]
    reply = call(wire.peer(wire.stream(*events, DONE)), stream=True).reply
    assert (reply.content, reply.finish_reason) == ("Aa", "length")
