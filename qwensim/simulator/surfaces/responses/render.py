"""Renders the turn of an answer as a response: one JSON body, or a stream of events.

Frames and events are those of recorded streams (Model Studio docs: Responses, Oct 2025 to Apr
2026), the fields of a response those of probes and captures of June to September 2026. A whole body
has its keys in alphabetical order (docs); in streams they come in the order of a hash table, here
as far as it is on record.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from qwensim.exchange import Chunk, Wait
from qwensim.simulator.chance import Chance
from qwensim.simulator.identifiers import Identity
from qwensim.simulator.pace import Pace, group
from qwensim.simulator.replies.reply import Turn
from qwensim.simulator.surfaces.responses.tools import Use
from qwensim.simulator.usage import Usage

_FRAME = b"id:%d\nevent:%b\n:HTTP_STATUS/200\ndata:%b\n\n"
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Why a response is not complete, by the finish reason of the compatible chat."""

_SECTION = {"reasoning_summary_text": "summary_index", "reasoning_text": "content_index"}
"""What counts the sections of a thought, by the events that bring it."""

_DEFAULTS: Mapping[str, Any] = {
    "metadata": {},
    "store": True,
    "tools": [],
    "top_p": 1.0,
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
}
"""What a response tells where its request is silent (public capture of qwen3.8-max, Aug 2026)."""

_Item = dict[str, Any]
_Event = tuple[dict[str, Any], int]
"""What an event says, its number left open, and the tokens that are new in it."""


class ResponseRenderer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    asked: Mapping[str, Any]
    """The request, of which a response tells much again."""
    identity: Identity
    turn: Turn
    chance: Chance
    usage: Usage
    uses: Sequence[Use]
    """The built-in tools that the model used."""
    call_ids: Sequence[str]
    reasoning: str
    """The events that bring what is thought, as in `WireRow`."""
    created: int
    completed: int
    """When it began and when it ended, in seconds since the epoch."""

    @property
    def response_id(self) -> str:
        """The id of the response."""
        return f"resp_{self.identity.request_id}"

    def body(self) -> dict[str, Any]:
        """Return the response as it is at the end."""
        told, reason = self._told(), _INCOMPLETE.get(self.turn.finish)
        fields: dict[str, Any] = {
            "top_logprobs": 0,
            "instructions": told.get("instructions"),
            "metadata": told["metadata"],
            "presence_penalty": 0.0,
            "reasoning": told.get("reasoning"),
            "usage": self._usage(),
            "created_at": self.created,
            "store": told["store"],
            "tools": told["tools"],
            "output": [item for item, _ in self._items()],
            "top_p": told["top_p"],
            "completed_at": self.completed,
            "frequency_penalty": 0.0,
            "parallel_tool_calls": told["parallel_tool_calls"],
            "previous_response_id": told.get("previous_response_id"),
            "background": False,
            "temperature": told["temperature"],
            "tool_choice": told["tool_choice"],
            "model": told["model"],
            "service_tier": "default",
            "id": self.response_id,
            "max_output_tokens": told.get("max_output_tokens"),
            "object": "response",
            "incomplete_details": {"reason": reason} if reason else None,
            "status": "incomplete" if reason else "completed",
        }
        return {name: value for name, value in fields.items() if value is not None}

    def stream(self, body: dict[str, Any], pace: Pace) -> Iterator[Chunk | Wait]:
        """Yield the frames of a streamed answer, which ends in the response `body`."""
        numbers = itertools.count()
        for event, tokens in self._events():
            if tokens and not pace.instant:
                yield Wait(seconds=pace.of(tokens, self.chance))
            yield _frame(next(numbers), event)
        yield _frame(next(numbers), _whole(body["status"], body), kind="done")

    def _events(self) -> Iterator[_Event]:
        """Yield all events but the last."""
        for status, name in (("queued", "created"), ("in_progress", "in_progress")):
            yield _whole(name, self._begun(status)), 0
        for index, (_, events) in enumerate(self._items()):
            for event, tokens in events:
                event["output_index"] = index
                yield event, tokens

    def _told(self) -> dict[str, Any]:
        """Return what the response tells of its request again."""
        given = {name: value for name, value in self.asked.items() if value is not None}
        return {**_DEFAULTS, **given}

    def _begun(self, status: str) -> dict[str, Any]:
        told = self._told()
        return {
            "output": [],
            "parallel_tool_calls": told["parallel_tool_calls"],
            "created_at": self.created,
            "tool_choice": told["tool_choice"],
            "model": "",
            "id": self.response_id,
            "tools": told["tools"],
            "object": "response",
            "status": status,
        }

    def _items(self) -> Iterator[tuple[_Item, Iterator[_Event]]]:
        """Yield each item of the output as it is at the end, with the events that bring it."""
        turn, ids = self.turn, self.identity.item_ids()
        if turn.reasoning:
            yield self._thought(next(ids))
        for use in self.uses:
            yield _used(use, next(ids))
        if turn.content or not turn.calls:
            yield self._said(next(ids))
        for call, call_id in zip(turn.calls, self.call_ids, strict=True):
            item = {"name": call.name, "arguments": call.arguments, "call_id": call_id}
            yield _called({**item, "id": next(ids), "type": "function_call"})

    def _thought(self, item_id: str) -> tuple[_Item, Iterator[_Event]]:
        text = "".join(self.turn.reasoning)
        opened = {"summary": [], "type": "reasoning", "id": item_id}
        item = {**opened, "summary": [{"type": "summary_text", "text": text}]}

        def events() -> Iterator[_Event]:
            yield _added(opened), 0
            for pieces in group(self.turn.reasoning, self.chance):
                yield self._reasoning("delta", "".join(pieces), item_id), len(pieces)
            yield self._reasoning("done", text, item_id), 0
            yield _done(item), 0

        return item, events()

    def _reasoning(self, event: str, text: str, item_id: str) -> dict[str, Any]:
        number = {"sequence_number": 0}
        said = {"delta": text, **number} if event == "delta" else {**number, "text": text}
        kind = f"response.{self.reasoning}.{event}"
        where = {"output_index": 0, "type": kind, "item_id": item_id}
        return {**said, **where, _SECTION[self.reasoning]: 0}

    def _said(self, item_id: str) -> tuple[_Item, Iterator[_Event]]:
        status = "incomplete" if self.turn.finish in _INCOMPLETE else "completed"
        opened = {"id": item_id, "role": "assistant", "type": "message", "content": []}
        text = self.turn.text
        part = {"type": "output_text", "annotations": [], "text": text}
        item = {**opened, "content": [part], "status": status}

        def events() -> Iterator[_Event]:
            yield _added({**opened, "status": "in_progress"}), 0
            yield _part("added", {**part, "text": "", "logprobs": None}, item_id), 0
            for pieces in group(self.turn.content, self.chance):
                yield _text("delta", "".join(pieces), item_id), len(pieces)
            yield _text("done", text, item_id), 0
            told = {**part, "logprobs": None}
            yield _part("done", told, item_id), 0
            yield _done({**item, "content": [told]}), 0

        return item, events()

    def _usage(self) -> dict[str, Any]:
        usage = self.usage
        cached = {"cached_tokens": usage.cached}
        reasoned = {"reasoning_tokens": usage.reasoning}
        total = usage.prompt + usage.completion
        billed: dict[str, Any] = {
            "total_tokens": total,
            "x_billing_type": "response_api",
            "output_tokens": usage.completion,
            "input_tokens": usage.prompt,
        }
        if usage.reasoning:
            billed["output_tokens_details"] = reasoned
        if usage.media:
            media = {f"{modality}_tokens": tokens for modality, tokens in usage.media.items()}
            text = usage.prompt - sum(usage.media.values())
            billed["input_tokens_details"] = {**media, "text_tokens": text}
        billed["prompt_tokens_details"] = cached
        told = {
            "total_tokens": total,
            "input_tokens_details": cached,
            "output_tokens": usage.completion,
            "input_tokens": usage.prompt,
            "output_tokens_details": reasoned,
            "x_details": [billed],
        }
        if self.uses:
            told["x_tools"] = {use.tool: {"count": 1} for use in self.uses}
        return told


def _frame(number: int, event: dict[str, Any], *, kind: Any = "delta") -> Chunk:
    event["sequence_number"] = number
    data = _FRAME % (number + 1, event["type"].encode(), msgspec.json.encode(event))
    return Chunk(data=data, kind=kind)


def _called(item: _Item) -> tuple[_Item, Iterator[_Event]]:
    """Tell of a call of the client's function, which comes in one piece."""
    done = {**item, "status": "completed"}
    return done, iter(((_added({**item, "status": "in_progress"}), 0), (_done(done), 0)))


def _used(use: Use, item_id: str) -> tuple[_Item, Iterator[_Event]]:
    begun, done = use.items(item_id)

    def events() -> Iterator[_Event]:
        yield _added(begun), 0
        for step in use.steps:
            kind = f"response.{done['type']}.{step}"
            yield {"sequence_number": 0, "output_index": 0, "type": kind, "item_id": item_id}, 0
        yield _done(done), 0

    return done, events()


def _whole(event: str, response: dict[str, Any]) -> dict[str, Any]:
    return {"sequence_number": 0, "type": f"response.{event}", "response": response}


def _added(item: _Item) -> dict[str, Any]:
    kind = "response.output_item.added"
    return {"sequence_number": 0, "item": item, "output_index": 0, "type": kind}


def _done(item: _Item) -> dict[str, Any]:
    return {**_added(item), "type": "response.output_item.done"}


def _part(event: str, part: dict[str, Any], item_id: str) -> dict[str, Any]:
    return {
        "sequence_number": 0,
        "output_index": 0,
        "type": f"response.content_part.{event}",
        "content_index": 0,
        "item_id": item_id,
        "part": part,
    }


def _text(event: str, text: str, item_id: str) -> dict[str, Any]:
    return {
        "sequence_number": 0,
        "content_index": 0,
        "item_id": item_id,
        "delta" if event == "delta" else "text": text,
        "output_index": 0,
        "type": f"response.output_text.{event}",
        "logprobs": [],
    }
