"""One suite of requests through every adapter: the same status, headers and bytes."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from qwensim.simulator import Fault, Simulator
from qwensim.transport import transport

STANDARD = "dashscope-intl.aliyuncs.com/compatible-mode/v1"
BASES = {
    "dashscope.aliyuncs.com/compatible-mode/v1": "sk-0123456789abcdef",
    STANDARD: "sk-0123456789abcdef",
    "coding.dashscope.aliyuncs.com/v1": "sk-sp-0123456789abcdef",
    "coding-intl.dashscope.aliyuncs.com/v1": "sk-sp-0123456789abcdef",
}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request, what is wrong with it or the service, and how it ends."""

    name: str
    base: str = STANDARD
    path: str = "/chat/completions"
    method: str = "POST"
    body: dict[str, Any] | bytes = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    status: int | None = 200
    broken: bool = False

    def arguments(self) -> dict[str, Any]:
        chat = {
            "model": "qwen3.5-plus",
            "messages": [{"role": "user", "content": "Say hello, 你好"}],
            "enable_thinking": False,
        }
        return {
            "method": self.method,
            "headers": {"authorization": f"Bearer {BASES[self.base]}", **self.headers},
            "content": (
                self.body if isinstance(self.body, bytes) else json.dumps({**chat, **self.body})
            ),
        }


CASES = [
    *(Case(name=f"whole from {base}", base=base) for base in BASES),
    *(Case(name=f"streamed from {base}", base=base, body=STREAM) for base in BASES),
    Case(name="thinking", body={"enable_thinking": True}),
    Case(name="thinking, streamed", body={**STREAM, "enable_thinking": True}),
    Case(name="tool call", body={"tools": [TOOL], "tool_choice": "required"}),
    Case(name="tool call, streamed", body={**STREAM, "tools": [TOOL], "tool_choice": "required"}),
    Case(name="models", path="/models", method="GET", body=b""),
    Case(name="no key", headers={"authorization": ""}, status=401),
    Case(name="wrong key", headers={"authorization": "Bearer sk-sp-0123456789"}, status=401),
    Case(name="unknown model", body={"model": "gpt-4o"}, status=404),
    Case(name="no JSON", body=b"{", status=400),
    Case(name="lone surrogate", body=rb'{"model": "\ud800"}', status=400),
    Case(name="out of range", body={"temperature": 3}, status=400),
    Case(name="out of range, streamed", body={**STREAM, "temperature": 3}, status=400),
    Case(name="unknown path", path="/no%2Fsuch%20path?x=%20y", status=404),
    Case(name="wrong method", method="GET", status=405),
    Case(name="wrong method without a body", method="HEAD", status=405),
    Case(
        name="no client",
        base="coding.dashscope.aliyuncs.com/v1",
        headers={"user-agent": ""},
        status=405,
    ),
    Case(name="internal error", fault=Fault(kind="error"), status=500),
    Case(name="delay", fault=Fault(kind="delay", seconds=0.01)),
    Case(
        name="dropped before the head",
        fault=Fault(kind="drop-before-headers"),
        status=None,
        broken=True,
    ),
    *(
        Case(
            name=f"dropped after {after}",
            body=STREAM,
            fault=Fault(kind="drop", after=after),
            broken=True,
        )
        for after in range(3)
    ),
    Case(
        name="cut in mid-chunk",
        body=STREAM,
        fault=Fault(kind="truncated-chunk", after=1),
        broken=True,
    ),
    Case(name="error in mid-stream", body=STREAM, fault=Fault(kind="error-event", after=1)),
    Case(name="no [DONE]", body=STREAM, fault=Fault(kind="missing-done")),
]


def simulator_for(case: Case) -> Simulator:
    simulator = Simulator(seed=7)
    if case.fault is not None:
        simulator.fault(case.fault)
    return simulator


def in_process(case: Case, call: Any) -> dict[str, Any]:
    carrier = transport(simulator_for(case), call.library)
    outcome = call(carrier, f"https://{case.base}{case.path}", **case.arguments())
    result: dict[str, Any] = outcome.end_to_end()
    return result


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def reference(case: Case, caller: Any) -> dict[str, Any]:
    return in_process(case, caller(library=httpx2, asynchronous=False))


def test_it_ends_as_it_should(case: Case, reference: dict[str, Any]) -> None:
    assert reference["status"] == case.status
    assert (reference["error"] != ("NoneType", "None")) == case.broken
    assert reference["body"] or case.broken or case.method == "HEAD" or case.name == "unknown path"


def test_every_library_gets_the_same(case: Case, reference: dict[str, Any], call: Any) -> None:
    assert in_process(case, call) == reference


def test_a_socket_carries_the_same(
    case: Case, reference: dict[str, Any], served: Any, caller: Any
) -> None:
    service, server = served
    simulator = simulator_for(case)
    service.answer, service.clock = simulator.handle, simulator.clock
    call = caller(library=httpx2, asynchronous=False)
    url = f"{server.url}/{case.base}{case.path}"
    assert call(httpx2.HTTPTransport(), url, **case.arguments()).end_to_end() == reference
