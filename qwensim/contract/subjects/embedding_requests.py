"""Embeddings: how many texts at once, where which model is asked, and what is refused."""

from functools import partial
from typing import Any

from qwensim.contract import vectors
from qwensim.contract.answers import expect
from qwensim.contract.case import Case
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import Session
from qwensim.contract.vectors import CAT


def most(session: Session, limit: int) -> None:
    """Embed as many texts as the model takes at once, and one more."""
    found = vectors.vectors(
        vectors.embed(session, [CAT] * limit, dimensions=64, encoding_format="base64")
    )
    expect("vectors", limit, len(found))
    refused(session, "embedding-batch", [CAT] * (limit + 1), limit=limit)


def refused(session: Session, error: str, given: Any, **values: Any) -> None:
    """Embed what cannot be, on both surfaces."""
    expect_refusal(session, vectors.embed(session, given), error, **values)
    expect_refusal(
        session, vectors.embed_natively(session, given), error, wire="native-whole", **values
    )


def refused_size(session: Session) -> None:
    """Ask for a dimension that no model has."""
    expect_refusal(session, vectors.embed(session, CAT, dimensions=1000), "embedding-dimension")
    answer = vectors.embed_natively(session, [CAT], dimension=1000)
    expect_refusal(session, answer, "embedding-dimension", wire="native-whole")


def unknown_model(session: Session) -> None:
    """Embed with a model that nobody has heard of."""
    answer = vectors.embed(session, CAT)
    expect_refusal(session, answer, "unknown-model", model=session.model)
    answer = vectors.embed_natively(session, [CAT])
    expect_refusal(session, answer, "unknown-model", wire="native-whole")


def misrouted(session: Session) -> None:
    """Have texts embedded natively by a model of another kind."""
    answer = vectors.embed_natively(session, [CAT])
    expect_refusal(session, answer, "native-url-error", wire="native-whole")


def wrong_key(session: Session) -> None:
    """Embed with a key that cannot be right."""
    body = {"model": session.model, "input": {"texts": [CAT]}}
    answer = session.call(vectors.TEXT, key="not-a-key", json=body)
    expect_refusal(session, answer, "wrong-key", wire="native-whole")


def on_plan(session: Session) -> None:
    """Ask where nothing but the chat is."""
    for answer in (
        vectors.embed(session, CAT),
        vectors.embed_natively(session, [CAT]),
        vectors.rerank(session, CAT, [CAT]),
        vectors.rerank_flat(session, CAT, [CAT]),
    ):
        expect_refusal(session, answer, "not-found")


_case = partial(Case, surface="embeddings", plans=("standard",), models=("text-embedding-v4",))

CASES = (
    *(
        _case(
            id=f"embedding-batch-{model}",
            title=f"{model} takes {limit} texts at once",
            holds="memobase-io/memobase#142; Model Studio docs: error codes",
            run=partial(most, limit=limit),
            models=(model,),
        )
        for model, limit in (("text-embedding-v3", 10), ("text-embedding-v4", 10))
    ),
    _case(
        id="embedding-batch-text-embedding-v2",
        title="text-embedding-v2 takes no more than 25 texts at once",
        holds="Model Studio docs: text embedding",
        run=partial(refused, error="embedding-batch", given=[CAT] * 26, limit=25),
        models=("text-embedding-v2",),
    ),
    _case(
        id="embedding-input-tokens",
        title="lists of tokens, as some clients send them, are refused",
        holds="1517005260/graph-rag-agent#81",
        run=partial(refused, error="embedding-input-type", given=[[1, 2, 3]]),
    ),
    _case(
        id="embedding-input-empty",
        title="a text must not be empty",
        holds="AsyncFuncAI/deepwiki-open#346",
        run=partial(refused, error="embedding-input-length", given=[""], limit=8192),
    ),
    _case(
        id="embedding-dimension-unknown",
        title="a dimension that the model does not have is refused",
        holds="public capture",
        run=refused_size,
    ),
    _case(
        id="embedding-lacks-unheard-of",
        title="a model that nobody has heard of is refused",
        holds="wire A and D: unknown model",
        run=unknown_model,
        absent="qwen-unheard-of",
    ),
    *(
        _case(
            id=f"embedding-routing-{kind}",
            title=f"a model is asked where its kind is: {kind}",
            holds="HKUDS/DeepTutor#660",
            run=misrouted,
            models=(model,),
        )
        for kind, model in (("talk", "qwen-plus"), ("media", "tongyi-embedding-vision-plus"))
    ),
    _case(
        id="embedding-key-unknown",
        title="a wrong key is refused in the flat envelope",
        holds="wire D: JSON errors",
        run=wrong_key,
    ),
    _case(
        id="embedding-on-plan",
        title="Coding Plan hosts neither embed nor rerank",
        holds="wire C: routes of the plan",
        run=on_plan,
        plans=("coding",),
        models=("qwen3.5-plus",),
    ),
)
