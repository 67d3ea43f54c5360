"""The pytest plugin: the fake as fixtures.

    qwensim          the fake under the real host names, in process (httpx2, httpx)
    qwensim_server   the fake behind a loopback socket, with the environment pointing at it
    qwen_provider    a provider client for whichever of the two the test uses

Override to configure: `qwensim_config`, `qwensim_catalog`, `qwensim_simulator`. What the ini file
says is overruled by `qwensim_config`, and that by `@pytest.mark.qwensim(…)`.

It is loaded in every pytest run of its environment, so it imports the rest when a fixture is used.
"""

# ruff: noqa: D401, PLC0415 - a fixture is what it returns; imports are made when they are used

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    import httpx2

    from qwensim.catalog import Catalog
    from qwensim.catalog.rows import HostRow
    from qwensim.fake import Fake, ServedFake, Settings
    from qwensim.provider import QwenProvider
    from qwensim.recording import Record
    from qwensim.simulator import Simulator

_PASSED: Final = pytest.StashKey[bool]()

_OF_THE_MARKER: Final = ("cassette", "strict", "plan", "region", "accounts")

_BASE_URLS: Final = {
    "DASHSCOPE_HTTP_BASE_URL": "/api/v1",
    "ANTHROPIC_BASE_URL": "/apps/anthropic",
}
"""The variables that clients of the service's other surfaces read, and those surfaces' paths."""

_KEYS: Final = ("QWEN_API_KEY", "OPENAI_API_KEY", "DASHSCOPE_API_KEY", "ANTHROPIC_API_KEY")


class _TestFailedError(Exception):
    """Tells a cassette that its test failed: it is not judged on top of that, nor recorded."""


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
    parser.addini("qwensim_catalog", "TOML files laid over the bundled facts", "paths", default=[])
    parser.addini("qwensim_allow_hosts", "hosts that tests may connect to", "args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"qwensim({'=…, '.join(_OF_THE_MARKER)}=…): configure the qwensim fixtures, and use one",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a marked test the fixture, or else it would ask the real service."""
    names = getattr(item, "fixturenames", None)
    if names is None or item.get_closest_marker("qwensim") is None:
        return
    if not {"qwensim", "qwensim_server"} & set(names):
        names.insert(0, "qwensim")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test itself passed."""
    report = yield
    if call.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture(scope="session")
def qwensim_config() -> Mapping[str, Any]:
    """Settings of the fixtures, to be overridden.

    A mapping with any of seed, strict, allow, accounts, plan, region, cassette.
    """
    return {}


@pytest.fixture(scope="session")
def qwensim_catalog(pytestconfig: pytest.Config) -> "Catalog":
    """The facts: the bundled ones with the files of the ini option qwensim_catalog over them."""
    from qwensim.catalog import load

    with _told_plainly():
        return load(*pytestconfig.getini("qwensim_catalog"))


@pytest.fixture
def qwensim_simulator(_qwensim_settings: "Settings", qwensim_catalog: "Catalog") -> "Simulator":
    """The service that both `qwensim` and `qwensim_server` put before a test."""
    from qwensim.simulator import Simulator

    with _told_plainly():
        return Simulator(
            catalog=qwensim_catalog,
            seed=_qwensim_settings.seed,
            accounts=_qwensim_settings.accounts,
        )


@pytest.fixture
def qwensim(
    request: pytest.FixtureRequest,
    _qwensim_fake: "Fake",
    _qwensim_cassette: Path | None,
    _qwensim_played: bool,  # noqa: FBT001 - a fixture
) -> "Iterator[Fake]":
    """The fake under the real host names, in process, for clients on httpx2 and httpx.

    Requests to other hosts are refused unless allowed. Scripts that were not used up and refused
    hosts fail a test that passed; with strict so does a reply that no script gave.
    """
    from qwensim.mocking import intercept, recorded

    with (
        _told_plainly(),
        intercept(_qwensim_fake),
        contextlib.suppress(_TestFailedError),
        recorded(_qwensim_fake, _qwensim_cassette, _record(request.config)),
    ):
        yield _qwensim_fake
        if not _passed(request) or (_qwensim_fake.problems() and not _qwensim_played):
            raise _TestFailedError


@pytest.fixture
def qwensim_server(
    request: pytest.FixtureRequest,
    _qwensim_fake: "Fake",
    _qwensim_settings: "Settings",
    _qwensim_host: "HostRow",
) -> "Iterator[ServedFake]":
    """The fake behind a loopback socket, for other processes and for any client.

    Has `url` and `base_urls`, and what `qwensim` has. While it is there, the variables with the
    base URLs and keys of the openai, dashscope and anthropic clients point at it.
    """
    from qwensim.fake import ServedFake
    from qwensim.server import serve

    if _qwensim_settings.cassette is not None and "qwensim" not in request.fixturenames:
        pytest.fail("a cassette plays in process: use the fixture qwensim for it", pytrace=False)
    with (
        serve(_qwensim_fake.simulator, region=_qwensim_settings.region) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        _qwensim_fake.allow("127.0.0.1")
        name = _qwensim_host.name
        patch.setenv("OPENAI_BASE_URL", server.base_urls[name])
        for variable, path in _BASE_URLS.items():
            patch.setenv(variable, f"{server.url}/{name}{path}")
        for variable in _KEYS:
            patch.setenv(variable, _key(_qwensim_settings, _qwensim_host))
        yield ServedFake(
            _qwensim_fake.simulator,
            strict=_qwensim_settings.strict,
            url=server.url,
            base_urls=server.base_urls,
        )


@pytest.fixture
def qwen_provider(
    request: pytest.FixtureRequest,
    _qwensim_settings: "Settings",
    _qwensim_host: "HostRow",
    qwensim_catalog: "Catalog",
) -> "Iterator[QwenProvider]":
    """A provider client with a key that works, on the host of the plan and region.

    It asks the server if the test uses `qwensim_server`, and else `qwensim`. Its retries wait in
    virtual time.
    """
    import random

    import httpx2

    from qwensim.provider import QwenProvider

    served = "qwensim_server" in request.fixturenames
    fake = request.getfixturevalue("qwensim_server" if served else "qwensim")
    # The provider knows by the host's name what it talks to, so that stays as it is.
    hooks = [_redirect_to(fake.url)] if served else []
    with (
        httpx2.Client(event_hooks={"request": hooks}, trust_env=False) as client,
        QwenProvider(
            base_url=_qwensim_host.base_url,
            api_key=_key(_qwensim_settings, _qwensim_host),
            catalog=qwensim_catalog,
            http_client=client,
            sleep=fake.advance,
            jitter=random.Random(_qwensim_settings.seed).random,
        ) as provider,
    ):
        yield provider


@pytest.fixture
def _qwensim_settings(
    request: pytest.FixtureRequest, qwensim_config: Mapping[str, Any]
) -> "Settings":
    from qwensim.fake import Settings

    ini = request.config.getini
    with _told_plainly():
        settings = Settings().changed(
            {
                "seed": _seed(ini("qwensim_seed")),
                "strict": ini("qwensim_strict"),
                "allow": ini("qwensim_allow_hosts"),
            },
            where="ini options of qwensim",
        )
        settings = settings.changed(qwensim_config, where="qwensim_config")
        for marker in reversed([*request.node.iter_markers("qwensim")]):
            if marker.args:
                pytest.fail("the marker qwensim takes its arguments by name", pytrace=False)
            settings = settings.changed(marker.kwargs, where="marker qwensim", may=_OF_THE_MARKER)
        return settings


@pytest.fixture
def _qwensim_host(_qwensim_settings: "Settings", qwensim_catalog: "Catalog") -> "HostRow":
    with _told_plainly():
        return qwensim_catalog.host_of(_qwensim_settings.plan, _qwensim_settings.region)


@pytest.fixture
def _qwensim_cassette(request: pytest.FixtureRequest, _qwensim_settings: "Settings") -> Path | None:
    if _qwensim_settings.cassette is None:
        return None
    path = request.path.parent / "cassettes" / _qwensim_settings.cassette
    if _record(request.config) == "none" and not path.exists():
        pytest.fail(f"no cassette {path}: record it with --qwensim-record=once", pytrace=False)
    return path


@pytest.fixture
def _qwensim_played(request: pytest.FixtureRequest, _qwensim_cassette: Path | None) -> bool:
    """Whether a cassette answers in the fake's stead."""
    if _qwensim_cassette is None:
        return False
    from qwensim.mocking import plays

    return plays(_qwensim_cassette, _record(request.config))


@pytest.fixture
def _qwensim_fake(
    request: pytest.FixtureRequest,
    qwensim_simulator: "Simulator",
    _qwensim_settings: "Settings",
    _qwensim_played: bool,  # noqa: FBT001 - a fixture
) -> "Iterator[Fake]":
    """The fake of one test, judged at its end, when whatever uses it is torn down."""
    from qwensim.fake import Fake

    with _told_plainly():
        fake = Fake(
            qwensim_simulator, strict=_qwensim_settings.strict, allow=_qwensim_settings.allow
        )
    yield fake
    if _passed(request) and not _qwensim_played and (problems := fake.problems()):
        pytest.fail("\n".join(problems), pytrace=False)


@contextlib.contextmanager
def _told_plainly() -> Iterator[None]:
    """Fail the test with the message alone where it or its project made a mistake."""
    from qwensim.errors import QwensimError

    try:
        yield
    except (AssertionError, QwensimError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _passed(request: pytest.FixtureRequest) -> bool:
    passed: bool = request.node.stash.get(_PASSED, False)
    return passed


def _record(config: pytest.Config) -> "Record":
    record: Record = config.getoption("--qwensim-record")
    return record


def _seed(text: str) -> int:
    from qwensim.errors import UsageError

    try:
        return int(text)
    except ValueError:
        raise UsageError(f"ini option qwensim_seed: no whole number: {text!r}") from None


def _key(settings: "Settings", host: "HostRow") -> str:
    """Return the key of the first account that fits the host, or a fake one."""
    from qwensim.catalog.keys import FAKE_KEYS

    for account in settings.accounts:
        if account.plan == host.plan and account.region in (None, host.region):
            return account.key
    return FAKE_KEYS[host.plan]


def _redirect_to(url: str) -> "Callable[[httpx2.Request], None]":
    """Return a hook that sends a request to `url` under the Host header that it has."""
    import httpx2

    target = httpx2.URL(url)

    def redirect(request: httpx2.Request) -> None:
        request.url = request.url.copy_with(
            scheme=target.scheme, host=target.host, port=target.port
        )

    return redirect
