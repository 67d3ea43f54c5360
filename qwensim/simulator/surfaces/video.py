"""POST /api/v1/services/aigc/{video-generation|image2video}/video-synthesis: videos, as tasks."""

import hashlib
from typing import Any

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ModelRow, VideoRow
from qwensim.exchange import Chunk
from qwensim.simulator import headers, refusals
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.assets.video import StillVideo
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.faults import error_of
from qwensim.simulator.media.sources import Sources
from qwensim.simulator.media.uploads import Uploads
from qwensim.simulator.parameters import shown
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.reply import Ask
from qwensim.simulator.replies.scripts import Script, ScriptQueue
from qwensim.simulator.surfaces.availability import model_of
from qwensim.simulator.surfaces.tasks import owner_of
from qwensim.simulator.surfaces.video_rules import Film, judge
from qwensim.simulator.tasks import Failure, Link, Order, Result, Task, TaskBook

_TIMEOUT = (("x-dashscope-timeout", "298"),)
"""Recorded in Dec 2025 and Jan 2026 (alibaba/loongsuite-python-agent)."""

_REWRITTEN = "{prompt}, natural light, steady camera, rich in detail"
"""Stands for what the service makes of a prompt."""


class VideoSurface:
    """Takes orders for videos.

    One order of checks, the first failure answers: JSON, model, availability and account state,
    path, `X-DashScope-Async`, input. Whatever else is wrong makes the task fail.
    """

    def __init__(
        self, catalog: Catalog, *, book: TaskBook, scripts: ScriptQueue, uploads: Uploads
    ) -> None:
        self._catalog = catalog
        self._book = book
        self._scripts = scripts
        self._uploads = uploads

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        call.body = body = decode_object(call.request.body)
        model = model_of(self._catalog, call, surface="video", otherwise="native-url-error")
        row = self._catalog.videos[model.id]
        if call.request.path.rstrip("/") != self._catalog.routes[row.route].path:
            raise Refused("native-url-error")
        if (call.request.header("x-dashscope-async") or "").lower() != "enable":
            raise Refused("native-video-sync")
        given, parameters = body.get("input"), body.get("parameters")
        if not isinstance(given, dict):
            raise Refused("native-input-empty")
        if not isinstance(parameters, dict | None):
            raise Refused("body-invalid")
        call.script = script = self._scripts.take(_ask(call, given), spoken=False)
        order = self._order(call, model, given, parameters or {})
        if script is not None:
            order = self._scripted(call, script, order)
        task = Task(
            id=call.identity.task_id,
            owner=owner_of(call),
            order=order,
            request_id=call.identity.request_id,
            submitted=call.arrived,
        )
        self._book.submit(task)
        return _taken(call, task)

    def _order(
        self, call: Call, model: ModelRow, given: dict[str, Any], parameters: dict[str, Any]
    ) -> Order:
        row = self._catalog.videos[model.id]
        resolves = call.request.header("x-dashscope-ossresourceresolve") or ""
        sources = Sources(
            plan=self._catalog.plans[call.host.plan],
            pictures=self._catalog.pictures,
            uploads=self._uploads,
            resolves_uploads=resolves.lower() == "enable",
        )
        end: VideoWork | Failure
        try:
            film = judge(row, given, parameters, sizes=self._catalog.video_sizes, sources=sources)
            end = VideoWork(row=row, film=film)
        except Refused as refused:
            end = self._failure(call, refused, at_once=True)
        return Order(
            model=model.id,
            function=":".join(call.request.path.strip("/").split("/")[-3:]),
            limit=row.running,
            end=end,
        )

    def _scripted(self, call: Call, script: Script, order: Order) -> Order:
        """Return the order as the script has it end, or raise `Refused` where it does not begin."""
        refused = None
        if script.error is not None:
            refused = Refused(script.error, **script.values)
        elif script.fault is not None and script.fault.kind == "error":
            refused = error_of(script.fault)
        end = order.end
        if refused is not None:
            if self._catalog.errors[refused.error].wire != "tasks":
                raise refused
            end = self._failure(call, refused, at_once=False)
        kept = msgspec.structs.replace(script, fault=None)  # it met the request, no later one
        return msgspec.structs.replace(order, end=end, script=kept)

    def _failure(self, call: Call, refused: Refused, *, at_once: bool) -> Failure:
        row = self._catalog.errors_on["tasks"][refused.error]
        message = refusals.worded(row, refused, call.host)
        return Failure(error=refused.error, code=row.code or "", message=message, at_once=at_once)


class VideoWork(msgspec.Struct, frozen=True, kw_only=True):
    """The making of one video."""

    row: VideoRow
    film: Film

    def result(self, name: str, link: Link) -> Result:
        """Return the address of the video and what it cost."""
        film = self.film
        content = StillVideo(width=film.size.width, height=film.size.height, seconds=film.seconds)
        output: dict[str, Any] = {} if film.prompt is None else {"orig_prompt": film.prompt}
        output["video_url"] = link(name, content)
        if self.row.actual_prompt and film.extended and film.prompt:
            output["actual_prompt"] = _REWRITTEN.format(prompt=film.prompt)
        return Result(output=output, usage=_usage(self.row, film))


def _usage(row: VideoRow, film: Film) -> dict[str, Any]:
    size = f"{film.size.width}*{film.size.height}"
    values: dict[str, Any] = {
        "duration": film.input_seconds + film.seconds,
        "input_video_duration": film.input_seconds,
        "output_video_duration": film.seconds,
        "video_duration": film.seconds,
        "size": size,
        "video_ratio": size,
        "video_count": 1,
        "SR": film.resolution.side,
        "ratio": film.ratio,
        "audio": film.audio,
    }
    usage = {}
    for field in row.usage:
        name, _, decimal = field.partition(":")
        usage[name] = float(values[name]) if decimal else values[name]
    return usage


def _ask(call: Call, given: dict[str, Any]) -> Ask:
    prompt = given.get("prompt")
    return Ask(
        host=call.host.name,
        model=call.model or "",
        body=call.body,
        key=hashlib.blake2b(shown(call.body).encode(), digest_size=16).digest(),
        last_user=prompt if isinstance(prompt, str) else "",
        user_spoke_last=True,
    )


def _taken(call: Call, task: Task) -> Answer:
    body = {
        "request_id": call.identity.request_id,
        "output": {"task_id": task.id, "task_status": "PENDING"},
    }
    return Answer(
        content_type=headers.JSON_TYPE,
        events=iter((Chunk(data=msgspec.json.encode(body)),)),
        extra=_TIMEOUT,
    )
