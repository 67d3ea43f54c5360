"""The fixtures that tests use."""

# ruff: noqa: D401, PLC0415 - a fixture is what it returns; imports are made when they are used

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from qwensim.pytest_plugin.settings import key_of, passed, record_mode, told_plainly

if TYPE_CHECKING:
    import httpx2

    from qwensim.catalog import Catalog
    from qwensim.catalog.rows import HostRow
    from qwensim.fake import Fake, ProxiedFake, ServedFake, Settings
    from qwensim.provider import QwenProvider
    from qwensim.scenarios import Scenario
    from qwensim.simulator import Simulator

_BASE_URLS: Final = {
    "DASHSCOPE_HTTP_BASE_URL": "/api/v1",
    "ANTHROPIC_BASE_URL": "/apps/anthropic",
}
"""The variables that clients of the service's other surfaces read, and those surfaces' paths."""

_KEYS: Final = ("QWEN_API_KEY", "OPENAI_API_KEY", "DASHSCOPE_API_KEY", "ANTHROPIC_API_KEY")


class _TestFailedError(Exception):
    """Tells a cassette that its test failed: it is not judged on top of that, nor recorded."""


@pytest.fixture(scope="session")
def qwensim_config() -> Mapping[str, Any]:
    """Settings of the fixtures, to be overridden.

    A mapping with any of seed, strict, allow, accounts, plan, region, task_pace, limits,
    client_check, cassette, scenario.
    """
    return {}


@pytest.fixture(scope="session")
def qwensim_catalog(pytestconfig: pytest.Config) -> "Catalog":
    """The facts: the bundled ones with the files of the ini option qwensim_catalog over them."""
    from qwensim.catalog import load

    with told_plainly():
        return load(*pytestconfig.getini("qwensim_catalog"))


@pytest.fixture
def qwensim_simulator(
    _qwensim_settings: "Settings",
    _qwensim_scenario: "Scenario | None",
    qwensim_catalog: "Catalog",
) -> "Simulator":
    """The service that both `qwensim` and `qwensim_server` put before a test."""
    from functools import partial

    from qwensim.simulator import Simulator

    make = partial(Simulator, seed=_qwensim_settings.seed)
    task_pace = _qwensim_settings.task_pace
    with told_plainly():
        if _qwensim_scenario is not None:
            from qwensim.scenarios import simulator_of

            return simulator_of(_qwensim_scenario, task_pace=task_pace, make=make)
        return make(
            task_pace=task_pace,
            catalog=qwensim_catalog,
            accounts=_qwensim_settings.accounts,
            limits=_qwensim_settings.limits,
            client_check=_qwensim_settings.client_check,
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
        told_plainly(),
        intercept(_qwensim_fake),
        contextlib.suppress(_TestFailedError),
        recorded(_qwensim_fake, _qwensim_cassette, record_mode(request.config)),
    ):
        yield _qwensim_fake
        if not passed(request) or (_qwensim_fake.problems() and not _qwensim_played):
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
            patch.setenv(variable, key_of(_qwensim_settings, _qwensim_host))
        yield ServedFake(
            _qwensim_fake.simulator,
            strict=_qwensim_settings.strict,
            url=server.url,
            base_urls=server.base_urls,
        )


@pytest.fixture
def qwensim_proxy(
    _qwensim_fake: "Fake",
    _qwensim_settings: "Settings",
    _qwensim_host: "HostRow",
    _qwensim_ca_dir: Path,
) -> "Iterator[ProxiedFake]":
    """The fake under the real host names, behind a proxy, for other processes and any client.

    Has `url`, that of the proxy, and what `qwensim` has. While it is there, the environment leads
    clients to the proxy, has them trust its certificates, and holds keys that work. Asking another
    host fails a test that passed, unless that is allowed.
    """
    from qwensim.fake import ProxiedFake
    from qwensim.pytest_plugin.trust import trust
    from qwensim.running import DIRECT, variables
    from qwensim.server import serve

    simulator = _qwensim_fake.simulator
    region = _qwensim_settings.region
    direct = (*DIRECT, *(host.removeprefix("*") for host in _qwensim_settings.allow))
    with (
        serve(simulator, region=region, proxy=True, ca_dir=_qwensim_ca_dir) as server,
        variables(
            os.environ, proxy=server.url, certificate=server.certificate, direct=direct
        ) as leading,
        pytest.MonkeyPatch.context() as patch,
    ):
        _qwensim_fake.allow("127.0.0.1")
        trust(patch, leading["SSL_CERT_FILE"])
        for variable, value in leading.items():
            patch.setenv(variable, value)
        for variable in _KEYS:
            patch.setenv(variable, key_of(_qwensim_settings, _qwensim_host))
        yield ProxiedFake(simulator, strict=_qwensim_settings.strict, url=server.url)


@pytest.fixture(scope="session")
def _qwensim_ca_dir() -> Iterator[Path]:
    """One authority for all tests: clients keep whom they trust from one to the next."""
    with tempfile.TemporaryDirectory(prefix="qwensim-") as folder:
        yield Path(folder)


@pytest.fixture
def qwen_provider(
    request: pytest.FixtureRequest,
    _qwensim_settings: "Settings",
    _qwensim_host: "HostRow",
) -> "Iterator[QwenProvider]":
    """A provider client with a key that works, on the host of the plan and region.

    It asks what the test uses: `qwensim_server`, `qwensim_proxy`, or else `qwensim`. Its retries
    wait in virtual time.
    """
    import random

    import httpx2

    from qwensim.provider import QwenProvider

    served = "qwensim_server" in request.fixturenames
    proxied = "qwensim_proxy" in request.fixturenames and not served
    fake = request.getfixturevalue(
        "qwensim_server" if served else "qwensim_proxy" if proxied else "qwensim"
    )
    # The provider knows by the host's name what it talks to, so that stays as it is.
    hooks = [_redirect_to(fake.url)] if served else []
    with (
        httpx2.Client(event_hooks={"request": hooks}, trust_env=proxied) as client,
        QwenProvider(
            base_url=_qwensim_host.base_url,
            api_key=key_of(_qwensim_settings, _qwensim_host),
            catalog=fake.simulator.catalog,
            http_client=client,
            sleep=fake.advance,
            jitter=random.Random(_qwensim_settings.seed).random,
        ) as provider,
    ):
        yield provider


def _redirect_to(url: str) -> "Callable[[httpx2.Request], None]":
    """Return a hook that sends a request to `url` under the Host header that it has."""
    import httpx2

    target = httpx2.URL(url)

    def redirect(request: httpx2.Request) -> None:
        request.url = request.url.copy_with(
            scheme=target.scheme, host=target.host, port=target.port
        )

    return redirect
