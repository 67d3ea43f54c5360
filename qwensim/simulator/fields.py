"""Tells users which field of a struct is wrong, what it holds and what it may hold."""

import re
import reprlib
from collections.abc import Iterable
from typing import Any, TypeVar, cast

import msgspec
from msgspec.inspect import Field, LiteralType, NoneType, StructType, Type, UnionType, type_info

from qwensim.errors import UsageError

T = TypeVar("T")

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
"""A step of the path at the end of msgspec's messages: `$.scripts[0].fault.kind`."""


def convert_fields(value: Any, kind: type[T], *, strict: bool = True) -> T:
    """Make a struct of decoded JSON, YAML or TOML; not `strict`: numbers may be written as texts.

    Raises `UsageError` that names the place, the value seen there and the names allowed.
    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise UsageError(_explained(str(error), value, type_info(kind))) from error


def _explained(message: str, value: Any, shape: Type) -> str:
    """Add to a message of msgspec's what it leaves out: the value seen and the names allowed."""
    problem, _, path = message.partition(" - at ")
    place = ""
    for name, index in _STEP.findall(path):
        place += f".{name}" if name else f"[{index}]"
        shape, value = _inside(shape, name), value[name or int(index)]
    if isinstance(shape, StructType) and "field `" in problem:
        known = _listed(field.encode_name for field in shape.fields)
        problem += f"; there are: {known or 'none'}"
    elif isinstance(shape, LiteralType) and isinstance(value, str):
        problem = f"no {value!r}; there are: {_listed(shape.values)}"
    else:
        problem += f"; seen: {reprlib.repr(value)}"
    return f"{place.removeprefix('.')}: {problem}" if place else problem


def _inside(shape: Any, name: str) -> Type:
    """Return the type of a field, or with no name that of the items; None counts for nothing."""
    found = {f.encode_name: f.type for f in shape.fields}[name] if name else shape.item_type
    if isinstance(found, UnionType):
        found = next(kind for kind in found.types if not isinstance(kind, NoneType))
    return cast("Type", found)


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))


def check_fields(struct: msgspec.Struct) -> None:
    """Raise `UsageError` for a field whose value has not the type or the range that it must have.

    The message names the field, the value and, where they can be listed, those allowed.
    """
    kind = type(struct)
    name = kind.__name__.removesuffix("Spec")
    for field in cast("StructType", type_info(kind)).fields:
        allowed, value = _allowed(field), getattr(struct, field.name)
        if allowed and value is not None and value not in allowed:
            known = _listed(allowed)
            raise UsageError(f"{name}: no {field.name} {value!r}; there are: {known}")
    try:
        msgspec.convert(msgspec.structs.asdict(struct), kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: {error}") from error


def _allowed(field: Field) -> list[object]:
    """Return the values of a field that has a list of them."""
    types = field.type.types if isinstance(field.type, UnionType) else (field.type,)
    return [value for kind in types if isinstance(kind, LiteralType) for value in kind.values]
