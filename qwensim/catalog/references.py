"""The names of other rows that stand in rows."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final, NamedTuple

from qwensim.catalog.catalog import Tables

_DIFFERENT: Final = (
    ("media", "media"),
    ("usage", "usage"),
    ("dialect", "dialect"),
    ("wrong_role", "error"),
)
"""Fields of a model that may differ on a host, and the tables whose rows they name."""


class Reference(NamedTuple):
    """A field that names another row."""

    table: str
    row: str
    field: str
    value: str
    allowed: Collection[str]


def references(tables: Tables) -> Iterator[Reference]:
    """Yield every name of another row that stands in a row."""
    hosts_and_plans = {*tables["host"], *tables["plan"]}
    keys_and_models = ("missing_key", "wrong_key", "unknown_model", "client_check")
    for table, fields, allowed in (
        ("plan", keys_and_models, tables["error"]),
        ("plan", ("routes",), tables["route"]),
        ("asset_host", ("routes",), tables["route"]),
        ("route", ("wire",), tables["wire"]),
        ("host", ("plan",), tables["plan"]),
        ("host", ("dialect",), tables["dialect"]),
        ("auth_choice", ("host",), tables["host"]),
        ("model", ("hosts", "on"), hosts_and_plans),
        ("model", ("media",), tables["media"]),
        ("model", ("usage",), tables["usage"]),
        ("model", ("dialect",), tables["dialect"]),
        ("model", ("wrong_role",), tables["error"]),
        ("error", ("envelope",), tables["envelope"]),
        ("error", ("wire",), tables["wire"]),
        ("wire", ("extends",), tables["wire"]),
        ("error", ("of",), tables["error"]),
        ("parameter", ("wrong_type", "out_of_range", "too_small"), tables["error"]),
        ("video", ("id",), tables["model"]),
        ("video", ("route",), tables["route"]),
        ("video", ("resolution", "resolutions"), tables["video_size"]),
        ("video", ("prompt_error", "needs_error"), tables["error"]),
        ("video", ("duration_error", "choice_error"), tables["error"]),
        ("image", ("id",), tables["model"]),
        ("image", ("protocols",), tables["route"]),
        ("image", ("size_error", "count_error"), tables["error"]),
        ("embedding", ("id",), tables["model"]),
        ("rerank", ("id",), tables["model"]),
        ("limit", ("plan",), tables["plan"]),
        ("limit", ("error",), tables["error"]),
        ("built_in_tool", ("needs",), tables["built_in_tool"]),
        ("built_in_tool", ("needs_error", "thinks_error"), tables["error"]),
        ("dialect", ("extends",), tables["dialect"]),
        ("dialect", ("usage", "usage_stream"), tables["usage"]),
    ):
        for name, row in tables[table].items():
            for field in fields:
                for value in _names_in(getattr(row, field)):
                    yield Reference(table, name, field, value, allowed)
    yield from _nested_references(tables)


def _nested_references(tables: Tables) -> Iterator[Reference]:
    """Yield the names that stand in tables of a row."""
    for wire in tables["wire"].values():
        for pair in wire.envelopes.items():
            for value in filter(None, pair):
                yield Reference("wire", wire.id, "envelopes", value, tables["envelope"])
    for image in tables["image"].values():
        for value in image.protocols.values():
            yield Reference("image", image.id, "protocols", value, tables["image_protocol"])
    for model in tables["model"].values():
        for place, changes in model.on.items():
            for field, table in _DIFFERENT:
                for value in _names_in(changes.get(field)):
                    path = f"on.{place}.{field}"
                    yield Reference("model", model.id, path, value, tables[table])


def _names_in(value: Any) -> Iterable[Any]:
    """Return the names in a field that holds one, none or several."""
    return tuple(value) if isinstance(value, tuple | dict) else () if value is None else (value,)
