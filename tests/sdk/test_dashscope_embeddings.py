"""The real dashscope SDK asks for vectors and for an order: 1.x classes and 2.x client."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import dashscope
import pytest
from dashscope import (
    AioMultiModalEmbedding,
    AioTextReRank,
    AsyncClient,
    Client,
    MultiModalEmbedding,
    TextEmbedding,
    TextReRank,
)
from dashscope.api_entities.aio_session import close_shared_aio_session

from qwensim.server import Server, serve
from qwensim.simulator import Account, Simulator

KEY = "sk-0123456789"
PICTURE = "https://example.com/cat.png"
QUERY = "What is machine learning?"
DOCUMENTS = ["Python is a language.", "Machine learning is a subset of AI."]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(Simulator(accounts=[Account(key=KEY)])) as served:
        yield served


@pytest.fixture
def address(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    address = f"{server.url}/dashscope.aliyuncs.com/api/v1"
    monkeypatch.setattr(dashscope, "base_http_api_url", address)
    monkeypatch.setenv("HOME", "/nonexistent")  # no configuration of the SDK's own
    return address


def awaited_alone(call: Coroutine[Any, Any, Any]) -> Any:
    async def ask() -> Any:
        try:
            return await call
        finally:
            await close_shared_aio_session()  # it belongs to a loop that ends here

    return asyncio.run(ask())


@pytest.mark.usefixtures("address")
def test_text_embedding() -> None:
    options: dict[str, Any] = {"model": "text-embedding-v3", "api_key": KEY}
    answer = TextEmbedding.call(input=["Hello", "World"], dimension=512, **options)
    assert answer.status_code == 200, answer
    rows = answer.output["embeddings"]
    assert [row["text_index"] for row in rows] == [0, 1]
    assert [len(row["embedding"]) for row in rows] == [512, 512]
    assert answer.usage["total_tokens"] == 2
    single = TextEmbedding.call(
        input="Hello", output_type="dense&sparse", text_type="query", **options
    )
    (row,) = single.output["embeddings"]
    assert row["sparse_embedding"][0]["token"] == "Hello"
    refused = TextEmbedding.call(input=["x"] * 11, **options)
    assert (refused.status_code, refused.code) == (400, "InvalidParameter")
    assert "batch size is invalid" in refused.message


@pytest.mark.usefixtures("address")
def test_reranking() -> None:
    options: dict[str, Any] = {"query": QUERY, "documents": DOCUMENTS, "api_key": KEY}
    answer = TextReRank.call(model="gte-rerank", return_documents=True, **options)
    assert answer.status_code == 200, answer
    first, second = answer.output.results
    assert (first.index, second.index) == (1, 0)
    assert first.relevance_score > second.relevance_score
    assert first["document"] == {"text": DOCUMENTS[1]}  # the attribute is the class's None
    assert answer.usage.total_tokens > 20
    awaited = awaited_alone(AioTextReRank.call(model="qwen3-rerank", top_n=1, **options))
    (only,) = awaited.output.results
    assert only.index == 1
    refused = TextReRank.call(model="no-such-model", **options)
    assert (refused.status_code, refused.message) == (400, "Model not exist.")


@pytest.mark.usefixtures("address")
def test_multimodal_embedding() -> None:
    contents: Any = [{"text": "a cat"}, {"image": PICTURE}]
    options: dict[str, Any] = {"model": "qwen3-vl-embedding", "api_key": KEY}
    answer = MultiModalEmbedding.call(input=contents, dimension=256, **options)
    assert answer.status_code == 200, answer
    rows = answer.output["embeddings"]
    assert [(row["type"], len(row["embedding"])) for row in rows] == [("text", 256), ("image", 256)]
    fused = awaited_alone(
        AioMultiModalEmbedding.call(input=contents, enable_fusion=True, **options)
    )
    (row,) = fused.output["embeddings"]
    assert row["type"] == "vl"


def test_the_client_of_2(address: str) -> None:
    client = Client(api_key=KEY, base_url=address, max_retries=0)
    answer = client.embeddings.create(model="text-embedding-v4", input="Hello", dimension=64)
    (row,) = answer.embeddings
    assert (row.index, len(row.embedding)) == (0, 64)
    ranking = client.rerank.create(model="qwen3-rerank", query=QUERY, documents=DOCUMENTS)
    assert [result.index for result in ranking.results] == [1, 0]
    pictures = client.multimodal.embeddings.create(
        model="multimodal-embedding-v1", input={"image": PICTURE}
    )
    assert [row.type for row in pictures.embeddings] == ["image"]
    client.close()


def test_the_client_of_2_awaited(address: str) -> None:
    async def ask() -> tuple[Any, Any]:
        client = AsyncClient(api_key=KEY, base_url=address, max_retries=0)
        try:
            return (
                await client.embeddings.create(model="text-embedding-v4", input=["a", "b"]),
                await client.rerank.create(
                    model="gte-rerank-v2", query=QUERY, documents=DOCUMENTS, return_documents=True
                ),
            )
        finally:
            await client.aclose()

    embedded, ranked = asyncio.run(ask())
    assert [row.index for row in embedded.embeddings] == [0, 1]
    assert ranked.results[0].document.text == DOCUMENTS[1]
