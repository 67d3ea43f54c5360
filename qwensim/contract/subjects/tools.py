"""Tool calls: forced, free and refused; whole and in pieces."""

import json
from functools import partial
from typing import Any

from qwensim.contract.answers import Answer, choices, expect, expect_that, joined
from qwensim.contract.case import Case
from qwensim.contract.refusals import refused
from qwensim.contract.session import Session, read

_QUIET = ("qwen3-max-2026-01-23",)
"""A model that does not think unless it is told to."""


def _tool(name: str, parameter: str) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Looks up the {name} of a {parameter}.",
            "parameters": {
                "type": "object",
                "properties": {parameter: {"type": "string"}},
                "required": [parameter],
            },
        },
    }


_WEATHER = _tool("weather", "city")
_TIME = _tool("time", "zone")
_BY_NAME = {"type": "function", "function": {"name": "weather"}}
_ASK = "Use the weather tool for Paris."


def called(session: Session, choice: Any) -> None:
    """Have a tool called."""
    answer = session.ask(_ASK, tools=[_WEATHER, _TIME], tool_choice=choice)
    call = _only_call(answer.message())
    expect("finish_reason", "tool_calls", answer.finish_reason())
    expect("type", "function", call.get("type"))
    expect_that("id", "call_…", str(call.get("id")).startswith("call_"), call)
    expect("name", "weather", call["function"]["name"])
    expect("arguments", ["city"], list(json.loads(call["function"]["arguments"])))


def not_called(session: Session) -> None:
    """Forbid tools though one is asked for."""
    answer = session.ask(_ASK, tools=[_WEATHER], tool_choice="none")
    message = answer.message()
    expect("tool_calls", None, message.get("tool_calls"))
    expect_that("content", "some text", message.get("content"), message)
    expect("finish_reason", "stop", answer.finish_reason())


def not_needed(session: Session) -> None:
    """Offer a tool for which there is no use."""
    expect("tool_calls", None, session.ask(tools=[_WEATHER]).message().get("tool_calls"))


def streamed(session: Session) -> None:
    """Stream a call: its opening brings id and name, what follows brings arguments only."""
    found = session.ask(_ASK, tools=[_WEATHER], tool_choice=_BY_NAME, stream=True)
    pieces = _pieces(found)
    opening, *later = pieces
    expect_that("id of the opening", "call_…", str(opening["id"]).startswith("call_"), opening)
    expect("name in the opening", "weather", opening["function"]["name"])
    expect("arguments in the opening", "", opening["function"]["arguments"])
    expect("ids that follow", {""}, {piece["id"] for piece in later})
    expect("names that follow", [], [piece for piece in later if piece["function"].get("name")])
    arguments = joined((piece["function"] for piece in pieces), "arguments")
    expect("arguments", ["city"], list(json.loads(arguments)))
    reasons = [choice.get("finish_reason") for choice in choices(found.chunks())]
    expect("finish reasons", ["tool_calls"], [reason for reason in reasons if reason])


def in_parallel(session: Session, stream: bool) -> None:  # noqa: FBT001 - a table's column
    """Have two tools called at once: one after the other, each with its index."""
    session.service.script(tool_calls=[("weather", {"city": "Paris"}), ("time", {"zone": "CET"})])
    asking = {"tools": [_WEATHER, _TIME], "parallel_tool_calls": True}
    answer = session.ask("Weather and time, please.", **asking, stream=stream or None)
    calls = _pieces(answer) if stream else answer.message()["tool_calls"]
    opened = [call for call in calls if call["id"]]
    expect("names", ["weather", "time"], [call["function"]["name"] for call in opened])
    expect("indices", [0, 1], [call["index"] for call in opened])
    expect("ids", 2, len({call["id"] for call in opened}))
    for index, wanted in enumerate(({"city": "Paris"}, {"zone": "CET"})):
        functions = [call["function"] for call in calls if call["index"] == index]
        expect("arguments", wanted, json.loads(joined(functions, "arguments")))
    indices = [call["index"] for call in calls]
    expect("order", sorted(indices), indices)


def by_client(session: Session) -> None:
    """Let the real client put a streamed call together, and answer it."""
    provider = session.provider()
    messages: list[Any] = [{"role": "user", "content": _ASK}]
    asking = provider.chat(
        session.model, messages, tools=[_WEATHER], tool_choice=_BY_NAME, stream=True
    )
    reply = read(asking)
    expect("calls", 1, len(reply.tool_calls))
    call = reply.tool_calls[0]
    expect("name", "weather", call.name)
    expect("arguments", ["city"], list(call.parsed()))
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny, 21 degrees"}
    messages += [reply.message(), result]
    reply = provider.chat(session.model, messages, tools=[_WEATHER])
    expect("finish_reason", "stop", reply.finish_reason)
    expect_that("content", "some text", reply.content, reply)


def in_thinking(session: Session) -> None:
    """Offer a tool to a model that thinks: it calls after its reasoning."""
    message = session.ask(_ASK, tools=[_WEATHER], enable_thinking=True).message()
    expect("name", "weather", _only_call(message)["function"]["name"])
    expect_that("reasoning_content", "some text", message.get("reasoning_content"), message)


def forced_in_thinking(session: Session, choice: Any) -> None:
    """Force a tool on a model that thinks; then with thinking off."""
    asking = {"tools": [_WEATHER], "tool_choice": choice}
    refused(session, "forced-tool-in-thinking", _ASK, enable_thinking=True, **asking)
    refused(session, "forced-tool-in-thinking", _ASK, enable_thinking=True, stream=True, **asking)
    _only_call(session.ask(_ASK, enable_thinking=False, **asking).message())


def malformed(session: Session, error: str, values: dict[str, object], **fields: Any) -> None:
    """Offer tools, or choose among them, in a way that is refused."""
    refused(session, error, values=values, **fields)


def _only_call(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls") or []
    expect("calls", 1, len(calls))
    return dict(calls[0])


def _pieces(answer: Answer) -> list[dict[str, Any]]:
    """Return the pieces of calls in a stream, of which there must be some."""
    found = [piece for delta in answer.deltas() for piece in delta.get("tool_calls") or ()]
    expect_that("pieces of calls", "some", found, found)
    return found


_MALFORMED: dict[str, tuple[str, dict[str, object], dict[str, Any]]] = {
    "tools-empty": ("empty-list", {"path": "tools"}, {"tools": []}),
    "tool-name-reserved": ("tool-name-reserved", {}, {"tools": [_tool("search", "word")]}),
    "tool-schema-invalid": (
        "tool-schema-invalid",
        {},
        {
            "tools": [
                {"type": "function", "function": {"name": "f", "parameters": {"type": "list"}}}
            ]
        },
    ),
    "tool-function-missing": (
        "tool-function-missing",
        {"index": 0},
        {"tools": [{"type": "function"}]},
    ),
    "tool-choice-unknown": (
        "tool-choice-unknown",
        {},
        {"tools": [_WEATHER], "tool_choice": "always"},
    ),
    "tool-choice-not-found": (
        "tool-choice-not-found",
        {"value": "weather"},
        {"tools": [_TIME], "tool_choice": _BY_NAME},
    ),
}

CASES = (
    *(
        Case(
            id=f"tool-{name}",
            title=f"a tool is called: {name.replace('-', ' ')}",
            holds="page 22; wire A.6",
            models=_QUIET,
            run=partial(called, choice=choice),
        )
        for name, choice in {
            "forced-by-name": _BY_NAME,
            "required": "required",
            "auto": "auto",
            "by-default": None,
        }.items()
    ),
    Case(
        id="tool-none",
        title="no tool is called where it is forbidden",
        holds="wire A.6: tool_choice",
        models=_QUIET,
        run=not_called,
    ),
    Case(
        id="tool-not-needed",
        title="no tool is called without a reason",
        holds="wire A.6: tool_choice",
        models=_QUIET,
        run=not_needed,
    ),
    Case(
        id="tool-streamed",
        title="a streamed call opens with id and name, then brings its arguments",
        holds="wire A.6: classic stream",
        models=_QUIET,
        run=streamed,
    ),
    Case(
        id="tool-parallel",
        title="parallel calls are told apart by index and id",
        holds="wire A.6: parallel calls",
        models=_QUIET,
        needs=frozenset({"script"}),
        run=partial(in_parallel, stream=False),
    ),
    Case(
        id="tool-parallel-streamed",
        title="parallel calls are streamed one after the other",
        holds="wire A.6: parallel calls",
        models=_QUIET,
        needs=frozenset({"script"}),
        run=partial(in_parallel, stream=True),
    ),
    Case(
        id="tool-by-client",
        title="the client puts a streamed call together, and its answer is taken",
        holds="page 22",
        models=_QUIET,
        run=by_client,
    ),
    Case(
        id="tool-in-thinking",
        title="a model that thinks may call a tool",
        holds="wire A.6: with thinking",
        run=in_thinking,
    ),
    *(
        Case(
            id=f"tool-{name}-in-thinking",
            title=f"a tool cannot be {name.replace('-', ' ')} in thinking",
            holds="wire B: forced tool in thinking",
            run=partial(forced_in_thinking, choice=choice),
        )
        for name, choice in {"forced": _BY_NAME, "required": "required"}.items()
    ),
    *(
        Case(
            id=name,
            title=f"refused: {name.replace('-', ' ')}",
            holds="wire B",
            models=_QUIET,
            run=partial(malformed, error=error, values=values, **fields),
        )
        for name, (error, values, fields) in _MALFORMED.items()
    ),
    Case(
        id="tools-unsupported",
        title="a model without tools refuses them",
        holds="wire B: tools unsupported",
        plans=("standard",),
        models=("qwen-mt-plus",),
        run=partial(malformed, error="tools-unsupported", values={}, tools=[_WEATHER]),
    ),
)
