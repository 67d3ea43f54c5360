"""What the surfaces of embeddings refuse, and in which shape."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Account, Simulator

Post = Callable[..., Any]


def refusal(reply: Any) -> tuple[int, str]:
    body = reply.json
    return reply.status, body.get("error", body)["message"].rpartition("Value error, ")[2]


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
