"""The real openai SDK asks for embeddings and reranking: served, sync and async."""

import asyncio
import math
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from qwensim.server import Server, serve
from qwensim.simulator import Simulator

KEY = "sk-0123456789"
MODEL = "text-embedding-v4"
TEXTS = ["The cat sat on the mat.", "A cat is on the mat.", "Interest rates rose."]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(Simulator()) as served:
        yield served


@pytest.fixture
def settings(server: Server) -> dict[str, Any]:
    return {"base_url": f"{server.url}/compatible-mode/v1", "api_key": KEY, "max_retries": 0}


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_vectors_as_the_sdk_asks_for_them_by_itself(settings: dict[str, Any]) -> None:
    with openai.OpenAI(**settings) as sdk:
        answer = sdk.embeddings.create(model=MODEL, input=TEXTS)
        floats = sdk.embeddings.create(model=MODEL, input=TEXTS, encoding_format="float")
    vectors = [row.embedding for row in answer.data]
    assert vectors == [row.embedding for row in floats.data]
    assert [len(vector) for vector in vectors] == [1024] * 3
    assert all(math.hypot(*vector) == pytest.approx(1, abs=1e-6) for vector in vectors)
    assert cosine(vectors[0], vectors[1]) > cosine(vectors[0], vectors[2]) + 0.2
    assert answer.usage.total_tokens == answer.usage.prompt_tokens > 0


def test_vectors_awaited(settings: dict[str, Any]) -> None:
    async def embed() -> Any:
        async with openai.AsyncOpenAI(**settings) as sdk:
            return await sdk.embeddings.create(model=MODEL, input=TEXTS[0], dimensions=64)

    (row,) = asyncio.run(embed()).data
    assert (row.index, len(row.embedding)) == (0, 64)


def test_too_many_rows_and_tokens_instead_of_texts(settings: dict[str, Any]) -> None:
    with openai.OpenAI(**settings) as sdk:
        with pytest.raises(openai.BadRequestError, match="not be larger than 10") as caught:
            sdk.embeddings.create(model=MODEL, input=["x"] * 11)
        assert caught.value.code == "InvalidParameter"
        with pytest.raises(openai.BadRequestError, match="neither str nor list of str"):
            sdk.embeddings.create(model=MODEL, input=[1, 2, 3])
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            sdk.embeddings.create(model="text-embedding-3-small", input="x")


def test_reranking_by_a_post_as_the_docs_have_it(server: Server) -> None:
    address = f"{server.url}/compatible-api/v1"
    body = {"model": "qwen3-rerank", "query": "a cat", "documents": TEXTS, "top_n": 2}
    with openai.OpenAI(base_url=address, api_key=KEY, max_retries=0) as sdk:
        answer: Any = sdk.post("/reranks", body=body, cast_to=object)
    assert {result["index"] for result in answer["results"]} == {0, 1}
