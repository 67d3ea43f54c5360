"""The pytest plugin: the fake as fixtures.

    qwensim          the fake under the real host names, in process (httpx2, httpx)
    qwensim_server   the fake behind a loopback socket, with the environment pointing at it
    qwensim_proxy    the fake under the real host names, behind a proxy (requests, aiohttp, others)
    qwen_provider    a provider client for whichever of them the test uses

Override to configure: `qwensim_config`, `qwensim_catalog`, `qwensim_simulator`. What the ini file
says is overruled by `qwensim_config`, and that by `@pytest.mark.qwensim(…)`.

It is loaded in every pytest run of its environment, so it imports the rest when a fixture is used.
"""

from collections.abc import Generator
from typing import Final

import pytest

pytest_plugins = ("qwensim.pytest_plugin.settings", "qwensim.pytest_plugin.fixtures")

PASSED: Final = pytest.StashKey[bool]()
"""Whether the test itself passed."""

OF_THE_MARKER: Final = (
    "cassette",
    "strict",
    "plan",
    "region",
    "accounts",
    "task_pace",
    "limits",
    "client_check",
    "scenario",
)
"""The settings that can be made at a test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command line option and the ini options."""
    group = parser.getgroup("qwensim", "an offline DashScope")
    group.addoption(
        "--qwensim-record",
        choices=("none", "once", "all"),
        default="none",
        help="cassettes of tests with a qwensim fixture: play them only (none, the default), "
        "record those that are missing (once), or record all anew (all)",
    )
    parser.addini("qwensim_strict", "fail tests for unscripted replies", "bool", default=False)
    parser.addini("qwensim_seed", "the seed of words and ids", "string", default="0")
    parser.addini("qwensim_task_pace", "how long tasks take, by name", "string", default="")
    parser.addini("qwensim_limits", "enforce the service's limits", "bool", default=False)
    parser.addini("qwensim_client_check", "who may use the Coding Plan", "string", default="any")
    parser.addini("qwensim_catalog", "TOML files laid over the bundled facts", "paths", default=[])
    parser.addini("qwensim_allow_hosts", "hosts that tests may connect to", "args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"qwensim({'=…, '.join(OF_THE_MARKER)}=…): configure the qwensim fixtures, and use one",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a marked test the fixture, or else it would ask the real service."""
    names = getattr(item, "fixturenames", None)
    if names is None or item.get_closest_marker("qwensim") is None:
        return
    if not {"qwensim", "qwensim_server", "qwensim_proxy"} & set(names):
        names.insert(0, "qwensim")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test itself passed."""
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report
