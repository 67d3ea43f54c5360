"""Token counts: a pluggable tokenizer, and an estimate that needs no vocabulary."""

import re
from typing import Protocol


class Tokenizer(Protocol):
    """Cuts a text into tokens."""

    def split(self, text: str) -> list[str]:
        """Return the tokens, whose concatenation is the text."""
        ...


_TOKEN = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)\b"
    r"|[^\r\n\w]?[^\W\d_\u2e80-\uffff]{1,12}"
    r"|[\u2e80-\ud7ff\uf900-\ufaff\uff66-\uffdc]{1,2}"
    r"|\d"
    r"| ?[^\s\w]{1,3}[\r\n]*"
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+"
    r"|_+|.",
    re.DOTALL,
)


class Estimate:
    """Cuts where Qwen's tokenizer does before it merges: words, digits, marks, and Han in pairs."""

    def split(self, text: str) -> list[str]:
        """Return pieces that are about as many as the tokens."""
        return _TOKEN.findall(text)
