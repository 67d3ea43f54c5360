"""Renders the turn of an answer in the Anthropic protocol: one message, or a stream of events.

The order of keys and the framing without spaces are those of recorded streams
(foggy-projects/Foggy-Navigator, Mar 2026; a public capture of 17 Jun 2026). Whole messages are
put together of the same parts: none is on record.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from qwensim.catalog.rows import ModelRow
from qwensim.exchange import Chunk, Wait
from qwensim.simulator.chance import Chance
from qwensim.simulator.identifiers import Identity
from qwensim.simulator.pace import Pace, group
from qwensim.simulator.replies.reply import Turn
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.usage import Usage

_FRAME = b"event:%b\ndata:%b\n\n"
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
"""By the finish reason of the compatible chat; a stop sequence is no reason of its own."""

_Event = tuple[dict[str, Any], int]
"""What an event says, and the tokens that are new in it."""


class MessageRenderer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    model: ModelRow
    identity: Identity
    turn: Turn
    chance: Chance
    usage: Usage
    tokenizer: Tokenizer

    def whole(self) -> bytes:
        """Return the body of an answer that is not streamed."""
        content = [
            *([_thinking("".join(self.turn.reasoning))] if self.turn.reasoning else ()),
            *([_text(self.turn.text)] if self._speaks else ()),
            *(self._call(position, filled=True) for position in range(len(self.turn.calls))),
        ]
        message = self._message(content)
        message |= {"stop_reason": self._stop_reason, "stop_sequence": None, "usage": self._usage}
        return msgspec.json.encode(message)

    def stream(self, pace: Pace) -> Iterator[Chunk | Wait]:
        """Yield the frames of a streamed answer."""
        message = self._message([])
        message["usage"] = {"input_tokens": self._usage["input_tokens"], "output_tokens": 0}
        yield _frame({"message": message, "type": "message_start"})
        yield _frame({"type": "ping"})
        for index, block in enumerate(self._blocks()):
            for event, tokens in block:
                if tokens and not pace.instant:
                    yield Wait(seconds=pace.of(tokens, self.chance))
                yield _frame({**event, "index": index})
        end = {"delta": {"stop_reason": self._stop_reason}, "type": "message_delta"}
        yield _frame({**end, "usage": self._usage}, kind="finish")
        yield _frame({"type": "message_stop"}, kind="done")

    @property
    def _speaks(self) -> bool:
        return bool(self.turn.content) or not self.turn.calls

    @property
    def _stop_reason(self) -> str:
        return _STOP_REASONS.get(self.turn.finish, self.turn.finish)

    @property
    def _usage(self) -> dict[str, int]:
        return {
            "output_tokens": self.usage.completion,
            "cache_creation_input_tokens": 0,
            "input_tokens": max(0, self.usage.prompt - self.usage.cached),
            "cache_read_input_tokens": self.usage.cached,
        }

    def _message(self, content: list[Any]) -> dict[str, Any]:
        return {
            "model": self.model.id,
            "id": self.identity.message_id,
            "role": "assistant",
            "type": "message",
            "content": content,
        }

    def _call(self, position: int, *, filled: bool) -> dict[str, Any]:
        call = self.turn.calls[position]
        given = self.identity.call_id(0, position, self.model.call_id_digits)
        return {
            "name": call.name,
            "input": _input(call.arguments) if filled else {},
            "id": call.id or f"toolu_{given}",
            "type": "tool_use",
        }

    def _blocks(self) -> Iterator[Iterator[_Event]]:
        """Yield the events of each block of the content."""
        if self.turn.reasoning:
            yield self._thought()
        if self._speaks:
            yield self._said()
        for position in range(len(self.turn.calls)):
            yield self._called(position)

    def _thought(self) -> Iterator[_Event]:
        yield _start(_thinking("")), 0
        for pieces in group(self.turn.reasoning, self.chance):
            delta = {"type": "thinking_delta", "thinking": "".join(pieces)}
            yield _delta(delta), len(pieces)
        yield _delta({"type": "signature_delta", "signature": ""}), 0
        yield _STOP, 0

    def _said(self) -> Iterator[_Event]:
        yield _start(_text("")), 0
        for pieces in group(self.turn.content, self.chance):
            yield _delta({"type": "text_delta", "text": "".join(pieces)}), len(pieces)
        yield _STOP, 0

    def _called(self, position: int) -> Iterator[_Event]:
        yield _start(self._call(position, filled=False)), 0
        arguments = self.tokenizer.split(self.turn.calls[position].arguments)
        for pieces in ([], *group(arguments, self.chance)):
            delta = {"partial_json": "".join(pieces), "type": "input_json_delta"}
            yield _delta(delta), len(pieces)
        yield _STOP, 0


def _thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "signature": "", "thinking": text}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _start(block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "content_block": block}


def _delta(delta: dict[str, Any]) -> dict[str, Any]:
    return {"delta": delta, "type": "content_block_delta"}


_STOP = {"type": "content_block_stop"}


def _input(arguments: str) -> dict[str, Any]:
    """Return the arguments of a call; what is no object, as a script may say, has no room here."""
    try:
        value = msgspec.json.decode(arguments)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _frame(event: dict[str, Any], *, kind: Any = "delta") -> Chunk:
    return Chunk(data=_FRAME % (event["type"].encode(), msgspec.json.encode(event)), kind=kind)
