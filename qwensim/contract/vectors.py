"""Embeddings and reranking: how they are asked, and how their answers are read."""

import base64
import math
import struct
from collections.abc import Sequence
from typing import Any, Final

from qwensim.contract.answers import Answer, Broken, expect, expect_that
from qwensim.contract.session import Session

TEXT: Final = "/api/v1/services/embeddings/text-embedding/text-embedding"
MEDIA: Final = "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding"
RERANK: Final = "/api/v1/services/rerank/text-rerank/text-rerank"
RERANKS: Final = "/compatible-api/v1/reranks"

QUERY: Final = "How do cats sleep?"
CAT: Final = "Cats sleep most of the day, curled up in a warm place."
CATS: Final = "A cat sleeps up to sixteen hours a day, most of them in a warm place."
BANK: Final = "The central bank raised interest rates by a quarter of a percentage point."
DOCUMENTS: Final = (BANK, CAT, "Trains to the coast leave every hour.")

_CLOSE: Final = 1e-3
"""How far apart two answers to one question may be: the service's are not equal to the last bit."""


def embed(session: Session, given: Any, **fields: Any) -> Answer:
    """Ask for vectors as OpenAI clients do."""
    return session.send("/embeddings", json={"model": session.model, "input": given, **fields})


def embed_natively(session: Session, given: Any, **parameters: Any) -> Answer:
    """Ask for vectors as the service's own clients do."""
    body = {"model": session.model, "input": {"texts": given}, "parameters": parameters}
    return session.call(TEXT, json=body)


def show(session: Session, *contents: dict[str, Any], **parameters: Any) -> Answer:
    """Ask for vectors of texts, pictures and videos."""
    body = {"model": session.model, "input": {"contents": contents}, "parameters": parameters}
    return session.call(MEDIA, json=body)


def rerank(session: Session, query: Any, documents: Any, **parameters: Any) -> Answer:
    """Ask for an order natively."""
    given = {"query": query, "documents": documents}
    body = {"model": session.model, "input": given, "parameters": parameters}
    return session.call(RERANK, json=body)


def rerank_flat(session: Session, query: Any, documents: Any, **fields: Any) -> Answer:
    """Ask for an order as other vendors have it."""
    body = {"model": session.model, "query": query, "documents": documents, **fields}
    return session.call(RERANKS, json=body)


def vectors(answer: Answer) -> list[Any]:
    """Return the vectors of an OpenAI client's answer, whose outside must be the service's.

    They are lists of numbers, or Base64 where that was asked for.
    """
    body = answer.ok().json()
    expect("keys of the body", ["data", "model", "object", "usage", "id"], list(body))
    expect("object", "list", body["object"])
    expect("id", answer.headers.get("x-request-id"), body["id"])
    expect("keys of the usage", ["prompt_tokens", "total_tokens"], list(body["usage"]))
    expect("usage", body["usage"]["prompt_tokens"], body["usage"]["total_tokens"])
    expect_that("usage", "some tokens", body["usage"]["total_tokens"], body["usage"])
    for index, row in enumerate(body["data"]):
        expect("keys of a row", ["embedding", "index", "object"], list(row))
        expect("index", index, row["index"])
        expect("object", "embedding", row["object"])
    return [row["embedding"] for row in body["data"]]


def rows(answer: Answer) -> list[dict[str, Any]]:
    """Return the rows of a native answer, whose outside must be the service's."""
    body = _native(answer)
    found = body["output"].get("embeddings")
    expect_that("embeddings", "some", isinstance(found, list) and found, body["output"])
    return list(found)


def ranked(answer: Answer) -> list[dict[str, Any]]:
    """Return the results of a native answer, the best first."""
    return _ordered(_native(answer)["output"].get("results"))


def ranked_flat(session: Session, answer: Answer) -> list[dict[str, Any]]:
    """Return the results of the other surface, the best first."""
    body = answer.ok().json()
    expect("keys of the body", ["object", "results", "model", "id", "usage"], list(body))
    expect("object", "list", body["object"])
    expect("model", session.model, body["model"])
    expect("id", answer.headers.get("x-request-id"), body["id"])
    expect_that("usage", "some tokens", body["usage"].get("total_tokens"), body["usage"])
    return _ordered(body["results"])


def unpacked(encoded: Any) -> tuple[float, ...]:
    """Return the numbers that Base64 holds, in single precision and little-endian."""
    expect("type of the vector", str, type(encoded))
    content = base64.b64decode(encoded)
    return struct.unpack(f"<{len(content) // 4}f", content)


def closeness(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of two vectors."""
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return product / (math.hypot(*one) * math.hypot(*other))


def expect_unit(vector: Sequence[float], dimension: int) -> None:
    """See that a vector has so many numbers and the length 1."""
    expect("dimension", dimension, len(vector))
    length = math.hypot(*vector)
    expect_that("length", "1", math.isclose(length, 1, abs_tol=_CLOSE), length)


def expect_same(one: Sequence[float], other: Sequence[float]) -> None:
    """See that two vectors are one, but for what is lost on the way."""
    expect("dimension", len(one), len(other))
    found = closeness(one, other)
    expect_that("cosine", "1", math.isclose(found, 1, abs_tol=_CLOSE), found)


def _native(answer: Answer) -> dict[str, Any]:
    body = answer.ok().json()
    expect("keys of the body", ["output", "request_id", "usage"], sorted(body))
    expect("request_id", answer.headers.get("x-request-id"), body["request_id"])
    expect_that("usage", "some", body["usage"], body)
    return body


def _ordered(results: Any) -> list[dict[str, Any]]:
    if not isinstance(results, list) or not results:
        raise Broken("results", "a list of some", results)
    scores = [result["relevance_score"] for result in results]
    expect("scores", sorted(scores, reverse=True), scores)
    expect_that("scores", "from 0 to 1", all(0 <= score <= 1 for score in scores), scores)
    return results
