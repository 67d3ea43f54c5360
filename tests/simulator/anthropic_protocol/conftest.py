"""Requests in the Anthropic protocol, and the events of its streams."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Simulator

PATH = "/apps/anthropic/v1/messages"


def _events_of(reply: Any) -> list[tuple[str, Any]]:
    """The events of a stream that is framed as by the service, without spaces."""
    *frames, rest = reply.body.decode().split("\n\n")
    assert rest == ""
    events = []
    for frame in frames:
        found = re.fullmatch(r"event:(\w+)\ndata:(.*)", frame)
        assert found is not None, frame
        events.append((found[1], json.loads(found[2])))
    return events


@pytest.fixture(scope="session")
def ask(send: Callable[..., Any]) -> Callable[..., Any]:
    """Send a request for a message; with `spoken`, of these messages."""

    def asked(simulator: Simulator, /, text: Any = "Hi", **options: Any) -> Any:
        spoken = options.pop("spoken", [{"role": "user", "content": text}])
        options = {"path": PATH, "model": "qwen3.5-plus", "max_tokens": 4096, **options}
        return send(simulator, messages=spoken, **options)

    return asked


@pytest.fixture(scope="session")
def events_of() -> Callable[[Any], list[tuple[str, Any]]]:
    """Return the events of a stream."""
    return _events_of
