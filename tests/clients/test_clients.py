"""Other people's clients under the real host names, unchanged, through `qwensim run`."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog import load

PROGRAMS = Path(__file__).parent / "programs"
STANDARD, CODING = (
    [name for name, host in load().hosts.items() if host.plan == plan]
    for plan in ("standard", "coding")
)
OF_STANDARD = {"MODEL": "qwen-plus", "WRONG_KEY": "sk-sp-0123456789"}


def expect(run: Any, told: Any, *, refusals: list[list[Any]], agent: str, host: str) -> None:
    """See that a client was told the right things, and that the fake was asked by that client."""
    assert told["chat"] == told["stream"] != ""
    counted = [entry.usage for entry in run.entries if entry.usage]
    assert told["usage"] == [usage["prompt"] + usage["completion"] for usage in counted]
    assert [told["unknown"], told["wrong key"]] == refusals
    assert [entry.status for entry in run.entries] == [200, 200, 404, 401]
    assert [entry.error for entry in run.entries] == [None, None, "unknown-model", "wrong-key"]
    assert {entry.host for entry in run.entries} == {host}
    for entry in run.entries:
        assert dict(entry.headers)["user-agent"].startswith(agent)
    assert f"refused: qwen-nope on {host}: The model `qwen-nope` does not exist" in run.err


OF_OPENAI = [
    ["NotFoundError", 404, "model_not_found"],
    ["AuthenticationError", 401, "invalid_api_key"],
]


@pytest.mark.parametrize("host", STANDARD)
def test_openai_for_python(run: Callable[..., Any], host: str) -> None:
    done = run(sys.executable, "with_openai.py", host=host, **OF_STANDARD)
    agent = f"OpenAI/Python {version('openai')}"
    expect(done, done.told, refusals=OF_OPENAI, agent=agent, host=host)


@pytest.mark.parametrize("host", CODING)
def test_openai_for_python_on_the_coding_plan(run: Callable[..., Any], host: str) -> None:
    wrong = "sk-0123456789"
    done = run(sys.executable, "with_openai.py", host=host, MODEL="qwen3.5-plus", WRONG_KEY=wrong)
    assert done.told["chat"] == done.told["stream"] != ""
    assert done.told["unknown"][:2] == ["BadRequestError", 400]
    assert done.told["wrong key"][:2] == ["AuthenticationError", 401]
    assert [entry.status for entry in done.entries] == [200, 200, 400, 401]
    assert {entry.host for entry in done.entries} == {host}


@pytest.mark.e2e
def test_openai_2_for_python(run: Callable[..., Any], python_with_openai_2: str) -> None:
    done = run(python_with_openai_2, "with_openai.py", host=STANDARD[0], **OF_STANDARD)
    expect(done, done.told, refusals=OF_OPENAI, agent="OpenAI/Python 2.", host=STANDARD[0])


@pytest.mark.e2e
def test_openai_for_node(run: Callable[..., Any], node: str) -> None:
    done = run(node, str(beside(node, "with_openai.mjs")), host=STANDARD[0])
    expect(done, done.told, refusals=OF_OPENAI, agent="OpenAI/JS 7.", host=STANDARD[0])


@pytest.mark.e2e
def test_fetch_of_node(run: Callable[..., Any], node: str) -> None:
    done = run(node, "with_fetch.mjs", host=STANDARD[0])
    refusals = [["Not Found", 404, "model_not_found"], ["Unauthorized", 401, "invalid_api_key"]]
    expect(done, done.told, refusals=refusals, agent="node", host=STANDARD[0])


def beside(node: str, name: str) -> Path:
    """Copy a program to where Node finds the packages that it imports."""
    folder = Path(node).parents[3]
    return Path(shutil.copy(PROGRAMS / name, folder / name))


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
@pytest.mark.parametrize("host", STANDARD)
def test_curl(run: Callable[..., Any], host: str) -> None:
    done = run("sh", "with_curl.sh", host=host)
    pieces = re.split(r"\n(\d{3})\n", done.out)
    assert pieces[1::2] == ["200", "200", "404", "401"]
    chat, _, unknown, wrong_key = [
        json.loads(piece) if piece.startswith("{") else {} for piece in pieces[:-1:2]
    ]
    chunks = [json.loads(line[6:]) for line in pieces[2].splitlines() if line.startswith("data: {")]
    told = {
        "chat": chat["choices"][0]["message"]["content"],
        "stream": "".join(
            chunk["choices"][0]["delta"].get("content") or ""
            for chunk in chunks
            if chunk["choices"]
        ),
        "usage": [chat["usage"]["total_tokens"], chunks[-1]["usage"]["total_tokens"]],
        "unknown": unknown["error"]["code"],
        "wrong key": wrong_key["error"]["code"],
    }
    refusals: Any = ["model_not_found", "invalid_api_key"]
    expect(done, told, refusals=refusals, agent="curl/", host=host)


@pytest.mark.parametrize("how", ["ask", "async"])
@pytest.mark.parametrize("host", STANDARD)
def test_dashscope(run: Callable[..., Any], how: str, host: str) -> None:
    done = run(sys.executable, "with_dashscope.py", how, host=host)
    told = done.told
    assert told["chat"] == told["stream"] != ""
    counted = [entry.usage for entry in done.entries if entry.usage]
    assert told["usage"] == [usage["prompt"] + usage["completion"] for usage in counted]
    assert told["unknown"] == [400, "InvalidParameter", "Model not exist."]
    assert told["wrong key"] == [401, "InvalidApiKey", "Invalid API-key provided."]
    assert [entry.status for entry in done.entries] == [200, 200, 400, 401]
    assert {(entry.method, entry.host) for entry in done.entries} == {("POST", host)}
    for entry in done.entries:
        assert dict(entry.headers)["user-agent"].startswith(f"dashscope/{version('dashscope')}")


@pytest.mark.parametrize("host", STANDARD)
def test_a_video_of_dashscope_is_made_and_fetched(run: Callable[..., Any], host: str) -> None:
    done = run(sys.executable, "with_dashscope.py", "make_video", host=host)
    assert done.told == {"status": "SUCCEEDED", "type": "video/mp4", "kind": "ftyp"}
    submitted, *polls, fetched = done.entries
    assert (submitted.method, submitted.model) == ("POST", "wan2.6-t2v")
    assert len(polls) >= 1
    assert {(entry.method, entry.host) for entry in polls} == {("GET", host)}
    assert fetched.host in load().asset_hosts
