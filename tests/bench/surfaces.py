"""A request for each surface, another one for each number: what the benches of surfaces send.

SURFACES["chat"].request(7)
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from qwensim.exchange import Request
from qwensim.simulator.surfaces.vectors.rerank import relevance
from qwensim.simulator.vectors import Vectors, unpacked

HOST = "dashscope-intl.aliyuncs.com"
KEY = "sk-0123456789abcdef"
COMPATIBLE, SERVICES = "/compatible-mode/v1", "/api/v1/services"
ASYNC = (("x-dashscope-async", "enable"),)
SYSTEM = "You are a helpful assistant."
PICTURE = "https://example.com/harbour.jpg"


class Surface(NamedTuple):
    """A path and what is sent there."""

    path: str
    body: Callable[[int], dict[str, Any]] | None = None
    """None: it is a GET."""
    headers: tuple[tuple[str, str], ...] = ()
    beside: str = "chat"
    """The surface of the chat that it is compared with."""
    work: Callable[[int], object] = lambda number: None
    """What it must do for a request and the chat need not, but for the encoding of its answer."""

    def request(self, number: int, **values: str) -> Request:
        """Return a request; the values fill the holes of the path."""
        body = json.dumps(self.body(number)).encode() if self.body is not None else b""
        headers = {
            "host": HOST,
            "accept": "application/json",
            "accept-encoding": "gzip, deflate",
            "connection": "keep-alive",
            "user-agent": "python-httpx2/2.0",
            "authorization": f"Bearer {KEY}",
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        return Request(
            method="GET" if self.body is None else "POST",
            host=HOST,
            path=self.path.format_map(values),
            headers=(*headers.items(), *self.headers),
            body=body,
        )


def text(number: int) -> str:
    return f"Tell me something about harbour number {number}."


def texts(number: int) -> list[str]:
    return [text(10 * number + place) for place in range(10)]


def asked(number: int, *, picture: str | None = None) -> list[dict[str, Any]]:
    """Return messages; those with a picture in the form of the compatible chat."""
    content: Any = text(number)
    if picture is not None:
        shown = {"type": "image_url", "image_url": {"url": picture}}
        content = [shown, {"type": "text", "text": content}]
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": content}]


def embedded(model: str, dimension: int) -> Callable[[list[str]], object]:
    """Return what makes the vectors of some texts."""
    vectors = Vectors(model)
    return lambda texts: [unpacked(vectors.packed([text], dimension)) for text in texts]


def chat(number: int, **fields: Any) -> dict[str, Any]:
    return {"model": "qwen3-max", "messages": asked(number), **fields}


def anthropic(number: int, **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text(number)}]
    return {"model": "qwen3-max", "system": SYSTEM, "messages": messages, **fields}


def native(number: int) -> dict[str, Any]:
    parameters = {"result_format": "message"}
    return {"model": "qwen3-max", "input": {"messages": asked(number)}, "parameters": parameters}


def multimodal(number: int) -> dict[str, Any]:
    content = [{"image": PICTURE}, {"text": text(number)}]
    messages = [
        {"role": "system", "content": [{"text": SYSTEM}]},
        {"role": "user", "content": content},
    ]
    return {"model": "qwen3-vl-plus", "input": {"messages": messages}, "parameters": {}}


V4, VISION = "text-embedding-v4", "tongyi-embedding-vision-plus"
v4_1024, v4_2048 = embedded(V4, 1024), embedded(V4, 2048)
vision_1152 = embedded(VISION, 1152)

SURFACES = {
    "chat": Surface(f"{COMPATIBLE}/chat/completions", chat),
    "chat, picture": Surface(
        f"{COMPATIBLE}/chat/completions",
        lambda number: {"model": "qwen3-vl-plus", "messages": asked(number, picture=PICTURE)},
    ),
    "chat, 10 messages": Surface(
        f"{COMPATIBLE}/chat/completions",
        lambda number: {
            "model": "qwen3-max",
            "messages": [{"role": "user", "content": text} for text in texts(number)],
        },
    ),
    "native": Surface(f"{SERVICES}/aigc/text-generation/generation", native),
    "multimodal": Surface(
        f"{SERVICES}/aigc/multimodal-generation/generation", multimodal, beside="chat, picture"
    ),
    "Anthropic": Surface(
        "/apps/anthropic/v1/messages", lambda number: anthropic(number, max_tokens=1024)
    ),
    "Anthropic, count": Surface("/apps/anthropic/v1/messages/count_tokens", anthropic),
    "Responses": Surface(
        f"{COMPATIBLE}/responses",
        lambda number: {"model": "qwen3-max", "instructions": SYSTEM, "input": text(number)},
    ),
    "embeddings": Surface(
        f"{COMPATIBLE}/embeddings",
        lambda number: {"model": V4, "input": text(number)},
        work=lambda number: v4_1024([text(number)]),
    ),
    "embeddings, 2048": Surface(
        f"{COMPATIBLE}/embeddings",
        lambda number: {
            "model": V4,
            "input": text(number),
            "dimensions": 2048,
            "encoding_format": "base64",
        },
        work=lambda number: v4_2048([text(number)]),
    ),
    "embeddings, 10 texts": Surface(
        f"{COMPATIBLE}/embeddings",
        lambda number: {"model": V4, "input": texts(number)},
        beside="chat, 10 messages",
        work=lambda number: v4_1024(texts(number)),
    ),
    "native embeddings": Surface(
        f"{SERVICES}/embeddings/text-embedding/text-embedding",
        lambda number: {"model": V4, "input": {"texts": [text(number)]}},
        work=lambda number: v4_1024([text(number)]),
    ),
    "multimodal embeddings": Surface(
        f"{SERVICES}/embeddings/multimodal-embedding/multimodal-embedding",
        lambda number: {"model": VISION, "input": {"contents": [{"text": text(number)}]}},
        work=lambda number: vision_1152([text(number)]),
    ),
    "rerank": Surface(
        "/compatible-api/v1/reranks",
        lambda number: {
            "model": "qwen3-rerank",
            "query": text(number),
            "documents": texts(number),
        },
        beside="chat, 10 messages",
        work=lambda number: relevance(text(number), texts(number)),
    ),
    "native rerank": Surface(
        f"{SERVICES}/rerank/text-rerank/text-rerank",
        lambda number: {
            "model": "qwen3-rerank",
            "input": {"query": text(number), "documents": texts(number)},
        },
        beside="chat, 10 messages",
        work=lambda number: relevance(text(number), texts(number)),
    ),
    "image": Surface(
        f"{SERVICES}/aigc/multimodal-generation/generation",
        lambda number: {
            "model": "qwen-image-plus",
            "input": {"messages": [{"role": "user", "content": [{"text": text(number)}]}]},
        },
    ),
    "image task": Surface(
        f"{SERVICES}/aigc/text2image/image-synthesis",
        lambda number: {"model": "wan2.2-t2i-flash", "input": {"prompt": text(number)}},
        headers=ASYNC,
    ),
    "video task": Surface(
        f"{SERVICES}/aigc/video-generation/video-synthesis",
        lambda number: {"model": "wan2.5-t2v-preview", "input": {"prompt": text(number)}},
        headers=ASYNC,
    ),
    "task": Surface("/api/v1/tasks/{task_id}"),
    "models": Surface(f"{COMPATIBLE}/models"),
}
