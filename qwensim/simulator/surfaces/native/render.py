"""Renders the turns of an answer natively: one JSON body, or a stream of SSE frames."""

from collections.abc import Iterator
from typing import Any

import msgspec

from qwensim.catalog.rows import ModelRow, NativeRow
from qwensim.exchange import Chunk, Wait
from qwensim.simulator.chance import Chance
from qwensim.simulator.identifiers import Identity
from qwensim.simulator.pace import Pace
from qwensim.simulator.replies.reply import Turn
from qwensim.simulator.surfaces.chat.logprobs import logprobs_of
from qwensim.simulator.surfaces.chat.options import Options
from qwensim.simulator.surfaces.native.documents import read_document
from qwensim.simulator.surfaces.native.pieces import Piece, Pieces
from qwensim.simulator.surfaces.native.request import Delivery
from qwensim.simulator.surfaces.native.usage import NativeUsage
from qwensim.simulator.usage import Usage

_BODY = b'{"output":%b,"usage":%b,"request_id":%b}'
_FRAME = b"id:%d\nevent:result\n:HTTP_STATUS/200\ndata:%b\n\n"
_FOUND = 3
_SEARCHED: dict[str, Any] = {"extra_tool_info": [], "search_results": []}


class NativeRenderer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of one line of models."""

    line: NativeRow
    model: ModelRow
    options: Options
    delivery: Delivery
    identity: Identity
    turns: list[tuple[Turn, Chance]]
    pieces: Pieces
    usage: Usage
    native_usage: NativeUsage
    heard: str
    """The last words of the user: what is looked up in the web."""

    def whole(self) -> bytes:
        """Return the body of an answer that is not streamed."""
        pieces = [self.pieces.whole(turn, index) for index, (turn, _) in enumerate(self.turns)]
        output = self._output(pieces, {**_SEARCHED, "search_results": self._found()}, whole=True)
        return _BODY % (
            msgspec.json.encode(output, order="sorted" if self.line.sorts_whole else None),
            msgspec.json.encode(self.native_usage.whole()),
            msgspec.json.encode(self.identity.request_id),
        )

    def stream(self, pace: Pace) -> Iterator[Chunk | Wait]:
        """Yield the frames of a streamed answer; choices take turns, each with a usage of its own.

        That of one answer out of several is what the dashscope package sums up.
        """
        search, searched = self.delivery.search, _SEARCHED
        number, spent = 0, [(0, 0)] * len(self.turns)
        if search is not None and search.prepend:
            number = 1
            found = {"search_results": self._found()}
            yield self._frame(number, self._output([Piece()], found), {})
        elif search is not None and search.sources:
            searched = {**_SEARCHED, "search_results": self._found()}
        chance = self.turns[0][1]
        for piece in self._taking_turns():
            number += 1
            completion, reasoning = spent[piece.index]
            spent[piece.index] = (
                min(completion + piece.tokens, self.usage.completion),
                min(reasoning + piece.reasoning_tokens, self.usage.reasoning),
            )
            told = self.native_usage.at(*spent[piece.index])
            if piece.ends and len(self.turns) == 1:
                told = self.native_usage.whole()
            if piece.tokens and not pace.instant:
                yield Wait(seconds=pace.of(piece.tokens, chance))
            kind = "finish" if piece.ends else "delta"
            yield self._frame(number, self._output([piece], searched), told, kind=kind)
            searched = _SEARCHED

    def _taking_turns(self) -> Iterator[Piece]:
        """Yield the pieces of all choices in turn."""
        speaking = [
            self.pieces.of(turn, index, chance, incremental=self.delivery.incremental)
            for index, (turn, chance) in enumerate(self.turns)
        ]
        while speaking:
            for speaker in tuple(speaking):
                piece = next(speaker)
                if piece.ends:
                    speaking.remove(speaker)
                yield piece

    def _output(
        self, pieces: list[Piece], searched: dict[str, Any], *, whole: bool = False
    ) -> dict[str, Any]:
        output: dict[str, Any]
        if self.delivery.message:
            output = {"choices": [self._choice(piece, whole=whole) for piece in pieces]}
            if self.line.names_model:
                output |= {"finish_reason": pieces[0].finish, "model_name": self.model.id}
        else:
            output = {"finish_reason": pieces[0].finish, "text": pieces[0].text}
        if self.delivery.search is not None and self.delivery.search.sources:
            output["search_info"] = searched
        return output

    def _choice(self, piece: Piece, *, whole: bool) -> dict[str, Any]:
        in_parts = self.line.surface == "multimodal-generation"
        message: dict[str, Any] = {"content": piece.text}
        if in_parts:
            message["content"] = [self._part(piece.text)] if piece.text else []
        if whole:
            reasons = (
                self.options.thinking or self.model.blank_reasoning or self.line.blank_reasoning
            )
        else:
            reasons = bool(piece.reasoning) if in_parts else self.options.thinking
            reasons = reasons and not piece.calls
        if reasons:
            message["reasoning_content"] = piece.reasoning
        if piece.calls:
            message["tool_calls"] = piece.calls
        message["role"] = "assistant"
        choice: dict[str, Any] = {"message": message}
        if self.options.choices > 1 or (self.options.tools and not in_parts):
            choice["index"] = piece.index
        choice["finish_reason"] = piece.finish
        if self.options.logprobs:
            chance = self.turns[piece.index][1]
            choice["logprobs"] = logprobs_of(piece.words, self.options.top_logprobs, chance)
        return choice

    def _part(self, text: str) -> dict[str, Any]:
        asked = self.delivery.document
        read = None if asked is None else read_document(asked, text)
        return {"text": text} if read is None else {"ocr_result": read, "text": text}

    def _frame(
        self, number: int, output: dict[str, Any], usage: dict[str, Any], *, kind: Any = "delta"
    ) -> Chunk:
        body = {"output": output, "usage": usage, "request_id": self.identity.request_id}
        return Chunk(data=_FRAME % (number, msgspec.json.encode(body)), kind=kind)

    def _found(self) -> list[dict[str, Any]]:
        """Return what the search came up with: made up, at addresses that lead nowhere."""
        return [
            {
                "icon": "",
                "site_name": "example.com",
                "index": index,
                "title": f"{self.heard[:40]} ({index})",
                "url": f"https://www.example.com/{index}",
            }
            for index in range(1, _FOUND + 1)
        ]
