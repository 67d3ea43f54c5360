"""What is set for the requests to come: scripts and faults, checked against the catalogue."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from qwensim.catalog import Catalog
from qwensim.errors import UsageError
from qwensim.fields import check_fields, check_kind
from qwensim.simulator import refusals
from qwensim.simulator.faults import KINDS, Fault, FaultQueue, Reach, check_headers, error_of
from qwensim.simulator.replies.reply import Counts
from qwensim.simulator.replies.scripts import Script, ScriptQueue
from qwensim.simulator.replies.spec import ScriptSpec


class Scenario:
    """Holds scripts and faults until they are used up. `lock` is held while they change."""

    def __init__(self, catalog: Catalog, lock: threading.RLock) -> None:
        self.script_queue = ScriptQueue()
        self.fault_queue = FaultQueue()
        self._catalog = catalog
        self._lock = lock

    @property
    def scripts(self) -> tuple[Script, ...]:
        """The scripts that are not used up."""
        with self._lock:
            return self.script_queue.waiting()

    @property
    def unused_scripts(self) -> tuple[Script, ...]:
        """The scripts that have replies left of those that they promise, or gave none."""
        with self._lock:
            return self.script_queue.unused()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are not used up."""
        with self._lock:
            return self.fault_queue.armed()

    def add_script(self, script: Script) -> None:
        """Set a script; raises `UsageError` for one that cannot be played."""
        self._check_script(script)
        with self._lock:
            self.script_queue.add(script)

    def add_fault(self, fault: Fault) -> None:
        """Arm a fault; raises `UsageError` for one that cannot happen."""
        self._check_fault(fault)
        with self._lock:
            self.fault_queue.add(fault)

    def add(self, *, scripts: Sequence[Script] = (), faults: Sequence[Fault] = ()) -> None:
        """Set scripts and arm faults: all of them, or none if one is wrong.

        Raises `UsageError`, which names the place, like `scripts[0]`.
        """
        for position, script in enumerate(scripts):
            with _at(f"scripts[{position}]"):
                self._check_script(script)
        for position, fault in enumerate(faults):
            with _at(f"faults[{position}]"):
                self._check_fault(fault)
        with self._lock:
            for script in scripts:
                self.script_queue.add(script)
            for fault in faults:
                self.fault_queue.add(fault)

    def clear_scripts(self) -> None:
        """Drop the scripts."""
        with self._lock:
            self.script_queue.clear()

    def clear_faults(self) -> None:
        """Drop the faults."""
        with self._lock:
            self.fault_queue.clear()

    def _check_script(self, script: Script) -> None:
        if script.usage is not None:
            check_kind("usage", script.usage, Counts, "a Counts")
            check_fields(script.usage)
        check_fields(ScriptSpec.of(script))
        if script.when is not None and not callable(script.when):
            raise UsageError(f"when must be a function of the request, not {script.when!r}")
        if script.error is not None:
            refusals.check_error(self._catalog, script.error, script.values)
        if script.fault is not None:
            self._check_fault(script.fault)
            if script.error is not None and KINDS[script.fault.kind].needs is Reach.STREAM:
                raise UsageError(
                    f"fault: {script.fault.kind!r} is for streams, and the script answers with "
                    f"the error {script.error!r}"
                )

    def _check_fault(self, fault: Fault) -> None:
        check_fields(fault)
        if fault.host is not None and fault.host not in self._catalog.host_names:
            known = ", ".join(self._catalog.host_names)
            raise UsageError(f"no host {fault.host!r}; there are: {known}")
        check_headers(fault)
        if fault.host in self._catalog.asset_hosts and KINDS[fault.kind].needs is Reach.STREAM:
            raise UsageError(f"{fault.kind!r} is for streams, and {fault.host} sends none")
        error = error_of(fault).error
        refusals.check_error(self._catalog, error, fault.values)
        envelope = self._catalog.envelopes[self._catalog.errors[error].envelope]
        if fault.kind == "error-event" and envelope.literal is not None:
            raise UsageError(f"{error!r} is no JSON object and cannot be an event of a stream")


@contextmanager
def _at(place: str) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from error
