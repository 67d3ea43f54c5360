"""What an OCR model read in a document, in the fields of the task that it was given.

Of the tasks of `ocr_options` two give fields beside the text. The places on the page are made up:
the lines stand below each other. What a stream gives is on nobody's record: text alone.
"""

from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

_LEFT, _LINE, _LETTER = 20, 40, 20
"""Pixels: the margin, the height of a line, the width of a letter."""

_DEEPEST = 32
"""Levels of a schema of keys that are looked at."""


def read_document(parameters: Mapping[str, Any], text: str) -> dict[str, Any] | None:
    """Return the `ocr_result` of a text that was read, or None for a task of text alone."""
    options = parameters.get("ocr_options")
    options = options if isinstance(options, dict) else {}
    match options.get("task"):
        case "advanced_recognition":
            return {"words_info": _words(text)}
        case "key_information_extraction":
            config = options.get("task_config")
            schema = config.get("result_schema") if isinstance(config, dict) else None
            return {"kv_result": _values(schema or {}, cycle(text.split()), depth=0)}
        case _:
            return None


def _words(text: str) -> list[dict[str, Any]]:
    lines = [line for line in text.splitlines() if line.strip()]
    return [_line(line, _LINE * number) for number, line in enumerate(lines, start=1)]


def _line(text: str, top: int) -> dict[str, Any]:
    width = _LETTER * len(text)
    right, bottom = _LEFT + width, top + _LINE
    return {
        "location": [_LEFT, top, right, top, right, bottom, _LEFT, bottom],
        "rotate_rect": [_LEFT + width // 2, top + _LINE // 2, _LINE, width, 90],
        "text": text,
    }


def _values(schema: Any, words: Iterator[str], *, depth: int) -> Any:
    """Return the form of a schema with words in the place of its descriptions."""
    if not isinstance(schema, dict) or depth == _DEEPEST:
        return next(words, "")
    return {name: _values(inner, words, depth=depth + 1) for name, inner in schema.items()}
