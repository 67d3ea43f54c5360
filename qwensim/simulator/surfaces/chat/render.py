"""Renders the turns of an answer: one JSON body, or a stream of SSE frames."""

from collections.abc import Iterator, Mapping

import msgspec

from qwensim.catalog.rows import ModelRow
from qwensim.exchange import Chunk, Wait
from qwensim.simulator.chance import Chance
from qwensim.simulator.identifiers import Identity
from qwensim.simulator.pace import Pace, group
from qwensim.simulator.replies.reply import Turn
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.surfaces.chat.dialect import Dialect, Frames
from qwensim.simulator.surfaces.chat.logprobs import logprobs_of
from qwensim.simulator.surfaces.chat.options import Options

_DONE = Chunk(data=b"data: [DONE]\n\n", kind="done")
_Burst = tuple[Chunk, int]
"""A frame and the tokens in it."""


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


class ChatRenderer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer in one dialect."""

    dialect: Dialect
    model: ModelRow
    options: Options
    identity: Identity
    head: Mapping[str, bytes]
    """Created, model and id, as JSON."""
    turns: list[tuple[Turn, Chance]]
    tokenizer: Tokenizer

    def completion(self, usage: bytes) -> bytes:
        """Return the body of an answer that is not streamed."""
        choices = b",".join(
            self._choice(turn, chance, index) for index, (turn, chance) in enumerate(self.turns)
        )
        return self.dialect.completion.fill({**self.head, "choices": choices, "usage": usage})

    def _choice(self, turn: Turn, chance: Chance, index: int) -> bytes:
        shapes, options = self.dialect.shapes, self.options
        name = "message"
        if options.thinking or self.model.blank_reasoning:
            name += "_thinking"
        if turn.calls:
            name += "_calls"
        message = shapes[name].fill(
            {
                "content": _json(turn.text),
                "reasoning": _json("".join(turn.reasoning)),
                "calls": b",".join(self._calls(turn, index)),
            }
        )
        logprobs = b"null"
        if options.logprobs:
            logprobs = _json(logprobs_of(turn.content, options.top_logprobs, chance))
        with_logprobs = options.logprobs and "choice_logprobs" in shapes
        return shapes["choice_logprobs" if with_logprobs else "choice"].fill(
            {
                "message": message,
                "finish": _json(turn.finish),
                "index": b"%d" % index,
                "logprobs": logprobs,
            }
        )

    def _calls(self, turn: Turn, index: int) -> Iterator[bytes]:
        for position, call in enumerate(turn.calls):
            yield self.dialect.shapes["call"].fill(
                {
                    "arguments": _json(call.arguments),
                    "name": _json(call.name),
                    "call_id": _json(self._call_id(turn, index, position)),
                    "call_index": b"%d" % position,
                }
            )

    def _call_id(self, turn: Turn, index: int, position: int) -> str:
        given = turn.calls[position].id
        return given or self.identity.call_id(index, position, self.model.call_id_digits)

    def stream(self, usage: bytes, pace: Pace) -> Iterator[Chunk | Wait]:
        """Yield the frames of a streamed answer; choices take turns."""
        bursts = [
            self._bursts(turn, chance, index) for index, (turn, chance) in enumerate(self.turns)
        ]
        chance = self.turns[0][1]
        while bursts:
            for burst in tuple(bursts):
                if (step := next(burst, None)) is None:
                    bursts.remove(burst)
                    continue
                chunk, tokens = step
                if tokens and not pace.instant:
                    yield Wait(seconds=pace.of(tokens, chance))
                yield chunk
        if self.options.include_usage:
            frame = self.dialect.usage_frame.fill({**self.head, "usage": usage})
            yield Chunk(data=frame, kind="usage")
        yield _DONE

    def _bursts(self, turn: Turn, chance: Chance, index: int) -> Iterator[_Burst]:
        frames = Frames(
            self.dialect,
            {**self.head, "index": b"%d" % index},
            thinking=self.options.thinking,
            logprobs=self.options.logprobs,
        )
        turn, end = self._ended(turn, chance, frames)
        speaks = bool(turn.reasoning or turn.content) or not turn.calls
        opener = self.model.empty_opener and bool(
            self.dialect.row.opener_with_tools or not self.options.tools
        )
        if speaks:
            if opener:
                yield Chunk(data=frames["opener"].fill({}), kind="delta"), 0
            ordinal = "second" if opener else "first"
            yield from self._spoken(turn, chance, frames, ordinal)
        yield from self._called(turn, chance, frames, index, first=not speaks)
        yield end

    def _ended(self, turn: Turn, chance: Chance, frames: Frames) -> tuple[Turn, _Burst]:
        """Return what is said before the last frame of a turn, and that frame."""
        values = {"finish": _json(turn.finish), "logprobs": b"null"}
        if turn.calls or not (turn.cut and turn.content and "finish_text" in frames):
            name = "finish_calls" if turn.finish == "tool_calls" else "finish"
            return turn, (Chunk(data=frames[name].fill(values), kind="finish"), 0)
        *content, last = turn.content
        values["content"] = _json(last)
        if self.options.logprobs:
            values["logprobs"] = _json(logprobs_of([last], self.options.top_logprobs, chance))
        end = Chunk(data=frames["finish_text"].fill(values), kind="finish")
        return msgspec.structs.replace(turn, content=content), (end, 1)

    def _spoken(self, turn: Turn, chance: Chance, frames: Frames, ordinal: str) -> Iterator[_Burst]:
        name = f"{ordinal}_reasoning"
        for pieces in group(turn.reasoning, chance):
            template = frames[name if name in frames else "reasoning"]
            name = "reasoning"
            filled = template.fill({"reasoning": _json("".join(pieces)), "logprobs": b"null"})
            yield Chunk(data=filled, kind="delta"), len(pieces)
        name = "text"
        if not turn.reasoning:
            name = "second" if ordinal == "second" else "first_text"
        content = turn.content
        if not content and not turn.reasoning and ordinal == "first":
            content = [""]
        for pieces in group(content, chance):
            template = frames[name if name in frames else "text"]
            name = "text"
            values = {"content": _json("".join(pieces))}
            if self.options.logprobs:
                values["logprobs"] = _json(logprobs_of(pieces, self.options.top_logprobs, chance))
            yield Chunk(data=template.fill(values), kind="delta"), len(pieces)

    def _called(
        self, turn: Turn, chance: Chance, frames: Frames, index: int, *, first: bool
    ) -> Iterator[_Burst]:
        for position, call in enumerate(turn.calls):
            opens = first and position == 0
            values = {
                "call_index": b"%d" % position,
                "call_id": _json(self._call_id(turn, index, position)),
                "name": _json(call.name),
                "logprobs": b"null",
            }
            opener = frames["call_first" if opens else "call_opener"]
            yield Chunk(data=opener.fill(values), kind="delta"), 0
            bursts = list(group(self.tokenizer.split(call.arguments), chance))
            for number, pieces in enumerate(bursts):
                name = "call_arguments"
                if number == len(bursts) - 1 and position == len(turn.calls) - 1:
                    name = "call_last"
                elif number == 0 and opens and "call_second" in frames:
                    name = "call_second"
                values["arguments"] = _json("".join(pieces))
                yield Chunk(data=frames[name].fill(values), kind="delta"), len(pieces)
