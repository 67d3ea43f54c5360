"""Vectors and an order from the shell, of a served fake."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.completions import embedding_refs
from qwensim.server import Server, serve
from qwensim.simulator import Simulator

HOST = "dashscope-intl.aliyuncs.com"


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Simulator()) as served:
        yield served


@pytest.fixture
def ask(
    qwensim: Callable[..., Any], server: Server, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Run a command against the served fake, with a Standard key."""
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["standard"])
    return lambda *args: qwensim(*args, "--base-url", server.base_urls[HOST])


def test_a_vector_is_a_line_of_json(ask: Any) -> None:
    result = ask("embed", "Hello", "World", "--dimensions", "64")
    assert result.code == 0
    assert [len(json.loads(line)) for line in result.out.splitlines()] == [64, 64]
    assert result.err == "2 of 64 dimensions, 2 tokens\n"


def test_documents_stand_behind_their_scores(ask: Any) -> None:
    result = ask("rerank", "a cat", "Interest rates rose.", "[b]A cat[/b] sat.", "--top", "1")
    assert result.code == 0
    score, document = result.out.rstrip("\n").split("  ", 1)
    assert 0.5 < float(score) < 1
    assert document == "[b]A cat[/b] sat."
    assert result.err.startswith("1 of 2 documents, ")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("embed", "Hello", "--dimensions", "100"), "dimension for embedding"),
        (("rerank", "a cat", "a dog", "--model", "qwen/gte-rerank-v2"), "gte-rerank-v2"),
    ],
)
def test_a_refusal_is_told_and_is_exit_code_1(ask: Any, args: tuple[str, ...], words: str) -> None:
    result = ask(*args)
    assert (result.code, result.out) == (1, "")
    assert words in result.err


def test_a_wrong_request_is_exit_code_2(ask: Any) -> None:
    assert ask("embed", "Hello", "--model", "openai/x").code == 2


def test_models_of_texts_are_completed() -> None:
    refs = embedding_refs()
    assert "qwen/text-embedding-v4" in refs
    assert "qwen/qwen3-vl-embedding" not in refs
