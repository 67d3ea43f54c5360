"""`qwensim embed` and `qwensim rerank`: vectors of texts, and texts in the order of a query."""

import json

from qwensim.cli.consoles import console, show_error
from qwensim.provider import ProviderError, QwenProvider


def embed(
    provider: QwenProvider, texts: list[str], *, model: str | None, dimensions: int | None
) -> bool:
    """Print a vector on each line of stdout, their cost to stderr; return whether they are there.

    Raises `UsageError` if the request cannot be made.
    """
    try:
        found = provider.embed(texts, model=model, dimensions=dimensions)
    except ProviderError as error:
        show_error(error)
        return False
    for vector in found.vectors:
        console().out(json.dumps(vector))
    size = len(found.vectors[0])
    _tell(f"{len(found.vectors)} of {size} dimensions, {found.tokens} tokens")
    return True


def rerank(
    provider: QwenProvider,
    query: str,
    documents: list[str],
    *,
    model: str | None,
    top_n: int | None,
) -> bool:
    """Print scores and documents to stdout, their cost to stderr; return whether they are there.

    Raises `UsageError` if the request cannot be made.
    """
    try:
        ranking = provider.rerank(query, documents, model=model, top_n=top_n)
    except ProviderError as error:
        show_error(error)
        return False
    for result in ranking.results:
        console().out(f"{result.score:.4f}  {documents[result.index]}")
    _tell(f"{len(ranking.results)} of {len(documents)} documents, {ranking.tokens} tokens")
    return True


def _tell(words: str) -> None:
    console(stderr=True).print(words, style="dim", soft_wrap=True)
