"""Embeddings of texts, pictures and videos together."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Simulator

PICTURE = "https://example.com/cat.png"

Post = Callable[..., Any]


def contents(*given: Any, model: str = "qwen3-vl-embedding", **parameters: Any) -> dict[str, Any]:
    return {"model": model, "input": {"contents": [*given]}, "parameters": parameters}


FUSED = {"text": "a cat", "image": PICTURE}


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        (contents({"text": "a cat"}, {"image": PICTURE}, FUSED), ["text", "image", "vl"]),
        (contents({"text": "a cat"}, {"image": PICTURE}, enable_fusion=True), ["vl"]),
        (contents({"text": "a cat"}, {"image": PICTURE}, model="qwen2.5-vl-embedding"), ["vl"]),
        (contents(FUSED, model="multimodal-embedding-v1"), ["text", "image"]),
        (contents({"multi_images": [PICTURE, PICTURE]}), ["multi_images"]),
        (contents({"video": "https://example.com/cat.mp4"}), ["video"]),
    ],
)
def test_what_shares_a_vector(post: Post, body: dict[str, Any], kinds: list[str]) -> None:
    answer = post("multimodal", body).json
    rows = answer["output"]["embeddings"]
    assert [[*row] for row in rows] == [["index", "embedding", "type"]] * len(kinds)
    assert [row["type"] for row in rows] == kinds


def test_the_usage_of_contents(post: Post) -> None:
    fused = post("multimodal", contents({"text": "Hello"}, {"image": PICTURE})).json["usage"]
    images = fused["input_tokens_details"]["image_tokens"]
    assert images > 1000
    assert fused == {
        "input_tokens": images + 1,
        "input_tokens_details": {"image_tokens": images, "text_tokens": 1},
        "output_tokens": 1,
        "total_tokens": images + 2,
    }
    apart = contents({"text": "Hello"}, {"image": PICTURE}, model="multimodal-embedding-v1")
    usage = {"input_tokens": 1, "image_tokens": images, "image_count": 1}
    assert post("multimodal", apart).json["usage"] == usage
    text = contents({"text": "Hello"}, model="multimodal-embedding-v1")
    assert post("multimodal", text).json["usage"] == {"input_tokens": 1, "image_tokens": 0}


def test_a_long_picture_counts_by_its_content(post: Post) -> None:
    pictures = [f"{PICTURE}?{digit * 3000}" for digit in "12"]
    rows = post("multimodal", contents(*({"image": each} for each in pictures))).json
    one, other = rows["output"]["embeddings"]
    assert one["embedding"] != other["embedding"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (contents(), "embedding-batch"),
        (contents(*[{"text": "x"}] * 21), "embedding-batch"),
        ({"model": "qwen3-vl-embedding", "input": {"contents": "x"}}, "embedding-input-type"),
        (contents("x"), "native-part-unknown"),
        (contents({"text": 1}), "native-part-unknown"),
        (contents({"multi_images": []}), "native-part-unknown"),
        (contents({"multi_images": [PICTURE] * 9}), "native-part-unknown"),
        (contents({"multi_images": [1]}), "native-part-unknown"),
        (contents(*[{"image": PICTURE}] * 11), "embedding-modality"),
        (contents({"text": ""}), "embedding-input-length"),
        (contents({"text": "x"}, dimension=1), "embedding-dimension"),
        (contents({"image": "cat.png"}), "media-url-invalid"),
        (contents({"text": "x"}, model="text-embedding-v4"), "native-url-error"),
    ],
)
def test_what_multimodal_embedding_refuses(
    post: Post, simulator: Simulator, body: dict[str, Any], error: str
) -> None:
    assert post("multimodal", body).status == 400
    assert simulator.journal[-1].error == error
