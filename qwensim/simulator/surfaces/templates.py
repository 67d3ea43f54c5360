"""JSON texts with holes, compiled from the shapes of the dialect rows."""

import re
from collections.abc import Mapping

_HOLE = re.compile(r"\$(\w+)")


class Template:
    """A text in which `$name` stands for a value that is JSON already."""

    __slots__ = ("_holes", "_parts")

    def __init__(self, text: str) -> None:
        parts = _HOLE.split(text)
        self._parts = [part.encode() for part in parts]
        self._holes = tuple(enumerate(parts))[1::2]

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the text with every hole filled; raises `KeyError` for a value that is missing."""
        parts = self._parts.copy()
        for position, name in self._holes:
            parts[position] = values[name]
        return b"".join(parts)

    def bind(self, values: Mapping[str, bytes]) -> "Template":
        """Return a template in which the holes named in `values` are filled."""
        bound = Template("")
        parts, holes = [self._parts[0]], []
        for position, name in self._holes:
            after = self._parts[position + 1]
            if name in values:
                parts[-1] += values[name] + after
            else:
                holes.append((len(parts), name))
                parts += [b"", after]
        bound._parts, bound._holes = parts, tuple(holes)
        return bound
