"""Cuts a turn into what each frame of a native stream says."""

from collections.abc import Iterator
from typing import Any

import msgspec

from qwensim.catalog.rows import ModelRow, NativeRow
from qwensim.simulator.chance import Chance
from qwensim.simulator.identifiers import Identity
from qwensim.simulator.pace import group
from qwensim.simulator.replies.reply import ToolCall, Turn
from qwensim.simulator.replies.tokens import Tokenizer

_GOES_ON = "null"
"""The finish reason of all frames but the last: a string."""


class Piece(msgspec.Struct, kw_only=True, gc=False):
    """What one choice says in one frame, or all that it has said up to one."""

    index: int = 0
    text: str = ""
    words: list[str] = []
    """The text in tokens."""
    reasoning: str = ""
    calls: list[dict[str, Any]] = []
    finish: str = _GOES_ON
    ends: bool = False
    tokens: int = 0
    """Those that are new in this frame."""
    reasoning_tokens: int = 0


class Pieces(msgspec.Struct, frozen=True, kw_only=True):
    """Cuts the turns of one answer."""

    line: NativeRow
    model: ModelRow
    identity: Identity
    tokenizer: Tokenizer

    def whole(self, turn: Turn, index: int) -> Piece:
        """Return a turn in one piece."""
        return Piece(
            index=index,
            text=turn.text,
            words=turn.content,
            reasoning="".join(turn.reasoning),
            calls=[
                self._call(call, index, position, call.arguments, opens=True)
                for position, call in enumerate(turn.calls)
            ],
            finish=turn.finish,
            ends=True,
        )

    def of(self, turn: Turn, index: int, chance: Chance, *, incremental: bool) -> Iterator[Piece]:
        """Yield what is new in each frame, or if not `incremental` all up to it; the last ends.

        Text models end an incremental stream of text with a frame that says nothing (recorded);
        all others say their last words in the last frame.
        """
        pieces = list(self._cut(turn, index, chance))
        ends_empty = self.line.surface == "text-generation" and incremental and not turn.calls
        if ends_empty or not pieces:
            pieces.append(Piece(index=index))
        pieces[-1].finish, pieces[-1].ends = turn.finish, True
        yield from pieces if incremental else _summed(pieces)

    def _cut(self, turn: Turn, index: int, chance: Chance) -> Iterator[Piece]:
        thoughts = [
            Piece(
                index=index,
                reasoning="".join(words),
                tokens=len(words),
                reasoning_tokens=len(words),
            )
            for words in group(turn.reasoning, chance)
        ]
        ends = self.line.surface == "multimodal-generation" and not turn.calls
        texts = [
            Piece(index=index, text="".join(words), words=words, tokens=len(words))
            for words in _bursts(turn.content, chance, ends=ends)
        ]
        if self.line.mixes and min(len(thoughts), len(texts)) > 1:
            thought, text = thoughts.pop(), texts[0]
            texts[0] = msgspec.structs.replace(
                text,
                reasoning=thought.reasoning,
                tokens=thought.tokens + text.tokens,
                reasoning_tokens=thought.tokens,
            )
        yield from thoughts
        yield from texts
        yield from self._called(turn, index, chance)

    def _called(self, turn: Turn, index: int, chance: Chance) -> Iterator[Piece]:
        for position, call in enumerate(turn.calls):
            is_open = self.line.mixes and position > 0
            if is_open:
                ended = self._call(call, index, position - 1, "", opens=False)
                opening = self._call(call, index, position, "", opens=True)
                yield Piece(index=index, calls=[ended, opening])
            words = self.tokenizer.split(call.arguments)
            is_last = position == len(turn.calls) - 1
            for burst in _bursts(words, chance, ends=is_last) or [[]]:
                told = self._call(call, index, position, "".join(burst), opens=not is_open)
                yield Piece(index=index, calls=[told], tokens=len(burst))
                is_open = True

    def _call(
        self, call: ToolCall, index: int, position: int, arguments: str, *, opens: bool
    ) -> dict[str, Any]:
        """Return a call, or what is new of one: only the piece that opens it has id and name."""
        name = {"name": call.name} if opens else {}
        given = call.id or self.identity.call_id(index, position, self.model.call_id_digits)
        return {
            "index": position,
            "id": given if opens else "",
            "type": "function",
            "function": {**name, "arguments": arguments},
        }


def _bursts(words: list[str], chance: Chance, *, ends: bool) -> list[list[str]]:
    """Return words in bursts; where they end an answer, the last comes alone.

    So it is in cnblogs/dashscope-sdk RawHttpData/multimodal-generation-message-with-*, Apr 2026.
    """
    ending = words[-1:] if ends else []
    bursts = [*group(words[: len(words) - len(ending)], chance), ending]
    return [burst for burst in bursts if burst]


def _summed(pieces: list[Piece]) -> Iterator[Piece]:
    """Yield for each piece the sum of all up to it."""
    text = reasoning = ""
    words: list[str] = []
    calls: list[dict[str, Any]] = []
    for piece in pieces:
        text += piece.text
        reasoning += piece.reasoning
        words = words + piece.words
        for call in piece.calls:
            if call["id"]:
                calls.append(call)
            else:
                calls[-1]["function"]["arguments"] += call["function"]["arguments"]
        yield msgspec.structs.replace(
            piece, text=text, reasoning=reasoning, words=words, calls=calls
        )
