"""`mock`: a fake for the length of a block or a call; `mount`: one for a router of the user's."""

import contextlib
import functools
import importlib.metadata
import inspect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx
import respx

from qwensim.catalog import PAGE_DATE, Catalog
from qwensim.errors import UsageError
from qwensim.fake import Fake
from qwensim.mocking.interception import intercept
from qwensim.simulator import Account, Simulator
from qwensim.simulator.gate import ClientCheck
from qwensim.transport import transport

if TYPE_CHECKING:
    from qwensim.recording import Record

_F = TypeVar("_F", bound=Callable[..., Any])


def mock(  # noqa: PLR0913 - one for each thing that can be set
    *,
    simulator: Simulator | None = None,
    seed: int = 0,
    catalog: Catalog | None = None,
    accounts: Iterable[Account] = (),
    client_check: ClientCheck = "any",
    limits: bool = False,
    strict: bool = False,
    allow: Iterable[str] = (),
    cassette: str | Path | None = None,
    record: "Record" = "none",
) -> "Mock":
    """Return a context manager and decorator that puts a fake in the place of the service.

    `seed`, `catalog`, `accounts`, `client_check` and `limits` are those of `Simulator`; a given
    `simulator` takes their place and is kept from one use of the mock to the next. `strict` and
    `allow` are those of `Fake`. A `cassette` answers in the fake's stead, unless `record` says to
    record what the fake answers.

        with qwensim.mock() as fake: …

        @qwensim.mock()
        def test_greeting(fake): …

    The block gets the fake; a decorated function, async or not, gets it as `fake` if it has such a
    parameter. Leaving it without an exception raises `AssertionError` if the fake has `problems()`.
    """
    accounts = tuple(accounts)
    if isinstance(allow, Iterable) and not isinstance(allow, str):
        allow = tuple(allow)  # for each use; what is no list the fake refuses

    def make() -> Fake:
        return Fake(
            simulator
            if simulator is not None
            else Simulator(
                seed=seed,
                catalog=catalog,
                accounts=accounts,
                client_check=client_check,
                limits=limits,
            ),
            strict=strict,
            allow=allow,
        )

    return Mock(make, cassette=cassette, record=record)


class Mock:
    """What `mock` returns. Each use makes a fake of its own."""

    def __init__(
        self, make: Callable[[], Fake], *, cassette: str | Path | None, record: "Record"
    ) -> None:
        self._make = make
        self._cassette = cassette
        self._record: Record = record
        self._entered: list[contextlib.AbstractContextManager[Fake]] = []

    def __enter__(self) -> Fake:
        context = self._mocked()
        fake = context.__enter__()
        self._entered.append(context)
        return fake

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        self._entered.pop().__exit__(kind, error, traceback)

    def __call__(self, function: _F) -> _F:
        """Decorate a function: each call is a use of its own."""
        generates = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        if generates or not inspect.isfunction(function):
            raise UsageError(f"mock() decorates functions, async or not; {function!r} is none")
        signature = inspect.signature(function)
        parameters = [item for item in signature.parameters.values() if item.name != "fake"]
        wants_fake = len(parameters) < len(signature.parameters)

        @contextlib.contextmanager
        def arguments(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
            with self._mocked() as fake:
                yield {**given, "fake": fake} if wants_fake else given

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            with arguments(kwargs) as named:
                return function(*args, **named)

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            with arguments(kwargs) as named:
                return await function(*args, **named)

        decorated: Any = call_async if inspect.iscoroutinefunction(function) else call
        # pytest takes parameters for fixtures: it must not see the one that is given here.
        decorated.__signature__ = signature.replace(parameters=parameters)
        return cast("_F", decorated)

    @contextlib.contextmanager
    def _mocked(self) -> Iterator[Fake]:
        fake = self._make()
        played = self._cassette is not None and plays(self._cassette, self._record)
        with intercept(fake), recorded(fake, self._cassette, self._record):
            yield fake
            # In here, so that what has problems is not recorded.
            if not played and (problems := fake.problems()):
                raise AssertionError("\n".join(problems))


def plays(cassette: str | Path, record: "Record") -> bool:
    """Return whether a cassette will answer in the fake's stead."""
    return record == "none" or (record == "once" and Path(cassette).exists())


def recorded(
    fake: Fake, cassette: str | Path | None, record: "Record"
) -> contextlib.AbstractContextManager[object]:
    """Return a context in which the cassette, if any, is played, or records what the fake says."""
    if cassette is None:
        return contextlib.nullcontext()
    from qwensim.recording import Provenance, use_cassette  # noqa: PLC0415 - vcrpy is slow to load

    simulator = fake.simulator
    provenance = Provenance(
        kind="simulated",
        date=PAGE_DATE,
        client=f"qwensim {importlib.metadata.version('qwensim')}",
    )
    return use_cassette(
        cassette,
        record=record,
        catalog=simulator.catalog,
        provenance=provenance,
        clock=simulator.clock.now,
    )


def mount(router: respx.Router, simulator: Simulator) -> respx.Route:
    """Add the service's hosts to a respx router as one route, and return that.

    Start the router with `using=qwensim.mocking.HTTPCORE2` for clients on httpx2.
    """
    if not isinstance(router, respx.Router):
        raise UsageError(f"router is a respx.Router, not {router!r}")
    hosts = tuple(name for host in simulator.catalog.host_names for name in (host, f"{host}."))
    return router.route(host__in=hosts).mock(side_effect=transport(simulator, httpx).handler)
