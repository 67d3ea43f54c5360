"""What a model says: a whole `Reply`, or the `Delta`s that make one up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qwensim.provider import wire
from qwensim.provider.usage import Usage


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """A function that the model wants called."""

    id: str
    name: str
    arguments: str
    """JSON as the model wrote it, which need not be valid."""

    def parsed(self) -> dict[str, Any]:
        """Return the arguments; none written count as `{}`.

        Raises `ValueError` if they are no JSON object.
        """
        arguments = json.loads(self.arguments or "{}")
        if not isinstance(arguments, dict):
            raise ValueError(f"the arguments of {self.name} are no JSON object: {self.arguments}")  # noqa: TRY004 - the model's mistake, of one kind with invalid JSON
        return arguments


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCallPiece:
    """A piece of a tool call in a stream: its opening, or more of its arguments."""

    index: int | None
    id: str
    """Empty where the piece goes on with a call."""
    name: str
    arguments: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Delta:
    """What one chunk of a stream adds. Strings are empty where it adds nothing."""

    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCallPiece, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The decoded chunk."""

    @classmethod
    def from_wire(cls, chunk: Mapping[str, Any]) -> "Delta":
        """Read a chunk: of several choices (`n`) the first, by index."""
        choice = _first_choice(chunk)
        delta = wire.mapping(choice.get("delta"))
        return cls(
            content=wire.text(delta.get("content")),
            reasoning=wire.text(delta.get("reasoning_content")),
            tool_calls=tuple(_piece(call) for call in wire.items(delta.get("tool_calls"))),
            finish_reason=wire.text(choice.get("finish_reason")) or None,
            usage=Usage.from_wire(chunk.get("usage")),
            raw=chunk,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A model's answer, as far as it came."""

    content: str
    reasoning: str
    """The chain of thought; empty if there was none."""
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str | None
    """`stop`, `length` or `tool_calls`; None only in an answer that broke off."""
    usage: Usage | None
    """None if the service did not report it, as in a stream that did not ask for it."""
    model: str
    """As the service names it."""
    request_id: str | None
    """The id to quote to the service's support."""
    raw: Mapping[str, Any] = field(repr=False)
    """The decoded answer; of a stream, its last chunk."""
    reasoning_back: bool = False
    """Whether the model is to see its reasoning again beside its calls, as Kimi's models are."""

    @classmethod
    def from_wire(
        cls, body: Mapping[str, Any], *, request_id: str | None, reasoning_back: bool = False
    ) -> "Reply | None":
        """Read the body of an answer that was not streamed; None if it holds no message."""
        choice = _first_choice(body)
        message = choice.get("message")
        if not isinstance(message, Mapping):
            return None
        pieces = (_piece(call) for call in wire.items(message.get("tool_calls")))
        return cls(
            content=wire.text(message.get("content")),
            reasoning=wire.text(message.get("reasoning_content")),
            tool_calls=tuple(
                ToolCall(id=piece.id, name=piece.name, arguments=piece.arguments)
                for piece in pieces
            ),
            finish_reason=wire.text(choice.get("finish_reason")) or None,
            usage=Usage.from_wire(body.get("usage")),
            model=wire.text(body.get("model")),
            request_id=request_id,
            raw=body,
            reasoning_back=reasoning_back,
        )

    def message(self) -> dict[str, Any]:
        """Return the assistant message with which the next request repeats this answer.

        The reasoning is left out but for `reasoning_back`: the service wants it of few models only.
        """
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.tool_calls and self.reasoning_back:
            message["reasoning_content"] = self.reasoning
        if self.tool_calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in self.tool_calls
            ]
        return message


def _first_choice(body: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = (wire.mapping(choice) for choice in wire.items(body.get("choices")))
    return next((choice for choice in choices if not choice.get("index")), {})


def _piece(call: object) -> ToolCallPiece:
    piece = wire.mapping(call)
    function = wire.mapping(piece.get("function"))
    index = piece.get("index")
    return ToolCallPiece(
        index=index if isinstance(index, int) else None,
        id=wire.text(piece.get("id")),
        name=wire.text(function.get("name")),
        arguments=wire.text(function.get("arguments")),
    )
