"""Compares what was answered with what is on record, and sets up the service accordingly."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from qwensim.catalog import Catalog
from qwensim.recording.interactions import STREAM
from qwensim.scenarios.conditions import found
from qwensim.scenarios.drafting.calls import Fields
from qwensim.scenarios.drafting.facts import DONE
from qwensim.scenarios.drafting.faults import pinned
from qwensim.scenarios.drafting.record import Record, told_in
from qwensim.scenarios.drafting.refusals import Rows
from qwensim.scenarios.drafting.speech import speech
from qwensim.scenarios.outcome import Outcome
from qwensim.scenarios.wire import Exchange
from qwensim.simulator.faults import KINDS, Kind
from qwensim.simulator.routes import Routes

_OK: Final = 200
_ERROR: Final = 400
_TALKING: Final = frozenset({"chat", "text-generation", "multimodal-generation"})

_PARTS: Final[Mapping[Kind, Callable[[Exchange], bool]]] = {
    "missing-done": lambda exchange: DONE in (exchange.text or ""),
    "missing-usage": lambda exchange: any(
        isinstance(found(frame, "usage"), dict) for frame in exchange.frames
    ),
}
"""What a stream may lack."""


class Mender:
    """Collects what is needed for the service to answer as is on record."""

    def __init__(self, catalog: Catalog, records: Sequence[Record]) -> None:
        self.rows = Rows(catalog)
        self._catalog = catalog
        self._routes = Routes(catalog)
        self._records = records
        self._met: dict[int, list[Fields]] = {}
        self._last_script = -1
        """The number of the last request to which the model must be told what to say."""
        self._models: dict[str, list[str]] = {}
        for number, record in enumerate(records):
            for kind in record.kinds:
                self._meet(number, kind)

    @property
    def overlay(self) -> dict[str, list[Fields]]:
        """The rows to lay over the catalogue."""
        models = [
            {"id": model, "hosts": hosts, "thinking": "on"}
            if model not in self._catalog.models
            else {"id": model, "hosts": [*self._catalog.models[model].hosts, *hosts]}
            for model, hosts in self._models.items()
        ]
        return {"model": models, **self.rows.overlay}

    @property
    def faults(self) -> list[Fields]:
        """The faults to arm."""
        return pinned(self._met, [self._streams(record) for record in self._records])

    @property
    def scripts(self) -> list[Fields]:
        """The scripts to set: for all that is said up to what would else be said differently."""
        return [
            speech(record.exchange) or {"finish_reason": "stop"}
            for number, record in enumerate(self._records)
            if number <= self._last_script and self._talks(record)
        ]

    def mend(self, outcomes: Sequence[Outcome]) -> bool:
        """Look at what came of each request; return whether there is something to try."""
        changes = [
            self._change(number, outcome.exchanges[-1]) for number, outcome in enumerate(outcomes)
        ]
        return any(changes)

    def _change(self, number: int, played: Exchange) -> bool:
        record = self._records[number]
        if any(KINDS[fault["kind"]].settles for fault in self._met.get(number, ())):
            return False
        if not _is_same(record, played):
            return self._mend_outcome(number, record, played)
        if not record.answered or record.told is not None:
            return False
        return self._mend_stream(number, record, played) or self._mend_words(number, record, played)

    def _mend_outcome(self, number: int, record: Record, played: Exchange) -> bool:
        told = record.told
        if told is not None and record.status == _OK:
            self._meet(number, "error-event", after=told.event or 0)
        elif record.status >= _ERROR:
            self._meet(number, "error")
        else:
            return record.status == _OK and self._serve(record)
        return True

    def _serve(self, record: Record) -> bool:
        """Have the model served where it is on record that it was."""
        model, host = record.field("model"), record.exchange.host
        if not isinstance(model, str) or not model or host not in self._catalog.served:
            return False
        hosts = self._models.setdefault(model, [])
        if model in self._catalog.served[host] or host in hosts:
            return False
        hosts.append(host)
        return True

    def _mend_stream(self, number: int, record: Record, played: Exchange) -> bool:
        if not record.exchange.frames or not played.frames:
            return False
        known = {fault["kind"] for fault in self._met.get(number, ())}
        missing = [
            kind
            for kind, is_there in _PARTS.items()
            if is_there(played) and not is_there(record.exchange) and kind not in known
        ]
        for kind in missing:
            self._meet(number, kind)
        return bool(missing)

    def _mend_words(self, number: int, record: Record, played: Exchange) -> bool:
        said = speech(record.exchange)
        if said is None or number <= self._last_script or said == speech(played):
            return False
        self._last_script = number
        return True

    def _meet(self, number: int, kind: str, **fields: Any) -> None:
        """Have a fault meet a request."""
        record = self._records[number]
        fault: Fields = {"kind": kind, **fields}
        if kind in ("error", "error-event"):
            refusal = self.rows.find(record) or self.rows.add(record)
            fault["error"] = refusal.error
            if refusal.values:
                fault["values"] = refusal.values
        if kind == "error" and (wait := _retry_after(record)) is not None:
            fault["headers"] = {"retry-after": wait}
        self._met.setdefault(number, []).append(fault)

    def _streams(self, record: Record) -> bool:
        if record.field("stream") is True:
            return True
        if self._catalog.wires[self.rows.wire(record)].stream != "headers":
            return False
        sent = dict(record.exchange.headers)
        wanted = sent.get("x-dashscope-sse", "").lower() == "enable"
        return wanted or STREAM in sent.get("accept", "")

    def _talks(self, record: Record) -> bool:
        match = self._routes.find(record.exchange.host, record.exchange.path.partition("?")[0])
        talks = match is not None and match.route.surface in _TALKING
        return talks and record.status == _OK and (record.told is None or bool(record.told.event))


def _is_same(record: Record, played: Exchange) -> bool:
    """Return whether an answer has the status and the error that are on record."""
    if record.status != (played.status or 0):
        return False
    seen, told = told_in(played), record.told
    if told is None:
        whole = not record.answered or record.status == _OK
        return seen is None and (whole or record.exchange.text == played.text)
    if seen is None:
        return not record.answered and told.message in (played.text or "")
    return seen.message == told.message and (seen.code == told.code or not record.answered)


def _retry_after(record: Record) -> str | None:
    if record.retry_after is not None:
        return f"{record.retry_after:g}"
    return dict(record.exchange.response_headers).get("retry-after")
