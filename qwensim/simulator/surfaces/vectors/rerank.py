"""The order of documents by a query: POST /compatible-api/v1/reranks and the native text-rerank."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ModelRow, RerankRow
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.pace import Pace
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.surfaces.availability import check_quota, model_of
from qwensim.simulator.surfaces.whole import answer, native_answer, read_native
from qwensim.simulator.vectors import coverage, features, likeness


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """Documents in their order, and what it took."""

    results: list[dict[str, Any]]
    tokens: int


class Ranker:
    """Judges and ranks documents.

    One order of checks, the first failure answers: query, documents, `top_n`, length of the
    request, quota.
    """

    def __init__(self, catalog: Catalog, tokenizer: Tokenizer) -> None:
        self._catalog = catalog
        self._tokenizer = tokenizer

    def rank(
        self, call: Call, model: ModelRow, given: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Ranking:
        """Rank the documents of a request, or raise `Refused`."""
        row = self._catalog.reranks[model.id]
        takes_parts = model.inputs != ("text",)
        query = _text(given.get("query"), "input.query", takes_parts=takes_parts)
        if not query:
            raise Refused("rerank-query-empty")
        documents = given.get("documents")
        if not isinstance(documents, list) or not 1 <= len(documents) <= row.documents:
            raise Refused("rerank-batch", limit=row.documents)
        texts = []
        for index, document in enumerate(documents):
            text = _text(document, f"input.documents.{index}", takes_parts=takes_parts)
            if not text:
                raise Refused("rerank-document-empty", index=index)
            if len(text) > row.document_length:
                raise Refused("rerank-document-length", index=index, limit=row.document_length)
            texts.append(text)
        top = _top(options.get("top_n"), len(texts))
        query, query_tokens = self._cut(query, row.item_tokens)
        cut = [self._cut(text, row.item_tokens) for text in texts]
        tokens = sum(query_tokens + count for _, count in cut)
        if model.max_input is not None and tokens > model.max_input:
            raise Refused("embedding-input-length", limit=model.max_input)
        tokens += len(cut) * (row.pair_tokens + self._instruction_tokens(row, options))
        check_quota(call, model, tokens=tokens)
        scores = relevance(query, [text for text, _ in cut])
        order = sorted(range(len(scores)), key=lambda index: -scores[index])[:top]
        shows = options.get("return_documents") in (True, "true")
        results = []
        for index in order:
            result: dict[str, Any] = {"index": index, "relevance_score": scores[index]}
            if shows:
                document = documents[index]
                shown = document if isinstance(document, dict) else {"text": document}
                result = {"document": shown, **result}
            results.append(result)
        return Ranking(results=results, tokens=tokens)

    def _instruction_tokens(self, row: RerankRow, options: Mapping[str, Any]) -> int:
        given = options.get("instruct")
        instruct = given if row.instruct and given and isinstance(given, str) else row.instruct
        return len(self._tokenizer.split(instruct))

    def _cut(self, text: str, most: int) -> tuple[str, int]:
        """Return a text, cut where it is too long, and its tokens."""
        tokens = self._tokenizer.split(text)
        if len(tokens) > most:
            text, tokens = "".join(tokens[:most]), tokens[:most]
        return text, len(tokens)


def relevance(query: str, documents: list[str]) -> list[float]:
    """Return how relevant documents are, from 0 to 1: how much of the query is in them, mostly."""
    wanted = features(query)
    scores = []
    for document in documents:
        found = features(document)
        shared = 0.85 * coverage(wanted, found) + 0.15 * likeness(wanted, found)
        scores.append(1 / (1 + math.exp(4 - 8 * shared)))
    return scores


class TextRerankSurface:
    """Reranking as the service has it."""

    def __init__(self, catalog: Catalog, *, ranker: Ranker, pace: Pace) -> None:
        self._catalog = catalog
        self._ranker = ranker
        self._pace = pace

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        request = read_native(self._catalog, call, surface="rerank")
        ranking = self._ranker.rank(call, request.model, request.input, request.parameters)
        return native_answer(
            call,
            self._pace,
            output={"results": ranking.results},
            usage={"total_tokens": ranking.tokens},
            tokens=ranking.tokens,
        )


class ReranksSurface:
    """Reranking as other vendors have it: query, documents and options side by side."""

    def __init__(self, catalog: Catalog, *, ranker: Ranker, pace: Pace) -> None:
        self._catalog = catalog
        self._ranker = ranker
        self._pace = pace

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        call.body = body = decode_object(call.request.body)
        otherwise = "model-not-compatible"
        model = model_of(self._catalog, call, surface="rerank", otherwise=otherwise)
        if not self._catalog.reranks[model.id].compatible:
            raise Refused(otherwise, model=model.id)
        ranking = self._ranker.rank(call, model, body, body)
        told = {
            "object": "list",
            "results": ranking.results,
            "model": call.model,
            "id": call.identity.request_id,
            "usage": {"total_tokens": ranking.tokens},
        }
        return answer(call, self._pace, told, tokens=ranking.tokens)


def _text(item: Any, path: str, *, takes_parts: bool) -> str:
    """Return the words of a query or document; of a picture or video these are its address."""
    if isinstance(item, str):
        return item
    if takes_parts and isinstance(item, dict):
        for kind in ("text", "image", "video"):
            if isinstance(part := item.get(kind), str):
                return part
    raise Refused("rerank-input-type", type="string", path=path)


def _top(given: Any, documents: int) -> int:
    """Return how many results are given."""
    if given is None:
        return documents
    if isinstance(given, bool) or not isinstance(given, int):
        raise Refused("rerank-input-type", type="integer", path="parameters.top_n")
    if given < 1:
        raise Refused("rerank-top-n")
    return min(given, documents)
