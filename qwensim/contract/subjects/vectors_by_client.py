"""The real client embeds and reranks."""

import json
from functools import partial
from typing import Any, cast

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.contract import page, vectors
from qwensim.contract.answers import expect, expect_in, failure
from qwensim.contract.case import Case
from qwensim.contract.refusals import words
from qwensim.contract.session import Session
from qwensim.contract.vectors import BANK, CAT, DOCUMENTS, QUERY
from qwensim.errors import UsageError
from qwensim.provider import AuthError, BadRequestError

_EMBEDS = "text-embedding-v4"
_RANKS = "qwen3-rerank"
_BATCH = 10


def embed(session: Session) -> None:
    """Embed two texts, in few numbers."""
    found = session.provider().embed([CAT, BANK], dimensions=64)
    sent = {"model": _EMBEDS, "input": [CAT, BANK], "encoding_format": "float", "dimensions": 64}
    expect("body sent", sent, session.body_sent)
    _expect_standard(session, "/embeddings")
    expect("vectors", 2, len(found.vectors))
    for vector in found.vectors:
        vectors.expect_unit(vector, 64)


def split(session: Session) -> None:
    """Embed more texts than the model takes at once: they come back in their order."""
    texts = [f"{CAT} {number}" for number in range(2 * _BATCH + 3)]
    provider = session.provider()
    found = provider.embed(texts, dimensions=64)
    sent = [json.loads(request.content)["input"] for request in session.sent]
    expect("texts in each request", [_BATCH, _BATCH, 3], list(map(len, sent)))
    expect("texts sent", texts, [text for batch in sent for text in batch])
    expect("requests told", len(sent), len(found.request_ids))
    last = provider.embed(texts[-1], dimensions=64)
    vectors.expect_same(last.vectors[0], found.vectors[-1])


def rerank(session: Session) -> None:
    """Rerank, and have the best two."""
    found = session.provider().rerank(QUERY, DOCUMENTS, top_n=2)
    sent = {"model": _RANKS, "query": QUERY, "documents": list(DOCUMENTS), "top_n": 2}
    expect("body sent", sent, session.body_sent)
    host = _standard(session).removesuffix("/compatible-mode/v1")
    expect("address", f"{host}{vectors.RERANKS}", str(session.sent[-1].url))
    expect("results", 2, len(found.results))
    expect("the best", 1, found.results[0].index)


def rerank_natively(session: Session) -> None:
    """Rerank with an older model, which is on the native surface alone."""
    found = session.provider().rerank(QUERY, DOCUMENTS, model=f"qwen/{session.model}")
    given = {"query": QUERY, "documents": list(DOCUMENTS)}
    expect(
        "body sent", {"model": session.model, "input": given, "parameters": {}}, session.body_sent
    )
    address = f"https://{session.host.name}{vectors.RERANK}"
    expect("address", address, str(session.sent[-1].url))
    expect("the best", 1, found.results[0].index)


def elsewhere(session: Session) -> None:
    """Configure the Coding Plan: both are asked of the Standard host of its region."""
    provider = session.provider(api_key=FAKE_KEYS["standard"])
    expect("vectors", 1, len(provider.embed(CAT).vectors))
    _expect_standard(session, "/embeddings")
    expect("results", len(DOCUMENTS), len(provider.rerank(QUERY, DOCUMENTS).results))


def with_plan_key(session: Session) -> None:
    """Do so with a key of the plan: the client says what key is wanted, and where."""
    provider = session.provider()
    calls: tuple[Any, ...] = (
        partial(provider.embed, CAT),
        partial(provider.rerank, QUERY, DOCUMENTS),
    )
    for call in calls:
        error = failure(AuthError, call)
        standard = session.catalog.host_of("standard", session.host.region)
        choice = page.ENDPOINTS["standard", session.host.region].auth_choice
        for part in (standard.name, choice):
            expect_in("advice", part, error.advice)
    expect("requests sent", len(calls), len(session.sent))


def nothing(session: Session) -> None:
    """Ask for nothing: nothing is sent."""
    provider = session.provider()
    wrong: tuple[Any, ...] = (
        partial(provider.embed, []),
        partial(provider.embed, cast(Any, [1])),
        partial(provider.rerank, QUERY, []),
        partial(provider.rerank, QUERY, "a text"),
        partial(provider.embed, CAT, model="dashscope/text-embedding-v4"),
    )
    for call in wrong:
        failure(UsageError, call)
    expect("requests sent", 0, len(session.sent))
    provider.embed(CAT)


def refused(session: Session) -> None:
    """Embed an empty text: the client tells it in the service's words."""
    error = failure(BadRequestError, lambda: session.provider().embed([CAT, ""]))
    expect(
        "the service's words", words(session, "embedding-input-length", limit=8192), error.message
    )


def _standard(session: Session) -> str:
    return page.ENDPOINTS["standard", session.host.region].base_url


def _expect_standard(session: Session, path: str) -> None:
    """See that the last request went to the Standard host of the region."""
    expect("address", f"{_standard(session)}{path}", str(session.sent[-1].url))


_case = partial(Case, surface="embeddings", plans=("standard",), models=(_EMBEDS,))
_NEXT_DOOR: dict[str, Any] = {
    "plans": ("coding",),
    "models": ("qwen3.5-plus",),
    "needs": frozenset({"standard"}),
}

CASES = (
    _case(
        id="embedding-client",
        title="the client asks text-embedding-v4 for numbers",
        holds="page: planned surfaces; Model Studio docs: text embedding",
        run=embed,
    ),
    _case(
        id="embedding-client-batches",
        title="more texts than the model takes at once go in several requests",
        holds="Model Studio docs: text embedding",
        run=split,
    ),
    _case(
        id="rerank-client",
        title="the client asks qwen3-rerank for an order",
        holds="page: planned surfaces; Model Studio docs: reranking",
        run=rerank,
        surface="rerank",
        models=(_RANKS,),
    ),
    _case(
        id="rerank-client-older",
        title="the client asks an older model where it is",
        holds="Model Studio docs: reranking",
        run=rerank_natively,
        surface="rerank",
        models=("gte-rerank-v2",),
    ),
    _case(
        id="embedding-client-elsewhere",
        title="a Coding Plan configuration asks the Standard host of its region",
        holds="wire C: routes of the plan",
        run=elsewhere,
        **_NEXT_DOOR,
    ),
    _case(
        id="embedding-client-with-plan-key",
        title="with a key of the plan the client says which key is wanted there",
        holds="wire C: routes of the plan",
        run=with_plan_key,
        **_NEXT_DOOR,
    ),
    _case(
        id="embedding-client-nothing",
        title="what are no texts is refused before anything is sent",
        holds="Model Studio docs: text embedding",
        run=nothing,
    ),
    _case(
        id="embedding-client-refused",
        title="an empty text is told in the service's words",
        holds="AsyncFuncAI/deepwiki-open#346",
        run=refused,
    ),
)
