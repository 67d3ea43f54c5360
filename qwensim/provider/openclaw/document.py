"""JSON5 text: read, and changed in place so that comments and layout stay."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import json5
from json5.dumper import ModelDumper
from json5.model import (
    Comment,
    Identifier,
    JSONArray,
    JSONObject,
    JSONText,
    Key,
    LineComment,
    Node,
    String,
    TrailingComma,
    Value,
)
from json5.parser import parse_source
from json5.tokenizer import tokenize

from qwensim.errors import ConfigError

_INDENT = "  "
_N = TypeVar("_N", bound=Node)

Space: TypeAlias = list[str | Comment]
"""White space and comments between two tokens."""


class Edited(NamedTuple):
    """A text after its change."""

    text: str
    lost_comments: tuple[str, ...]
    """Comments that stood in what is no more."""


def parse(text: str, *, file: str) -> dict[str, Any]:
    """Return the object that a JSON5 text holds; a blank text holds an empty one.

    Raises `ConfigError` for anything else.
    """
    if not text.strip():
        return {}
    try:
        data = _data(text)
    except json5.JSON5DecodeError as error:
        if error.token is None:
            raise ConfigError("the text is not JSON5, or ends too early", file=file) from None
        before = text[: error.index].split("\n")
        place = f"line {len(before)}, column {len(before[-1]) + 1}"
        raise ConfigError("the text is not JSON5 here", file=file, place=place) from None
    except (ValueError, SyntaxError, RecursionError) as error:
        raise ConfigError(f"the text is not JSON5 ({type(error).__name__})", file=file) from None
    if not isinstance(data, dict):
        raise ConfigError("the whole must be an object, like { models: {} }", file=file)
    return data


def edited(
    text: str, data: Mapping[str, Any], *, renamed: Callable[[str], str] = lambda key: key
) -> Edited:
    """Return the text changed so that it holds `data`.

    What stays the same stays as it is written. A key that is gone while `renamed(key)` has come is
    renamed where it stands. A text that cannot be changed in place is written anew, as JSON.
    """
    if not text.strip():
        return Edited(_pretty(data, "") + "\n", ())
    new = _edited_in_place(text, data, renamed)
    if new is None:
        new = _pretty(data, "") + "\n"
    lost = Counter(_comments(text)) - Counter(_comments(new))
    return Edited(new, tuple(lost.elements()))


def _edited_in_place(
    text: str, data: Mapping[str, Any], renamed: Callable[[str], str]
) -> str | None:
    tree = parse_source(text)
    _Editor(renamed).change(tree.value, _data(text), data, "")
    new = _dumped(tree)
    try:
        same = _canonical(_data(new)) == _canonical(data)
    except ValueError:
        same = False
    return new if same else None


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return json5.loads(text, parse_json5_identifiers=str)


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True)


def _dumped(tree: JSONText) -> str:
    return json5.dumps(tree, dumper=ModelDumper())  # type: ignore[arg-type]  # not its subclass


def _comments(text: str) -> list[str]:
    kinds = {"LINE_COMMENT", "BLOCK_COMMENT"}
    return [token.value for token in tokenize(text) if token.type in kinds]


def _pretty(value: Any, indent: str) -> str:
    return json.dumps(value, indent=_INDENT, ensure_ascii=False).replace("\n", f"\n{indent}")


class _Editor:
    """Changes the nodes of a tree from one value to another."""

    def __init__(self, renamed: Callable[[str], str]) -> None:
        self._renamed = renamed

    def change(self, node: Value, old: Any, new: Any, indent: str) -> Value:
        """Return the node that holds `new`: the same one, or one that takes its place."""
        if _canonical(old) == _canonical(new):
            return node
        if isinstance(node, JSONObject) and isinstance(new, dict):
            self._change_object(node, old, new, indent)
            return node
        if isinstance(node, JSONArray) and isinstance(new, list) and len(new) >= len(old):
            self._change_array(node, old, new, indent)
            return node
        return _placed(_node(new, indent), like=node)

    def _change_object(
        self, node: JSONObject, old: Mapping[str, Any], new: Mapping[str, Any], indent: str
    ) -> None:
        inner = _inner_indent(node, indent)
        present: set[str] = set()
        for position in reversed(range(len(node.keys))):
            key = node.keys[position]
            name = target = _name(key)
            if name not in new and name not in present:
                target = self._renamed(name)
            if target not in new or target in present or (target != name and target in old):
                _remove(node, position)  # of several with one name only the last ever counted
                continue
            if target != name:
                node.keys[position] = _placed(_key(target), like=key)
            value = node.values[position]
            node.values[position] = self.change(value, old[name], new[target], inner or indent)
            present.add(target)
        for name, value in new.items():
            if name not in present:
                added, key = _node(value, inner), _key(name)
                key.wsc_before, added.wsc_after = _make_room(node, indent, inner)
                added.wsc_before = [" "]
                node.keys.append(key)
                node.values.append(added)

    def _change_array(
        self, node: JSONArray, old: Sequence[Any], new: Sequence[Any], indent: str
    ) -> None:
        inner = _inner_indent(node, indent)
        for position, (was, value) in enumerate(zip(old, new, strict=False)):
            node.values[position] = self.change(node.values[position], was, value, inner or indent)
        for value in new[len(old) :]:
            added = _node(value, inner)
            added.wsc_before, added.wsc_after = _make_room(node, indent, inner)
            node.values.append(added)


def _name(key: Key) -> str:
    return key.name if isinstance(key, Identifier) else cast("String", key).characters


def _node(value: Any, indent: str | None) -> Value:
    """Return the tree of a value: over several lines, or on one if there is no indent."""
    text = json.dumps(value, ensure_ascii=False) if indent is None else _pretty(value, indent)
    return parse_source(text).value


def _key(name: str) -> Key:
    return cast("String", _node(name, None))


def _placed(node: _N, *, like: Node) -> _N:
    """Give a node the space around another."""
    node.wsc_before, node.wsc_after = like.wsc_before, like.wsc_after
    return node


def _inner_indent(node: JSONObject | JSONArray, indent: str) -> str | None:
    """Return the indent of what the node holds, or None if that stands on one line."""
    text = "".join(part for part in node.leading_wsc if isinstance(part, str))
    if "\n" in text and node.values:
        return text.rpartition("\n")[2]
    return None if node.values else indent + _INDENT


def _make_room(node: JSONObject | JSONArray, indent: str, inner: str | None) -> tuple[Space, Space]:
    """Return the space before and after what is to stand last in a node.

    A comment behind the one that was last stays with that one.
    """
    if not node.values:
        node.leading_wsc = [*_trimmed(node.leading_wsc), f"\n{inner}"]
        return [], [f"\n{indent}"]
    last: TrailingComma | Value = node.trailing_comma or node.values[-1]
    tail, last.wsc_after = last.wsc_after, []
    in_line = inner is None and not any(isinstance(part, LineComment) for part in tail)
    before = [*_trimmed(tail), " " if in_line else f"\n{inner or indent}"]
    if node.trailing_comma:
        node.trailing_comma.wsc_after = _ending(tail)
        return before, []
    return before, _ending(tail)


def _trimmed(space: Space) -> Space:
    """Return what stands before the last white space."""
    return space[:-1] if _ending(space) else list(space)


def _ending(space: Space) -> Space:
    """Return the white space at the end, if there is some."""
    return [part for part in space[-1:] if isinstance(part, str)]


def _remove(node: JSONObject, position: int) -> None:
    """Take out a pair; what follows moves into its place."""
    key, value = node.keys.pop(position), node.values.pop(position)
    if not node.values:
        node.leading_wsc, node.trailing_comma = [], None
    elif position < len(node.values):
        node.keys[position].wsc_before = key.wsc_before
    else:
        last = node.trailing_comma or node.values[-1]
        tail = last.wsc_after if node.trailing_comma else value.wsc_after
        last.wsc_after = [*_trimmed(key.wsc_before), *_ending(tail)]
