"""The tools that the service brings itself: who may use them, and what their use looks like."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from qwensim.catalog.rows import BuiltInToolRow, ModelRow
from qwensim.simulator.refusals import Refused
from qwensim.simulator.surfaces.templates import Template


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a tool."""

    row: BuiltInToolRow
    query: str
    """What is looked for."""

    @property
    def tool(self) -> str:
        """The name of the tool."""
        return self.row.id

    @property
    def steps(self) -> Sequence[str]:
        """What a stream tells of it between beginning and end."""
        return self.row.steps

    def items(self, item_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the item that tells of it, at the beginning and at the end."""
        query = msgspec.json.encode(self.query)
        values = {
            "id": msgspec.json.encode(item_id),
            "query": query,
            "quoted": query[1:-1],
            "twice": msgspec.json.encode(query[1:-1].decode())[1:-1],
        }
        begun, done = (
            msgspec.json.decode(Template(text).fill(values))
            for text in (self.row.begun, self.row.done)
        )
        return begun, done


def tools_of(
    rows: Mapping[str, BuiltInToolRow], asked: Any, model: ModelRow, *, thinking: bool
) -> list[BuiltInToolRow]:
    """Return the built-in tools that a request offers, each once, or refuse their combination.

    Kinds that the service does not know are ignored (yobo2u/omugw, probes of 2026-09-27).
    """
    named = [tool["type"] for tool in asked or () if isinstance(tool.get("type"), str)]
    offered = [row for name, row in rows.items() if name in named]
    for row in offered:
        if row.needs is not None and row.needs not in named:
            raise Refused(row.needs_error)
        if not thinking and any(fnmatchcase(model.id, pattern) for pattern in row.thinks):
            raise Refused(row.thinks_error)
    return offered
