"""The Responses API: functions of the client, and tools that the service brings itself."""

from functools import partial
from typing import Any, Final

from qwensim.contract import responses
from qwensim.contract.answers import expect
from qwensim.contract.case import Case, Need
from qwensim.contract.session import Session

_ASK = "Weather and time, please."
_QUIET: Final = {"effort": "none"}


def _tool(name: str, parameter: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {parameter: {"type": "string"}}}
    tells = f"Tells the {name}."
    return {"type": "function", "name": name, "description": tells, "parameters": schema}


_WEATHER, _TIME = _TOOLS = [_tool("weather", "city"), _tool("time", "zone")]
_CALLS: Final = [("weather", {"city": "Paris"}), ("time", {"zone": "CET"})]


def called(session: Session) -> None:
    """Have tools called, whole and streamed."""
    session.service.script(tool_calls=_CALLS, times=2)
    asking: dict[str, Any] = {"tools": _TOOLS, "reasoning": _QUIET}
    for found in (
        responses.whole(responses.ask(session, _ASK, **asking)),
        responses.streamed(session, responses.ask(session, _ASK, stream=True, **asking)),
    ):
        calls = responses.of_type(found, "function_call")
        told = [(call["name"], call["arguments"]) for call in calls]
        expect("names", [name for name, _ in _CALLS], [name for name, _ in told])
        texts = [text.replace(" ", "") for _, text in told]
        expect("arguments", ['{"city":"Paris"}', '{"zone":"CET"}'], texts)
        expect("states", ["completed"] * len(_CALLS), [call["status"] for call in calls])
        expect("number of ids", len(_CALLS), len({call["call_id"] for call in calls}))
        expect("tools", _TOOLS, found["tools"])


def forced(session: Session, tools: list[Any], choice: Any, names: list[str]) -> None:
    """Say which tool is to be called."""
    asking: dict[str, Any] = {"tools": tools, "tool_choice": choice, "reasoning": _QUIET}
    asked = "What is the weather in Paris?"
    found = responses.whole(responses.ask(session, asked, **asking))
    calls = responses.of_type(found, "function_call")
    expect("names", names, [call["name"] for call in calls])


def answered(session: Session) -> None:
    """Give back what was called and what came of it."""
    session.service.script(tool_calls=_CALLS[:1])
    asking: dict[str, Any] = {"tools": [_WEATHER], "reasoning": _QUIET}
    first = responses.whole(responses.ask(session, _ASK, **asking))
    (call,) = responses.of_type(first, "function_call")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
    asking["tool_choice"] = "none"
    spoken = [{"role": "user", "content": _ASK}, call, output]
    by_items = responses.whole(responses.ask(session, spoken, **asking))
    before = first["id"]
    by_id = responses.whole(responses.ask(session, [output], previous_response_id=before, **asking))
    for found in (by_items, by_id):
        expect("types", ["message"], responses.types(found))


def searched(session: Session) -> None:
    """Let the model look something up: what it did is told, and counted."""
    asking: dict[str, Any] = {"tools": [{"type": "web_search"}]}
    asked = "What is the news of today?"
    for found in (
        responses.whole(responses.ask(session, asked, **asking)),
        responses.streamed(session, responses.ask(session, asked, stream=True, **asking)),
    ):
        (use,) = responses.of_type(found, "web_search_call")
        expect("status", "completed", use.get("status"))
        expect("type of the action", "search", use["action"]["type"])
        expect("x_tools", {"web_search": {"count": 1}}, found["usage"].get("x_tools"))


_case = partial(Case, surface="responses", plans=("standard",))
_DOCS = "Model Studio docs: OpenAI compatible Responses"
_PROBES = "yobo2u/omugw, probes of 2026-09-27"
_SCRIPT: frozenset[Need] = frozenset({"script"})

CASES = (
    _case(
        id="responses-tools-called",
        title="functions are called, each call in one piece",
        holds=_DOCS,
        run=called,
        needs=_SCRIPT,
    ),
    *(
        _case(
            id=f"responses-tool-choice-{name}",
            title=f"which function is called may be said: {name}",
            holds=f"{_DOCS}; {_PROBES}",
            run=partial(forced, tools=tools, choice=choice, names=names),
        )
        for name, tools, choice, names in (
            ("required", [_WEATHER], "required", ["weather"]),
            ("none", _TOOLS, "none", []),
            (
                "allowed",
                _TOOLS,
                {
                    "type": "allowed_tools",
                    "mode": "required",
                    "tools": [{"type": "function", "name": "time"}],
                },
                ["time"],
            ),
        )
    ),
    _case(
        id="responses-tool-answered",
        title="what a function gave is taken up, in the talk or after its response",
        holds=_DOCS,
        run=answered,
        needs=_SCRIPT,
    ),
    _case(
        id="responses-web-search",
        title="what the model looks up is told and counted",
        holds=f"{_DOCS}: streams of the built-in tools",
        run=searched,
    ),
)
