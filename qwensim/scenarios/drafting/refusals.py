"""Which row of the catalogue an error on record is, or what row would tell it."""

import re
from collections.abc import Iterator
from string import Formatter
from typing import Any, Final

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import EnvelopeRow, ErrorRow
from qwensim.scenarios.drafting.record import Record
from qwensim.simulator.refusals import placeholders
from qwensim.simulator.routes import Routes

_OK: Final = 200
_LONGEST: Final = 20_000
"""Characters of an answer that a row repeats."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An error row and the values of its message."""

    error: str
    values: dict[str, str]


class Rows:
    """Finds error rows, and makes new ones for errors that nobody has told before."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._routes = Routes(catalog)
        self.overlay: dict[str, list[dict[str, Any]]] = {}
        """The rows that it made, by table."""

    def wire(self, record: Record) -> str:
        """Return the wire on which a request is answered."""
        path = record.exchange.path.partition("?")[0]
        match = self._routes.find(record.exchange.host, path)
        return match.route.wire if match is not None else "compatible"

    def find(self, record: Record) -> Refusal | None:
        """Return the row of an error, and what its message was filled with."""
        told, rows = record.told, self._catalog.errors_on[self.wire(record)]
        if record.error is not None and record.error in rows:
            row = rows[record.error]
            unknown = dict.fromkeys(placeholders(row.message) - {"link"}, "unknown")
            values = next(_fits(row, told.message), {}) if told else {}
            return Refusal(error=record.error, values=unknown | values)
        found = [
            (len(_HOLE.sub("", row.message)), Refusal(error=name, values=values))
            for name, row in rows.items()
            if told and row.code == told.code
            if record.status in (row.status, _OK)
            for values in _fits(row, told.message)
        ]
        return max(found, key=lambda item: item[0])[1] if found else None

    def add(self, record: Record) -> Refusal:
        """Return a row for an error as it stands, made anew unless there is the same already."""
        row, told, wire = self._row(record), record.told, self.wire(record)
        if told is not None:
            row |= {"code": told.code, "type": told.type, "message": _escaped(told.message)}
        row = {"status": record.status or 500, "message": "", "wire": wire, **row}
        known = self.overlay.setdefault("error", [])
        for other in known:
            if {**other, "id": None} == {**row, "id": None}:
                return Refusal(error=other["id"], values={})
        name = f"seen-{len(known) + 1}"
        known.append(
            {"id": name, **{key: value for key, value in row.items() if value is not None}}
        )
        return Refusal(error=name, values={})

    def _row(self, record: Record) -> dict[str, Any]:
        told, text = record.told, record.exchange.text
        if told is not None:
            return {"envelope": _like(told.keys, told.place, self._catalog)}
        if not text:
            return {"envelope": "empty"}
        envelopes = self.overlay.setdefault("envelope", [])
        literal = text[:_LONGEST].replace("$", "$$")
        kind = dict(reversed(record.exchange.response_headers)).get("content-type")
        row = {"literal": literal, "content_type": kind}
        for other in envelopes:
            if {**other, "id": None} == {**row, "id": None}:
                return {"envelope": other["id"]}
        name = f"seen-{len(envelopes) + 1}"
        envelopes.append({"id": name, **row})
        return {"envelope": name}


_HOLE: Final = re.compile(r"\{\w+\}")


def _fits(row: ErrorRow, message: str) -> Iterator[dict[str, str]]:
    """Yield the values with which a row tells a message, of each of its templates that does."""
    for template in filter(None, (row.message, row.message_stream)):
        found = re.fullmatch(_pattern(template), message, re.DOTALL)
        if found is not None:
            yield {name: value for name, value in found.groupdict().items() if name != "link"}


def _pattern(template: str) -> str:
    pieces, seen = [], set[str]()
    for text, name, _, _ in Formatter().parse(template):
        pieces.append(re.escape(text))
        if name:
            pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
            seen.add(name)
    return "".join(pieces)


def _escaped(message: str) -> str:
    return message.replace("{", "{{").replace("}", "}}")


def _like(keys: tuple[str, ...], place: str, catalog: Catalog) -> str:
    """Return the envelope whose keys are most like those of an error."""

    def unlike(row: EnvelopeRow) -> int:
        own = row.error if place else row.body
        return len({*own} ^ {*keys}) * 100 + sum(a != b for a, b in zip(own, keys, strict=False))

    shaped = [row for row in catalog.envelopes.values() if bool(row.error) is bool(place)]
    return min((row for row in shaped if row.literal is None), key=unlike).id
