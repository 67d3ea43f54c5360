"""Puts the chunks of one stream together and judges how it ends. No I/O happens here."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from qwensim.provider import faults, wire
from qwensim.provider.failures import Classifier, ProviderError
from qwensim.provider.replies import Delta, Reply, ToolCall, ToolCallPiece
from qwensim.provider.usage import Usage

_LINE_BROKE: Final = {faults.CONNECTION_FAILED, faults.TIMED_OUT, faults.STREAM_TRUNCATED}

_ENDED: Final = faults.Fault(
    message="the stream ended without a finish_reason", code=faults.STREAM_TRUNCATED
)


class Transcript:
    """What has come of one stream."""

    def __init__(
        self,
        classifier: Classifier,
        *,
        model: str,
        request_id: str | None,
        reasoning_back: bool = False,
    ) -> None:
        self._classifier = classifier
        self._asked_model = model
        self._request_id = request_id
        self._reasoning_back = reasoning_back
        self._model = model
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_Call] = []
        self._finish_reason: str | None = None
        self._usage: Usage | None = None
        self._last: Mapping[str, Any] = {}

    def add(self, event: object) -> Delta:
        """Take the next event; raises `ProviderError` if it tells of an error or is no chunk."""
        if (fault := faults.of_body(event)) is not None:
            raise self._error(fault)
        if not isinstance(event, Mapping) or not isinstance(event.get("choices"), list):
            raise self._error(
                faults.Fault(
                    message=f"an event is no chunk of a chat completion: {event}",
                    code=faults.ANSWER_MALFORMED,
                )
            )
        delta = Delta.from_wire(event)
        self._last = event
        self._model = wire.text(event.get("model")) or self._model
        self._content.append(delta.content)
        self._reasoning.append(delta.reasoning)
        for piece in delta.tool_calls:
            self._add_piece(piece)
        self._finish_reason = delta.finish_reason or self._finish_reason
        self._usage = delta.usage or self._usage
        return delta

    def end(self, cause: Exception | None = None) -> ProviderError | None:
        """Judge an end, by what the SDK raised or by itself; None if the reply is whole.

        A reply that has its finish reason is whole, even if the line broke before the usage came.
        """
        fault = _ENDED if cause is None else faults.of_exception(cause)
        if fault.code in _LINE_BROKE:
            if self._finish_reason is not None:
                return None
            if self._last and cause is not None:
                fault = faults.Fault(
                    message=f"the stream broke off without a finish_reason: {fault.message}",
                    code=faults.STREAM_TRUNCATED,
                )
        return self._error(fault)

    def reply(self) -> Reply:
        """Return the reply as far as it came."""
        return Reply(
            content="".join(self._content),
            reasoning="".join(self._reasoning),
            tool_calls=tuple(call.frozen() for call in self._calls),
            finish_reason=self._finish_reason,
            usage=self._usage,
            model=self._model,
            request_id=self._request_id,
            raw=self._last,
            reasoning_back=self._reasoning_back,
        )

    def _error(self, fault: faults.Fault) -> ProviderError:
        return self._classifier.error(
            replace(
                fault, status=HTTPStatus.OK.value, request_id=self._request_id or fault.request_id
            ),
            model=self._asked_model,
            partial=self.reply() if self._last else None,
        )

    def _add_piece(self, piece: ToolCallPiece) -> None:
        """Go on with the latest call of the piece's index, unless the piece brings another id.

        The service leaves `id` empty after the opening (classic) or repeats it once (new dialect).
        """
        for call in reversed(self._calls):
            if call.index == piece.index and piece.id in {"", call.id}:
                break
        else:
            call = _Call(piece)
            self._calls.append(call)
        call.name = call.name or piece.name
        call.arguments.append(piece.arguments)


class _Call:
    """A tool call that is still coming in."""

    def __init__(self, opening: ToolCallPiece) -> None:
        self.index, self.id, self.name = opening.index, opening.id, opening.name
        self.arguments: list[str] = []

    def frozen(self) -> ToolCall:
        return ToolCall(id=self.id, name=self.name, arguments="".join(self.arguments))
