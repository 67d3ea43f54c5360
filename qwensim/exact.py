"""Exact token counts, with the vocabulary that the `dashscope` package ships.

    pip install 'qwensim[exact]'

    simulator = Simulator(tokenizer=exact_tokenizer())

It reads a file, which the simulator may not: hence it stands outside.
"""

import base64
import codecs
import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any, Final

from qwensim.errors import UsageError

_VOCABULARY: Final = Path("resources", "qwen.tiktoken")
"""Within the `dashscope` package, which is not imported: that takes a second or more."""

_PIECE: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Where Qwen's tokenizer cuts before it merges (QwenLM/Qwen, tokenization_qwen.py)."""

_CHUNK: Final = re.compile(r".{1,100000}(?!\S)|.{1,100000}", re.DOTALL)
"""tiktoken overflows its stack where a text of a million characters is one piece."""


class Exact:
    """Cuts a text into Qwen's tokens. Made by `exact_tokenizer`."""

    def __init__(self, encoding: Any) -> None:
        self._encoding = encoding

    def split(self, text: str) -> list[str]:
        """Return the tokens; one that ends within a character is empty, the next has that whole."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        return [
            decoder.decode(token)
            for chunk in _CHUNK.findall(text)
            for token in self._encoding.decode_tokens_bytes(self._encoding.encode_ordinary(chunk))
        ]


def exact_tokenizer() -> Exact:
    """Return a tokenizer with Qwen's vocabulary. Reading that takes a moment: keep it.

    Raises `UsageError` if the extra `exact` is not installed.
    """
    package = importlib.util.find_spec("dashscope")
    if package is None or package.origin is None or importlib.util.find_spec("tiktoken") is None:
        raise UsageError(
            "exact token counts need tiktoken and the vocabulary of dashscope: "
            "pip install 'qwensim[exact]'"
        )
    path = Path(package.origin).parent / _VOCABULARY
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        raise UsageError(
            f"the installed dashscope has no vocabulary at {path}: dashscope 2.0.2 has"
        ) from None
    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}
    encoding = importlib.import_module("tiktoken").Encoding(
        "qwen", pat_str=_PIECE, mergeable_ranks=ranks, special_tokens={}
    )
    return Exact(encoding)
