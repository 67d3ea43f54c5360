"""What a recorded answer of the Responses API says, so that the fake can be told to say it too."""

from collections.abc import Sequence

import msgspec

from qwensim.contract.drift.answers import Answer
from qwensim.contract.drift.speech import Call, Counted, Details, Speech

_TEXT = "response.output_text.delta"
_THOUGHTS = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")
"""As told until and since the summer of 2026."""


class _Text(msgspec.Struct):
    text: str = ""


class _Item(msgspec.Struct):
    type: str
    content: list[_Text] | None = None
    summary: list[_Text] | None = None
    name: str = ""
    arguments: str = ""


class _Usage(msgspec.Struct):
    input_tokens: int
    output_tokens: int
    input_tokens_details: Details | None = None
    output_tokens_details: Details | None = None


class _Response(msgspec.Struct):
    object: str
    model: str = ""
    output: list[_Item] = []
    usage: _Usage | None = None
    status: str = ""


class _Event(msgspec.Struct):
    type: str
    delta: str = ""
    response: _Response | None = None


def spoken_in_a_response(answer: Answer) -> Speech | None:
    """Return what an answer says, or None if it is no response, or one that failed."""
    try:
        if len(answer.bodies) == 1:
            return _speech(msgspec.convert(answer.bodies[0], _Response), ())
        events = [msgspec.convert(body, _Event) for body in answer.bodies]
    except msgspec.ValidationError:
        return None
    if not events or (last := events[-1].response) is None:
        return None
    return _speech(last, events)


def _speech(response: _Response, events: Sequence[_Event]) -> Speech | None:
    if response.object != "response" or response.status not in ("completed", "incomplete"):
        return None
    items, usage = response.output, response.usage
    said = [part.text for item in items for part in item.content or ()]
    thought = [part.text for item in items for part in item.summary or ()]
    return Speech(
        model=response.model,
        streamed=bool(events),
        content=_pieces(said, events, (_TEXT,)),
        reasoning=_pieces(thought, events, _THOUGHTS),
        calls=[
            Call(name=item.name, arguments=[item.arguments])
            for item in items
            if item.type == "function_call"
        ],
        finish_reason="length" if response.status == "incomplete" else None,
        usage=None if usage is None else _counted(usage),
    )


def _counted(usage: _Usage) -> Counted:
    return Counted(
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        prompt_tokens_details=usage.input_tokens_details,
        completion_tokens_details=usage.output_tokens_details,
    )


def _pieces(whole: list[str], events: Sequence[_Event], kinds: Sequence[str]) -> list[str]:
    """Return a text in the pieces in which it came."""
    pieces = [event.delta for event in events if event.type in kinds and event.delta]
    return pieces or [text for text in whole if text]
