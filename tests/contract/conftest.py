"""The contract's cases as tests: one for each case, host and target."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from qwensim.catalog import Catalog, load
from qwensim.contract import Cassettes, Fake, Live, Served, Target, cases

CASSETTES = Path(__file__).parents[2] / "cassettes"
DEFAULT_TARGETS = ("fake", "served", "cassettes")


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load()


@pytest.fixture(scope="session")
def targets(catalog: Catalog) -> Iterator[dict[str, Target]]:
    """The targets by name; the served fake stops at the end."""
    with Served(catalog) as served:
        everything: tuple[Target, ...] = (
            Fake(catalog),
            served,
            Cassettes(CASSETTES, catalog),
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
