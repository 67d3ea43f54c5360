"""Requests for embeddings on each of the three paths."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Simulator

CHINA = "dashscope.aliyuncs.com"
SERVICES = "/api/v1/services/embeddings"
PATHS = {
    "text": f"{SERVICES}/text-embedding/text-embedding",
    "multimodal": f"{SERVICES}/multimodal-embedding/multimodal-embedding",
    "compatible": "/compatible-mode/v1/embeddings",
}

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
