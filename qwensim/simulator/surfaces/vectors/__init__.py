"""Embeddings and reranking: rows of texts in, vectors or scores out."""
