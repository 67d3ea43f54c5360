"""What a recorded answer in the Anthropic protocol says, so that the fake can say it too."""

from typing import Any

import msgspec

from qwensim.contract.drift.answers import Answer
from qwensim.contract.drift.speech import Call, Counted, Details, Speech


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    name: str = ""
    input: Any = None


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0


class _Message(msgspec.Struct):
    type: str
    model: str
    content: list[_Block]
    stop_reason: str | None = None
    usage: _Usage | None = None


class _Delta(msgspec.Struct):
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None


def spoken_in_a_message(answer: Answer) -> Speech | None:
    """Return what an answer says, or None if it is no message."""
    try:
        if len(answer.bodies) == 1:
            return _whole(msgspec.convert(answer.bodies[0], _Message))
        events = [msgspec.convert(body, _Event) for body in answer.bodies]
    except msgspec.ValidationError:
        return None
    if not events or (opened := events[0].message) is None:
        return None
    return _streamed(opened, events)


def _whole(message: _Message) -> Speech | None:
    if message.type != "message":
        return None
    return Speech(
        model=message.model,
        streamed=False,
        content=[block.text for block in message.content if block.text],
        reasoning=[block.thinking for block in message.content if block.thinking],
        calls=[
            Call(name=block.name, arguments=[msgspec.json.encode(block.input).decode()])
            for block in message.content
            if block.type == "tool_use"
        ],
        finish_reason=_finish(message.stop_reason),
        usage=_counted(message.usage),
    )


def _streamed(opened: _Message, events: list[_Event]) -> Speech:
    speech = Speech(model=opened.model, streamed=True, content=[], reasoning=[], calls=[])
    for event in events:
        block, delta = event.content_block, event.delta
        if block is not None and block.type == "tool_use":
            speech.calls.append(Call(name=block.name, arguments=[]))
        if delta is not None:
            speech.content += filter(None, [delta.text])
            speech.reasoning += filter(None, [delta.thinking])
            if speech.calls and delta.partial_json:
                speech.calls[-1].arguments.append(delta.partial_json)
            speech.finish_reason = _finish(delta.stop_reason) or speech.finish_reason
        speech.usage = _counted(event.usage) or speech.usage
    return speech


def _finish(reason: str | None) -> str | None:
    return "length" if reason == "max_tokens" else None


def _counted(usage: _Usage | None) -> Counted | None:
    """Return the counts; what came out of the cache is counted beside the rest of the prompt."""
    if usage is None:
        return None
    cached = usage.cache_read_input_tokens
    return Counted(
        prompt_tokens=usage.input_tokens + cached,
        completion_tokens=usage.output_tokens,
        prompt_tokens_details=Details(cached_tokens=cached),
    )
