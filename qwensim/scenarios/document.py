"""Reads YAML as plain data, and knows on which line each value stands.

Of YAML there is what JSON has, and dates: `on`, `off`, `yes` and `no` are texts, as in YAML 1.2.
Tags, anchors and keys that stand twice are mistakes.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from qwensim.fields import Steps

_TAG: Final = "tag:yaml.org,2002:"
_DIGITS: Final = 4300
"""The most of them that Python makes an integer of."""

_PLAIN: Final[Mapping[str, tuple[str, str]]] = {
    "null": (r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    "int": (r"^[-+]?\d+$", "-+0123456789"),
    "float": (r"^[-+]?(?:\.\d+|\d+\.\d*|\d+(?=[eE]))(?:[eE][-+]?\d+)?$", "-+.0123456789"),
    "timestamp": (r"^\d{4}-\d\d-\d\d$", "0123456789"),
}
"""What an unquoted text may be instead: a pattern, and with which characters it begins."""


class DocumentError(Exception):
    """A text is no such YAML; `line` counts from 1."""

    def __init__(self, problem: str, *, line: int) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Document:
    """The data of a text and where they stand in it."""

    data: Any
    lines: Mapping[Steps, int]

    def line_of(self, steps: Steps) -> int:
        """Return the line of a value, or of what it would stand in if it were there."""
        while steps not in self.lines:
            steps = steps[:-1]
        return self.lines[steps]


def parse(text: str) -> Document:
    """Read a text; raises `DocumentError`, or `RecursionError` for one that is nested too deep."""
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DocumentError(_told(error), line=mark.line + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise DocumentError(f"no character of YAML: {chr(error.character)!a}", line=line) from None
    lines: dict[Steps, int] = {}
    data = _Reader(lines).value(root, ()) if root is not None else None
    return Document(data=data, lines={(): 1, **lines})


def written(data: Any) -> str:
    """Return plain data as a text that is read as the same data."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _told(error: yaml.MarkedYAMLError) -> str:
    return " ".join(filter(None, (error.problem, error.context and f"({error.context})")))


class _Loader(yaml.SafeLoader):
    """Composes nodes; it makes no objects of them."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as the parent has it

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # not in the stubs
        if event.anchor is not None:
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not read: write the value out",
                problem_mark=event.start_mark,
            )
        return super().compose_node(parent, index)


for _name, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(
        _TAG + _name, re.compile(_pattern), ["" if char == "\0" else char for char in _first]
    )


_BREAK: Final = re.compile("[\x85\u2028\u2029]")


class _Dumper(yaml.SafeDumper):
    """Puts in quotes what would not be read as a text; a text of several lines stands as it is."""

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:
        """Write out what stands twice."""
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Return the node of a text."""
        style = "|" if text.endswith("\n") else None
        if _BREAK.search(text):
            style = '"'  # in any other they would be read as ends of lines
        return self.represent_scalar(f"{_TAG}str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


class _Reader:
    """Makes data of nodes, and notes the lines."""

    def __init__(self, lines: dict[Steps, int]) -> None:
        self._lines = lines

    def value(self, node: yaml.Node, steps: Steps) -> Any:
        self._lines[steps] = _line(node)
        tag = node.tag.removeprefix(_TAG)
        match node:
            case yaml.MappingNode() if tag == "map":
                return self._mapping(node, steps)
            case yaml.SequenceNode() if tag == "seq":
                return [self.value(item, (*steps, i)) for i, item in enumerate(node.value)]
            case yaml.ScalarNode() if tag in _SCALARS:
                return _scalar(node, tag)
        raise DocumentError(f"no tag {node.tag!r} is read here", line=_line(node))

    def _mapping(self, node: yaml.MappingNode, steps: Steps) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.value(key_node, steps)
            line = _line(key_node)
            if not isinstance(key, str):
                raise DocumentError(f"a name is a text, not {key!r}: put it in quotes", line=line)
            if key in found:
                raise DocumentError(f"{key!r} stands twice", line=line)
            found[key] = self.value(value_node, (*steps, key))
            self._lines[(*steps, key)] = line
        self._lines[steps] = _line(node)
        return found


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _scalar(node: yaml.ScalarNode, tag: str) -> Any:
    try:
        value = _SCALARS[tag](node.value)
    except ValueError as error:
        raise DocumentError(
            f"{node.value[:40]!r} cannot be read: {error}", line=_line(node)
        ) from None
    return value


def _text(text: str) -> str:
    text.encode()  # half a character, \ud800, cannot be sent
    return text


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("the number is too large")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("the number is too large")
    return value


_SCALARS: Final[Mapping[str, Callable[[str], Any]]] = {
    "str": _text,
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _whole,
    "float": _finite,
    "timestamp": dt.date.fromisoformat,
}
