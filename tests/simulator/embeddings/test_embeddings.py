"""Embeddings of texts on the compatible and the native surface."""

import base64
import struct
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Simulator

Post = Callable[..., Any]


def test_the_compatible_answer(post: Post, simulator: Simulator) -> None:
    reply = post("compatible", {"model": "text-embedding-v4", "input": ["Hello", "World"]})
    body = reply.json
    assert [*body] == ["data", "model", "object", "usage", "id"]
    assert [[*row] for row in body["data"]] == [["embedding", "index", "object"]] * 2
    assert [row["index"] for row in body["data"]] == [0, 1]
    assert {len(row["embedding"]) for row in body["data"]} == {1024}
    assert body["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
    assert body["id"] == reply.headers["x-request-id"]
    entry = simulator.journal[-1]
    assert (entry.model, entry.stream, entry.error) == ("text-embedding-v4", False, None)
    assert entry.usage == {"prompt": 2, "completion": 0, "reasoning": 0, "cached": 0}


def test_base64_holds_the_very_numbers(post: Post) -> None:
    body = {"model": "text-embedding-v4", "input": "Hello", "dimensions": 256}
    numbers = post("compatible", body).json["data"][0]["embedding"]
    packed = post("compatible", {**body, "encoding_format": "base64"}).json["data"][0]["embedding"]
    assert [*struct.unpack("<256f", base64.b64decode(packed))] == numbers


def test_a_text_has_one_vector_on_both_surfaces(post: Post, embed: Post) -> None:
    compatible = post("compatible", {"model": "text-embedding-v4", "input": "Hello"}).json
    native = embed(["Hello"]).json
    assert compatible["data"][0]["embedding"] == native["output"]["embeddings"][0]["embedding"]


def test_the_native_answer(embed: Post) -> None:
    reply = embed(["Hello", "World"], "text-embedding-v1")
    body = reply.json
    assert [*body] == ["output", "usage", "request_id"]
    assert [[*row] for row in body["output"]["embeddings"]] == [["embedding", "text_index"]] * 2
    assert body["usage"] == {"total_tokens": 2}
    assert reply.headers["x-dashscope-timeout"] == "298"
    assert reply.headers["x-dashscope-finished"] == "true"


def test_the_first_model_ignores_the_dimension_and_is_not_of_unit_length(embed: Post) -> None:
    (row,) = embed(["Hello"], "text-embedding-v1", dimension=512).json["output"]["embeddings"]
    assert len(row["embedding"]) == 1536
    assert sum(number**2 for number in row["embedding"]) == pytest.approx(80**2, rel=1e-4)


@pytest.mark.parametrize(
    ("output_type", "keys"),
    [
        ("dense", ["embedding", "text_index"]),
        ("sparse", ["sparse_embedding", "text_index"]),
        ("dense&sparse", ["sparse_embedding", "embedding", "text_index"]),
        ("anything", ["embedding", "text_index"]),
    ],
)
def test_dense_and_sparse(embed: Post, output_type: str, keys: list[str]) -> None:
    (row,) = embed(["a cat, a cat"], output_type=output_type).json["output"]["embeddings"]
    assert [*row] == keys
    for entry in row.get("sparse_embedding", ()):
        assert [*entry] == ["index", "value", "token"]
        assert 0 < entry["value"] <= 1


def test_sparse_entries_belong_to_tokens(embed: Post) -> None:
    rows = embed(["a cat", "the cat, the cat"], output_type="sparse").json["output"]["embeddings"]
    weights = [
        {e["token"]: (e["index"], e["value"]) for e in row["sparse_embedding"]} for row in rows
    ]
    assert [*weights[0]] == ["a", "cat"]
    assert [*weights[1]] == ["the", "cat", ","]
    assert weights[0]["cat"][0] == weights[1]["cat"][0]
    assert weights[0]["cat"][1] < weights[1]["cat"][1]


def test_a_model_without_sparse_vectors_gives_dense_ones(embed: Post) -> None:
    (row,) = embed(["Hello"], "text-embedding-v2", output_type="sparse").json["output"][
        "embeddings"
    ]
    assert [*row] == ["embedding", "text_index"]


def test_queries_and_instructions_change_a_vector(embed: Post) -> None:
    asked: list[dict[str, Any]] = [
        {},
        {"text_type": "query"},
        {"text_type": "query", "instruct": "Find the answer."},
    ]
    told = [str(embed(["Hello"], **each).json["output"]) for each in asked]
    assert len(set(told)) == len(asked)
    assert str(embed(["Hello"], text_type="document").json["output"]) == told[0]
