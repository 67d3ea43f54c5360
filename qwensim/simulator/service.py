"""The fake service: every request comes through `Simulator.handle`, whatever carried it.

One order of checks, the first failure answers: path, method, client, key, then those of the
surface. No I/O here, no clock, no chance of its own: same seed and same requests, same bytes.
"""

import threading
from collections.abc import Generator, Iterable
from typing import Any

from qwensim.catalog import PAGE_DATE, Catalog, Redactor, load
from qwensim.catalog.rows import HostRow, RouteRow
from qwensim.errors import UsageError
from qwensim.exchange import Chunk, End, Event, Head, Request, Wait
from qwensim.simulator import faults, headers, refusals
from qwensim.simulator.accounts import ANYONE, Account, Accounts
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.clock import Clock, VirtualClock
from qwensim.simulator.faults import Fault
from qwensim.simulator.fields import check_fields
from qwensim.simulator.gate import ClientCheck, Gate
from qwensim.simulator.identifiers import Identifiers
from qwensim.simulator.journal import Journal
from qwensim.simulator.pace import INSTANT, Pace
from qwensim.simulator.refusals import Refusal, Refused
from qwensim.simulator.replies.scripts import Script, script_of
from qwensim.simulator.replies.tokens import Estimate, Tokenizer
from qwensim.simulator.scenario import Scenario
from qwensim.simulator.surfaces import make_surfaces

_NOWHERE = HostRow(
    name="",
    plan="standard",
    region="global",
    base_path="/",
    help="",
    source="stands for a host that the catalogue does not know",
    checked=PAGE_DATE,
    confidence="guess",
)


class Simulator:
    """An offline DashScope.

    `catalog` defaults to the bundled facts, `clock` to virtual time, `accounts` to none (any
    well-formed key works), `pace` to no waiting, `tokenizer` to the built-in estimate.
    `journal_size` is the number of exchanges that are remembered.
    """

    def __init__(
        self,
        *,
        catalog: Catalog | None = None,
        seed: int = 0,
        clock: Clock | None = None,
        accounts: Iterable[Account] = (),
        pace: Pace = INSTANT,
        tokenizer: Tokenizer | None = None,
        client_check: ClientCheck = "any",
        journal_size: int = 1000,
    ) -> None:
        self.catalog = catalog if catalog is not None else load()
        self.clock: Clock = clock if clock is not None else VirtualClock()
        self.journal = Journal(Redactor(self.catalog), size=journal_size)
        # Reentrant: the predicate of a script may set another script.
        self._lock = threading.RLock()
        self.scenario = Scenario(self.catalog, self._lock)
        self._accounts = Accounts(self.catalog, accounts)
        if not isinstance(pace, Pace):
            raise UsageError(f"pace is a Pace, such as INSTANT or REALISTIC, not {pace!r}")
        check_fields(pace)
        self._gate = Gate(self.catalog, self._accounts, client_check)
        self._identifiers = Identifiers(seed)
        self._surfaces = make_surfaces(
            self.catalog,
            clock=self.clock,
            seed=seed,
            tokenizer=tokenizer or Estimate(),
            scripts=self.scenario.script_queue,
            pace=pace,
        )

    def script(self, script: Script | str | None = None, **fields: Any) -> Script:
        """Set a scripted reply and return it: a `Script`, a text, or the fields of a `Script`.

        Tool calls may be given as `(name, arguments)`. Raises `UsageError` for a field that does
        not exist or has a wrong value, an unknown error id, or values that its message lacks.
        """
        if not isinstance(script, Script):
            if script is not None:
                fields["text"] = script
            script = script_of(fields)
        self.scenario.add_script(script)
        return script

    def fault(self, fault: Fault | faults.Kind, **fields: Any) -> Fault:
        """Arm a fault and return it: a `Fault`, or its kind and fields.

        Raises `UsageError` for a kind, host or error id that does not exist, a number out of range,
        or values that the error's message lacks.
        """
        if not isinstance(fault, Fault):
            fault = Fault(kind=fault, **fields)
        self.scenario.add_fault(fault)
        return fault

    def account(self, account: Account | None = None, **fields: Any) -> Account:
        """Add an account, or replace the one with its key; from then on only such keys work.

        Raises `UsageError` for an account that does not hold together.
        """
        account = account or Account(**fields)
        with self._lock:
            self._accounts.add(account)
        return account

    def reset(self) -> None:
        """Drop scripts, faults and the journal."""
        with self._lock:
            self.scenario.clear_scripts()
            self.scenario.clear_faults()
            self.journal.clear()

    @property
    def unused_scripts(self) -> tuple[Script, ...]:
        """The scripts that have replies left."""
        return self.scenario.unused_scripts

    def handle(self, request: Request) -> Generator[Event]:
        """Judge and answer one request: return the events to play.

        What is counted and drawn is decided before this returns; the frames of a stream are made as
        they are taken.
        """
        with self._lock:
            return self._handle(request)

    def _handle(self, request: Request) -> Generator[Event]:
        host = self.catalog.hosts.get(request.host)
        call = Call(
            request=request,
            arrived=self.clock.now(),
            identity=self._identifiers.of(request),
            host=host or _NOWHERE,
            account=ANYONE,
        )
        fault = self.scenario.fault_queue.take(
            host=request.host, model=lambda: _peek_model(request)
        )
        route = self._gate.route(call)
        outcome: Answer | Refusal | None = None
        if fault is None or fault.kind not in faults.SILENT:
            outcome = self._outcome(call, route, fault)
            if fault is None and call.script is not None:
                fault = call.script.fault
                if fault is not None and fault.kind in faults.SILENT:
                    outcome = None
        self._enter(call, outcome, fault)
        events = _play(call, outcome)
        if fault is None:
            return events
        frame = refusals.event(
            self.catalog,
            faults.error_of(fault),
            wire=call.wire,
            host=call.host,
            request_id=call.identity.request_id,
        )
        return faults.transform(events, fault, frame)

    def _outcome(self, call: Call, route: RouteRow | None, fault: Fault | None) -> Answer | Refusal:
        try:
            if fault is not None and fault.kind == "error":
                call.stream = call.stream or _peek(call.request).get("stream") is True
                raise faults.error_of(fault)
            return self._surfaces[self._gate.admit(call, route)].answer(call)
        except Refused as refused:
            return refusals.render(
                self.catalog,
                refused,
                wire=call.wire,
                host=call.host,
                request_id=call.identity.request_id,
                stream=call.stream,
            )

    def _enter(self, call: Call, outcome: Answer | Refusal | None, fault: Fault | None) -> None:
        refusal = outcome if isinstance(outcome, Refusal) else None
        self.journal.add(
            call.request,
            at=call.arrived,
            body=call.body,
            status=refusal.status if refusal else 200 if outcome else 0,
            error=refusal.error.id if refusal else None,
            message=refusal.message if refusal else None,
            request_id=call.identity.request_id,
            model=call.model,
            stream=call.stream,
            usage=outcome.usage if isinstance(outcome, Answer) else None,
            scripted=call.script is not None,
            fault=fault.kind if fault else None,
        )


def _play(call: Call, outcome: Answer | Refusal | None) -> Generator[Event]:
    """Dress an outcome in headers and play it."""
    if outcome is None:
        return
    request_id = call.identity.request_id
    if isinstance(outcome, Answer):
        if outcome.cost:
            yield Wait(seconds=outcome.cost)
        yield outcome.head or Head(
            status=200,
            headers=headers.answer(
                content_type=outcome.content_type,
                arrived=call.arrived,
                cost=outcome.cost,
                request_id=request_id,
                gateway=outcome.gateway,
                extra=outcome.extra,
            ),
        )
        yield from outcome.events
    elif outcome.body:
        yield Head(
            status=outcome.status,
            headers=headers.answer(
                content_type=outcome.content_type,
                arrived=call.arrived,
                cost=0.0,
                request_id=request_id if outcome.request_id_header else None,
                gateway=outcome.gateway_header,
            ),
        )
        yield Chunk(data=outcome.body)
    else:
        yield Head(status=outcome.status, headers=headers.nothing_here(call.arrived))
    yield End()


def _peek(request: Request) -> dict[str, Any]:
    """Return the body of a request that is not judged, as far as it can be read."""
    try:
        return decode_object(request.body)
    except Refused:
        return {}


def _peek_model(request: Request) -> str | None:
    model = _peek(request).get("model")
    return model if isinstance(model, str) else None
