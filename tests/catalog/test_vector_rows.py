"""What must hold of the models for embeddings and reranking."""

from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import CatalogError

CATALOG = load()


def test_every_model_has_a_row_and_every_row_a_model() -> None:
    for surface, table in (("embeddings", CATALOG.embeddings), ("rerank", CATALOG.reranks)):
        models = {row.id for row in CATALOG.models.values() if surface in row.surfaces}
        assert models == set(table)


@pytest.mark.parametrize(
    ("overlay", "problem"),
    [
        (
            {"embedding": [{"id": "text-embedding-v4", "dimension": 100}]},
            "embedding text-embedding-v4: dimension: 100 is none of its dimensions; there are: ",
        ),
        (
            {"model": [{"id": "new", "hosts": ["standard"], "surfaces": ["embeddings"]}]},
            "model new: surfaces: 'embeddings' wants a row [[embedding]] of this name",
        ),
        (
            {"model": [{"id": "new", "hosts": ["standard"], "surfaces": ["rerank"]}]},
            "model new: surfaces: 'rerank' wants a row [[rerank]] of this name",
        ),
        (
            {"rerank": [{"id": "new", "documents": 1, "item_tokens": 1}]},
            "rerank new: id: 'new' is not known",
        ),
    ],
)
def test_rows_that_do_not_hold_together(overlay: dict[str, Any], problem: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load(overlay)
    assert problem in str(caught.value)


def test_an_overlay_changes_one_bound_and_keeps_the_others() -> None:
    catalog = load({"embedding": [{"id": "qwen3-vl-embedding", "most": {"video": 2}}]})
    assert catalog.embeddings["qwen3-vl-embedding"].most == {"image": 10, "video": 2}
