"""The native API for text: tools, several answers, search, log probabilities."""

import json
from functools import partial
from typing import Any

from qwensim.contract import native
from qwensim.contract.answers import expect, expect_that, joined
from qwensim.contract.case import Case, Need
from qwensim.contract.session import Session

_PLUS = ("qwen-plus",)


def _tool(name: str, parameter: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {parameter: {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


_TOOLS = [_tool("weather", "city"), _tool("time", "zone")]
_CALLS = [("weather", {"city": "Paris"}), ("time", {"zone": "CET"})]
_ASK = "Weather and time, please."


def called(session: Session) -> None:
    """Have a tool called."""
    session.service.script(tool_calls=_CALLS[:1])
    body = native.whole(native.ask(session, _ASK, result_format="message", tools=_TOOLS))
    choice = native.choice(body)
    expect("finish_reason", "tool_calls", choice["finish_reason"])
    expect("content", "", choice["message"]["content"])
    (call,) = choice["message"]["tool_calls"]
    expect("type", "function", call["type"])
    expect_that("id", "call_…", call["id"].startswith("call_"), call)
    expect("name", "weather", call["function"]["name"])
    expect("arguments", {"city": "Paris"}, json.loads(call["function"]["arguments"]))


def in_parallel(session: Session) -> None:
    """Stream two calls: each is opened with its id and name, and told to its end."""
    session.service.script(tool_calls=_CALLS)
    asking: dict[str, Any] = {
        "result_format": "message",
        "incremental_output": True,
        "tools": _TOOLS,
    }
    answer = native.ask(session, _ASK, stream=True, parallel_tool_calls=True, **asking)
    bodies = native.frames(answer)
    pieces = [call for found in native.messages_of(bodies) for call in found["tool_calls"]]
    expect("finish_reason", "tool_calls", native.choice(bodies[-1])["finish_reason"])
    opened = [piece for piece in pieces if piece["id"]]
    expect("names", ["weather", "time"], [piece["function"]["name"] for piece in opened])
    indices = [piece["index"] for piece in pieces]
    expect("order", sorted(indices), indices)
    for index, (_, arguments) in enumerate(_CALLS):
        functions = [piece["function"] for piece in pieces if piece["index"] == index]
        expect("arguments", arguments, json.loads(joined(functions, "arguments")))


def answered(session: Session) -> None:
    """Give the answer of a tool."""
    call = {"name": "weather", "arguments": '{"city": "Paris"}'}
    calls = [{"id": "call_1", "type": "function", "function": call}]
    messages = [
        {"role": "user", "content": _ASK},
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny, 21 degrees"},
    ]
    body = native.whole(native.ask(session, messages, result_format="message", tools=_TOOLS))
    expect("finish_reason", "stop", native.choice(body)["finish_reason"])
    expect_that("content", "some text", native.said(native.choice(body)["message"]), body)


def choices(session: Session) -> None:
    """Ask for two answers at once."""
    body = native.whole(native.ask(session, n=2, result_format="message"))
    found = body["output"]["choices"]
    expect("indices", [0, 1], [choice["index"] for choice in found])
    for choice in found:
        expect_that("content", "some text", native.said(choice["message"]), choice)


def search(session: Session) -> None:
    """Have the web searched, and the finds named."""
    asking: dict[str, Any] = {"enable_search": True, "search_options": {"enable_source": True}}
    body = native.whole(native.ask(session, result_format="message", **asking))
    results = body["output"]["search_info"]["search_results"]
    expect_that("search_results", "some", results, body)
    for number, result in enumerate(results, start=1):
        expect("index", number, result.get("index"))
        expect_that("url", "http…", result.get("url", "").startswith("http"), result)
    expect("count", 1, body["usage"]["plugins"]["search"]["count"])


def logprobs(session: Session) -> None:
    """Ask how likely each token was."""
    asking: dict[str, Any] = {"logprobs": True, "top_logprobs": 2, "result_format": "message"}
    choice = native.choice(native.whole(native.ask(session, **asking)))
    told = choice["logprobs"]["content"]
    expect("tokens", choice["message"]["content"], joined(told, "token"))
    expect("alternatives", {2}, {len(one["top_logprobs"]) for one in told})


_case = partial(Case, surface="native", plans=("standard",), models=_PLUS)
_SCRIPT: frozenset[Need] = frozenset({"script"})

CASES = (
    _case(
        id="native-tool-called",
        title="a tool is called",
        holds="wire D: tools",
        run=called,
        needs=_SCRIPT,
    ),
    _case(
        id="native-tools-in-parallel",
        title="two calls are streamed, one after the other",
        holds="wire D: parallel tools",
        run=in_parallel,
        needs=_SCRIPT,
    ),
    _case(
        id="native-tool-answered",
        title="what a tool answered is taken up",
        holds="wire D: tools",
        run=answered,
    ),
    _case(
        id="native-choices", title="several choices are numbered", holds="wire D: n", run=choices
    ),
    _case(
        id="native-search",
        title="what a search found is named and counted",
        holds="wire D: search",
        run=search,
    ),
    _case(
        id="native-logprobs",
        title="log probabilities are told token by token",
        holds="wire D: logprobs",
        run=logprobs,
    ),
)
