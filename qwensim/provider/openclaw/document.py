"""JSON5 text: read, and changed where it stands, so that comments and layout stay."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import json5

from qwensim.errors import ConfigError

_TOKEN: Final = re.compile(
    r"""(?P<comment> //[^\n\r\u2028\u2029]* | /\*.*?\*/ )
      | (?P<open> [\[{] ) | (?P<close> [\]}] ) | (?P<mark> [:,] )
      | (?P<value> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | [^\s\ufeff\[\]{}:,"'/]+ )""",
    re.VERBOSE | re.DOTALL,
)
_SYNTAX_ERROR: Final = re.compile(r"<string>:(\d+) .* at column (\d+)$", re.DOTALL)
_INDENT: Final = "  "
_DEEPEST: Final = 100
"""Levels; a configuration has about ten."""
_WIDTH: Final = 80
"""Characters of a value that may stand on the line of others."""


class Edited(NamedTuple):
    """A text after its change."""

    text: str
    lost_comments: tuple[str, ...]
    """Comments that stood in what is no more."""


def parse(text: str, *, file: str) -> dict[str, Any]:
    """Return the object that a JSON5 text holds; a blank text holds an empty one.

    Of several keys with one name the last counts. Raises `ConfigError` for anything else.
    """
    if not text.strip("\ufeff \t\r\n"):
        return {}
    try:
        data = _data(text)
    except (ValueError, RecursionError) as error:
        found = _SYNTAX_ERROR.match(str(error))
        place = f"line {found[1]}, column {found[2]}" if found else ""
        problem = "the text is not JSON5 here, or ends too early"
        if not found:
            problem = f"the text cannot be read as JSON5 ({type(error).__name__})"
        raise ConfigError(problem, file=file, place=place) from None
    if not isinstance(data, dict):
        raise ConfigError("the whole must be an object, like { models: {} }", file=file)
    if _is_deeper(data, _DEEPEST):
        raise ConfigError(f"is nested more than the {_DEEPEST} levels allowed", file=file)
    return data


def edited(
    text: str, data: Mapping[str, Any], *, renamed: Callable[[str], str] = lambda key: key
) -> Edited:
    """Return the text changed so that it holds `data`.

    What stays the same stays as it is written. A key that is gone while `renamed(key)` has come is
    renamed where it stands. An object that loses keys, and a list that does more than grow, are
    written anew.
    """
    if not text.strip("\ufeff \t\r\n"):
        return Edited(_json(data) + "\n", ())
    newline = "\r\n" if "\r\n" in text else "\n"
    new, position = "", 0
    edits = _Editor(text, renamed).edits(_tree(text), _data(text), data)
    for edit in sorted(edits, key=lambda edit: edit.start):
        new += text[position : edit.start] + edit.text.replace("\n", newline)
        position = edit.end
    new += text[position:]
    lost = Counter(_comments(text)) - Counter(_comments(new))
    return Edited(new, tuple(lost.elements()))


def _data(text: str) -> Any:
    try:
        data = json.loads(text)
    except ValueError:
        data = json.loads(json.dumps(json5.loads(text)))  # joins the halves of escaped characters
    json.dumps(data, ensure_ascii=False).encode()  # a half without its other cannot be written
    return data


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    below = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in below)


def _json(value: Any, indent: str = "") -> str:
    return json.dumps(value, indent=_INDENT, ensure_ascii=False).replace("\n", f"\n{indent}")


def _same(one: Any, other: Any) -> bool:
    """Tell whether two values are one in JSON; `==` takes 1 for true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _comments(text: str) -> list[str]:
    return [token[0] for token in _TOKEN.finditer(text) if token.lastgroup == "comment"]


@dataclass(kw_only=True, slots=True)
class _Node:
    """Where a value stands, and what it holds."""

    start: int
    end: int
    keys: list["_Node"] = field(default_factory=list)
    values: list["_Node"] = field(default_factory=list)
    comma: bool = False
    """Whether one stands behind the last value."""


def _tree(text: str) -> _Node:
    """Return the value of a text that is known to be JSON5."""
    root = _Node(start=0, end=len(text))
    path = [root]
    for token in _TOKEN.finditer(text):
        top = path[-1]
        if token.lastgroup == "close":
            path.pop().end = token.end()
        elif token[0] == ":":
            top.keys.append(top.values.pop())
        elif token[0] == ",":
            top.comma = True
        elif token.lastgroup != "comment":
            node = _Node(start=token.start(), end=token.end())
            top.values.append(node)
            top.comma = False
            if token.lastgroup == "open":
                path.append(node)
    return root.values[0]


class _Edit(NamedTuple):
    """A piece of a text and what takes its place."""

    start: int
    end: int
    text: str


class _Editor:
    """Finds the edits that turn one value of a text into another."""

    def __init__(self, text: str, renamed: Callable[[str], str]) -> None:
        self._text = text
        self._renamed = renamed

    def edits(self, node: _Node, old: Any, new: Any) -> Iterator[_Edit]:
        if _same(old, new):
            return
        if isinstance(old, dict) and isinstance(new, dict):
            names = [self._name(key) for key in node.keys]
            targets = [name if name in new else self._renamed(name) for name in names]
            if self._stays(names, targets, new):
                yield from self._object(node, dict(zip(names, targets, strict=True)), old, new)
                return
        elif isinstance(old, list) and isinstance(new, list) and _same(old, new[: len(old)]):
            yield from self._added(node, [("", value) for value in new[len(old) :]])
            return
        yield _Edit(node.start, node.end, _json(new, self._indent(node.start)))

    def _stays(self, names: list[str], targets: list[str], new: Mapping[str, Any]) -> bool:
        """Tell whether each key has its place in the new object."""
        return len({*names}) == len({*targets}) == len(names) and {*targets} <= {*new}

    def _object(
        self,
        node: _Node,
        targets: Mapping[str, str],
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Iterator[_Edit]:
        for (name, target), key, value in zip(targets.items(), node.keys, node.values, strict=True):
            if target != name:
                yield _Edit(key.start, key.end, json.dumps(target, ensure_ascii=False))
            yield from self.edits(value, old[name], new[target])
        present = {*targets.values()}
        added = [(name, value) for name, value in new.items() if name not in present]
        yield from self._added(
            node,
            [(f"{json.dumps(name, ensure_ascii=False)}: ", value) for name, value in added],
        )

    def _added(self, node: _Node, items: list[tuple[str, Any]]) -> Iterator[_Edit]:
        """Put values, each with what stands before it, at the end of an object or a list.

        A comment behind the value that was last stays with that one.
        """
        if not items:
            return
        close = node.end - 1
        last = node.values[-1].end if node.values else node.start + 1
        end = max(last, len(self._text[:close].rstrip()))
        first = min((one.start for one in (*node.keys[:1], *node.values[:1])), default=close)
        outer = self._indent(node.start)
        in_line = bool(node.values) and "\n" not in self._text[node.start : first]
        inner = self._indent(first) if node.values and not in_line else outer + _INDENT
        if node.values and not node.comma:
            yield _Edit(last, last, ",")
        pieces = []
        for before, value in items:
            flat = json.dumps(value, ensure_ascii=False)
            short = in_line and len(flat) <= _WIDTH
            pieces.append(before + (flat if short else _json(value, outer if in_line else inner)))
        alone = in_line and "//" not in self._text[last:end]
        gap = " " if alone else f"\n{inner}"
        text = gap + f",{gap}".join(pieces) + ("," if node.comma else "")
        if not in_line and "\n" not in self._text[end:close]:
            text += f"\n{outer}"
        yield _Edit(end, end, text)

    def _name(self, key: _Node) -> str:
        written = self._text[key.start : key.end]
        return str(next(iter(_data(f"{{{written}: 0}}"))))

    def _indent(self, position: int) -> str:
        """Return the white space before the line of a position."""
        line = self._text[self._text.rfind("\n", 0, position) + 1 :]
        return line[: len(line) - len(line.lstrip(" \t"))]
