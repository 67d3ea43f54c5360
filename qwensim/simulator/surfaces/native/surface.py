"""POST /api/v1/services/aigc/…/generation: the service's own API for text and for media."""

from fnmatch import fnmatchcase

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ModelRow, NativeRow
from qwensim.exchange import Chunk
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.pace import Pace
from qwensim.simulator.refusals import Refused
from qwensim.simulator.surfaces.availability import body_of, model_of
from qwensim.simulator.surfaces.conversation import Conversation, Judged, Spoken
from qwensim.simulator.surfaces.native.pieces import Pieces
from qwensim.simulator.surfaces.native.render import NativeRenderer
from qwensim.simulator.surfaces.native.request import Delivery, read_delivery, read_request
from qwensim.simulator.surfaces.native.usage import NativeUsage

_STREAM_TYPE = "text/event-stream;charset=UTF-8"


class NativeSurface:
    """Judges a native request, then answers it; `name` is the surface's in the table of routes.

    One order of checks, the first failure answers: JSON, model, availability and account state,
    path, form, those of the conversation, delivery.
    """

    def __init__(
        self, catalog: Catalog, name: str, *, conversation: Conversation, pace: Pace
    ) -> None:
        self._catalog = catalog
        self._conversation = conversation
        self._pace = pace
        self._lines = [line for line in catalog.natives.values() if line.surface == name]

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        body = body_of(call)
        model = model_of(self._catalog, call, surface="chat", otherwise="native-url-error")
        line = self._line_of(model)
        if (call.request.header("x-dashscope-async") or "").lower() == "enable":
            raise Refused("native-async")
        request = read_request(body, stream=call.stream)
        judged = self._conversation.judge(call, request.compatible, model)
        delivery = read_delivery(request.parameters, line, judged.options, stream=call.stream)
        spoken = self._conversation.reply(call, judged)
        return self._render(call, line, judged, delivery, spoken)

    def _line_of(self, model: ModelRow) -> NativeRow:
        """Return the line of a model; one that belongs to the other surface is refused."""
        takes_media = not {"image", "video", "audio"}.isdisjoint(model.inputs)
        for line in self._lines:
            if (line.surface == "multimodal-generation") == takes_media and any(
                fnmatchcase(model.id, pattern) for pattern in line.models
            ):
                return line
        raise Refused("native-url-error")

    def _render(
        self, call: Call, line: NativeRow, judged: Judged, delivery: Delivery, spoken: Spoken
    ) -> Answer:
        model, options, usage = judged.model, judged.options, spoken.usage
        uncached = line.uncached
        if not call.stream:
            uncached = line.uncached_whole or uncached
        elif options.thinking:
            uncached = line.uncached_thinking or uncached
        renderer = NativeRenderer(
            line=line,
            model=model,
            options=options,
            delivery=delivery,
            identity=call.identity,
            turns=spoken.turns,
            pieces=Pieces(
                line=line,
                model=model,
                identity=call.identity,
                tokenizer=self._conversation.tokenizer,
            ),
            usage=usage,
            native_usage=NativeUsage(
                self._catalog.usages[model.usage],
                usage,
                uncached=uncached,
                plugins=delivery.search.plugin if delivery.search is not None else None,
                sort=line.sorts_whole and not call.stream,
            ),
            heard=judged.prompt.last_user,
        )
        chance = spoken.turns[0][1]
        cost = self._pace.opening(chance)
        if not call.stream:
            cost += self._pace.of(usage.completion, chance)
        return Answer(
            content_type=_STREAM_TYPE if call.stream else headers.JSON_TYPE,
            events=(
                renderer.stream(self._pace)
                if call.stream
                else iter((Chunk(data=renderer.whole()),))
            ),
            cost=cost,
            extra=(
                ("x-dashscope-timeout", str(line.timeout)),
                ("x-dashscope-finished", "false" if call.stream else "true"),
            ),
            vary=headers.CORS if call.stream else None,
            usage=usage.summary(),
        )
