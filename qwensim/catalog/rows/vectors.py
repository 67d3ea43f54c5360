"""Models that turn texts into vectors, and those that order documents by a query."""

from typing import Annotated, Literal

import msgspec

from qwensim.catalog.rows.base import Count, Natural, Row, Text


class EmbeddingRow(Row, frozen=True, kw_only=True):
    """What one embedding model takes and gives.

    The longest row is the `max_input` of its `ModelRow`. A model whose `inputs` are more than text
    is asked for multimodal embeddings.
    """

    id: Text
    """A model: the id of its `ModelRow`."""
    dimension: Count
    """The default."""
    dimensions: tuple[Count, ...] = ()
    """Those that may be asked for; of a model that has none the parameter is ignored."""
    rows: Count
    """The most texts, or contents, of one request."""
    most: dict[str, Natural] = msgspec.field(default_factory=dict)
    """Of the rows, the most of one modality, where there is a bound."""
    fuses: Literal["never", "asked", "always"] = "never"
    """Whether all contents make one vector: never, then each part has its own; if asked to, and
    else each content has its own; or always."""
    sparse: bool = False
    """Gives sparse vectors too."""
    norm: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """The length of its vectors."""


class RerankRow(Row, frozen=True, kw_only=True):
    """What one rerank model takes.

    The longest request, counted as query times documents plus all documents, is the `max_input` of
    its `ModelRow`.
    """

    id: Text
    """A model: the id of its `ModelRow`."""
    documents: Count
    """The most documents of one request."""
    item_tokens: Count
    """What is longer, query or document, is cut there."""
    document_length: Count = 300_000
    """The longest document that is taken, in characters (apecloud/ApeRAG#1071; the unit is a
    guess)."""
    pair_tokens: Natural = 0
    """What is counted for each document besides query, document and instruction."""
    instruct: str = ""
    """What the model is told unless the request says otherwise; empty: it takes no instruction."""
    compatible: bool = False
    """Served on the compatible path too."""
