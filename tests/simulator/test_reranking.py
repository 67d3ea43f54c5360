"""Reranking on the native and the compatible surface."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.simulator import Simulator
from qwensim.simulator.replies.tokens import Estimate
from qwensim.simulator.surfaces.vectors.rerank import relevance

CHINA = "dashscope.aliyuncs.com"
NATIVE = "/api/v1/services/rerank/text-rerank/text-rerank"
COMPATIBLE = "/compatible-api/v1/reranks"
QUERY = "What is machine learning?"
DOCUMENTS = [
    "Python is a programming language.",
    "Machine learning is a subset of AI.",
    "Deep learning uses neural networks.",
]
INSTRUCT = "Given a web search query, retrieve relevant passages that answer the query."


def counted(*texts: str) -> int:
    return sum(len(Estimate().split(text)) for text in texts)


PAIRS = counted(QUERY, QUERY, QUERY, *DOCUMENTS)

Rerank = Callable[..., Any]


@pytest.fixture
def rerank(send: Callable[..., Any], simulator: Simulator) -> Rerank:
    """Ask for an order natively."""

    def reranked(
        documents: Any = DOCUMENTS,
        model: str = "gte-rerank-v2",
        query: Any = QUERY,
        **parameters: Any,
    ) -> Any:
        given = {"query": query, "documents": documents}
        body = {"model": model, "input": given, "parameters": parameters}
        return send(simulator, host=CHINA, path=NATIVE, raw=json.dumps(body).encode())

    return reranked


@pytest.fixture
def reranks(send: Callable[..., Any], simulator: Simulator) -> Rerank:
    """Ask for an order on the compatible path."""

    def reranked(**given: Any) -> Any:
        body = {"model": "qwen3-rerank", "query": QUERY, "documents": DOCUMENTS, **given}
        return send(simulator, host=CHINA, path=COMPATIBLE, raw=json.dumps(body).encode())

    return reranked


def test_the_native_answer(rerank: Rerank, simulator: Simulator) -> None:
    reply = rerank()
    body = reply.json
    assert [*body] == ["output", "usage", "request_id"]
    results = body["output"]["results"]
    assert [result["index"] for result in results] == [1, 2, 0]
    assert [[*result] for result in results] == [["index", "relevance_score"]] * 3
    scores = [result["relevance_score"] for result in results]
    assert scores[0] > 0.7 > scores[1] > 0.1 > scores[2] > 0
    assert body["usage"] == {"total_tokens": PAIRS + 3 * 5}
    assert reply.headers["x-dashscope-timeout"] == "298"
    assert (simulator.journal[-1].usage or {})["prompt"] == body["usage"]["total_tokens"]


def test_the_compatible_answer(reranks: Rerank) -> None:
    reply = reranks(top_n=2)
    body = reply.json
    assert [*body] == ["object", "results", "model", "id", "usage"]
    assert (body["object"], body["model"]) == ("list", "qwen3-rerank")
    assert [result["index"] for result in body["results"]] == [1, 2]
    assert body["id"] == reply.headers["x-request-id"]
    assert body["usage"] == {"total_tokens": PAIRS + 3 * counted(INSTRUCT)}


@pytest.mark.parametrize(("top_n", "results"), [(1, 1), (3, 3), (9, 3), (None, 3)])
def test_the_first_so_many(rerank: Rerank, top_n: int | None, results: int) -> None:
    assert len(rerank(top_n=top_n).json["output"]["results"]) == results


@pytest.mark.parametrize("asked", [True, "true"])
def test_documents_come_back_if_asked_for(rerank: Rerank, asked: Any) -> None:
    first = rerank(return_documents=asked).json["output"]["results"][0]
    assert [*first] == ["document", "index", "relevance_score"]
    assert first["document"] == {"text": DOCUMENTS[1]}


def test_documents_of_several_modalities(rerank: Rerank) -> None:
    documents = [{"image": "https://example.com/dog.png"}, {"text": "A cat"}, "cat videos"]
    reply = rerank(documents, "qwen3-vl-rerank", {"text": "cat"}, return_documents=True)
    results = reply.json["output"]["results"]
    assert results[-1]["document"] == documents[0]
    assert {result["index"] for result in results[:2]} == {1, 2}


def test_a_document_without_a_known_modality(rerank: Rerank, simulator: Simulator) -> None:
    reply = rerank(["a cat", {"audio": "https://example.com/cat.mp3"}], "qwen3-vl-rerank")
    assert simulator.journal[-1].error == "rerank-input-type"
    assert reply.json["message"].endswith("Input should be a valid string: input.documents.1")


def test_what_is_too_long_is_cut_not_refused(rerank: Rerank) -> None:
    long, short = "tea " * 4100 + QUERY, "tea " * 4000
    results = rerank([long, short]).json
    scores = {result["index"]: result["relevance_score"] for result in results["output"]["results"]}
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"documents": []}, "rerank-batch"),
        ({"documents": "x"}, "rerank-batch"),
        ({"documents": ["x"] * 501}, "rerank-batch"),
        ({"documents": ["x", ""]}, "rerank-document-empty"),
        ({"documents": ["x" * 300_001]}, "rerank-document-length"),
        ({"documents": [1]}, "rerank-input-type"),
        ({"documents": [{"text": "x"}]}, "rerank-input-type"),
        ({"query": ""}, "rerank-query-empty"),
        ({"query": None}, "rerank-input-type"),
        ({"top_n": 0}, "rerank-top-n"),
        ({"top_n": "2"}, "rerank-input-type"),
        ({"top_n": True}, "rerank-input-type"),
        ({"documents": ["x " * 3000] * 50}, "embedding-input-length"),
    ],
)
def test_both_surfaces_refuse_the_same(
    rerank: Rerank, reranks: Rerank, simulator: Simulator, given: dict[str, Any], error: str
) -> None:
    native, compatible = rerank(model="qwen3-rerank", **given), reranks(**given)
    assert [entry.error for entry in simulator.journal] == [error, error]
    assert (native.status, [*native.json]) == (400, ["request_id", "code", "message"])
    assert [*compatible.json] == ["error", "id", "request_id"]
    assert native.json["message"] == compatible.json["error"]["message"]
    assert native.json["code"] == compatible.json["error"]["code"] == "InvalidParameter"


def test_recorded_words(rerank: Rerank) -> None:
    told = rerank(["x"] * 9 + [""]).json["message"]
    prefix = "<400> InternalError.Algo.InvalidParameter: Value error, "
    assert told == f"{prefix}document index:9 should not be empty.: input.documents"
    told = rerank([]).json["message"]
    words = "batch size of documents is invalid, it should not be empty or larger than 500."
    assert told == f"{prefix}{words}: input.documents"


def test_the_compatible_path_has_one_model(reranks: Rerank, simulator: Simulator) -> None:
    assert reranks(model="gte-rerank-v2").status == 404
    assert simulator.journal[-1].error == "model-not-compatible"


def test_an_unknown_model_is_refused_as_recorded(rerank: Rerank) -> None:
    reply = rerank(model="invalid-model-name")
    assert (reply.status, reply.json["message"]) == (400, "Model not exist.")
    assert [*reply.json] == ["code", "message", "request_id"]
    assert reply.headers["x-dashscope-timeout"] == "298"
    assert "x-dashscope-call-gateway" not in reply.headers


WORDS = st.lists(st.sampled_from(["tea", "cup", "leaf", "water", "green"]), min_size=1, max_size=6)


@settings(max_examples=100, deadline=None)
@given(WORDS, st.data())
def test_the_more_of_the_query_the_higher_the_score(words: list[str], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(words)))
    part, none = " ".join(words[:count]) or "nothing", "zinc oxide"
    whole, some, other = relevance(" ".join(words), [" ".join(words), part, none])
    assert 0 < other <= some <= whole < 1


def test_the_instruction_is_counted_with_each_document(reranks: Rerank) -> None:
    def tokens(**given: Any) -> int:
        return int(reranks(**given).json["usage"]["total_tokens"])

    short = "Retrieve semantically similar text."
    assert tokens() - tokens(instruct=short) == 3 * (counted(INSTRUCT) - counted(short))
    assert tokens(instruct=INSTRUCT) == tokens(instruct="") == tokens(instruct=1) == tokens()


def test_an_older_model_counts_no_instruction(rerank: Rerank) -> None:
    usages = [rerank(**given).json["usage"] for given in ({}, {"instruct": "Find the cat."})]
    assert usages[0] == usages[1]
