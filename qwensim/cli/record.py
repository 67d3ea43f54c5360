"""`qwensim record`: the contract's conversations, held once and kept as cassettes."""

import contextlib
import datetime as dt
import re
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import httpx2
import msgspec
import typer
from rich.progress import Progress

import qwensim
from qwensim.catalog import PAGE_DATE, Catalog
from qwensim.catalog.rows import HostRow
from qwensim.cli.consoles import console, show_line
from qwensim.contract import Case, Fake, Live, Result, Session, Target, run
from qwensim.errors import UsageError
from qwensim.recording import Provenance, read, use_cassette
from qwensim.simulator import REALISTIC, Simulator

_TOTAL = re.compile(rb'"total_tokens":\s*(\d+)')
_WAYS = tuple(re.compile(rb'"%b_tokens":\s*(\d+)' % way) for way in (b"input", b"output"))
"""What the Anthropic protocol counts, which knows no total."""


class PacedFake(Fake):
    """The fake at the pace of a model, so that recorded chunks have their times."""

    def __init__(self, catalog: Catalog | None = None) -> None:
        super().__init__(catalog, pace=REALISTIC)
        self._now: Callable[[], float] = float

    def now(self) -> float:
        """Return the time, in seconds, in the conversation that is being held."""
        return self._now()

    def _way(self, simulator: Simulator) -> httpx2.BaseTransport:
        self._now = simulator.clock.now
        return _Nameless(super()._way(simulator))


class _Nameless(httpx2.BaseTransport):
    """Leaves the versions of installed libraries out: recordings are the same everywhere."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("user-agent", "").strip():
            request.headers["user-agent"] = "qwensim"
        return self._inner.handle_request(request)


class Recorder:
    """A target whose conversations are recorded below `folder` while they are held."""

    def __init__(
        self, target: Target, folder: Path, provenance: Provenance, now: Callable[[], float]
    ) -> None:
        self.name = target.name
        self.catalog = target.catalog
        self._target = target
        self._provenance = provenance
        self._now = now
        self._folder = folder

    def path(self, case: Case, host: HostRow) -> Path:
        """Return where the cassette of a case stands."""
        return case.recording(self._folder, host.name)

    def obstacle(self, case: Case, host: HostRow) -> str | None:
        """Return what keeps a case from being recorded, or None."""
        if not case.recordable:
            return f"no recording can hold it: {', '.join(sorted(case.needs))}"
        return self._target.obstacle(case, host)

    @contextlib.contextmanager
    def session(self, case: Case, host: HostRow) -> Iterator[Session]:
        """Give a conversation; a promise that is broken in it leaves no cassette."""
        cassette = use_cassette(
            self.path(case, host),
            record="all",
            catalog=self.catalog,
            provenance=msgspec.structs.replace(self._provenance, host=host.name),
            clock=self._now,
        )
        with cassette, self._target.session(case, host) as session:
            yield session


def fake_recorder(folder: Path) -> Recorder:
    """Return a recorder of the fake: the same bytes each time."""
    fake = PacedFake()
    told = Provenance(kind="simulated", date=PAGE_DATE, client=f"qwensim {qwensim.__version__}")
    return Recorder(fake, folder, told, fake.now)


def live_recorder(folder: Path) -> Recorder:
    """Return a recorder of the real service, which costs tokens."""
    told = Provenance(
        kind="live",
        date=dt.datetime.now(dt.UTC).date(),
        client=f"qwensim {qwensim.__version__}, openai {version('openai')}",
    )
    return Recorder(Live(), folder, told, time.monotonic)


def conversations(
    recorder: Recorder, chosen: Sequence[Case], host: str | None
) -> list[tuple[Case, HostRow]]:
    """Return the cases and hosts that can be recorded.

    Raises `UsageError` for an unknown host and if there is nothing to record, and says why.
    """
    hosts = recorder.catalog.hosts
    if host is not None and host not in hosts:
        raise UsageError(f"no host {host!r}; there are: {', '.join(hosts)}")
    asked = [
        (case, hosts[name])
        for case in chosen
        for name in case.hosts(recorder.catalog)
        if host in (None, name)
    ]
    obstacles = [recorder.obstacle(case, row) for case, row in asked]
    able = [pair for pair, obstacle in zip(asked, obstacles, strict=True) if obstacle is None]
    if not able:
        reasons = dict.fromkeys(reason for reason in obstacles if reason)
        raise UsageError(f"nothing to record: {'; '.join(reasons) or 'no such case on that host'}")
    return able


def record(recorder: Recorder, pairs: Sequence[tuple[Case, HostRow]]) -> bool:
    """Hold the conversations and keep them; return whether every promise in them was kept."""
    tokens = 0
    results: list[Result] = []
    err = console(stderr=True)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Recording", total=len(pairs))
        for case, host in pairs:
            results.append(run(case, host.name, recorder))
            if results[-1].outcome == "kept":
                tokens += tokens_in(recorder.path(case, host))
            progress.update(task, advance=1, description=f"{tokens:,} tokens")
    broken = [result for result in results if result.outcome != "kept"]
    for result in broken:
        show_line(f"{result.case} on {result.host}", result.detail, style="bold red")
    kept = len(results) - len(broken)
    typer.echo(f"{kept} of {len(results)} recorded from {recorder.name}, {tokens:,} tokens")
    return not broken


def tokens_in(path: Path) -> int:
    """Return the tokens that the answers of a cassette tell of; of a stream, the last count."""
    return sum(_tokens_in(interaction.body) for interaction in read(path).interactions)


def _tokens_in(body: bytes) -> int:
    if totals := _TOTAL.findall(body):
        return int(totals[-1])
    found = [way.findall(body) for way in _WAYS]
    # What has gone in alone was counted without an answer, which costs nothing.
    return sum(int(counts[-1]) for counts in found) if all(found) else 0
