"""Has the tasks of the fake be as far as the recorded ones were.

How long a task takes is chance; what it tells at each stage is not. A task whose beginning was not
recorded is begun anew: one of a model that tells the same of its cost.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from string import Formatter
from typing import Any, Final, NamedTuple, get_args

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ImageProtocolRow, ImageRow, VideoRow
from qwensim.contract.drift.answers import Answer
from qwensim.contract.drift.requests import Identities
from qwensim.exchange import Chunk, Request
from qwensim.simulator import Simulator, TaskPace
from qwensim.simulator.tasks import Failure, State

STANDING_STILL: Final = TaskPace(pending=inf, running=inf)
"""The pace of tasks that go on when they are told to, and not before."""

_PATH = re.compile(r"/api/v1/tasks/(?P<id>[^/]+)(?P<cancel>/cancel)?/?")
_STATES: Final[tuple[str, ...]] = get_args(State)
_OF_IMAGES: Final = frozenset({"task_metrics", "results", "choices"})
_ADDRESS: Final = "https://example.com/reference"
_OK = 200


class _Order(NamedTuple):
    """What begins a task."""

    model: str
    route: str
    given: Mapping[str, Any]
    parameters: Mapping[str, Any]


class Tasks:
    """The tasks of one recording."""

    def __init__(self, catalog: Catalog, simulator: Simulator, identities: Identities) -> None:
        self._catalog = catalog
        self._simulator = simulator
        self._identities = identities
        self._known: set[str] = set()

    def learn(self, fake: Answer) -> None:
        """Note the task that an answer of the fake has begun."""
        for body in fake.bodies[:1]:
            output = body.get("output")
            if isinstance(output, dict) and isinstance(output.get("task_id"), str):
                self._known.add(output["task_id"])

    def arrange(self, request: Request, recorded: Answer) -> bool:
        """Bring about what the recorded answer tells of the task that a request is about.

        Return False for a task that is none of the fake's, such as one that makes speech.
        """
        found = _PATH.fullmatch(request.path)
        body = recorded.bodies[0] if recorded.bodies else {}
        output = body["output"] if isinstance(body.get("output"), dict) else {}
        state = output.get("task_status", "PENDING" if found and found["cancel"] else None)
        if found is None or recorded.status != _OK or state not in _STATES:
            return True
        ours = self._identities.follow(request).path.split("/")[4]
        if ours not in self._known:
            order = next(self._orders_of(request, body), None)
            if order is None:
                return False
            ours = self._begin(request, order)
            self._identities.pair(found["id"], ours)
        end = self._failure(output) if state == "FAILED" else None
        self._simulator.tasks.bring(ours, end, state, self._simulator.clock.now())
        return True

    def _orders_of(self, request: Request, body: Mapping[str, Any]) -> Iterator[_Order]:
        """Yield orders for tasks that may have been answered so."""
        output, usage = body.get("output", {}), body.get("usage")
        told = [*usage] if isinstance(usage, dict) else None
        served = self._catalog.served.get(request.host, {})
        for video in self._catalog.videos.values():
            keys = [field.partition(":")[0] for field in video.usage]
            if video.id in served and told in (None, keys) and not output.keys() & _OF_IMAGES:
                yield _Order(video.id, video.route, dict(_input(video)), {})
        for image in self._catalog.images.values():
            for route, name in image.protocols.items():
                protocol = self._catalog.image_protocols[name]
                if image.id in served and _tells(protocol, output, told):
                    yield _Order(image.id, route, *_of_images(image, protocol, output))

    def _begin(self, request: Request, order: _Order) -> str:
        body = {"model": order.model, "input": order.given, "parameters": order.parameters}
        submit = msgspec.structs.replace(
            request,
            method="POST",
            path=self._catalog.routes[order.route].path,
            query="",
            headers=(*request.headers, ("x-dashscope-async", "enable")),
            body=msgspec.json.encode(body),
        )
        events = self._simulator.handle(submit)
        data = b"".join(event.data for event in events if isinstance(event, Chunk))
        task_id: str = msgspec.json.decode(data)["output"]["task_id"]
        self._known.add(task_id)
        return task_id

    def _failure(self, output: Mapping[str, Any]) -> Failure | None:
        """Return the recorded failure if the catalogue has its words."""
        code, message = output.get("code"), str(output.get("message"))
        for row in self._catalog.errors_on["tasks"].values():
            if row.code == code and re.fullmatch(_pattern(row.message), message):
                return Failure(error=row.id, code=str(code), message=message, at_once=True)
        return None


def _tells(
    protocol: ImageProtocolRow, output: Mapping[str, Any], usage: Sequence[str] | None
) -> bool:
    """Return whether a task may be told so."""
    results = output.get("results")
    first = results[0] if isinstance(results, list) and results else {}
    return (
        ("task_metrics" in output) == protocol.metrics
        and usage in (None, [*protocol.usage])
        and (protocol.asks == "messages") == ("choices" in output)
        and isinstance(first, dict)
        and (not first or [*first] == [*protocol.item])
    )


def _of_images(
    row: ImageRow, protocol: ImageProtocolRow, output: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an input and parameters that ask for as many images as are told of."""
    metrics = output.get("task_metrics")
    number = metrics.get("TOTAL") if isinstance(metrics, dict) else None
    parameters = {"n": number} if isinstance(number, int) else {}
    if protocol.asks == "messages":
        content: list[dict[str, str]] = [{"image": _ADDRESS}] * row.needs_picture
        return {"messages": [{"role": "user", "content": [*content, {"text": "?"}]}]}, parameters
    given: dict[str, Any] = {"prompt": "?", **dict.fromkeys(row.needs, "?")}
    if row.pictures_in is not None:
        given[row.pictures_in] = _ADDRESS
    return given, parameters


def _input(row: VideoRow) -> Iterator[tuple[str, Any]]:
    """Yield the fields of an input with which the model is content."""
    yield "prompt", "?"
    for field, *_ in row.needs:
        if field == "media":
            yield field, [{"type": row.media[0], "url": _ADDRESS}]
        else:
            yield field, [_ADDRESS] if row.most_references > 1 else _ADDRESS


def _pattern(template: str) -> str:
    return "".join(
        re.escape(text) + ("" if name is None else ".+")
        for text, name, _, _ in Formatter().parse(template)
    )
