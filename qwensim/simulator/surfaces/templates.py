"""JSON texts with holes, compiled from the shapes of the dialect rows."""

import re
from collections.abc import Mapping

_HOLE = re.compile(r"\$(\w+)")


class Template:
    """A text in which `$name` stands for a value that is JSON already."""

    __slots__ = ("_parts", "names")

    def __init__(self, text: str) -> None:
        parts = _HOLE.split(text)
        self._parts = [part.encode() for part in parts]
        self.names = tuple(parts[1::2])

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the text with every hole filled; raises `KeyError` for a value that is missing."""
        parts = self._parts.copy()
        for position, name in enumerate(self.names):
            parts[2 * position + 1] = values[name]
        return b"".join(parts)

    def bind(self, values: Mapping[str, bytes]) -> "Template":
        """Return a template in which the holes named in `values` are filled."""
        bound = Template("")
        texts, names = [self._parts[0]], []
        for position, name in enumerate(self.names):
            after = self._parts[2 * position + 2]
            if name in values:
                texts[-1] += values[name] + after
            else:
                names.append(name)
                texts.append(after)
        parts = [texts[0]]
        for name, text in zip(names, texts[1:], strict=True):
            parts += [name.encode(), text]
        bound._parts, bound.names = parts, tuple(names)
        return bound
