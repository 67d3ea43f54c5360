"""`qwensim run`: a command whose requests to the service's hosts the fake answers."""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from errno import EISDIR
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import qwensim
from qwensim.catalog import PAGE_DATE, Catalog, Redactor
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.consoles import show_line, show_warning
from qwensim.cli.request_log import JournalFile
from qwensim.cli.run_summary import Tally
from qwensim.cli.serve import add_scenario
from qwensim.cli.verdict import show_breaches
from qwensim.errors import UsageError
from qwensim.exchange import Event, Request
from qwensim.running import NOT_FOUND, NOT_RUNNABLE, missing_keys, obstacle, run_to_end, variables
from qwensim.server import SystemClock, serve
from qwensim.simulator import Account, Simulator
from qwensim.simulator.gate import ClientCheck
from qwensim.verdict import judge

if TYPE_CHECKING:
    from qwensim.recording import ExchangeRecorder
    from qwensim.scenarios import Scenario

CASSETTE_SUFFIXES = (".yaml", ".yml")

TO_BLAME = 1
"""The exit code, if strict, of a command that ended well but was refused something."""


def run(  # noqa: PLR0913 - one for each option
    command: Sequence[str],
    *,
    catalog: Catalog,
    accounts: Sequence[Account],
    situation: "Scenario | None",
    script: Path | None,
    journal: Path | None,
    record: Path | None,
    strict: bool,
    client_check: ClientCheck = "any",
    limits: bool = False,
    quiet: bool = False,
) -> int:
    """Run a command, tell what it asked for, and return the exit code.

    `catalog` and `accounts` are those of `situation`, if there is one: the support issue to answer
    as; where there is none, `client_check` and `limits` are those of `Simulator`. `script` is a
    file of scripts and faults to begin with, `journal` one that each request is appended to,
    `record` the cassette to write. If `strict` a command that was refused something has not ended
    well; if `quiet` what was asked is told of no other. Raises `QwensimError` for a file that is
    wrong or cannot be written.
    """
    if record is not None:
        _try_to_write(record)
    tally = Tally(catalog)
    clock = SystemClock()
    recorder = _recorder(catalog, clock) if record else None
    make = partial(_Observed, tally, recorder)
    if situation is not None:
        from qwensim.scenarios import simulator_of

        simulator = simulator_of(situation, clock=clock, make=make)
    else:
        simulator = make(
            catalog=catalog,
            accounts=accounts,
            clock=clock,
            client_check=client_check,
            limits=limits,
        )
    if script is not None:
        add_scenario(simulator, script)
    with ExitStack() as stack:
        simulator.journal.listen(tally)
        if journal is not None:
            simulator.journal.listen(stack.enter_context(closing(JournalFile(journal))))
        server = stack.enter_context(serve(simulator, proxy=True, control=False))
        environ = os.environ | missing_keys(catalog, os.environ, _key(accounts))
        environ |= stack.enter_context(
            variables(environ, proxy=server.url, certificate=server.certificate)
        )
        if (problem := obstacle(command, path=environ.get("PATH"))) is not None:
            show_warning(problem)
        try:
            code = run_to_end(command, environ)
        except OSError as error:
            show_line("error", f"cannot run {command[0]} ({error.strerror})", style="bold red")
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUNNABLE
    failed = strict and code == 0 and not tally.blameless
    if not quiet or failed:
        tally.show()
        show_breaches(judge(simulator.journal, simulator.catalog, timed=True))
    if recorder is not None and record is not None:
        _write(recorder, record)
    return TO_BLAME if failed else code


class _Observed(Simulator):
    """Tells the tally with which key a request came, and has the exchange recorded."""

    def __init__(
        self,
        tally: Tally,
        recorder: "ExchangeRecorder | None",
        *,
        catalog: Catalog,
        **settings: Any,
    ) -> None:
        super().__init__(catalog=catalog, **settings)
        self._tally = tally
        self._recorder = recorder
        self._redactor = Redactor(catalog)

    def handle(self, request: Request) -> Generator[Event]:
        presented = self._redactor.presented(request.headers)
        self._tally.key = presented[0] if presented else ""
        events = super().handle(request)
        return events if self._recorder is None else self._recorder.record(request, events)


def _recorder(catalog: Catalog, clock: SystemClock) -> "ExchangeRecorder":
    from qwensim.recording import ExchangeRecorder  # vcrpy is slow to load

    return ExchangeRecorder(catalog, clock=clock.now)


def _try_to_write(path: Path) -> None:
    """Write nothing, in the place of a cassette: to learn before the command runs that it fails."""
    if path.suffix not in CASSETTE_SUFFIXES:
        known = " or ".join(CASSETTE_SUFFIXES)
        raise UsageError(f"a cassette ends in {known}, unlike {path}: it would be replaced")
    with _told_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        TemporaryFile(dir=path.parent).close()


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Tell of a file that cannot be written as of a mistake of the user's."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {path} ({error.strerror})") from error


def _write(recorder: "ExchangeRecorder", path: Path) -> None:
    """Write the cassette, and say what it cannot hold."""
    from qwensim.recording import Provenance

    told = Provenance(kind="simulated", date=PAGE_DATE, client=f"qwensim {qwensim.__version__}")
    with _told_of(path):
        recorder.write(path, told)
    if (lost := recorder.lost) > 0:
        told_of = "1 exchange that was" if lost == 1 else f"{lost} exchanges that were"
        show_warning(f"{path} is without {told_of} broken off")


def _key(accounts: Sequence[Account]) -> str:
    """Return a key for a program that has none: one that works, of the Standard plan if it can."""
    keys = sorted(accounts, key=lambda account: account.plan != "standard")
    return keys[0].key if keys else FAKE_KEYS["standard"]
