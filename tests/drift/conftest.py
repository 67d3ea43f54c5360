"""Recordings made from the fake's own answers, whole or altered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from qwensim.contract.drift import Finding, drift, read_known
from qwensim.exchange import Chunk, Head, Request
from qwensim.simulator import Simulator

INTL = "dashscope-intl.aliyuncs.com"
CHAT = "/compatible-mode/v1/chat/completions"
KEY = "sk-the-key-of-a-test"
MESSAGES = [{"role": "user", "content": "Where do the boats go?"}]


@dataclass(frozen=True, kw_only=True)
class Tape:
    """One exchange in a form that can be altered and written."""

    method: str = "POST"
    host: str = INTL
    path: str = CHAT
    request_headers: dict[str, str] = field(default_factory=dict)
    request: Any = None
    status: int
    headers: dict[str, str]
    body: str

    @property
    def events(self) -> list[Any]:
        """The JSON of the frames of a stream, without the `[DONE]`."""
        frames = [frame.removeprefix("data: ") for frame in self.body.split("\n\n") if frame]
        return [json.loads(frame) for frame in frames if frame != "[DONE]"]

    def streaming(self, events: list[Any]) -> "Tape":
        frames = [json.dumps(event) for event in events] + ["[DONE]"]
        return replace(self, body="".join(f"data: {frame}\n\n" for frame in frames))

    def saying(self, alter: Callable[[Any], object]) -> "Tape":
        """Return the tape with its JSON body altered in place."""
        body = json.loads(self.body)
        alter(body)
        return replace(self, body=json.dumps(body))

    def interaction(self) -> dict[str, Any]:
        return {
            "request": {
                "method": self.method,
                "uri": f"https://{self.host}{self.path}",
                "headers": {name: [value] for name, value in self.request_headers.items()},
                "body": None if self.request is None else json.dumps(self.request),
            },
            "response": {
                "status": {"code": self.status, "message": "-"},
                "headers": {name: [value] for name, value in self.headers.items()},
                "body": {"string": self.body},
            },
        }


def _record(
    request: Any = None,
    *,
    key: str | None = KEY,
    headers: Mapping[str, str] = MappingProxyType({}),
    **place: Any,
) -> Tape:
    """Ask a fake, and return what was said."""
    simulator = Simulator()
    for script in place.pop("scripts", ()):
        simulator.script(**script)
    for account in place.pop("accounts", ()):
        simulator.account(**account)
    sent = {"user-agent": "test/1", **headers}
    if key is not None:
        sent["authorization"] = f"Bearer {key}"
    blank = Tape(status=0, headers={}, body="", request=request, request_headers=sent, **place)
    events = list(
        simulator.handle(
            Request(
                method=blank.method,
                host=blank.host,
                path=blank.path,
                headers=tuple(sent.items()),
                body=b"" if request is None else json.dumps(request).encode(),
            )
        )
    )
    head = next(event for event in events if isinstance(event, Head))
    body = b"".join(event.data for event in events if isinstance(event, Chunk))
    return replace(blank, status=head.status, headers=dict(head.headers), body=body.decode())


def _chat(model: str = "qwen3-max", **fields: Any) -> dict[str, Any]:
    return {"model": model, "messages": MESSAGES, **fields}


def _put(path: Path, data: Any) -> Path:
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def _write(path: Path, *tapes: Tape) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    interactions = [tape.interaction() for tape in tapes]
    return _put(path, {"version": 1, "interactions": interactions})


def _look(path: Path, **options: Any) -> list[Finding]:
    return list(drift([path], known=read_known([]), **options))


@pytest.fixture
def record() -> Callable[..., Tape]:
    """Ask a fake, and return what was said."""
    return _record


@pytest.fixture
def chat() -> Callable[..., dict[str, Any]]:
    """Make the body of a chat request."""
    return _chat


@pytest.fixture
def write() -> Callable[..., Path]:
    """Write tapes as a vcrpy cassette."""
    return _write


@pytest.fixture(scope="session")
def put() -> Callable[[Path, Any], Path]:
    """Write data as YAML."""
    return _put


@pytest.fixture
def look() -> Callable[..., list[Finding]]:
    """Compare the recordings of a path, known differences of the package aside."""
    return _look


@pytest.fixture
def find(tmp_path: Path) -> Callable[..., Finding]:
    """Compare one tape, written as a vcrpy cassette."""

    def one(tape: Tape, **options: Any) -> Finding:
        [finding] = _look(_write(tmp_path / "tape.yaml", tape), **options)
        return finding

    return one
