"""What the contract can be held against: the fake, recordings, a gateway, the service itself.

A target is asked under the service's own host names; where its requests really go is its affair.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, get_args

import httpx2

from qwensim.catalog import Catalog, load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.catalog.rows import AuthChoiceRow, HostRow
from qwensim.contract.case import Case, Need
from qwensim.contract.session import Rerouted, Service, Session
from qwensim.errors import UsageError
from qwensim.provider import Endpoint, endpoints
from qwensim.recording import use_cassette
from qwensim.server import serve
from qwensim.simulator import INSTANT, Pace, Simulator, TaskPace, VirtualClock
from qwensim.transport import transport

_ANYTHING: Final = frozenset[Need](get_args(Need))


class Target(Protocol):
    """Something that may keep the contract."""

    name: str
    """As it stands in results."""
    catalog: Catalog

    def obstacle(self, case: Case, host: HostRow) -> str | None:
        """Return why a case cannot be run against a host, or None if it can."""
        ...

    def session(self, case: Case, host: HostRow) -> contextlib.AbstractContextManager[Session]:
        """Give the conversation in which a case is run."""
        ...


class Fake:
    """The fake, in process and in virtual time: a fresh one for each case, with the same seed."""

    name = "fake"

    def __init__(self, catalog: Catalog | None = None, *, pace: Pace = INSTANT) -> None:
        self.catalog = catalog or load()
        self._pace = pace

    def obstacle(self, case: Case, host: HostRow) -> str | None:
        """Return None: everything can be run."""
        return None

    @contextlib.contextmanager
    def session(self, case: Case, host: HostRow) -> Iterator[Session]:
        """Give a conversation with a fake of its own, whose clock goes on when somebody waits."""
        clock = VirtualClock()
        simulator = Simulator(
            catalog=self.catalog, clock=clock, pace=self._pace, task_pace=TaskPace()
        )
        way = self._way(simulator)
        with _session(
            self.catalog, case, host, transport=way, service=simulator, sleep=clock.advance
        ) as session:
            yield session

    def _way(self, simulator: Simulator) -> httpx2.BaseTransport:
        """Return a transport to the fake of a conversation."""
        return transport(simulator, httpx2)


class Served:
    """The fake behind a loopback socket; a context manager, within which it is served."""

    name = "served"

    def __init__(self, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or load()
        self._running = contextlib.ExitStack()
        self._simulator: Simulator | None = None
        self._way: httpx2.BaseTransport = httpx2.MockTransport(_nowhere)

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()

    def obstacle(self, case: Case, host: HostRow) -> str | None:
        """Return what hinders a case: over a socket time has to be waited for."""
        return _lacking(case, _ANYTHING - {"clock"})

    @contextlib.contextmanager
    def session(self, case: Case, host: HostRow) -> Iterator[Session]:
        """Give a conversation with a fake that has nothing left of another."""
        simulator = self._simulator or self._start()
        try:
            with _session(
                self.catalog, case, host, transport=self._way, service=simulator
            ) as session:
                yield session
        finally:
            simulator.reset()
            if "account" in case.needs:  # accounts stay, and keep all other keys out
                self._stop()

    def _start(self) -> Simulator:
        # A task is done when it is asked for twice: nobody waits for it.
        self._simulator = simulator = Simulator(catalog=self.catalog, task_pace=TaskPace(polls=2))
        server = self._running.enter_context(serve(simulator))
        routes = {f"https://{name}": f"{server.url}/{name}" for name in self.catalog.host_names}
        self._way = Rerouted(httpx2.HTTPTransport(verify=False), routes)  # plain HTTP
        self._running.callback(self._way.close)
        return simulator

    def _stop(self) -> None:
        self._running.close()
        self._simulator = None


class Cassettes:
    """Recordings: one for each case and host, below `folder`, as `qwensim record` makes them."""

    name = "cassettes"

    def __init__(self, folder: Path, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or load()
        self._folder = folder

    def obstacle(self, case: Case, host: HostRow) -> str | None:
        """Return what hinders a case: what no recording can hold, or that there is none."""
        if not case.recordable:
            return f"no recording can hold it: {', '.join(sorted(case.needs))}"
        path = case.recording(self._folder, host.name)
        return None if path.exists() else f"no recording {path}"

    @contextlib.contextmanager
    def session(self, case: Case, host: HostRow) -> Iterator[Session]:
        """Give a conversation that has been recorded: what it arranges is on the tape already."""
        path = case.recording(self._folder, host.name)
        way = httpx2.MockTransport(_nowhere)
        with (
            use_cassette(path, record="none", catalog=self.catalog),
            _session(self.catalog, case, host, transport=way, service=_Arranged()) as session,
        ):
            yield session


class Gateway:
    """A service at any base URL, which stands for whichever host it is asked as."""

    def __init__(self, base_url: str, *, key: str, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or load()
        self.name = base_url
        self._base_url = base_url.rstrip("/")
        self._key = key

    def obstacle(self, case: Case, host: HostRow) -> str | None:
        """Return what hinders a case: nothing can be arranged."""
        return _lacking(case, frozenset({"size"}))

    @contextlib.contextmanager
    def session(self, case: Case, host: HostRow) -> Iterator[Session]:
        """Give a conversation that the gateway answers."""
        # An endpoint without a plan: it has the native API itself, whatever it stands for.
        beside = endpoints.native(self.catalog, Endpoint(base_url=self._base_url))
        routes = {host.base_url: self._base_url, f"https://{host.name}": beside.base_url}
        with (
            Rerouted(httpx2.HTTPTransport(), routes) as way,
            _session(
                self.catalog, case, host, transport=way, key=self._key, sleep=time.sleep
            ) as session,
        ):
            yield session


class Live:
    """The service itself. It costs tokens."""

    name = "live"

    def __init__(
        self, catalog: Catalog | None = None, *, environ: Mapping[str, str] = os.environ
    ) -> None:
        self.catalog = catalog or load()
        self._environ = environ

    def obstacle(self, case: Case, host: HostRow) -> str | None:
        """Return what hinders a case: nothing can be arranged, and a key may be missing."""
        variable = self.variable(host)
        if not self._environ.get(variable):
            return f"no key: set {variable}"
        return _lacking(case, frozenset({"size"}))

    def variable(self, host: HostRow) -> str:
        """Return the environment variable of a host's key: its auth choice in upper case."""
        return choice_of(self.catalog, host).id.upper().replace("-", "_")

    @contextlib.contextmanager
    def session(self, case: Case, host: HostRow) -> Iterator[Session]:
        """Give a conversation with the service."""
        key = self._environ[self.variable(host)]
        with (
            httpx2.HTTPTransport() as way,
            _session(self.catalog, case, host, transport=way, key=key, sleep=time.sleep) as session,
        ):
            yield session


def choice_of(catalog: Catalog, host: HostRow) -> AuthChoiceRow:
    """Return the auth choice that stands for a host."""
    return next(row for row in catalog.auth_choices.values() if row.host == host.name)


@contextlib.contextmanager
def _session(
    catalog: Catalog,
    case: Case,
    host: HostRow,
    *,
    transport: httpx2.BaseTransport,
    service: Service | None = None,
    key: str | None = None,
    sleep: Callable[[float], object] = float,
) -> Iterator[Session]:
    model = case.model(catalog, host.name)
    if model is None:
        raise UsageError(f"case {case.id!r} is not about {host.name}")
    session = Session(
        catalog=catalog,
        host=host,
        model=model,
        key=key or FAKE_KEYS[host.plan],
        service=service or _Arranged(),
        transport=transport,
        sleep=sleep,
    )
    with contextlib.closing(session):
        yield session


class _Arranged:
    """Stands for a service to which nothing need be said."""

    def script(self, script: Any = None, **fields: Any) -> object:
        return None

    def fault(self, fault: Any, **fields: Any) -> object:
        return None

    def account(self, account: Any = None, **fields: Any) -> object:
        return None


def _lacking(case: Case, able: frozenset[Need]) -> str | None:
    missing = sorted(case.needs - able)
    return f"needs {', '.join(missing)}" if missing else None


def _nowhere(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError(f"{request.url.host}: nothing is connected to", request=request)
