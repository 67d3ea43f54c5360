"""POST {base}/chat/completions: the OpenAI-compatible chat of all four hosts."""

import msgspec

from qwensim.catalog import Catalog
from qwensim.exchange import Chunk
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.pace import Pace
from qwensim.simulator.surfaces.availability import model_of
from qwensim.simulator.surfaces.chat.dialect import Dialect
from qwensim.simulator.surfaces.chat.render import ChatRenderer
from qwensim.simulator.surfaces.conversation import Conversation, Judged, Spoken
from qwensim.simulator.usage import UsageShape


class ChatSurface:
    """Judges a chat request, then answers it.

    One order of checks, the first failure answers: JSON, model, availability and account state,
    then those of the conversation.
    """

    def __init__(self, catalog: Catalog, *, conversation: Conversation, pace: Pace) -> None:
        self._catalog = catalog
        self._conversation = conversation
        self._pace = pace
        self._usages = {row.id: UsageShape(row) for row in catalog.usages.values()}
        self._dialects = {row.id: Dialect(row) for row in catalog.dialects.values()}

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        call.body = body = decode_object(call.request.body)
        call.stream = body.get("stream") is True
        model = model_of(self._catalog, call, surface="chat", otherwise="model-not-compatible")
        judged = self._conversation.judge(call, body, model)
        return self._render(call, judged, self._conversation.reply(call, judged))

    def _render(self, call: Call, judged: Judged, spoken: Spoken) -> Answer:
        model, options, usage = judged.model, judged.options, spoken.usage
        dialect = self._dialects[model.dialect or call.host.dialect]
        chance = spoken.turns[0][1]
        cost = self._pace.opening(chance)
        if not call.stream:
            cost += self._pace.of(usage.completion, chance)
        row = dialect.row
        usage_id = (call.stream and row.usage_stream) or row.usage or model.usage
        counted = self._usages[usage_id].render(
            usage, stream=call.stream, thinking=options.thinking
        )
        renderer = ChatRenderer(
            dialect=dialect,
            model=model,
            options=options,
            identity=call.identity,
            head={
                "created": b"%d" % int(call.arrived + cost),
                "model": msgspec.json.encode(call.model),
                "id": msgspec.json.encode(f"chatcmpl-{call.identity.request_id}"),
            },
            turns=spoken.turns,
            tokenizer=self._conversation.tokenizer,
        )
        if call.stream:
            events = renderer.stream(counted, self._pace)
        else:
            events = iter((Chunk(data=renderer.completion(counted)),))
        return Answer(
            content_type=headers.STREAM_TYPE if call.stream else headers.JSON_TYPE,
            events=events,
            cost=cost,
            usage=usage.summary(),
        )
