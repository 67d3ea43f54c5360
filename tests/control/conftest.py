"""A served simulator and clients of it: one of the service, one of the simulator's controls."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from qwensim.server import serve
from qwensim.simulator import Simulator


@dataclass(frozen=True, kw_only=True)
class Served:
    simulator: Simulator
    client: httpx2.Client
    """Its base URL is that of the server."""

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, fields: Any) -> Any:
        answer = self.client.post(path, json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def delete(self, path: str) -> Any:
        answer = self.client.delete(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, path: str, **sent: Any) -> str:
        """Post what must be refused; return why, as told."""
        answer = self.client.post(path, **sent)
        assert answer.status_code == 400, answer.text
        assert set(answer.json()) == {"error"}
        return str(answer.json()["error"])

    def ask(
        self,
        message: str = "hi",
        *,
        model: str = "qwen3.5-plus",
        host: str = "dashscope.aliyuncs.com",
        **fields: Any,
    ) -> httpx2.Response:
        return self.client.post(
            f"/{host}/compatible-mode/v1/chat/completions",
            json={"model": model, "messages": [{"role": "user", "content": message}], **fields},
            headers={"authorization": "Bearer sk-0123456789abcdef"},
        )

    def state(self) -> Any:
        """Return all that a request can change."""
        scenario = self.simulator.scenario
        return scenario.scripts, scenario.faults, tuple(self.simulator.journal)


@contextmanager
def _start(simulator: Simulator, **options: Any) -> Iterator[Served]:
    with serve(simulator, **options) as server, httpx2.Client(base_url=server.url) as client:
        yield Served(simulator=simulator, client=client)


@pytest.fixture(scope="session")
def start() -> Callable[..., AbstractContextManager[Served]]:
    return _start


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    with _start(Simulator()) as served:
        yield served


@pytest.fixture
def served(running: Served) -> Served:
    """A simulator without scripts, faults and requests."""
    running.simulator.reset()
    return running
