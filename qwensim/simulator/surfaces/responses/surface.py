"""POST {base}/responses: the Responses API of the Standard hosts, and what it remembers."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from qwensim.catalog import Catalog
from qwensim.exchange import Chunk
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.pace import Pace
from qwensim.simulator.parameters import shown
from qwensim.simulator.refusals import Refused
from qwensim.simulator.responses import Remembered, ResponseBook
from qwensim.simulator.surfaces.availability import model_of
from qwensim.simulator.surfaces.conversation import Conversation, Judged, Spoken
from qwensim.simulator.surfaces.responses.render import ResponseRenderer
from qwensim.simulator.surfaces.responses.request import (
    answered,
    check_form,
    input_items,
    read_messages,
    read_request,
)
from qwensim.simulator.surfaces.responses.tools import Use, tools_of
from qwensim.simulator.surfaces.tasks import owner_of

_STREAM_TYPE = "text/event-stream;charset=UTF-8"
_LONGEST_QUERY = 40
_FRAME_TOKENS = 39
"""By which a prompt is longer than in the chat: of the samples in the docs two give 39 and 40."""


class ResponsesSurface:
    """Judges a request for a response, answers it, and remembers both.

    One order of checks, the first failure answers: JSON, model, availability and account state,
    form, the response before, those of the conversation, built-in tools.
    """

    def __init__(
        self, catalog: Catalog, *, conversation: Conversation, pace: Pace, book: ResponseBook
    ) -> None:
        self._catalog = catalog
        self._conversation = conversation
        self._pace = pace
        self._book = book

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        call.body = body = decode_object(call.request.body)
        call.stream = body.get("stream") is True
        model = model_of(self._catalog, call, surface="responses", otherwise="unknown-model")
        check_form(body)
        previous = self._previous(call)
        before = previous.spoken() if previous is not None else []
        spoken = read_messages(body["input"])
        compatible = read_request(body, model, before, spoken)
        judged = self._conversation.judge(call, compatible, model)
        judged = msgspec.structs.replace(judged, prompt_tokens=judged.prompt_tokens + _FRAME_TOKENS)
        offered = tools_of(
            self._catalog.built_in_tools,
            body.get("tools"),
            model,
            thinking=judged.options.thinking,
        )
        reply = self._conversation.reply(call, judged)
        uses: list[Use] = []
        if _looks_things_up(body, judged, reply):
            query = judged.prompt.last_user[:_LONGEST_QUERY]
            uses = [Use(row=row, query=query) for row in offered]
        return self._render(call, judged, reply, uses, (previous, spoken))

    def _previous(self, call: Call) -> Remembered | None:
        """Return the response that a request goes on from, or refuse an id that is none."""
        previous_id = call.body.get("previous_response_id")
        if previous_id is None:
            return None
        found = None
        if isinstance(previous_id, str):
            found = self._book.find(previous_id, owner_of(call), call.arrived)
        if found is None:
            raise Refused("responses-previous-unknown", value=shown(previous_id))
        return found

    def _render(
        self,
        call: Call,
        judged: Judged,
        reply: Spoken,
        uses: list[Use],
        talk: tuple[Remembered | None, list[Any]],
    ) -> Answer:
        turn, chance = reply.turns[0]
        usage, identity = reply.usage, call.identity
        cost = self._pace.opening(chance)
        if not call.stream:
            cost += self._pace.of(usage.completion, chance)
        call_ids = [
            made.id or identity.call_id(0, position, judged.model.call_id_digits)
            for position, made in enumerate(turn.calls)
        ]
        renderer = ResponseRenderer(
            asked=call.body,
            identity=identity,
            turn=turn,
            chance=chance,
            usage=usage,
            uses=uses,
            call_ids=call_ids,
            reasoning=self._catalog.wires[call.wire].reasoning,
            created=int(call.arrived),
            completed=int(call.arrived + cost),
        )
        body = renderer.body()
        if call.body.get("store") is not False:
            previous, spoken = talk
            remembered = Remembered(
                body={**body, "metadata": {}},
                items=tuple(input_items(call.body["input"], identity.item_ids("input"))),
                messages=(*spoken, *answered(turn, call_ids)),
                previous=previous,
                owner=owner_of(call),
                at=call.arrived,
                weight=len(call.request.body) + (previous.weight if previous is not None else 0),
            )
            self._book.keep(renderer.response_id, remembered)
        return Answer(
            content_type=_STREAM_TYPE if call.stream else headers.JSON_TYPE,
            events=(
                renderer.stream(body, self._pace)
                if call.stream
                else iter((Chunk(data=_sorted(body)),))
            ),
            cost=cost,
            usage=usage.summary(),
        )


class StoredResponseSurface:
    """GET and DELETE {base}/responses/{id}."""

    def __init__(self, book: ResponseBook) -> None:
        self._book = book

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        response_id, found = _asked_for(self._book, call)
        if call.request.method != "DELETE":
            return _answer(found.body)
        self._book.drop(response_id, found.owner, call.arrived)
        return _answer({"id": response_id, "object": "response", "deleted": True})


class InputItemsSurface:
    """GET {base}/responses/{id}/input_items: what was put in, the last first."""

    def __init__(self, book: ResponseBook) -> None:
        self._book = book

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        _, found = _asked_for(self._book, call)
        asked = dict(parse_qsl(call.request.query))
        items = [*found.items] if asked.get("order") == "asc" else [*reversed(found.items)]
        ends = {
            "first_id": items[0]["id"] if items else None,
            "last_id": items[-1]["id"] if items else None,
        }
        return _answer({"object": "list", "data": items, **ends, "has_more": False})


def _looks_things_up(body: dict[str, Any], judged: Judged, reply: Spoken) -> bool:
    """Whether the model uses built-in tools: in answer to a user, unless it calls a function."""
    calls = reply.turns[0][0].calls
    return judged.prompt.user_spoke_last and not calls and body.get("tool_choice") != "none"


def _asked_for(book: ResponseBook, call: Call) -> tuple[str, Remembered]:
    response_id = unquote(call.path_values["response_id"])
    found = book.find(response_id, owner_of(call), call.arrived)
    if found is None:
        raise Refused("responses-unknown", value=response_id)
    call.model = found.body["model"]
    return response_id, found


def _answer(body: Mapping[str, Any]) -> Answer:
    return Answer(content_type=headers.JSON_TYPE, events=iter((Chunk(data=_sorted(body)),)))


def _sorted(body: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(body, order="sorted")
