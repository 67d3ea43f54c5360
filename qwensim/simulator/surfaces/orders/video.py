"""POST /api/v1/services/aigc/{video-generation|image2video}/video-synthesis: videos, as tasks."""

from typing import Any

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ModelRow, VideoRow
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.assets.video import StillVideo
from qwensim.simulator.media.uploads import Uploads
from qwensim.simulator.surfaces.orders.orders import Ordered, Orders, read_order, sources_of
from qwensim.simulator.surfaces.orders.video_rules import Film, judge
from qwensim.simulator.tasks import Failure, Link, Result

_REWRITTEN = "{prompt}, natural light, steady camera, rich in detail"
"""Stands for what the service makes of a prompt."""


class VideoSurface:
    """Takes orders for videos. Whatever is wrong with what is ordered makes the task fail."""

    def __init__(self, catalog: Catalog, *, orders: Orders, uploads: Uploads) -> None:
        self._catalog = catalog
        self._orders = orders
        self._uploads = uploads

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        path = call.request.path.rstrip("/")
        order = read_order(
            self._catalog,
            call,
            surface="video",
            serves=lambda model: path == self._path_of(model),
        )
        row = self._catalog.videos[order.model.id]
        return self._orders.place(
            call,
            prompt=order.input.get("prompt"),
            limit=row.running,
            work=lambda: VideoWork(row=row, film=self._film(call, row, order)),
        )

    def _path_of(self, model: ModelRow) -> str:
        return self._catalog.routes[self._catalog.videos[model.id].route].path

    def _film(self, call: Call, row: VideoRow, order: Ordered) -> Film:
        return judge(
            row,
            order.input,
            order.parameters,
            sizes=self._catalog.video_sizes,
            sources=sources_of(self._catalog, call, self._uploads),
        )


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

    def spoiled(self, failure: Failure, _parts: int) -> Failure:
        """Return the failure: there is but one video."""
        return failure


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
