"""POST /api/v1/services/embeddings/multimodal-embedding/…: vectors of texts, pictures and videos.

Nothing looks at a picture: what two of them have in common are the words of their addresses.
"""

import hashlib
from collections import Counter
from typing import Any, NamedTuple

from qwensim.catalog import Catalog
from qwensim.catalog.rows import EmbeddingRow
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.media.parts import Media
from qwensim.simulator.pace import Pace
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.surfaces.availability import check_quota
from qwensim.simulator.surfaces.vectors.embeddings import dimension_of, task_of, vectors_of
from qwensim.simulator.surfaces.whole import NativeRequest, native_answer, read_native
from qwensim.simulator.vectors import unpacked

_KINDS = ("text", "image", "video", "multi_images")
_PARTS = {"image": "image_url", "video": "video_url"}
_MOST_IMAGES = 8
"""Of one `multi_images`."""
_LONGEST_ADDRESS = 2048
"""Characters; what is longer is a file that was sent along."""


class _Part(NamedTuple):
    kind: str
    value: Any

    @property
    def addresses(self) -> list[Any]:
        """The pictures or videos of the part."""
        return self.value if isinstance(self.value, list) else [self.value]


class MultimodalEmbeddingSurface:
    """Judges contents and gives their vectors.

    One order of checks, the first failure answers: those of `read_native`, form and number of the
    contents, dimension, length of texts, media, quota.
    """

    def __init__(self, catalog: Catalog, *, media: Media, tokenizer: Tokenizer, pace: Pace) -> None:
        self._catalog = catalog
        self._media = media
        self._tokenizer = tokenizer
        self._pace = pace
        self._vectors = vectors_of(catalog)

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        request = read_native(self._catalog, call, surface="embeddings")
        if request.model.inputs == ("text",):
            raise Refused("native-url-error")
        row = self._catalog.embeddings[request.model.id]
        contents = _read(request.input.get("contents"), row)
        dimension = dimension_of(row, request.parameters.get("dimension"))
        parts = [part for content in contents for part in content]
        text_tokens = self._text_tokens(request, parts)
        media_tokens = sum(self._media_tokens(call, request, parts).values())
        total = text_tokens + media_tokens
        check_quota(call, request.model, tokens=total)
        vectors, task = self._vectors[row.id], task_of(request.parameters)
        embeddings = []
        for index, group in enumerate(_grouped(contents, row, request.parameters)):
            words = [text for part in group for text in _words(part)]
            packed = vectors.packed(words, dimension, task=task)
            kinds = {part.kind for part in group}
            told = {"index": index, "embedding": unpacked(packed)}
            embeddings.append({**told, "type": kinds.pop() if len(kinds) == 1 else "vl"})
        return native_answer(
            call,
            self._pace,
            output={"embeddings": embeddings},
            usage=_usage(row, parts, text_tokens, media_tokens),
            tokens=total,
        )

    def _text_tokens(self, request: NativeRequest, parts: list[_Part]) -> int:
        total, most = 0, request.model.max_input
        for part in parts:
            if part.kind == "text":
                count = len(self._tokenizer.split(part.value))
                if not count or (most is not None and count > most):
                    raise Refused("embedding-input-length", limit=most)
                total += count
        return total

    def _media_tokens(
        self, call: Call, request: NativeRequest, parts: list[_Part]
    ) -> dict[str, int]:
        content = [
            {"type": kind, kind: address}
            for part in parts
            if part.kind != "text"
            for kind in (_PARTS.get(part.kind, "image_url"),)
            for address in part.addresses
        ]
        message = {"role": "user", "content": content}
        return self._media.tokens(call, [message], request.model, request.parameters)


def _read(given: Any, row: EmbeddingRow) -> list[list[_Part]]:
    """Return the parts of each content, or raise `Refused`."""
    if not isinstance(given, list):
        raise Refused("embedding-input-type")
    if not 1 <= len(given) <= row.rows:
        raise Refused("embedding-batch", limit=row.rows)
    contents = [_parts(content) for content in given]
    counts = Counter(part.kind for content in contents for part in content)
    for kind, most in row.most.items():
        if counts[kind] > most:
            raise Refused("embedding-modality", type=kind, limit=most)
    return contents


def _parts(content: Any) -> list[_Part]:
    given = content if isinstance(content, dict) else {}
    parts = [_Part(kind, given[kind]) for kind in _KINDS if given.get(kind) is not None]
    if not parts or not all(_is_sound(part) for part in parts):
        raise Refused("content-part-unexpected")
    return parts


def _is_sound(part: _Part) -> bool:
    if part.kind != "multi_images":
        return isinstance(part.value, str)
    return (
        isinstance(part.value, list)
        and 1 <= len(part.value) <= _MOST_IMAGES
        and all(isinstance(url, str) for url in part.value)
    )


def _grouped(
    contents: list[list[_Part]], row: EmbeddingRow, parameters: dict[str, Any]
) -> list[list[_Part]]:
    """Return the parts that share a vector."""
    if row.fuses == "never":
        return [[part] for content in contents for part in content]
    if row.fuses == "always" or parameters.get("enable_fusion") is True:
        return [[part for content in contents for part in content]]
    return contents


def _words(part: _Part) -> list[str]:
    if part.kind == "text":
        return [part.value]
    return [
        address
        if len(address) <= _LONGEST_ADDRESS
        else hashlib.blake2b(address.encode(), digest_size=16).hexdigest()
        for address in part.addresses
    ]


def _usage(row: EmbeddingRow, parts: list[_Part], text: int, media: int) -> dict[str, Any]:
    """Return what the contents took (Model Studio docs: multimodal embedding)."""
    if row.fuses != "never":
        return {
            "input_tokens": text + media,
            "input_tokens_details": {"image_tokens": media, "text_tokens": text},
            "output_tokens": 1,
            "total_tokens": text + media + 1,
        }
    usage = {"input_tokens": text, "image_tokens": media}
    shown = (part for part in parts if part.kind in ("image", "multi_images"))
    pictures = sum(len(part.addresses) for part in shown)
    return {**usage, "image_count": pictures} if pictures else usage
