"""The fake service: every request comes through `Simulator.handle`, whatever carried it.

One order of checks, the first failure answers: path, method, client, key, then those of the
surface. No I/O here, no clock, no chance of its own: same seed and same requests, same bytes.
"""

import threading
from collections.abc import Generator, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from qwensim.catalog import Catalog, Redactor, load
from qwensim.catalog.rows import RouteRow
from qwensim.errors import UsageError
from qwensim.exchange import Event, Request
from qwensim.fields import check_kind, make_struct
from qwensim.simulator import faults, refusals
from qwensim.simulator.accounts import ANYONE, Account, Accounts
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.assets import Storage
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.clock import Clock, VirtualClock
from qwensim.simulator.faults import Fault
from qwensim.simulator.gate import ClientCheck, Gate
from qwensim.simulator.identifiers import Identifiers
from qwensim.simulator.journal import Journal
from qwensim.simulator.limits import Limits
from qwensim.simulator.pace import INSTANT, Pace
from qwensim.simulator.playing import play
from qwensim.simulator.refusals import Refusal, Refused
from qwensim.simulator.replies.scripts import Script, script_of
from qwensim.simulator.replies.tokens import Estimate, Tokenizer
from qwensim.simulator.responses import ResponseBook
from qwensim.simulator.routes import NOWHERE
from qwensim.simulator.scenario import Scenario
from qwensim.simulator.settings import check_settings
from qwensim.simulator.surfaces import make_surfaces
from qwensim.simulator.tasks import TaskBook, TaskPace
from qwensim.simulator.tasks.pace import VIRTUAL_TASKS


class Simulator:
    """An offline DashScope.

    `catalog` defaults to the bundled facts, `clock` to virtual time, `accounts` to none (any
    well-formed key works), `pace` to no waiting, `tokenizer` to the built-in estimate. `task_pace`
    says how long tasks take: by default 3 s, and in virtual time, which nobody may move, no longer
    than until they are asked for twice. `client_check` says who may use a Coding Plan host. With
    `limits` the service's limits on requests, tokens and answers at once are enforced, which on a
    clock that stands still are soon met.
    `journal_size` is the number of exchanges that are remembered.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that can be set
        self,
        *,
        catalog: Catalog | None = None,
        seed: int = 0,
        clock: Clock | None = None,
        accounts: Iterable[Account] = (),
        pace: Pace = INSTANT,
        task_pace: TaskPace | None = None,
        tokenizer: Tokenizer | None = None,
        client_check: ClientCheck = "any",
        limits: bool = False,
        journal_size: int = 1000,
    ) -> None:
        check_settings(
            catalog=catalog,
            seed=seed,
            clock=clock,
            pace=pace,
            task_pace=task_pace,
            tokenizer=tokenizer,
            journal_size=journal_size,
        )
        self.catalog = catalog if catalog is not None else load()
        self.clock: Clock = clock if clock is not None else VirtualClock()
        self.journal = Journal(Redactor(self.catalog), size=journal_size)
        # Reentrant: the predicate of a script may set another script.
        self._lock = threading.RLock()
        self.scenario = Scenario(self.catalog, self._lock)
        self._accounts = Accounts(self.catalog, accounts)
        if task_pace is None:
            task_pace = VIRTUAL_TASKS if isinstance(self.clock, VirtualClock) else TaskPace()
        self.tasks = TaskBook(task_pace)
        self._storage = Storage(seed)
        self._responses = ResponseBook()
        self._gate = Gate(self.catalog, self._accounts, client_check)
        self._limits: Limits | None = None
        self.limits = limits
        self._identifiers = Identifiers(seed)
        self._surfaces = make_surfaces(
            self.catalog,
            clock=self.clock,
            seed=seed,
            tokenizer=tokenizer or Estimate(),
            scripts=self.scenario.script_queue,
            pace=pace,
            tasks=self.tasks,
            storage=self._storage,
            responses=self._responses,
        )

    def script(self, script: Script | str | None = None, **fields: Any) -> Script:
        """Set a scripted reply and return it: a `Script`, a text, or the fields of a `Script`.

        Tool calls may be given as `(name, arguments)`. Raises `UsageError` for a field that does
        not exist or has a wrong value, an unknown error id, or values that its message lacks.
        """
        if isinstance(script, Script):
            _check_alone(script, fields)
        else:
            if script is not None:
                if "text" in fields:
                    both = f"{script!r} and {fields['text']!r}"
                    raise UsageError(f"a script's text is given twice: {both}")
                fields["text"] = script
            script = script_of(fields)
        self.scenario.add_script(script)
        return script

    def fault(self, fault: Fault | faults.Kind, **fields: Any) -> Fault:
        """Arm a fault and return it: a `Fault`, or its kind and fields.

        Raises `UsageError` for a kind, host or error id that does not exist, a number out of range,
        or values that the error's message lacks.
        """
        if isinstance(fault, Fault):
            _check_alone(fault, fields)
        else:
            fault = make_struct(Fault, {"kind": fault, **fields})
        self.scenario.add_fault(fault)
        return fault

    def account(self, account: Account | None = None, **fields: Any) -> Account:
        """Add an account, or replace the one with its key; from then on only such keys work.

        Raises `UsageError` for an account that does not hold together.
        """
        if account is None:
            account = make_struct(Account, fields)
        with self._lock:
            self._accounts.add(account)
            if self._limits is not None:
                self._limits.begin(account, self.clock.now())
        return account

    @property
    def limits(self) -> bool:
        """Whether the service's limits are enforced. When it is set, counting begins anew."""
        return self._limits is not None

    @limits.setter
    def limits(self, enforced: bool) -> None:
        check_kind("limits", enforced, bool, "True or False")
        with self._lock:
            self._limits = Limits(self.catalog, self._lock) if enforced else None
            if self._limits is not None:
                for account in self._accounts:
                    self._limits.begin(account, self.clock.now())

    @property
    def client_check(self) -> ClientCheck:
        """Who may use a Coding Plan host; raises `UsageError` if set to what is no check."""
        return self._gate.client_check

    @client_check.setter
    def client_check(self, value: ClientCheck) -> None:
        self._gate.client_check = value

    def reset(self) -> None:
        """Drop scripts, faults, the journal, what limits counted, tasks with results, responses."""
        with self._lock:
            self.limits = self.limits
            self.scenario.clear_scripts()
            self.scenario.clear_faults()
            self.journal.clear()
            self.tasks.clear()
            self._storage.clear()
            self._responses.clear()

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
            host=host or msgspec.structs.replace(NOWHERE, name=request.host),
            account=ANYONE,
            limits=self._limits,
        )
        route = self._gate.route(call)
        met = self._met(call) if self.scenario.fault_queue else ()
        outcome: Answer | Refusal | None = None
        if not faults.are_silent(met):
            outcome = self._outcome(call, route, met)
            if call.script is not None:
                met = faults.with_script(met, call.script.fault)
                outcome = None if faults.are_silent(met) else outcome
        self._enter(call, outcome, met)
        events = play(call, outcome)
        if met:
            events = faults.transform(events, met, partial(self._error_event, call))
        if call.ticket is not None and isinstance(outcome, Answer):
            call.ticket.use(outcome.tokens)
            events = call.ticket.held(events)
        return events

    def _met(self, call: Call) -> tuple[Fault, ...]:
        """Return the faults that meet a call, and count them."""
        body = _peek(call.request)
        model = body.get("model")
        return self.scenario.fault_queue.take(
            host=call.request.host,
            model=model if isinstance(model, str) else None,
            stream=call.stream or body.get("stream") is True,
        )

    def _error_event(self, call: Call, fault: Fault, number: int) -> bytes:
        return refusals.event(
            self.catalog,
            faults.error_of(fault),
            wire=call.wire,
            host=call.host,
            request_id=call.identity.request_id,
            moment=call.arrived,
            number=number,
        )

    def _outcome(
        self, call: Call, route: RouteRow | None, met: tuple[Fault, ...]
    ) -> Answer | Refusal:
        try:
            for fault in met:
                if fault.kind == "error":
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
                moment=call.arrived,
                stream=call.stream,
            )

    def _enter(self, call: Call, outcome: Answer | Refusal | None, met: tuple[Fault, ...]) -> None:
        refusal = outcome if isinstance(outcome, Refusal) else None
        answer = outcome if isinstance(outcome, Answer) else None
        told = answer.error if answer else None
        self.journal.add(
            call.request,
            at=call.arrived,
            body=call.body,
            status=refusal.status if refusal else answer.status if answer else 0,
            error=refusal.error.id if refusal else told or faults.error_in_stream(met),
            message=refusal.message if refusal else None,
            request_id=call.identity.request_id,
            model=call.model,
            stream=call.stream,
            usage=answer.usage if answer else None,
            scripted=call.script is not None,
            fault="+".join(fault.kind for fault in met) or None,
            retry_after=faults.retry_after(met, call.arrived),
            task=answer.task if answer else None,
        )


def _check_alone(ready: Script | Fault, fields: Mapping[str, Any]) -> None:
    """Raise `UsageError` for fields that are given beside what has them already."""
    if fields:
        kind, name = type(ready).__name__, min(fields)
        raise UsageError(f"a {kind} has its fields already; {name} cannot be given beside it")


def _peek(request: Request) -> dict[str, Any]:
    """Return the body of a request that is not judged, as far as it can be read."""
    try:
        return decode_object(request.body)
    except Refused:
        return {}
