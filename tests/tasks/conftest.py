"""A client of the native API that speaks to a simulator in process."""

import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from qwensim.exchange import Chunk, Head, Request
from qwensim.simulator import Simulator

CHINA = "dashscope.aliyuncs.com"
ABROAD = "dashscope-intl.aliyuncs.com"
VIDEO = "/api/v1/services/aigc/video-generation/video-synthesis"
KEYFRAMES = "/api/v1/services/aigc/image2video/video-synthesis"
ASYNC = (("x-dashscope-async", "enable"),)


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def output(self) -> Any:
        return self.json["output"]


class Client:
    """Sends requests to one host with one key."""

    def __init__(
        self,
        simulator: Simulator,
        *,
        host: str = CHINA,
        key: str = "sk-0123456789abcdef",
        gateway: str = "",
    ) -> None:
        self.simulator = simulator
        self.host, self.key, self.gateway = host, key, gateway

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: str = "",
        host: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        key: bool = True,
    ) -> Got:
        if key:
            headers = (("authorization", f"Bearer {self.key}"), *headers)
        request = Request(
            method=method,
            host=host or self.host,
            path=path,
            query=query,
            headers=headers,
            body=b"" if body is None else json.dumps(body).encode(),
            gateway=self.gateway,
        )
        events = list(self.simulator.handle(request))
        head = next(event for event in events if isinstance(event, Head))
        content = b"".join(event.data for event in events if isinstance(event, Chunk))
        return Got(head.status, dict(head.headers), content)

    def submit(
        self,
        model: str = "wan2.6-t2v",
        given: Any = None,
        parameters: Any = None,
        *,
        path: str = VIDEO,
        headers: tuple[tuple[str, str], ...] = ASYNC,
    ) -> Got:
        body = {
            "model": model,
            "input": {"prompt": "a cat"} if given is None else given,
            "parameters": parameters or {},
        }
        return self.send("POST", path, body, headers=headers)

    def begin(self, *args: Any, **kwargs: Any) -> str:
        """Submit and return the id of the task."""
        return str(self.submit(*args, **kwargs).output["task_id"])

    def poll(self, task_id: str) -> Got:
        return self.send("GET", f"/api/v1/tasks/{task_id}")

    def state(self, task_id: str) -> str:
        return str(self.poll(task_id).output["task_status"])

    def finish(self, task_id: str) -> Got:
        """Poll until the task is no longer on its way."""
        for _ in range(10):
            got = self.poll(task_id)
            if got.output["task_status"] not in ("PENDING", "RUNNING"):
                return got
        raise AssertionError(f"still {got.output}")

    def make(self, *args: Any, **kwargs: Any) -> Got:
        """Submit a task and return its end."""
        return self.finish(self.begin(*args, **kwargs))

    def cancel(self, task_id: str) -> Got:
        return self.send("POST", f"/api/v1/tasks/{task_id}/cancel")

    def list(self, query: str = "") -> Any:
        return self.send("GET", "/api/v1/tasks", query=query).json

    def fetch(
        self, url: str, *, method: str = "GET", headers: tuple[tuple[str, str], ...] = ()
    ) -> Got:
        """Download without a key."""
        target = urlsplit(url)
        return self.send(
            method,
            target.path,
            host=target.hostname,
            query=target.query,
            headers=headers,
            key=False,
        )


@pytest.fixture(scope="session")
def make_client() -> type[Client]:
    return Client


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def client(simulator: Simulator) -> Client:
    return Client(simulator)
