"""POST /apps/anthropic/v1/messages: the Anthropic protocol of all four hosts."""

from typing import Any

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ModelRow
from qwensim.exchange import Chunk
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.pace import Pace
from qwensim.simulator.refusals import Refused
from qwensim.simulator.surfaces.anthropic.render import MessageRenderer
from qwensim.simulator.surfaces.anthropic.request import read_request
from qwensim.simulator.surfaces.availability import model_of
from qwensim.simulator.surfaces.conversation import Conversation, Judged, Spoken


class MessagesSurface:
    """Judges a request for a message, then answers it.

    One order of checks, the first failure answers: JSON, model, availability and account state,
    `max_tokens`, form, those of the conversation.
    """

    def __init__(self, catalog: Catalog, *, conversation: Conversation, pace: Pace) -> None:
        self._catalog = catalog
        self._conversation = conversation
        self._pace = pace

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        body, model = _opened(self._catalog, call, streams=True)
        if body.get("max_tokens") is None:
            raise Refused("anthropic-max-tokens-missing")
        request = read_request(body, model, self._catalog.plans[call.host.plan])
        judged = self._conversation.judge(call, request, model)
        return self._render(call, judged, self._conversation.reply(call, judged))

    def _render(self, call: Call, judged: Judged, spoken: Spoken) -> Answer:
        turn, chance = spoken.turns[0]
        usage = spoken.usage
        renderer = MessageRenderer(
            model=judged.model,
            identity=call.identity,
            turn=turn,
            chance=chance,
            usage=usage,
            tokenizer=self._conversation.tokenizer,
        )
        cost = self._pace.opening(chance)
        if not call.stream:
            cost += self._pace.of(usage.completion, chance)
        return Answer(
            content_type=headers.STREAM_TYPE if call.stream else headers.JSON_TYPE,
            events=(
                renderer.stream(self._pace)
                if call.stream
                else iter((Chunk(data=renderer.whole()),))
            ),
            cost=cost,
            usage=usage.summary(),
        )


class CountTokensSurface:
    """Counts the prompt of a request for a message, which is not answered and costs nothing."""

    def __init__(self, catalog: Catalog, conversation: Conversation) -> None:
        self._catalog = catalog
        self._conversation = conversation

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        body, model = _opened(self._catalog, call, streams=False)
        # Nothing comes of the request: none is refused for want of a stream.
        request = read_request(body, model, self._catalog.plans[call.host.plan])
        judged = self._conversation.measure(call, request, model, stream=True)
        counted = msgspec.json.encode({"input_tokens": judged.prompt_tokens})
        return Answer(content_type=headers.JSON_TYPE, events=iter((Chunk(data=counted),)))


def _opened(catalog: Catalog, call: Call, *, streams: bool) -> tuple[dict[str, Any], ModelRow]:
    """Return the body and the model of a call that may ask for a stream, or raise `Refused`."""
    call.body = body = decode_object(call.request.body)
    call.stream = streams and body.get("stream") is True
    return body, model_of(catalog, call, surface="chat", otherwise="unknown-model")
