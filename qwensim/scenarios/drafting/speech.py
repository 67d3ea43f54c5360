"""What the model said in an answer on record, as a script says it."""

from collections.abc import Iterator
from typing import Any

from qwensim.scenarios.conditions import found
from qwensim.scenarios.wire import ABSENT, Exchange


def speech(exchange: Exchange) -> dict[str, Any] | None:
    """Return the fields of a script for the answer to a chat; None if it is none."""
    body = exchange.response_json
    events = exchange.frames if body is ABSENT else [body]
    turns = [turn for event in events for turn in _turns(event)]
    if not turns:
        return None
    said = {
        "text": _joined(turns, "content"),
        "reasoning": _joined(turns, "reasoning_content"),
        "tool_calls": _calls(turns),
        "usage": _counts(events),
    }
    return {name: value for name, value in said.items() if value}


def _turns(event: Any) -> Iterator[dict[str, Any]]:
    """Yield what an event has of the first choice."""
    choices = found(event, "choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and not choice.get("index"):
            turn = choice.get("message") or choice.get("delta")
            if isinstance(turn, dict):
                yield turn


def _joined(turns: list[dict[str, Any]], name: str) -> str:
    pieces = (turn.get(name) for turn in turns)
    return "".join(piece for piece in pieces if isinstance(piece, str))


def _calls(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the calls of tools: an opening has a name, what follows goes on with the last."""
    calls: list[dict[str, Any]] = []
    for turn in turns:
        pieces = turn.get("tool_calls")
        for piece in pieces if isinstance(pieces, list) else ():
            name, arguments = found(piece, "function.name"), found(piece, "function.arguments")
            if isinstance(name, str) and name:
                calls.append({"name": name, "arguments": ""})
            if calls and isinstance(arguments, str):
                calls[-1]["arguments"] += arguments
    return calls


def _counts(events: list[Any]) -> dict[str, int]:
    counts = {}
    for name, place in (
        ("prompt", "usage.prompt_tokens"),
        ("completion", "usage.completion_tokens"),
        ("reasoning", "usage.completion_tokens_details.reasoning_tokens"),
        ("cached", "usage.prompt_tokens_details.cached_tokens"),
    ):
        values = [value for event in events if _is_count(value := found(event, place))]
        if values:
            counts[name] = values[-1]
    return counts


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
