"""Makes a draft: plays what is on record, and mends the service until it answers as it did."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from textwrap import shorten
from typing import Any, Final, TypeAlias

from qwensim.catalog import PAGE_DATE, Catalog, load
from qwensim.errors import UsageError
from qwensim.fields import convert_fields
from qwensim.scenarios.conditions import found
from qwensim.scenarios.document import written
from qwensim.scenarios.drafting.calls import Keys, http, may_be_made, waits
from qwensim.scenarios.drafting.facts import facts, nested
from qwensim.scenarios.drafting.mending import Mender
from qwensim.scenarios.drafting.record import Record, records_of
from qwensim.scenarios.drafting.tasks import TASK, pace_of
from qwensim.scenarios.expectations import Expectation
from qwensim.scenarios.outcome import Outcome
from qwensim.scenarios.playing import play
from qwensim.scenarios.reading import Source, scenario_of
from qwensim.scenarios.seen import findings

Fields: TypeAlias = dict[str, Any]

_TASK_ID: Final = "output.task_id"

_ROUNDS: Final = 4
"""Of mending: what one brings to light the next can mend."""

_LONGEST: Final = 120
"""Characters of an error in the symptom."""

_BARE: Final = [{"requests": 1}]
"""What is expected of a scenario that is played to see what there is to expect."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The text of a scenario that reproduces what is on record."""

    text: str
    requests: int
    """How many it makes."""
    left_out: tuple[str, ...]
    """What is on record and not in it, in a line each; it stands in the text too."""


def draft(path: Path) -> Draft:
    """Make a draft of a cassette or a journal.

    Raises `QwensimError` for a file that is neither, or in which no request is to the service.
    """
    catalog = load()
    on_record = [*records_of(path, catalog)]
    records = [record for record in on_record if may_be_made(record, catalog)]
    if not records:
        known = ", ".join(catalog.hosts)
        raise UsageError(f"{path.name} has no request to a host of the service: {known}")
    drafting = _Drafting(records, name=path.name)
    drafting.mend()
    foreign = [
        f"{record.exchange.method} {record.exchange.host}: is no request to the service"
        for record in on_record
        if not may_be_made(record, catalog)
    ]
    return drafting.draft(foreign)


class _Drafting:
    """A draft on its way."""

    def __init__(self, records: Sequence[Record], *, name: str) -> None:
        self._records = records
        self._name = name
        self._day = _day(records)
        self._catalog: Catalog = load(as_of=self._day)
        self._mender = Mender(self._catalog, records)
        keys = Keys(self._catalog)
        self._calls = [
            http(record, self._catalog, key=keys.name(record, self._mender.rows.find(record)))
            for record in records
        ]
        self._accounts = keys.accounts
        self._ids: dict[int, str] = {}
        """The tasks that were ordered, by the numbers of the orders."""
        self._task_pace: Fields | None = None
        for call, wait in zip(self._calls, waits(records), strict=True):
            if wait:
                call["wait"] = wait

    def mend(self) -> None:
        """Have the service answer as it did, as far as that can be."""
        for _ in range(_ROUNDS):
            outcomes = self._played(self._calls)
            renamed = self._rename_tasks(outcomes)
            if not self._mender.mend(outcomes) and not renamed:
                return

    def _rename_tasks(self, outcomes: Sequence[Outcome]) -> bool:
        """Have the calls ask for a task by the id that it has here; return whether any does.

        A journal does not hold the answer to an order: its task is the first that is asked for.
        """
        changed = False
        for number, (record, outcome) in enumerate(zip(self._records, outcomes, strict=True)):
            here = found(outcome.exchanges[-1].response_json, _TASK_ID)
            if record.exchange.method != "POST" or not isinstance(here, str) or number in self._ids:
                continue
            later = [TASK.search(call["path"]) for call in self._calls[number + 1 :]]
            asked = [match[0] for match in later if match and match[0] not in self._ids.values()]
            there = found(record.exchange.response_json, _TASK_ID)
            if record.answered:
                asked = [task for task in asked if task == there]
            self._ids[number] = here
            for call in self._calls[number + 1 :] if asked else ():
                path = call["path"]
                call["path"] = path.replace(asked[0], here)
                changed = changed or call["path"] != path
        return changed

    def draft(self, left_out: Sequence[str]) -> Draft:
        """Return the draft with what is seen of it when it is played."""
        outcomes = self._played(self._calls)
        groups = [*self._groups(outcomes)]
        calls = [_repeated(self._calls[group[0] : group[-1] + 1]) for group in groups]
        made = [[self._records[number] for number in group] for group in groups]
        self._task_pace = pace_of(calls, made, self._ids)
        again = self._played(calls)
        expectations, missed = [], [*left_out]
        for number, (group, outcome) in enumerate(zip(groups, again, strict=True), start=1):
            conditions: dict[tuple[str, ...], Any] = {}
            if len(group) > 1:
                conditions["requests",] = len(group)
            for steps, condition in self._facts(group[-1], outcome):
                (seen, *_rest) = judged = findings(
                    [convert_fields(nested({steps: condition}), Expectation)], [outcome]
                )
                if all(finding.holds for finding in judged):
                    conditions[steps] = condition
                else:
                    failed = next(finding for finding in judged if not finding.holds)
                    missed.append(
                        f"call {number}, {seen.place}: {failed.expected} is on record, "
                        f"here {failed.seen}"
                    )
            if conditions:
                expectations.append({"call": number, **nested(conditions)})
        fields = {**self._situation(), "calls": calls, "reproduced": expectations or _BARE}
        return Draft(
            text=_commented(fields, name=self._name, left_out=missed),
            requests=len(self._records),
            left_out=tuple(missed),
        )

    def _played(self, calls: Sequence[Fields]) -> Sequence[Outcome]:
        fields = {**self._situation(), "calls": calls, "reproduced": _BARE}
        source = Source(id="draft", name=f"the draft of {self._name}", text=written(fields))
        return play(scenario_of(source)).outcomes

    def _situation(self) -> Fields:
        """Return the fields that stand before the calls."""
        told = [*dict.fromkeys(map(_summary, self._records))]
        fields: Fields = {
            "version": 1,
            "title": f"Draft: {_most_telling(self._records)}",
            "reference": "where it was reported",
            "symptom": "".join(f"{line}\n" for line in told),
        }
        if self._day != PAGE_DATE:
            fields["as_of"] = self._day
        for name, value in (
            ("overlay", {table: rows for table, rows in self._mender.overlay.items() if rows}),
            ("accounts", self._accounts),
            ("task_pace", self._task_pace),
            ("scripts", self._mender.scripts),
            ("faults", self._mender.faults),
        ):
            if value:
                fields[name] = value
        return fields

    def _groups(self, outcomes: Sequence[Outcome]) -> Iterator[list[int]]:
        """Yield the numbers of requests that are made one after the other with the same outcome."""

        def alike(number: int) -> object:
            call = {name: value for name, value in self._calls[number].items() if name != "wait"}
            return call, [*self._facts(number, outcomes[number])]

        for _, group in groupby(range(len(self._calls)), key=alike):
            yield [*group]

    def _facts(self, number: int, outcome: Outcome) -> Iterator[tuple[tuple[str, ...], Any]]:
        return facts(self._records[number], outcome.exchanges[-1])


def _repeated(calls: Sequence[Fields]) -> Fields:
    """Return one call for several that are the same; the first may come after another wait."""
    first, *others = calls
    if not others:
        return first
    later = sorted(call.get("wait", 0.0) for call in others)
    wait = later[len(later) // 2]
    call = {name: value for name, value in first.items() if name != "wait"}
    return {**call, "repeat": len(calls), **({"wait": wait} if wait else {})}


def _day(records: Sequence[Record]) -> dt.date:
    """Return the day of the service that answered; a journal's is the fake's."""
    moments = (record.at for record in records if record.answered and record.at is not None)
    moment = next(moments, None)
    return PAGE_DATE if moment is None else dt.datetime.fromtimestamp(moment, dt.UTC).date()


def _summary(record: Record) -> str:
    exchange, model = record.exchange, record.field("model")
    asked = f"{exchange.method} {exchange.host}{exchange.path.partition('?')[0]}"
    told = f": {shorten(record.told.message, _LONGEST)}" if record.told else ""
    of = f" ({model})" if isinstance(model, str) else ""
    return f"{asked}{of} got {record.status or 'no answer'}{told}"


def _most_telling(records: Sequence[Record]) -> str:
    """Return what came of the last request that failed, or of the last."""
    failed = [record for record in records if record.told or record.kinds or not record.status]
    record = (failed or records)[-1]
    told = record.told
    if told is None:
        return " ".join(filter(None, (str(record.status or "no answer"), *record.kinds)))
    return " ".join(filter(None, (str(record.status), told.code)))


def _commented(fields: Fields, *, name: str, left_out: Sequence[str]) -> str:
    head = [
        f"# Made from {name} by `qwensim repro new`.",
        "# To do: title, reference, symptom, and a remedy if there is one.",
    ]
    if left_out:
        head += ["#", "# On record, but not seen when this is played:"]
        head += [f"#   {' '.join(line.split())}" for line in left_out]
    return "\n".join([*map(_plain, head), written(fields)])


def _plain(line: str) -> str:
    return line if line.isprintable() else ascii(line)[1:-1]
