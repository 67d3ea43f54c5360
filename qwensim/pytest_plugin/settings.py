"""What is configured for a test, and the fake that it gets: fixtures for the fixtures."""

# ruff: noqa: D401, PLC0415 - a fixture is what it returns; imports are made when they are used

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qwensim.pytest_plugin import OF_THE_MARKER, PASSED

if TYPE_CHECKING:
    from qwensim.catalog import Catalog
    from qwensim.catalog.rows import HostRow
    from qwensim.fake import Fake, Settings
    from qwensim.recording import Record
    from qwensim.scenarios import Scenario
    from qwensim.simulator import Simulator, TaskPace


@pytest.fixture
def _qwensim_asked(request: pytest.FixtureRequest, qwensim_config: Mapping[str, Any]) -> "Settings":
    """What ini file, configuration and markers say."""
    from qwensim.fake import Settings

    ini = request.config.getini
    with told_plainly():
        settings = Settings().changed(
            {
                "seed": _seed(ini("qwensim_seed")),
                "strict": ini("qwensim_strict"),
                "allow": ini("qwensim_allow_hosts"),
                "task_pace": _task_pace(ini("qwensim_task_pace")),
                "limits": ini("qwensim_limits"),
                "client_check": ini("qwensim_client_check"),
            },
            where="ini options of qwensim",
        )
        settings = settings.changed(qwensim_config, where="qwensim_config")
        for marker in reversed([*request.node.iter_markers("qwensim")]):
            if marker.args:
                pytest.fail("the marker qwensim takes its arguments by name", pytrace=False)
            settings = settings.changed(marker.kwargs, where="marker qwensim", may=OF_THE_MARKER)
        return settings


@pytest.fixture
def _qwensim_scenario(
    request: pytest.FixtureRequest, _qwensim_asked: "Settings"
) -> "Scenario | None":
    """The support issue whose service is asked for."""
    if _qwensim_asked.scenario is None:
        return None
    from qwensim.scenarios import read

    with told_plainly():
        return read(_qwensim_asked.scenario, folder=request.path.parent)


@pytest.fixture
def _qwensim_settings(
    _qwensim_asked: "Settings", _qwensim_scenario: "Scenario | None"
) -> "Settings":
    if _qwensim_scenario is None:
        return _qwensim_asked
    from qwensim.scenarios import accounts_of

    said = {
        "accounts": accounts_of(_qwensim_scenario),
        "limits": _qwensim_scenario.limits,
        "client_check": _qwensim_scenario.client_check,
    }
    return _qwensim_asked.changed(said, where="scenario")


@pytest.fixture
def _qwensim_host(_qwensim_settings: "Settings", qwensim_catalog: "Catalog") -> "HostRow":
    with told_plainly():
        return qwensim_catalog.host_of(_qwensim_settings.plan, _qwensim_settings.region)


@pytest.fixture
def _qwensim_cassette(request: pytest.FixtureRequest, _qwensim_settings: "Settings") -> Path | None:
    if _qwensim_settings.cassette is None:
        return None
    path = request.path.parent / "cassettes" / _qwensim_settings.cassette
    if record_mode(request.config) == "none" and not path.exists():
        pytest.fail(f"no cassette {path}: record it with --qwensim-record=once", pytrace=False)
    return path


@pytest.fixture
def _qwensim_played(request: pytest.FixtureRequest, _qwensim_cassette: Path | None) -> bool:
    """Whether a cassette answers in the fake's stead."""
    if _qwensim_cassette is None:
        return False
    from qwensim.mocking import plays

    return plays(_qwensim_cassette, record_mode(request.config))


@pytest.fixture
def _qwensim_fake(
    request: pytest.FixtureRequest,
    qwensim_simulator: "Simulator",
    _qwensim_settings: "Settings",
    _qwensim_played: bool,  # noqa: FBT001 - a fixture
) -> "Iterator[Fake]":
    """The fake of one test, judged at its end, when whatever uses it is torn down."""
    from qwensim.fake import Fake

    with told_plainly():
        fake = Fake(
            qwensim_simulator, strict=_qwensim_settings.strict, allow=_qwensim_settings.allow
        )
    yield fake
    if passed(request) and not _qwensim_played and (problems := fake.problems()):
        pytest.fail("\n".join(problems), pytrace=False)


@contextlib.contextmanager
def told_plainly() -> Iterator[None]:
    """Fail the test with the message alone where it or its project made a mistake."""
    from qwensim.errors import QwensimError

    try:
        yield
    except (AssertionError, QwensimError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def passed(request: pytest.FixtureRequest) -> bool:
    """Return whether the test itself has passed."""
    outcome: bool = request.node.stash.get(PASSED, False)
    return outcome


def record_mode(config: pytest.Config) -> "Record":
    """Return what the command line says of recordings."""
    record: Record = config.getoption("--qwensim-record")
    return record


def _seed(text: str) -> int:
    from qwensim.errors import UsageError

    try:
        return int(text)
    except ValueError:
        raise UsageError(f"ini option qwensim_seed: no whole number: {text!r}") from None


def _task_pace(name: str) -> "TaskPace | None":
    from qwensim.errors import UsageError
    from qwensim.simulator import TASK_PACES

    if name and name not in TASK_PACES:
        known = ", ".join(TASK_PACES)
        raise UsageError(f"ini option qwensim_task_pace: no {name!r}; there are: {known}")
    return TASK_PACES.get(name)


def key_of(settings: "Settings", host: "HostRow") -> str:
    """Return the key of the first account that fits the host, or a fake one."""
    from qwensim.catalog.keys import FAKE_KEYS

    for account in settings.accounts:
        if account.plan == host.plan and account.region in (None, host.region):
            return account.key
    return FAKE_KEYS[host.plan]
