"""What a recorded native answer says, so that the fake can be told to say it too."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from qwensim.contract.drift.answers import Answer
from qwensim.contract.drift.speech import Call, Counted, Details, Speech

_FEWEST_REPEATS = 3
"""Two texts may begin alike by chance."""


class _Part(msgspec.Struct):
    text: str = ""


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _Call(msgspec.Struct):
    index: int = 0
    function: _Function = msgspec.field(default_factory=_Function)


class _Message(msgspec.Struct):
    content: str | list[_Part] = ""
    reasoning_content: str = ""
    tool_calls: list[_Call] = []


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Output(msgspec.Struct):
    choices: list[_Choice] = []
    text: str | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    output_tokens_details: Details = msgspec.field(default_factory=Details)
    prompt_tokens_details: Details = msgspec.field(default_factory=Details)


class _Body(msgspec.Struct):
    output: _Output
    usage: _Usage = msgspec.field(default_factory=_Usage)


def spoken_natively(answer: Answer) -> Speech | None:
    """Return what an answer says, or None if it is no native answer of a model that talks."""
    try:
        bodies = [msgspec.convert(body, _Body) for body in answer.bodies]
    except msgspec.ValidationError:
        return None
    if not bodies or not any(b.output.choices or b.output.text is not None for b in bodies):
        return None
    messages = [_message(body.output) for body in bodies]
    calls: dict[int, list[_Function]] = {}
    for message in messages:
        for call in message.tool_calls:
            calls.setdefault(call.index, []).append(call.function)
    last = bodies[-1]
    finish = last.output.choices[0].finish_reason if last.output.choices else None
    return Speech(
        model="",
        streamed=len(bodies) > 1,
        content=_said([_text(message) for message in messages]),
        reasoning=_said([message.reasoning_content for message in messages]),
        calls=[
            Call(
                name=next((piece.name for piece in pieces if piece.name), ""),
                arguments=_said([piece.arguments or "" for piece in pieces]),
            )
            for pieces in calls.values()
        ],
        finish_reason=finish or last.output.finish_reason,
        usage=Counted(
            prompt_tokens=last.usage.input_tokens,
            completion_tokens=last.usage.output_tokens,
            prompt_tokens_details=last.usage.prompt_tokens_details,
            completion_tokens_details=last.usage.output_tokens_details,
        ),
    )


def _message(output: _Output) -> _Message:
    return output.choices[0].message if output.choices else _Message(content=output.text or "")


def _text(message: _Message) -> str:
    content: Any = message.content
    return content if isinstance(content, str) else "".join(part.text for part in content)


def _said(texts: Sequence[str]) -> list[str]:
    """Return what is new in each frame; frames may repeat all that was said before."""
    said = [text for text in texts if text]
    if len(said) >= _FEWEST_REPEATS and all(
        after.startswith(before) for before, after in pairwise(said)
    ):
        said = [after.removeprefix(before) for before, after in pairwise(["", *said])]
    return [text for text in said if text]
