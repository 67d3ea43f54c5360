"""Reranking: the order of documents by a query, on both surfaces."""

from functools import partial
from typing import Any

from qwensim.contract import vectors
from qwensim.contract.answers import expect, expect_that
from qwensim.contract.case import Case
from qwensim.contract.refusals import expect_refusal
from qwensim.contract.session import Session
from qwensim.contract.vectors import DOCUMENTS, QUERY

_QWEN = ("qwen3-rerank",)
_BEST = 1
"""The document that answers the query."""


def natively(session: Session) -> None:
    """Rerank on the native surface."""
    results = vectors.ranked(vectors.rerank(session, QUERY, DOCUMENTS))
    expect("indices", [0, 1, 2], sorted(result["index"] for result in results))
    expect("the best", _BEST, results[0]["index"])
    for result in results:
        expect("keys of a result", ["index", "relevance_score"], sorted(result))


def flat(session: Session) -> None:
    """Rerank on the other surface: the order is the same."""
    results = vectors.ranked_flat(session, vectors.rerank_flat(session, QUERY, DOCUMENTS))
    native = vectors.ranked(vectors.rerank(session, QUERY, DOCUMENTS))
    indices = [[result["index"] for result in found] for found in (results, native)]
    expect("order", indices[0], indices[1])
    expect("the best", _BEST, results[0]["index"])


def fewer(session: Session) -> None:
    """Ask for the best alone; for more than there are."""
    for top, count in ((1, 1), (5, 3)):
        results = vectors.ranked(vectors.rerank(session, QUERY, DOCUMENTS, top_n=top))
        expect("results", count, len(results))
        expect("the best", _BEST, results[0]["index"])
        answer = vectors.rerank_flat(session, QUERY, DOCUMENTS, top_n=top)
        expect("results", count, len(vectors.ranked_flat(session, answer)))


def told(session: Session) -> None:
    """Have the documents told in the answer."""
    for result in vectors.ranked(vectors.rerank(session, QUERY, DOCUMENTS, return_documents=True)):
        expect("document", {"text": DOCUMENTS[result["index"]]}, result.get("document"))


def order_of_documents(session: Session) -> None:
    """Send the documents in another order: their scores stay with them."""
    there = vectors.ranked(vectors.rerank(session, QUERY, DOCUMENTS))
    back = vectors.ranked(vectors.rerank(session, QUERY, DOCUMENTS[::-1]))
    last = len(DOCUMENTS) - 1
    expect(
        "order",
        [result["index"] for result in there],
        [last - result["index"] for result in back],
    )
    expect_that(
        "scores", "apart", there[0]["relevance_score"] > there[-1]["relevance_score"], there
    )


def refused(session: Session, error: str, documents: list[str], **values: Any) -> None:
    """Send what cannot be ranked, to both surfaces."""
    answer = vectors.rerank(session, QUERY, documents)
    expect_refusal(session, answer, error, wire="native-whole", **values)
    expect_refusal(session, vectors.rerank_flat(session, QUERY, documents), error, **values)


def unknown_model(session: Session) -> None:
    """Rerank with a model that nobody has heard of."""
    answer = vectors.rerank(session, QUERY, DOCUMENTS)
    expect_refusal(session, answer, "unknown-model", wire="native-whole")
    answer = vectors.rerank_flat(session, QUERY, DOCUMENTS)
    expect_refusal(session, answer, "unknown-model", model=session.model)


def misrouted(session: Session) -> None:
    """Rerank with an older model where newer ones are."""
    vectors.ranked(vectors.rerank(session, QUERY, DOCUMENTS))
    answer = vectors.rerank_flat(session, QUERY, DOCUMENTS)
    expect_refusal(session, answer, "model-not-compatible", model=session.model)


_case = partial(Case, surface="rerank", plans=("standard",), models=_QWEN)
_RECORDED = "alibaba/loongsuite-python-agent dashscope/test_text_rerank_*"
_DOCS = "Model Studio docs: reranking"

CASES = (
    _case(
        id="rerank-native",
        title="documents come in the order of a query, with scores",
        holds=_RECORDED,
        run=natively,
    ),
    _case(
        id="rerank-older",
        title="so they do from an older model",
        holds=_RECORDED,
        run=natively,
        models=("gte-rerank-v2",),
    ),
    _case(
        id="rerank-compatible",
        title="both surfaces have one order",
        holds=f"{_DOCS}; BerriAI/litellm#39237",
        run=flat,
    ),
    _case(
        id="rerank-top",
        title="the best alone may be asked for",
        holds=f"{_RECORDED}; {_DOCS}",
        run=fewer,
    ),
    _case(
        id="rerank-documents",
        title="the documents are told if they are asked for",
        holds=_RECORDED,
        run=told,
    ),
    _case(
        id="rerank-order",
        title="a document's score is its own, wherever it stands",
        holds=_RECORDED,
        run=order_of_documents,
    ),
    _case(
        id="rerank-documents-missing",
        title="there must be documents",
        holds="Tencent/WeKnora#3458",
        run=partial(refused, error="rerank-batch", documents=[], limit=500),
    ),
    _case(
        id="rerank-documents-too-many",
        title="there must not be too many",
        holds="Tencent/WeKnora#3458",
        run=partial(refused, error="rerank-batch", documents=["cat"] * 501, limit=500),
    ),
    _case(
        id="rerank-document-empty",
        title="a document must not be empty",
        holds="Tencent/WeKnora#806",
        run=partial(refused, error="rerank-document-empty", documents=["cat", ""], index=1),
    ),
    _case(
        id="rerank-lacks-unheard-of",
        title="a model that nobody has heard of is refused",
        holds=_RECORDED,
        run=unknown_model,
        absent="qwen-unheard-of",
    ),
    _case(
        id="rerank-routing",
        title="older models are on the native surface alone",
        holds=_DOCS,
        run=misrouted,
        models=("gte-rerank-v2",),
    ),
)
