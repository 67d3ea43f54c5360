"""Embeddings of texts and pictures: vectors, their sizes and forms, what is refused."""

import math
from functools import partial
from typing import Any, Final

from qwensim.contract import pictures, vectors
from qwensim.contract.answers import expect, expect_that
from qwensim.contract.case import Case
from qwensim.contract.session import Session
from qwensim.contract.vectors import BANK, CAT, CATS

_V4 = ("text-embedding-v4",)
_DIMENSIONS: Final = (64, 128, 256, 512, 768, 1024, 1536, 2048)
_SHORT: Final = {"dimensions": 256}
"""Where the number does not matter: recordings are read by people too."""

_SAME, _NEAR = 0.99, 0.5
"""Cosines of vectors: more is one text, and more is one meaning."""

_TEXTS: Final = [CAT, BANK]


def several(session: Session) -> None:
    """Embed one text as a string, and two in a list, which come in their order."""
    (alone,) = vectors.vectors(vectors.embed(session, CAT, **_SHORT))
    first, second = vectors.vectors(vectors.embed(session, _TEXTS, **_SHORT))
    vectors.expect_same(alone, first)
    expect_that("cosine", "another text's", vectors.closeness(first, second) < _SAME, second[:3])


def size(session: Session, dimension: int) -> None:
    """Leave the dimension to the model."""
    (vector,) = vectors.vectors(vectors.embed(session, CAT))
    vectors.expect_unit(vector, dimension)


def long(session: Session) -> None:
    """Embed with the oldest model, whose vectors are of any length."""
    (vector,) = vectors.vectors(vectors.embed(session, CAT))
    expect("dimension", 1536, len(vector))
    length = math.hypot(*vector)
    expect_that("length", "not 1", not math.isclose(length, 1, rel_tol=0.5), length)


def sizes(session: Session) -> None:
    """Ask for each dimension that the model has."""
    for dimension in _DIMENSIONS:
        asking: dict[str, Any] = {"dimensions": dimension, "encoding_format": "base64"}
        (vector,) = vectors.vectors(vectors.embed(session, CAT, **asking))
        vectors.expect_unit(vectors.unpacked(vector), dimension)
    (row,) = vectors.rows(vectors.embed_natively(session, [CAT], dimension=_DIMENSIONS[0]))
    vectors.expect_unit(row["embedding"], _DIMENSIONS[0])


def packed(session: Session) -> None:
    """Ask for Base64, as OpenAI clients do by themselves."""
    (told,) = vectors.vectors(vectors.embed(session, CAT, encoding_format="base64"))
    (numbers,) = vectors.vectors(vectors.embed(session, CAT, encoding_format="float"))
    vectors.expect_same(numbers, vectors.unpacked(told))


def close(session: Session) -> None:
    """Embed two texts on one thing and one on another."""
    cat, cats, bank = vectors.vectors(vectors.embed(session, [CAT, CATS, BANK], **_SHORT))
    near, far = vectors.closeness(cat, cats), vectors.closeness(cat, bank)
    expect_that("cosine", f"more than {far}", near > far, near)


def natively(session: Session) -> None:
    """Embed on the native surface: the vectors are those of the other."""
    rows = vectors.rows(vectors.embed_natively(session, _TEXTS, dimension=256))
    other = vectors.vectors(vectors.embed(session, _TEXTS, **_SHORT))
    for index, (row, vector) in enumerate(zip(rows, other, strict=True)):
        expect("keys of a row", ["embedding", "text_index"], sorted(row))
        expect("text_index", index, row["text_index"])
        vectors.expect_same(row["embedding"], vector)


def sparse(session: Session) -> None:
    """Ask for sparse vectors, beside the others and alone."""
    for kind, keys in (
        ("dense&sparse", ["embedding", "sparse_embedding", "text_index"]),
        ("sparse", ["sparse_embedding", "text_index"]),
    ):
        (row,) = vectors.rows(
            vectors.embed_natively(session, [CAT], dimension=64, output_type=kind)
        )
        expect("keys of a row", keys, sorted(row))
        for entry in row["sparse_embedding"]:
            expect("keys of an entry", ["index", "token", "value"], sorted(entry))
        tokens = [entry["token"] for entry in row["sparse_embedding"]]
        expect_that("tokens", "some, each once", len(tokens) == len(set(tokens)) > 0, tokens)


def query(session: Session) -> None:
    """Embed a text as a query: it is not quite the vector of a document."""
    asked, kept = (
        vectors.rows(vectors.embed_natively(session, [CAT], dimension=256, text_type=kind))[0]
        for kind in ("query", "document")
    )
    vectors.expect_unit(asked["embedding"], 256)
    found = vectors.closeness(asked["embedding"], kept["embedding"])
    expect_that("cosine", "near to 1, and less", _NEAR < found < 1, found)


def kinds(session: Session) -> None:
    """Embed a text and a picture, each for itself."""
    contents = {"text": CAT}, {"image": pictures.PHOTO}
    rows = vectors.rows(vectors.show(session, *contents, dimension=256))
    for index, (row, kind) in enumerate(zip(rows, ("text", "image"), strict=True)):
        expect("keys of a row", ["embedding", "index", "type"], sorted(row))
        expect("index", index, row["index"])
        expect("type", kind, row["type"])
        vectors.expect_unit(row["embedding"], 256)


def fused(session: Session) -> None:
    """Embed a text and a picture in one."""
    contents = {"text": CAT}, {"image": pictures.PHOTO}
    rows = vectors.rows(vectors.show(session, *contents, enable_fusion=True, dimension=256))
    expect("rows", 1, len(rows))
    vectors.expect_unit(rows[0]["embedding"], 256)
    expect("rows apart", 2, len(vectors.rows(vectors.show(session, *contents, dimension=256))))


_case = partial(Case, surface="embeddings", plans=("standard",), models=_V4)
_DOCS = "Model Studio docs: text embedding"
_MEDIA = "Model Studio docs: multimodal embedding"

CASES = (
    _case(
        id="embedding-shape",
        title="a text or several are embedded in their order",
        holds="alibaba/loongsuite-python-agent dashscope cassettes",
        run=several,
    ),
    *(
        _case(
            id=f"embedding-size-{model}",
            title=f"unless asked otherwise {model} gives {dimension} numbers of length 1",
            holds=_DOCS,
            run=partial(size, dimension=dimension),
            models=(model,),
        )
        for model, dimension in (
            ("text-embedding-v2", 1536),
            ("text-embedding-v3", 1024),
            ("text-embedding-v4", 1024),
        )
    ),
    _case(
        id="embedding-size-text-embedding-v1",
        title="the vectors of text-embedding-v1 are of no certain length",
        holds="langchain4j/langchain4j#1140",
        run=long,
        models=("text-embedding-v1",),
    ),
    _case(
        id="embedding-sizes",
        title="the number of dimensions may be chosen",
        holds=_DOCS,
        run=sizes,
    ),
    _case(
        id="embedding-base64",
        title="Base64 holds the same numbers, in single precision",
        holds="openai package: the default of its embeddings",
        run=packed,
    ),
    _case(
        id="embedding-close",
        title="texts on one thing are closer than others",
        holds=_DOCS,
        run=close,
    ),
    _case(
        id="embedding-native",
        title="both surfaces give the same vectors",
        holds=f"{_DOCS}; cnblogs/dashscope-sdk RawHttpData/text-embedding-nosse",
        run=natively,
    ),
    _case(
        id="embedding-sparse",
        title="sparse vectors weigh tokens",
        holds=_DOCS,
        run=sparse,
    ),
    _case(
        id="embedding-query",
        title="a query is embedded otherwise than a document",
        holds=_DOCS,
        run=query,
    ),
    _case(
        id="embedding-media",
        title="texts and pictures are embedded each for itself",
        holds=_MEDIA,
        run=kinds,
        models=("tongyi-embedding-vision-plus",),
    ),
    _case(
        id="embedding-media-fused",
        title="or in one, if that is asked",
        holds=_MEDIA,
        run=fused,
        models=("qwen3-vl-embedding",),
    ),
)
