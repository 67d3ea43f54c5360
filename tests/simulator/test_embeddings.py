"""Embeddings on the compatible and the native surface."""

import base64
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Account, Simulator

CHINA = "dashscope.aliyuncs.com"
SERVICES = "/api/v1/services/embeddings"
PATHS = {
    "text": f"{SERVICES}/text-embedding/text-embedding",
    "multimodal": f"{SERVICES}/multimodal-embedding/multimodal-embedding",
    "compatible": "/compatible-mode/v1/embeddings",
}
PICTURE = "https://example.com/cat.png"

Post = Callable[..., Any]


@pytest.fixture
def post(send: Callable[..., Any], simulator: Simulator) -> Post:
    """Send a body to one of the paths."""

    def posted(surface: str, body: Any, **options: Any) -> Any:
        raw = json.dumps(body).encode()
        return send(simulator, host=CHINA, path=PATHS[surface], raw=raw, **options)

    return posted


@pytest.fixture
def embed(post: Post) -> Post:
    """Ask for native embeddings of texts."""

    def embedded(texts: Any, model: str = "text-embedding-v4", **parameters: Any) -> Any:
        body = {"model": model, "input": {"texts": texts}, "parameters": parameters}
        return post("text", body)

    return embedded


def refusal(reply: Any) -> tuple[int, str]:
    body = reply.json
    return reply.status, body.get("error", body)["message"].rpartition("Value error, ")[2]


# ---- compatible


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


# ---- native


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


# ---- refusals


BATCH = "batch size is invalid, it should not be larger than 10.: input.contents"
TYPE = "contents is neither str nor list of str.: input.contents"
LENGTH = "Range of input length should be [1, 8192]"
DIMENSION = (
    "dimension for embedding v3 is invalid, its value shold be in "
    "[64, 128, 256, 512, 768, 1024, 1536, 2048, 3072]"
)
UNSUPPORTED = "Unsupported model `{}` for OpenAI compatibility mode."


@pytest.mark.parametrize(
    ("given", "status", "message"),
    [
        ({"input": ["x"] * 11}, 400, BATCH),
        ({"input": []}, 400, BATCH),
        ({"input": [[1, 2]]}, 400, TYPE),
        ({"input": None}, 400, TYPE),
        ({"input": ""}, 400, LENGTH),
        ({"input": "a " * 8193}, 400, LENGTH),
        ({"dimensions": 100}, 400, DIMENSION),
        ({"dimensions": "64"}, 400, DIMENSION),
        ({"dimensions": True}, 400, DIMENSION),
        ({"model": "qwen-plus"}, 404, UNSUPPORTED.format("qwen-plus")),
        ({"model": "qwen3-vl-embedding"}, 404, UNSUPPORTED.format("qwen3-vl-embedding")),
    ],
)
def test_what_the_compatible_surface_refuses(
    post: Post, given: dict[str, Any], status: int, message: str
) -> None:
    body = {"model": "text-embedding-v4", "input": "Hello", **given}
    assert refusal(post("compatible", body)) == (status, message)


def test_a_refusal_has_the_recorded_shape_of_each_surface(post: Post, embed: Post) -> None:
    body = post("compatible", {"model": "text-embedding-v4", "input": ["x"] * 11}).json
    assert [*body] == ["error", "id", "request_id"]
    assert body["id"] == body["request_id"]
    assert [*body["error"]] == ["message", "type", "param", "code"]
    assert body["error"]["type"] == body["error"]["code"] == "InvalidParameter"
    native = embed(["x"] * 11).json
    assert [*native] == ["request_id", "code", "message"]
    assert native["message"] == body["error"]["message"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"model": "text-embedding-v4"}, "native-input-empty"),
        ({"model": "text-embedding-v4", "input": []}, "body-invalid"),
        ({"model": "text-embedding-v4", "input": {}, "parameters": 1}, "body-invalid"),
        ({"model": "text-embedding-v4", "input": {}}, "embedding-input-type"),
        ({"model": "text-embedding-v1", "input": {"texts": ["x"] * 26}}, "embedding-batch"),
        ({"model": "text-embedding-v9", "input": {"texts": ["x"]}}, "native-unknown-model"),
        ({"model": "qwen-plus", "input": {"texts": ["x"]}}, "native-url-error"),
        ({"model": "qwen3-vl-embedding", "input": {"texts": ["x"]}}, "native-url-error"),
        ({"input": {"texts": ["x"]}}, "native-model-missing"),
    ],
)
def test_what_the_native_surface_refuses(
    post: Post, simulator: Simulator, body: dict[str, Any], error: str
) -> None:
    reply = post("text", body)
    assert (reply.status, simulator.journal[-1].error) == (400, error)
    assert set(reply.json) == {"request_id", "code", "message"}


def test_nothing_is_asynchronous_and_nothing_streams(post: Post, simulator: Simulator) -> None:
    body = {"model": "text-embedding-v4", "input": {"texts": ["x"]}}
    post("text", body, headers=(("x-dashscope-async", "enable"),))
    assert simulator.journal[-1].error == "native-async"
    reply = post("text", body, headers=(("x-dashscope-sse", "enable"),))
    assert reply.headers["content-type"] == "application/json"
    assert simulator.journal[-1].stream is False


def test_a_coding_plan_host_has_none(send: Callable[..., Any], simulator: Simulator) -> None:
    host = "coding.dashscope.aliyuncs.com"
    assert (
        send(simulator, host=host, path="/v1/embeddings", model="text-embedding-v4").status == 404
    )


def test_faults_and_account_states_meet_embeddings(post: Post, simulator: Simulator) -> None:
    body = {"model": "text-embedding-v4", "input": "Hello"}
    simulator.fault("error", error="rate-limit")
    assert post("compatible", body).status == 429
    simulator.fault("drop")
    assert simulator.scenario.fault_queue
    post("compatible", body)
    assert simulator.journal[-1].fault == "drop"
    simulator.account(Account(key="sk-0123456789", state="overdue"))
    post("compatible", body, key="sk-0123456789")
    assert simulator.journal[-1].error == "overdue"


# ---- multimodal


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
