"""Vectors and reranking by the provider: what is sent, where to, and what is made of answers."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.errors import UsageError
from qwensim.provider import (
    AsyncQwenProvider,
    BadRequestError,
    MalformedAnswerError,
    QwenProvider,
    Ranked,
)
from qwensim.provider.vectors import Embeddings, Ranking
from qwensim.simulator import Simulator
from qwensim.transport import transport

KEY = "sk-abcdefgh12345678"
DOCUMENTS = ["Interest rates rose.", "A cat is on the mat."]

Ask = Callable[..., Any]


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


def sync_ask(simulator: Simulator, method: str, *args: Any, **options: Any) -> Any:
    http = httpx2.Client(transport=transport(simulator, httpx2))
    provider = QwenProvider(
        auth_choice="qwen-api-key-cn", api_key=KEY, http_client=http, sleep=lambda _: None
    )
    return getattr(provider, method)(*args, **options)


def async_ask(simulator: Simulator, method: str, *args: Any, **options: Any) -> Any:
    async def sleep(_: float) -> None:
        return None

    async def ask() -> Any:
        http = httpx2.AsyncClient(transport=transport(simulator, httpx2))
        provider = AsyncQwenProvider(
            auth_choice="qwen-api-key-cn", api_key=KEY, http_client=http, sleep=sleep
        )
        return await getattr(provider, method)(*args, **options)

    return asyncio.run(ask())


@pytest.fixture(params=[sync_ask, async_ask], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest, simulator: Simulator) -> Ask:
    return lambda *args, **options: request.param(simulator, *args, **options)


def test_vectors_come_from_the_standard_host_of_the_region(ask: Ask, simulator: Simulator) -> None:
    found = ask("embed", "Hello")
    assert [len(vector) for vector in found.vectors] == [1024]
    assert found.tokens == 1
    (entry,) = simulator.journal
    assert (entry.host, entry.path) == ("dashscope.aliyuncs.com", "/compatible-mode/v1/embeddings")
    assert entry.body == {
        "model": "text-embedding-v4",
        "input": ["Hello"],
        "encoding_format": "float",
    }
    assert found.request_ids == (entry.request_id,)


def test_more_texts_than_a_model_takes_go_in_several_requests(
    ask: Ask, simulator: Simulator
) -> None:
    texts = [f"text {number}" for number in range(23)]
    found = ask("embed", texts, model="qwen/text-embedding-v3", dimensions=64)
    assert [len(entry.body["input"]) for entry in simulator.journal] == [10, 10, 3]
    assert len(found.vectors) == 23
    assert len(found.request_ids) == 3
    assert found.tokens == sum((entry.usage or {})["prompt"] for entry in simulator.journal)
    last = ask("embed", texts[22], model="text-embedding-v3", dimensions=64)
    assert found.vectors[22:] == last.vectors


def test_an_unknown_model_gets_all_texts_at_once(ask: Ask, simulator: Simulator) -> None:
    with pytest.raises(Exception, match="does not exist"):
        ask("embed", ["x"] * 30, model="text-embedding-v9")
    assert len(simulator.journal[-1].body["input"]) == 30


def test_documents_in_their_order(ask: Ask, simulator: Simulator) -> None:
    ranking = ask("rerank", "a cat", DOCUMENTS, top_n=1, instruct="Find it.")
    (best,) = ranking.results
    assert best.index == 1
    assert 0.5 < best.score < 1
    (entry,) = simulator.journal
    assert entry.path == "/compatible-api/v1/reranks"
    assert entry.body == {
        "model": "qwen3-rerank",
        "query": "a cat",
        "documents": DOCUMENTS,
        "top_n": 1,
        "instruct": "Find it.",
    }
    assert (ranking.request_id, ranking.tokens) == (entry.request_id, (entry.usage or {})["prompt"])


@pytest.mark.parametrize("model", ["gte-rerank-v2", "qwen3-vl-rerank"])
def test_a_model_of_the_native_surface_alone_is_asked_there(
    ask: Ask, simulator: Simulator, model: str
) -> None:
    ranking = ask("rerank", "a cat", (text for text in DOCUMENTS), model=model, top_n=1)
    assert [best.index for best in ranking.results] == [1]
    (entry,) = simulator.journal
    assert entry.path == "/api/v1/services/rerank/text-rerank/text-rerank"
    assert entry.body == {
        "model": model,
        "input": {"query": "a cat", "documents": DOCUMENTS},
        "parameters": {"top_n": 1},
    }
    assert (ranking.request_id, ranking.tokens) == (entry.request_id, (entry.usage or {})["prompt"])
    with pytest.raises(BadRequestError, match="document index:0 should not be empty"):
        ask("rerank", "a cat", [""], model=model)


def test_a_passing_failure_is_repeated(ask: Ask, simulator: Simulator) -> None:
    simulator.fault("error", error="internal-error")
    assert ask("embed", "Hello").vectors
    assert len(simulator.journal) == 2


def test_what_the_service_refuses(ask: Ask) -> None:
    with pytest.raises(BadRequestError, match="dimension for embedding"):
        ask("embed", "Hello", dimensions=100)
    with pytest.raises(BadRequestError, match="should not be empty"):
        ask("rerank", "a cat", [""])


@pytest.mark.parametrize(
    ("method", "args", "problem"),
    [
        ("embed", ([],), "texts must not be empty"),
        ("embed", (["a", 1],), "texts: every text is a string, not int"),
        ("embed", (None,), "texts must be a text or a list of texts, not NoneType"),
        ("embed", (b"a",), "texts must be a text or a list of texts, not bytes"),
        ("rerank", ("a", None), "documents must be a list of texts, not NoneType"),
        ("rerank", ("a", []), "documents must not be empty"),
        ("rerank", ("a", "b"), "documents must be a list of texts, not str"),
        ("rerank", (1, ["b"]), "query is a string, not int"),
    ],
)
def test_what_is_not_sent(
    ask: Ask, simulator: Simulator, method: str, args: tuple[Any, ...], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        ask(method, *args)
    assert len(simulator.journal) == 0


def test_vectors_in_base64_are_read_too(ask: Ask) -> None:
    plain = ask("embed", ["Hello", "Goodbye"], dimensions=64)
    packed = ask("embed", ["Hello", "Goodbye"], dimensions=64, encoding_format="base64")
    assert packed.vectors == plain.vectors


# ---- answers of others


def test_rows_are_put_in_their_order() -> None:
    rows = [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1.5]}]
    found = Embeddings.from_wire({"data": rows}, rows=2, request_id=None)
    assert found == Embeddings(vectors=((1.5,), (2.0,)), tokens=0)


VECTORS: list[Any] = [
    {},
    {"data": []},
    {"data": [{"index": 0, "embedding": [1.0]}]},
    {"data": [{"index": 0, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}]},
    {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": []}]},
    {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [True]}]},
    {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [10**400]}]},
    {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": "é"}]},
    {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": "AAA="}]},
    {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": "AADAfw=="}]},
]


@pytest.mark.parametrize("body", VECTORS)
def test_vectors_that_are_not_those_of_the_texts(body: Any) -> None:
    assert Embeddings.from_wire(body, rows=2, request_id=None) is None


@pytest.mark.parametrize("index", [-1, 2, True, "0", None])
def test_a_document_that_was_not_sent(index: Any) -> None:
    body = {"results": [{"index": index, "relevance_score": 0.5}]}
    assert Ranking.from_wire(body, rows=2, request_id=None) is None
    body["results"][0]["index"] = 1
    assert Ranking.from_wire(body, rows=2, request_id="id") == Ranking(
        results=(Ranked(index=1, score=0.5),), tokens=0, request_id="id"
    )


@pytest.mark.parametrize(("method", "args"), [("embed", ("a",)), ("rerank", ("a", ["b"]))])
def test_an_answer_of_another_kind_is_malformed(method: str, args: Any) -> None:
    peer = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"ok": True}))
    http = httpx2.Client(transport=peer)
    provider = QwenProvider(api_key=KEY, http_client=http, sleep=lambda _: None)
    with pytest.raises(MalformedAnswerError):
        getattr(provider, method)(*args)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "results", "index", "embedding", "relevance_score", "usage"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["data", "results", "usage"]), JSON))
def test_any_answer_is_read_or_is_none(body: Any) -> None:
    vectors = Embeddings.from_wire(body, rows=2, request_id=None)
    assert vectors is None or len(vectors.vectors) == 2
    ranking = Ranking.from_wire(body, rows=2, request_id=None)
    assert ranking is None or all(0 <= result.index < 2 for result in ranking.results)
