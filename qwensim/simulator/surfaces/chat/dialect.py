"""The wire dialects of chat completions, compiled from their rows."""

from collections.abc import Mapping

from qwensim.catalog.rows import DialectRow
from qwensim.simulator.surfaces.templates import Template


class Dialect:
    """The templates of one dialect. Shapes of chunks are whole SSE frames."""

    def __init__(self, row: DialectRow) -> None:
        event = row.event or ""
        self.row = row
        self.completion = Template(row.completion or "")
        self.usage_frame = Template(_frame(row.event_usage or ""))
        self.shapes = {name: Template(shape) for name, shape in row.shapes.items()}
        self.frames = {
            name: Template(
                _frame(
                    (row.event_opener or event if name.startswith("opener") else event).replace(
                        "$choice", shape
                    )
                )
            )
            for name, shape in row.shapes.items()
            if "$message" not in shape
        }


class Frames:
    """The frames of one choice of one answer, bound to what is the same in all of them."""

    def __init__(
        self, dialect: Dialect, head: Mapping[str, bytes], *, thinking: bool, logprobs: bool
    ) -> None:
        self._frames = dialect.frames
        self._head = head if logprobs else {**head, "logprobs": b"null"}
        self._endings = [
            ending
            for ending, wanted in (("_logprobs", logprobs), ("_thinking", thinking), ("", True))
            if wanted
        ]
        self._bound: dict[str, Template] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._frames

    def __getitem__(self, name: str) -> Template:
        """Return the shape, in the variant for thinking or logprobs where the dialect has one."""
        if (bound := self._bound.get(name)) is None:
            variant = next(name + end for end in self._endings if name + end in self._frames)
            bound = self._bound[name] = self._frames[variant].bind(self._head)
        return bound


def _frame(event: str) -> str:
    return f"data: {event}\n\n"
