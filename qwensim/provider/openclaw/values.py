"""Reads JSON values that a person wrote, and says what is wrong with one, and where."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from qwensim.catalog import Redactor, load
from qwensim.errors import ConfigError

_TYPES: Mapping[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
_LONGEST_SHOWN = 80
_INCLUDE = "$include"
"""Puts another file in the place of an object (OpenClaw docs/gateway/configuration)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A JSON value and its place in a file. None stands for what is not there."""

    file: str
    place: str
    data: Any
    secret: bool = False
    """Errors leave the value out."""

    def get(self, key: str, *, secret: bool = False) -> "Value":
        """Return the value under a key; an object that is not there has none."""
        found = self.object().get(key)
        return Value(file=self.file, place=below(self.place, key), data=found, secret=secret)

    def object(self) -> dict[str, Any]:
        """Return an object, empty if there is none."""
        if self.data is None:
            return {}
        if not isinstance(self.data, dict):
            self.wrong("an object")
        if _INCLUDE in self.data:
            raise ConfigError(
                f"holds {_INCLUDE}, but only this one file is read; write here what the other says",
                file=self.file,
                place=self.place,
            )
        return self.data

    def items(self) -> Iterator[tuple[str, "Value"]]:
        """Yield the values of an object by key."""
        for key in self.object():
            yield key, self.get(key, secret=self.secret)

    def elements(self) -> Iterator["Value"]:
        """Yield the values of a list."""
        if self.data is not None and not isinstance(self.data, list):
            self.wrong("a list")
        for index, item in enumerate(self.data or ()):
            yield Value(file=self.file, place=f"{self.place}[{index}]", data=item)

    def text(self) -> str | None:
        """Return a string that is not blank."""
        if self.data is None:
            return None
        if not isinstance(self.data, str) or not self.data.strip():
            self.wrong("a string that is not blank")
        return self.data.strip()

    def needed_text(self) -> str:
        """Return a string that must be there."""
        text = self.text()
        if text is None:
            raise ConfigError(
                "is missing; allowed: a string that is not blank", file=self.file, place=self.place
            )
        return text

    def one_of(self, allowed: Sequence[str]) -> str | None:
        """Return one of these strings."""
        if self.data is not None and self.data not in allowed:
            self.wrong("one of " + ", ".join(allowed))
        return None if self.data is None else str(self.data)

    def flag(self) -> bool | None:
        """Return a boolean."""
        if self.data is not None and not isinstance(self.data, bool):
            self.wrong("true or false")
        return self.data

    def count(self) -> int | None:
        """Return a whole number above zero."""
        data = self.data
        if data is None:
            return None
        if isinstance(data, bool) or not isinstance(data, int | float) or not 0 < data < _HUGE:
            self.wrong("a whole number above zero")
        if data != int(data):
            self.wrong("a whole number above zero")
        return int(data)

    def checked(self, allowed: str, fits: Callable[[Any], bool]) -> Any:
        """Return the value if it is missing or fits."""
        if self.data is not None and not fits(self.data):
            self.wrong(allowed)
        return self.data

    def wrong(self, allowed: str) -> NoReturn:
        """Raise the error that names file, place, value and what is allowed."""
        raise ConfigError(f"{self._shown()}; allowed: {allowed}", file=self.file, place=self.place)

    def _shown(self) -> str:
        kind = _TYPES.get(type(self.data), type(self.data).__name__)
        if self.secret or isinstance(self.data, dict | list):
            return f"is {kind}"
        text = Redactor(load()).text(json.dumps(self.data, ensure_ascii=False))
        if len(text) > _LONGEST_SHOWN:
            text = f"{text[:_LONGEST_SHOWN]}…"
        return f"is {text}"


def below(place: str, key: str) -> str:
    """Return the place of a key: dotted, or in brackets where it is no plain name."""
    if key.isidentifier():
        return f"{place}.{key}" if place else key
    return f"{place}[{json.dumps(key, ensure_ascii=False)}]"


_HUGE = 2**53
"""Beyond it a JSON number is no longer exact."""
