"""Recordings of both kinds, and the drafts made from them."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from qwensim.cli.request_log import JournalFile
from qwensim.scenarios import Result, Scenario, Source, reproduce, scenario_of
from qwensim.scenarios.drafting import Draft
from qwensim.simulator import Entry, Simulator
from qwensim.transport import transport

STANDARD = "dashscope-intl.aliyuncs.com"
CODING = "coding-intl.dashscope.aliyuncs.com"
CHAT = f"https://{STANDARD}/compatible-mode/v1/chat/completions"
PLAN_CHAT = f"https://{CODING}/v1/chat/completions"
KEY = "sk-not-a-real-key"
PLAN_KEY = "sk-sp-not-a-real-key"

Cassette = Callable[..., Path]

BODY: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "Hello"}],
}


def _drafted(made: Draft) -> Scenario:
    return scenario_of(Source(id="draft", name="draft", text=made.text))


def _played(made: Draft) -> Result:
    """Play a draft, which must reproduce."""
    result = reproduce(_drafted(made))
    assert result.as_expected, [finding for finding in result.findings if not finding.holds]
    return result


@pytest.fixture
def cassette(tmp_path: Path) -> Cassette:
    """Write a cassette as vcrpy does, with nothing taken out."""

    def write(*interactions: dict[str, Any]) -> Path:
        path = tmp_path / "cassette.yaml"
        document = {"version": 1, "interactions": [*interactions]}
        path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
        return path

    return write


def _interaction(
    asked: Any = BODY,
    *,
    method: str = "POST",
    url: str = CHAT,
    headers: dict[str, str] | None = None,
    status: int = 200,
    body: Any = None,
    answer: str | None = None,
    kind: str = "application/json",
    moment: str | None = None,
    arrived: int | None = None,
) -> dict[str, Any]:
    """Return an exchange; `body` is the answer's JSON or text, `answer` its text."""
    content = answer if answer is not None else body
    told: dict[str, list[str]] = {"content-type": [kind]}
    if moment is not None:
        told["date"] = [moment]
    if arrived is not None:
        told["req-arrive-time"] = [str(arrived)]
    return {
        "request": {
            "method": method,
            "uri": url,
            "headers": {
                name: [value]
                for name, value in {
                    "user-agent": "me",
                    "authorization": f"Bearer {KEY}",
                    **(headers or {}),
                }.items()
            },
            "body": asked if isinstance(asked, str | None) else json.dumps(asked),
        },
        "response": {
            "status": {"code": status, "message": "Whatever"},
            "headers": told,
            "body": {"string": content if isinstance(content, str) else json.dumps(content)},
        },
    }


def _keep(simulator: Simulator, path: Path) -> None:
    """Have the entries to come written to a file, as the commands do."""

    def write(entry: Entry) -> None:
        with closing(JournalFile(path)) as file:
            file(entry)

    simulator.journal.listen(write)


def _journal(simulator: Simulator, requests: list[str], folder: Path) -> Path:
    """Make requests, one after the other whatever comes of them, and return the journal file."""
    path = folder / "journal.jsonl"
    path.unlink(missing_ok=True)
    _keep(simulator, path)
    client = httpx2.Client(transport=transport(simulator, httpx2), timeout=60)
    task = "1f0c8e9a"
    for number, name in enumerate(requests):
        method, url, key, body, headers = _request(name, task)
        body = body and {**body, "seed": number} if name in ("whole", "stream") else body
        sent = {"authorization": f"Bearer {key}", **headers}
        try:
            answer = client.request(method, url, headers=sent, json=body)
        except httpx2.TransportError:
            continue
        if name == "video":
            task = answer.json()["output"]["task_id"]
    return path


def _request(name: str, task: str) -> tuple[str, str, str, Any, dict[str, str]]:
    api = f"https://{STANDARD}/api/v1"
    video = {"model": "wan2.6-t2v", "input": {"prompt": "A cat."}, "parameters": {"duration": 5}}
    order = f"{api}/services/aigc/video-generation/video-synthesis"
    known: dict[str, tuple[str, str, str, Any, dict[str, str]]] = {
        "whole": ("POST", CHAT, KEY, BODY, {}),
        "stream": ("POST", CHAT, KEY, {**BODY, "stream": True}, {}),
        "bad": ("POST", CHAT, KEY, {**BODY, "temperature": 9}, {}),
        "list": ("GET", f"https://{STANDARD}/compatible-mode/v1/models", KEY, None, {}),
        "nowhere": ("GET", f"https://{STANDARD}/v2/?a=b", KEY, None, {}),
        "key": ("POST", CHAT, PLAN_KEY, BODY, {}),
        "plan": ("POST", PLAN_CHAT, PLAN_KEY, {**BODY, "model": "qwen3.5-plus"}, {}),
        "task": ("GET", f"{api}/tasks/{task}", KEY, None, {}),
        "poll": ("GET", f"{api}/tasks/{task}", KEY, None, {}),
        "video": ("POST", order, KEY, video, {"x-dashscope-async": "enable"}),
    }
    return known[name]


@pytest.fixture(scope="session")
def interaction() -> Callable[..., dict[str, Any]]:
    """Make an exchange of a cassette."""
    return _interaction


@pytest.fixture(scope="session")
def played() -> Callable[[Draft], Result]:
    """Play a draft, which must reproduce."""
    return _played


@pytest.fixture(scope="session")
def drafted() -> Callable[[Draft], Scenario]:
    """Read a draft."""
    return _drafted


@pytest.fixture(scope="session")
def keep() -> Callable[[Simulator, Path], None]:
    """Have the entries to come written to a file, as the commands do."""
    return _keep


@pytest.fixture(scope="session")
def journal() -> Callable[[Simulator, list[str], Path], Path]:
    """Make requests, and return the journal file."""
    return _journal
