"""Clients of the anthropic SDK that find the fake: served and in process, sync and async."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anthropic
import httpx2
import pytest

from qwensim.catalog.rows import Plan
from qwensim.server import serve
from qwensim.simulator import Account, Simulator
from qwensim.transport import transport

HOSTS = {"standard": "dashscope-intl.aliyuncs.com", "coding": "coding-intl.dashscope.aliyuncs.com"}
KEYS: dict[Plan, str] = {"standard": "sk-0123456789", "coding": "sk-sp-0123456789"}


def _asking(text: Any = "Hello!", /, **options: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": "qwen3.5-plus", "max_tokens": 4096, "messages": messages, **options}


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(accounts=[Account(key=key, plan=plan) for plan, key in KEYS.items()])


@pytest.fixture(params=["in process", "served"])
def root(simulator: Simulator, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the fake is reached: its own address, or nothing where it is in process."""
    if request.param == "served":
        with serve(simulator) as server:
            yield server.url
    else:
        yield ""


def _settings(root: str, plan: Plan = "standard") -> dict[str, Any]:
    base = f"{root}/apps/anthropic" if root else f"https://{HOSTS[plan]}/apps/anthropic"
    return {"api_key": KEYS[plan], "base_url": base, "max_retries": 0}


@pytest.fixture
def client(simulator: Simulator, root: str) -> Iterator[anthropic.Anthropic]:
    own: dict[str, Any] = {}
    if not root:
        own = {"http_client": httpx2.Client(transport=transport(simulator, httpx2))}
    with anthropic.Anthropic(**_settings(root), **own) as made:
        yield made


@pytest.fixture
async def async_client(simulator: Simulator, root: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    own: dict[str, Any] = {}
    if not root:
        own = {"http_client": httpx2.AsyncClient(transport=transport(simulator, httpx2))}
    async with anthropic.AsyncAnthropic(**_settings(root), **own) as made:
        yield made


@pytest.fixture(scope="session")
def asking() -> Callable[..., dict[str, Any]]:
    """Return the arguments of a request for a message."""
    return _asking


@pytest.fixture(scope="session")
def settings() -> Callable[..., dict[str, Any]]:
    """Return the arguments of a client that finds the fake at this root."""
    return _settings
