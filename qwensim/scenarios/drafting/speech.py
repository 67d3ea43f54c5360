"""What the model said in an answer on record, as a script says it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from qwensim.scenarios.conditions import found
from qwensim.scenarios.wire import ABSENT, Exchange


def speech(exchange: Exchange) -> dict[str, Any] | None:
    """Return the fields of a script for an answer, compatible or native; None if it says nothing.

    Of several choices it is the first.
    """
    body = exchange.response_json
    events = exchange.frames if body is ABSENT else [body]
    turns = [turn for event in events for turn in _turns(event)]
    if not turns:
        return None
    said = {
        "text": _joined([_text(turn.get("content")) for turn in turns]),
        "reasoning": _joined([_text(turn.get("reasoning_content")) for turn in turns]),
        "tool_calls": _calls(turns),
        "usage": _counts(events),
    }
    return {name: value for name, value in said.items() if value}


def _turns(event: Any) -> Iterator[dict[str, Any]]:
    """Yield what an event has of the first choice."""
    if isinstance(text := found(event, "output.text"), str):
        yield {"content": text}
    for place in ("choices", "output.choices"):
        choices = found(event, place)
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and not choice.get("index"):
                turn = choice.get("message") or choice.get("delta")
                if isinstance(turn, dict):
                    yield turn


def _text(content: Any) -> str:
    """Return a content that is a text or, natively, a list of parts."""
    if isinstance(content, list):
        return "".join(_text(found(part, "text")) for part in content)
    return content if isinstance(content, str) else ""


def _joined(pieces: Sequence[str]) -> str:
    """Return the text of which these are the pieces; natively each may be all that there is yet."""
    said = [piece for piece in pieces if piece]
    if len(said) > 1 and all(later.startswith(earlier) for earlier, later in pairwise(said)):
        return said[-1]
    return "".join(said)


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
    for name, places in (
        ("prompt", ("usage.prompt_tokens", "usage.input_tokens")),
        ("completion", ("usage.completion_tokens", "usage.output_tokens")),
        ("reasoning", ("usage.completion_tokens_details.reasoning_tokens",)),
        ("cached", ("usage.prompt_tokens_details.cached_tokens",)),
    ):
        values = [found(event, place) for event in events for place in places]
        told = [value for value in values if isinstance(value, int) and value >= 0]
        if told:
            counts[name] = told[-1]
    return counts
