"""POST {base}/embeddings and POST /api/v1/services/embeddings/text-embedding/…: text vectors."""

import base64
import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import EmbeddingRow, ModelRow
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.pace import Pace
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.surfaces.availability import check_quota, model_of
from qwensim.simulator.surfaces.whole import answer, native_answer, read_native
from qwensim.simulator.vectors import Vectors, unpacked

_VOCABULARY = 250_002
"""The tokens of sparse vectors are numbered below this: XLM-RoBERTa's size, which fits the docs."""


class TextRows(msgspec.Struct, frozen=True, kw_only=True):
    """A request for vectors that is in order."""

    row: EmbeddingRow
    vectors: Vectors
    dimension: int
    texts: tuple[str, ...]
    tokens: tuple[list[str], ...]

    @property
    def total(self) -> int:
        """How many tokens there are."""
        return sum(map(len, self.tokens))


class Embedder:
    """Judges texts to be embedded.

    One order of checks, the first failure answers: type, number of rows, dimension, length of each
    row, quota.
    """

    def __init__(self, catalog: Catalog, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._rows = catalog.embeddings
        self._vectors = vectors_of(catalog)

    def judge(self, call: Call, model: ModelRow, given: Any, dimension: Any) -> TextRows:
        """Return the texts with what makes their vectors, or raise `Refused`."""
        row = self._rows[model.id]
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refused("embedding-input-type")
        if not 1 <= len(texts) <= row.rows:
            raise Refused("embedding-batch", limit=row.rows)
        dimension = dimension_of(row, dimension)
        tokens = tuple(self._tokenizer.split(text) for text in texts)
        for found in tokens:
            if not found or (model.max_input is not None and len(found) > model.max_input):
                raise Refused("embedding-input-length", limit=model.max_input)
        check_quota(call, model, tokens=sum(map(len, tokens)))
        return TextRows(
            row=row,
            vectors=self._vectors[row.id],
            dimension=dimension,
            texts=tuple(texts),
            tokens=tokens,
        )


def vectors_of(catalog: Catalog) -> Mapping[str, Vectors]:
    """Return the vectors of all models."""
    return {row.id: Vectors(row.id, norm=row.norm) for row in catalog.embeddings.values()}


def dimension_of(row: EmbeddingRow, asked: Any) -> int:
    """Return the dimension of a model's vectors; raises `Refused` for one that it has not."""
    if asked is None or not row.dimensions:
        return row.dimension
    if isinstance(asked, bool) or asked not in row.dimensions:
        raise Refused("embedding-dimension")
    return int(asked)


class EmbeddingsSurface:
    """The embeddings of OpenAI clients, which ask for Base64 unless told otherwise."""

    def __init__(self, catalog: Catalog, *, embedder: Embedder, pace: Pace) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._pace = pace

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        call.body = body = decode_object(call.request.body)
        otherwise = "model-not-compatible"
        model = model_of(self._catalog, call, surface="embeddings", otherwise=otherwise)
        if model.inputs != ("text",):
            raise Refused(otherwise, model=model.id)
        rows = self._embedder.judge(call, model, body.get("input"), body.get("dimensions"))
        in_base64 = body.get("encoding_format") == "base64"
        data = []
        for index, text in enumerate(rows.texts):
            packed = rows.vectors.packed([text], rows.dimension)
            embedding = base64.b64encode(packed).decode() if in_base64 else unpacked(packed)
            data.append({"embedding": embedding, "index": index, "object": "embedding"})
        told = {
            "data": data,
            "model": call.model,
            "object": "list",
            "usage": {"prompt_tokens": rows.total, "total_tokens": rows.total},
            "id": call.identity.request_id,
        }
        return answer(call, self._pace, told, tokens=rows.total)


class TextEmbeddingSurface:
    """The service's own embeddings: dense vectors, sparse ones, or both."""

    def __init__(self, catalog: Catalog, *, embedder: Embedder, pace: Pace) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._pace = pace

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        request = read_native(self._catalog, call, surface="embeddings")
        model, parameters = request.model, request.parameters
        if model.inputs != ("text",):
            raise Refused("native-url-error")
        rows = self._embedder.judge(
            call, model, request.input.get("texts"), parameters.get("dimension")
        )
        kinds = {"dense"}
        if rows.row.sparse and isinstance(asked := parameters.get("output_type"), str):
            kinds = {"dense", "sparse"}.intersection(asked.split("&")) or kinds
        task = task_of(parameters)
        embeddings = []
        for index, (text, tokens) in enumerate(zip(rows.texts, rows.tokens, strict=True)):
            embedding: dict[str, Any] = {}
            if "sparse" in kinds:
                embedding["sparse_embedding"] = sparse(tokens)
            if "dense" in kinds:
                packed = rows.vectors.packed([text], rows.dimension, task=task)
                embedding["embedding"] = unpacked(packed)
            embeddings.append({**embedding, "text_index": index})
        return native_answer(
            call,
            self._pace,
            output={"embeddings": embeddings},
            usage={"total_tokens": rows.total},
            tokens=rows.total,
        )


def task_of(parameters: dict[str, Any]) -> str:
    """Return what vectors are for: a query rather than a document, and what is told of it."""
    query = "query" if parameters.get("text_type") == "query" else ""
    instruct = parameters.get("instruct")
    return " ".join(filter(None, (query, instruct if isinstance(instruct, str) else "")))


def sparse(tokens: list[str]) -> list[dict[str, Any]]:
    """Return a sparse vector: the tokens of a text with their weights, as they come in it."""
    counted = Counter(filter(None, (token.strip() for token in tokens)))
    told = []
    for token, times in counted.items():
        digest = hashlib.blake2b(token.encode(), digest_size=8).digest()
        number = int.from_bytes(digest) % _VOCABULARY
        rarity = digest[0] / 255
        value = 1 - math.exp(-times * (0.5 + 2 * rarity))
        told.append({"index": number, "value": round(value, 4), "token": token})
    return told
