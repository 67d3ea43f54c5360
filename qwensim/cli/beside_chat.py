"""What the demo shows beside chat: every other surface, asked once on a Standard host."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx2

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.catalog.rows import HostRow
from qwensim.cli.consoles import new_table, show_table
from qwensim.provider import ProviderError, QwenProvider

_MODEL = "qwen3.5-plus"
_PICTURE = "https://example.com/cat.png"  # it is never opened


class Sight(NamedTuple):
    """A surface, and what came of asking it."""

    surface: str
    model: str
    came: str
    passed: bool


def show(host: HostRow, http_client: httpx2.Client) -> bool:
    """Ask every surface of `host`, print what came, and return whether all of them answered."""
    sights = [*_sights(host, http_client)]
    table = new_table(f"Beside chat, at {host.name}", "What", "Model", "Answer")
    for sight in sights:
        table.add_row(
            sight.surface, sight.model, sight.came, style="" if sight.passed else "bold red"
        )
    show_table(table)
    return all(sight.passed for sight in sights)


def _sights(host: HostRow, http_client: httpx2.Client) -> Iterator[Sight]:
    provider = QwenProvider(
        base_url=host.base_url,
        api_key=FAKE_KEYS[host.plan],
        http_client=http_client,
        sleep=lambda _: None,  # time is virtual
    )
    for surface, model, ask in (
        ("Anthropic protocol", _MODEL, lambda: _message(host, http_client)),
        ("Responses API", _MODEL, lambda: _response(host, http_client)),
        ("Picture described", "qwen-vl-max-latest", lambda: _description(provider)),
        ("Embeddings", "text-embedding-v4", lambda: _vectors(provider)),
        ("Reranking", "qwen3-rerank", lambda: _ranking(provider)),
        ("Image", "qwen-image-plus", lambda: _image(provider)),
        ("Video", "wan2.6-t2v", lambda: _video(provider)),
    ):
        yield _sight(surface, model, ask)


def _sight(surface: str, model: str, ask: Callable[[], str]) -> Sight:
    try:
        return Sight(surface, model, ask(), passed=True)
    except (ProviderError, httpx2.HTTPError) as error:
        return Sight(surface, model, str(error), passed=False)


def _message(host: HostRow, http_client: httpx2.Client) -> str:
    body = {
        "model": _MODEL,
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "Why is the sky blue?"}],
    }
    answer = http_client.post(
        f"https://{host.name}/apps/anthropic/v1/messages",
        headers={"x-api-key": FAKE_KEYS[host.plan]},
        json=body,
    ).raise_for_status()
    return f"{answer.json()['usage']['output_tokens']} tokens out"


def _response(host: HostRow, http_client: httpx2.Client) -> str:
    answer = http_client.post(
        f"{host.base_url}/responses",
        headers={"authorization": f"Bearer {FAKE_KEYS[host.plan]}"},
        json={"model": _MODEL, "input": "Why is the sky blue?"},
    ).raise_for_status()
    return f"{answer.json()['usage']['output_tokens']} tokens out"


def _description(provider: QwenProvider) -> str:
    usage = provider.describe_image(_PICTURE, model="qwen/qwen-vl-max-latest").usage
    return "no usage" if usage is None else f"{usage.prompt_tokens:,} tokens in"


def _vectors(provider: QwenProvider) -> str:
    found = provider.embed(["a cat", "a kitten"], model="qwen/text-embedding-v4")
    return f"{len(found.vectors)} vectors of {len(found.vectors[0]):,} dimensions"


def _ranking(provider: QwenProvider) -> str:
    documents = ["Rates rose.", "The cat is on the roof."]
    best = provider.rerank("Where is the cat?", documents, model="qwen/qwen3-rerank").results[0]
    return f"{documents[best.index]} ({best.score:.2f})"


def _image(provider: QwenProvider) -> str:
    return f"{provider.image('a cat', model='qwen/qwen-image-plus').usage.size} pixels"


def _video(provider: QwenProvider) -> str:
    video = provider.video("a cat", model="qwen/wan2.6-t2v")
    return f"{video.size} pixels, {video.seconds:g} s"
