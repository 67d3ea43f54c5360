"""The contract's cases as tests: one for each case, host and target."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from qwensim.catalog import Catalog, load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.catalog.rows import HostRow
from qwensim.contract import Case, Cassettes, Fake, Gateway, Live, Served, Target, cases
from qwensim.contract.session import Session
from qwensim.server import serve
from qwensim.simulator import Simulator, TaskPace

CASSETTES = Path(__file__).parents[2] / "cassettes"
DEFAULT_TARGETS = ("fake", "served", "cassettes", "gateway")


class Gateways:
    """A gateway in the place of each host, at a base URL of its own."""

    name = "gateway"

    def __init__(self, catalog: Catalog, base_urls: Mapping[str, str]) -> None:
        self.catalog = catalog
        self._gateways = {
            host.name: Gateway(base_urls[host.name], key=FAKE_KEYS[host.plan], catalog=catalog)
            for host in catalog.hosts.values()
        }

    def obstacle(self, case: Case, host: HostRow) -> str | None:
        return self._gateways[host.name].obstacle(case, host)

    def session(self, case: Case, host: HostRow) -> AbstractContextManager[Session]:
        return self._gateways[host.name].session(case, host)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load()


def _behind(catalog: Catalog) -> Simulator:
    """What the gateway passes on to: there nobody waits for a task, who really would wait."""
    return Simulator(catalog=catalog, task_pace=TaskPace(polls=1))


@pytest.fixture(scope="session")
def targets(catalog: Catalog) -> Iterator[dict[str, Target]]:
    """The targets by name; the served fake stops at the end."""
    with Served(catalog) as served, serve(_behind(catalog)) as behind:
        everything: tuple[Target, ...] = (
            Fake(catalog),
            served,
            Cassettes(CASSETTES, catalog),
            Gateways(catalog, behind.base_urls),
            Live(catalog),
        )
        yield {target.name: target for target in everything}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"case", "host", "target"} <= set(metafunc.fixturenames):
        names = metafunc.config.getoption("--qwensim-target") or DEFAULT_TARGETS
        catalog = load()
        metafunc.parametrize(
            ("case", "host", "target"),
            [
                pytest.param(case, host, name, id=f"{case.id}-{host}-{name}")
                for name in dict.fromkeys(names)
                for case in cases()
                for host in case.hosts(catalog)
            ],
        )
