"""POST /api/v1/services/aigc/…: images, at once on multimodal-generation, as tasks elsewhere."""

from typing import Any

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ImageProtocolRow, ModelRow
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.assets import Storage
from qwensim.simulator.media.uploads import Uploads
from qwensim.simulator.pace import Pace
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.surfaces.availability import check_quota
from qwensim.simulator.surfaces.orders.image_rules import judge, number_of, words_of
from qwensim.simulator.surfaces.orders.image_work import ImageWork, told_of
from qwensim.simulator.surfaces.orders.orders import Orders, read_order, sources_of
from qwensim.simulator.surfaces.tasks import counted, link_of
from qwensim.simulator.surfaces.whole import native_answer, read_native
from qwensim.simulator.tasks import Failure


class Studio:
    """Finds what is to be done for a request on one route, named as in the table of routes."""

    def __init__(
        self, catalog: Catalog, route: str, *, uploads: Uploads, tokenizer: Tokenizer
    ) -> None:
        self.catalog = catalog
        self._route = route
        self._uploads = uploads
        self._tokenizer = tokenizer

    def serves(self, model: ModelRow) -> bool:
        """Return whether a model that makes images is asked here."""
        return self._route in self.catalog.images[model.id].protocols

    def protocol(self, model: ModelRow) -> ImageProtocolRow:
        """Return how the images of a model that is asked here are told."""
        name = self.catalog.images[model.id].protocols[self._route]
        return self.catalog.image_protocols[name]

    def work(
        self, call: Call, model: ModelRow, given: dict[str, Any], parameters: dict[str, Any]
    ) -> ImageWork:
        """Return what is to be done, or raise `Refused`."""
        protocol = self.protocol(model)
        painting = judge(
            self.catalog.images[model.id],
            protocol,
            given,
            parameters,
            sources=sources_of(self.catalog, call, self._uploads),
            chance=call.identity.digest,
        )
        told = told_of(painting, protocol, self._tokenizer)
        return ImageWork(protocol=protocol, painting=painting, told=told)


class ImageSurface:
    """Judges a request and answers it with images; nothing of it streams.

    One order of checks, the first failure answers: those of `read_native`, path, what is asked for,
    quota.
    """

    def __init__(self, studio: Studio, *, orders: Orders, storage: Storage, pace: Pace) -> None:
        self._studio = studio
        self._orders = orders
        self._storage = storage
        self._pace = pace

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        call.stream = False
        studio = self._studio
        request = read_native(studio.catalog, call, surface="images")
        if not studio.serves(request.model):
            raise Refused("native-url-error")
        work = studio.work(call, request.model, request.input, request.parameters)
        check_quota(call, request.model, tokens=0)
        work = self._scripted(call, work)
        link = link_of(studio.catalog, self._storage, call, stored=call.arrived)
        result = work.result(call.identity.request_id, link)
        output = dict(result.output)
        if work.protocol.metrics:
            images = work.painting.images
            made = {"SUCCEEDED": images - result.failed, "TOTAL": images}
            output["task_metric"] = {"FAILED": result.failed, **made}
        usage = dict(result.usage)
        answer = native_answer(call, self._pace, output=output, usage=usage, tokens=0)
        return msgspec.structs.replace(answer, usage=counted(usage))

    def _scripted(self, call: Call, work: ImageWork) -> ImageWork:
        """Return the work as a script has it end; raises `Refused` if nothing is left of it."""
        refused, parts = self._orders.scripted(call, work.painting.asked)
        if refused is None:
            return work
        failure = self._orders.failure(call, refused, at_once=False)
        left = failure if parts is None else work.spoiled(failure, parts)
        if isinstance(left, Failure):
            raise refused
        return left


class ImageTaskSurface:
    """Takes orders for images. Whatever is wrong with what is ordered makes the task fail."""

    def __init__(self, studio: Studio, orders: Orders) -> None:
        self._studio = studio
        self._orders = orders

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        studio = self._studio
        order = read_order(studio.catalog, call, surface="images", serves=studio.serves)
        check_quota(call, order.model, tokens=0)
        row = studio.catalog.images[order.model.id]
        return self._orders.place(
            call,
            prompt=words_of(order.input),
            limit=row.running,
            work=lambda: studio.work(call, order.model, order.input, order.parameters),
            parts=(
                number_of(row, order.parameters) if studio.protocol(order.model).metrics else None
            ),
        )
