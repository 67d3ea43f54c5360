"""Vectors of texts, and documents in the order of a query: requests and answers."""

import base64
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeGuard

from qwensim.catalog import Catalog
from qwensim.errors import UsageError
from qwensim.provider import wire
from qwensim.provider.endpoints import Endpoint
from qwensim.provider.requests import Call, encoded

EMBEDDING_MODEL: Final = "text-embedding-v4"
RERANK_MODEL: Final = "qwen3-rerank"


@dataclass(frozen=True, kw_only=True, slots=True)
class Embeddings:
    """The vectors of some texts."""

    vectors: tuple[tuple[float, ...], ...]
    """One for each text, in their order; of length 1 but for text-embedding-v1."""
    tokens: int
    """What the texts count, 0 where the service did not tell."""
    request_ids: tuple[str, ...] = ()
    """Of the requests that it took, where the service told them."""

    @classmethod
    def from_wire(
        cls, body: Mapping[str, Any], *, rows: int, request_id: str | None
    ) -> Self | None:
        """Read the answer for so many texts; None if it is none."""
        told = [wire.mapping(row) for row in wire.items(body.get("data"))]
        found = {
            index: _numbers(row.get("embedding"))
            for row in told
            if _is_place(index := row.get("index"), rows)
        }
        vectors = tuple(found.get(index, ()) for index in range(rows))
        if not all(vectors):
            return None
        return cls(
            vectors=vectors,
            tokens=wire.count(wire.mapping(body.get("usage")).get("total_tokens")),
            request_ids=(request_id,) if request_id else (),
        )

    def joined(self, more: "Embeddings") -> "Embeddings":
        """Return these and what further texts gave."""
        return Embeddings(
            vectors=self.vectors + more.vectors,
            tokens=self.tokens + more.tokens,
            request_ids=self.request_ids + more.request_ids,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """A document and how relevant it is."""

    index: int
    """Its place among the documents that were sent, from 0."""
    score: float
    """From 0 to 1; scores of different queries are not comparable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """Documents in the order of a query, the most relevant first."""

    results: tuple[Ranked, ...]
    tokens: int
    """What query and documents count, 0 where the service did not tell."""
    request_id: str | None = None

    @classmethod
    def from_wire(
        cls, body: Mapping[str, Any], *, rows: int, request_id: str | None
    ) -> Self | None:
        """Read the answer for so many documents; None if it is none."""
        body = {**body, **wire.mapping(body.get("output"))}  # the native answer's
        told = [wire.mapping(row) for row in wire.items(body.get("results"))]
        pairs = [(row.get("index"), row.get("relevance_score")) for row in told]
        results = tuple(
            Ranked(index=index, score=float(score))
            for index, score in pairs
            if _is_place(index, rows) and _is_number(score)
        )
        if not pairs or len(results) != len(pairs):
            return None
        tokens = wire.count(wire.mapping(body.get("usage")).get("total_tokens"))
        return cls(results=results, tokens=tokens, request_id=request_id)


def embedding_calls(
    catalog: Catalog,
    endpoint: Endpoint,
    model: str,
    texts: str | Sequence[str],
    parameters: Mapping[str, object],
) -> list[Call]:
    """Return the calls for the vectors of texts: as many as the model's number of rows asks for.

    Raises `UsageError` for what are no texts, and for none.
    """
    one = [texts] if isinstance(texts, str) else texts
    listed = _texts("texts", one, kind="a text or a list of texts")
    row = catalog.embeddings.get(model)
    size = len(listed) if row is None else row.rows
    batches = [listed[start : start + size] for start in range(0, len(listed), size)]
    return [
        Call(
            endpoint=endpoint,
            url=f"{endpoint.base_url}/embeddings",
            model=model,
            rows=len(batch),
            body=encoded(
                {
                    "model": model,
                    "input": batch,
                    "encoding_format": "float",
                    **parameters,
                }
            ),
        )
        for batch in batches
    ]


def rerank_call(
    catalog: Catalog,
    endpoint: Endpoint,
    model: str,
    query: str,
    documents: Iterable[str],
    parameters: Mapping[str, object],
) -> Call:
    """Return the call for an order; raises `UsageError` for what cannot be ordered.

    `endpoint` is that of the native API, where alone older models are asked.
    """
    if not isinstance(query, str):
        raise UsageError(f"query is a string, not {type(query).__name__}")
    listed = _texts("documents", documents, kind="a list of texts")
    given = {"query": query, "documents": listed}
    row = catalog.reranks.get(model)
    route, body = "reranks", {"model": model, **given, **parameters}
    if row is not None and not row.compatible:
        route, body = "text-rerank", {"model": model, "input": given, "parameters": parameters}
    return Call(
        endpoint=endpoint,
        url=endpoint.base_url + catalog.routes[route].path,
        model=model,
        rows=len(listed),
        body=encoded(body),
    )


def _texts(name: str, given: Iterable[str], *, kind: str) -> list[str]:
    """Return texts as a list; `kind` says in words what they may be."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise UsageError(f"{name} must be {kind}, not {type(given).__name__}")
    texts = list(given)
    if not texts:
        raise UsageError(f"{name} must not be empty")
    for text in texts:
        if not isinstance(text, str):
            raise UsageError(f"{name}: every text is a string, not {type(text).__name__}")
    return texts


def _numbers(value: object) -> tuple[float, ...]:
    """Return a vector, which may be told as Base64 of single precision; () if it is none."""
    if isinstance(value, str):
        try:
            content = base64.b64decode(value, validate=True)
            vector: Sequence[Any] = struct.unpack(f"<{len(content) // 4}f", content)
        except (ValueError, struct.error):
            return ()
    else:
        vector = wire.items(value)
    return tuple(map(float, vector)) if all(map(_is_number, vector)) else ()


def _is_place(value: object, rows: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < rows


def _is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether a value is a number, and none that a float cannot hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max
