"""Requests, ready-made answers and the figures that the benches compare."""

import json
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from qwensim.transport import transport

SERVERS = runpy.run_path(str(Path(__file__).with_name("servers.py")))
SURFACES = runpy.run_path(str(Path(__file__).with_name("surfaces.py")))["SURFACES"]
HOST = "dashscope-intl.aliyuncs.com"
KEY = "sk-0123456789abcdef"


def body_of(number: int, *, stream: bool) -> dict[str, Any]:
    """Return a request unlike all others."""
    body: dict[str, Any] = {
        "model": "qwen3-max",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": f"Tell me something about harbour number {number}."},
        ],
        "stream": stream,
    }
    if stream:
        body["stream_options"] = {"include_usage": True}
    return body


def simulated() -> httpx2.MockTransport:
    """Return the transport that is measured."""
    return transport(SERVERS["simulator"](), httpx2)


def answers() -> dict[str, Any]:
    """Return what the simulator answers, whole and streamed: headers and body."""
    with httpx2.Client(transport=simulated()) as client:
        responses = {
            stream: client.post(
                f"https://{HOST}/compatible-mode/v1/chat/completions",
                content=json.dumps(body_of(0, stream=stream)),
                headers={"authorization": f"Bearer {KEY}", "content-type": "application/json"},
            )
            for stream in (False, True)
        }
    return {
        json.dumps(stream): {"headers": response.headers.multi_items(), "body": response.text}
        for stream, response in responses.items()
    }


def canned() -> httpx2.MockTransport:
    """Return a transport that sends the same bytes, ready-made."""
    ready = {
        stream == "true": (answer["headers"], answer["body"].encode())
        for stream, answer in answers().items()
    }

    def handle(request: httpx2.Request) -> httpx2.Response:
        headers, body = ready[b'"stream":true' in request.content]
        return httpx2.Response(200, headers=headers, content=body)

    return httpx2.MockTransport(handle)


@pytest.fixture(scope="session")
def make_transport() -> dict[str, Callable[[], httpx2.MockTransport]]:
    return {"canned": canned, "simulated": simulated}


@pytest.fixture(scope="session")
def surfaces() -> Mapping[str, Any]:
    """The surfaces, by name, and what is sent to each."""
    return cast("Mapping[str, Any]", SURFACES)


@pytest.fixture(scope="session")
def make_body() -> Callable[..., dict[str, Any]]:
    return body_of


@pytest.fixture(scope="session")
def ready_made() -> dict[str, Any]:
    return answers()


@pytest.fixture(scope="session")
def events(ready_made: dict[str, Any]) -> int:
    """How many events the stream has."""
    return int(ready_made["true"]["body"].count("data: "))


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure past pytest's capture."""

    def print_line(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", end="")  # noqa: T201 # figures are what a bench is for

    return print_line
