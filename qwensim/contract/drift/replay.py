"""Sends recorded exchanges to the fake and says how its answers compare."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path

import msgspec

from qwensim.catalog import Catalog, Overlay, Redactor, load
from qwensim.catalog.rows import ErrorRow
from qwensim.contract.drift.answers import Answer, read_answer
from qwensim.contract.drift.circumstances import arranged
from qwensim.contract.drift.comparison import ID, Difference, compare
from qwensim.contract.drift.exchanges import Exchange, Recorded, Unreadable, day_of
from qwensim.contract.drift.findings import Explained, Finding, Outcome
from qwensim.contract.drift.known import Known
from qwensim.contract.drift.message_speech import spoken_in_a_message
from qwensim.contract.drift.native_speech import spoken_natively
from qwensim.contract.drift.reading import read
from qwensim.contract.drift.requests import KEYS, Identities, authorized, complete
from qwensim.contract.drift.response_speech import spoken_in_a_response
from qwensim.contract.drift.speech import Scissors, spoken
from qwensim.contract.drift.tasks import STANDING_STILL, Tasks
from qwensim.errors import UsageError
from qwensim.exchange import Chunk, Head, Request
from qwensim.simulator import Account, Simulator, VirtualClock
from qwensim.simulator.clock import PAGE_MOMENT
from qwensim.simulator.routes import Routes

_HEARING = (spoken, spoken_natively, spoken_in_a_message, spoken_in_a_response)
"""What understands an answer, by protocol; of each answer one does at most."""

DEFAULT_HOST = "dashscope-intl.aliyuncs.com"

_NOT_FOUND = 404
_ID = re.compile(rf"{ID.pattern}|(?<=/)\d+(?=/|$)")
_CREATED = re.compile(rb'"created(?:_at)?":\s*(\d{10})\b')


class _Asked(msgspec.Struct):
    model: str = ""


def drift(
    paths: Iterable[Path],
    *,
    host: str = DEFAULT_HOST,
    overlays: Sequence[Overlay] = (),
    as_of: dt.date | None = None,
    known: Sequence[Known] = (),
) -> Iterator[Finding]:
    """Yield a finding for every exchange of the recordings below the paths.

    The fake is the service of the day on which an exchange was recorded, or of `as_of`; where
    neither is known, that of the page. `host` is asked where a recording names none.

    Raises `UsageError` for an unknown host or a path without recordings, `CatalogError` for an
    overlay that is wrong.
    """
    catalogs: dict[dt.date, Catalog] = {}
    for recording in read(paths):
        moment = next(filter(None, map(_moment, recording.exchanges)), PAGE_MOMENT)
        day = as_of or day_of(moment)
        if day not in catalogs:
            catalogs[day] = load(*overlays, as_of=day)
        if host not in catalogs[day].hosts:
            raise UsageError(f"no host {host!r}; there are: {', '.join(catalogs[day].hosts)}")
        conversation = _Conversation(catalogs[day], moment, host=host, known=known)
        for number, exchange in enumerate(recording.exchanges, start=1):
            yield conversation.finding(exchange, recording.name, number)


class _Conversation:
    """A recording played to a fake of its own."""

    def __init__(
        self, catalog: Catalog, moment: float, *, host: str, known: Sequence[Known]
    ) -> None:
        self._catalog = catalog
        self._host = host
        self._known = known
        self._clock = VirtualClock(moment)
        self._scissors = Scissors()
        self._identities = Identities()
        self._redactor = Redactor(catalog)
        self._simulator = Simulator(
            catalog=catalog,
            clock=self._clock,
            accounts=[Account(key=key, plan=plan) for plan, key in KEYS.items()],
            tokenizer=self._scissors,
            task_pace=STANDING_STILL,
        )
        self._routes = Routes(catalog)
        self._tasks = Tasks(catalog, self._simulator, self._identities)

    def finding(self, exchange: Exchange, recording: str, number: int) -> Finding:
        """Play an exchange and compare the answers."""
        try:
            if isinstance(exchange, Unreadable):
                raise exchange
            recorded = read_answer(exchange)
            request = complete(exchange.request, recorded, self._catalog, self._host)
            fake = self._ask(authorized(request, recorded, self._catalog), exchange, recorded)
        except Unreadable as error:
            detail = self._redactor.text(str(error))
            return Finding(
                recording=recording, number=number, outcome="could not look", detail=detail
            )
        moment = _moment(exchange)
        finding = Finding(
            recording=recording,
            number=number,
            surface=f"{request.method} {_ID.sub('*', request.path)}",
            host=request.host,
            model=_model(request),
            day=day_of(moment) if moment is not None else None,
            outcome="not modelled",
        )
        if fake is None or (_is_empty_404(fake) and not _is_empty_404(recorded)):
            return finding
        differences = tuple(self._explained(found, finding) for found in compare(recorded, fake))
        outcome: Outcome = "known" if differences else "same"
        if any(difference.reason is None for difference in differences):
            outcome = "differs"
        return msgspec.structs.replace(finding, outcome=outcome, differences=differences)

    def _ask(self, request: Request, exchange: Recorded, recorded: Answer) -> Answer | None:
        """Tell the fake what to say, and send the request; None for a task that it has not got."""
        moment = _moment(exchange) or 0.0
        self._clock.advance(max(0.0, moment - self._clock.now()))
        self._simulator.scenario.clear_scripts()
        speech = next(filter(None, (hear(recorded) for hear in _HEARING)), None)
        if speech is not None:
            self._scissors.pieces = speech.pieces()
            self._simulator.script(speech.script())
        elif (script := arranged(recorded, self._rows(request))) is not None:
            self._simulator.script(script)
        if not self._tasks.arrange(request, recorded):
            return None
        events = list(self._simulator.handle(self._identities.follow(request)))
        head = next(event for event in events if isinstance(event, Head))
        body = b"".join(event.data for event in events if isinstance(event, Chunk))
        fake = read_answer(Recorded(status=head.status, headers=head.headers, body=body))
        self._identities.learn(recorded, fake)
        self._tasks.learn(fake)
        return fake

    def _rows(self, request: Request) -> Mapping[str, ErrorRow]:
        """Return the errors as they are told in answer to a request."""
        match = self._routes.find(request.host, request.path)
        return self._catalog.errors_on[match.route.wire if match is not None else "compatible"]

    def _explained(self, difference: Difference, finding: Finding) -> Explained:
        known = self._known
        return Explained(
            where=difference.where,
            recorded=self._redactor.text(difference.recorded),
            fake=self._redactor.text(difference.fake),
            events=difference.events,
            reason=next((row.reason for row in known if row.explains(difference, finding)), None),
        )


def _is_empty_404(answer: Answer) -> bool:
    return answer.status == _NOT_FOUND and not answer.events


def _model(request: Request) -> str:
    try:
        return str(msgspec.json.decode(request.body, type=_Asked).model)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return ""


def _moment(exchange: Exchange) -> float | None:
    """Return when an exchange took place, in seconds since the epoch, if it shows."""
    if isinstance(exchange, Unreadable):
        return None
    headers = dict(exchange.headers or ())
    try:
        if "req-arrive-time" in headers:
            moment = int(headers["req-arrive-time"]) / 1000
        elif "date" in headers:
            moment = parsedate_to_datetime(headers["date"]).timestamp()
        elif created := _CREATED.search(exchange.body):
            moment = float(created[1])
        else:
            return None
        day_of(moment)
    except (OSError, OverflowError, ValueError):  # no moment of any calendar
        return None
    return moment
