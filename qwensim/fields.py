"""Tells users which field of a struct is wrong, what it holds and what it may hold."""

import copy
import re
import reprlib
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar, cast

import msgspec
from msgspec.inspect import (
    DictType,
    Field,
    ListType,
    LiteralType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from qwensim.errors import UsageError

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

_BRIEF: Final = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 120  # a key stays whole, so that it can be found and redacted

Steps: TypeAlias = tuple[str | int, ...]
"""The names and indices that lead to a value."""

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[(\.\.\.)\]")
"""A step of the path at the end of msgspec's messages: `$.scripts[0].fault.kind`. Dots in brackets
stand for an entry of a dict."""

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`(?:;|$)", re.DOTALL)
"""As msgspec says it."""


class FieldError(UsageError):
    """A value that is wrong; `steps` lead to it."""

    def __init__(self, problem: str, steps: Steps = ()) -> None:
        place = written(steps)
        super().__init__(f"{place}: {problem}" if place else problem)
        self.problem, self.steps = problem, steps

    @property
    def culprit(self) -> Steps:
        """The steps to what is to be changed: the value, or in it the field that is unknown."""
        unknown = _UNKNOWN.match(self.problem)
        return (*self.steps, unknown[1]) if unknown else self.steps


def written(steps: Steps) -> str:
    """Return a place as it is written in messages: `scripts[0].fault.kind`."""
    text = "".join(f".{step}" if str(step).isidentifier() else f"[{step!r}]" for step in steps)
    return text.removeprefix(".")


def brief(value: object) -> str:
    """Return a value as messages show it: what is long is cut."""
    return _BRIEF.repr(value)


def convert_fields(value: Any, kind: type[T], *, strict: bool = True) -> T:
    """Make a struct of decoded JSON, YAML or TOML; not `strict`: numbers may be written as texts.

    Raises `FieldError` that names the place, the value seen there and the names allowed.
    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _explained(str(error), value, kind, strict=strict) from error


def _explained(message: str, value: Any, kind: Any, *, strict: bool) -> FieldError:
    """Add to a message of msgspec's what it leaves out: the value seen and the names allowed."""
    problem, _, path = message.rpartition(" - at ")
    if not problem:
        problem, path = message, ""
    whole = seen = copy.deepcopy(value)
    shapes: Sequence[Type] = (type_info(kind),)
    steps: list[str | int] = []
    for name, index, entry in _STEP.findall(path):
        if entry:
            _keep_culprit(seen, whole, kind, message, strict=strict)
        step = next(iter(seen)) if entry else name or int(index)
        shapes = [*_inside(shapes, seen, step)]
        seen = seen[step]
        steps.append(step)
    return FieldError(_with_allowed(problem, seen, shapes), tuple(steps))


def _keep_culprit(
    entries: dict[str, Any], whole: Any, kind: Any, message: str, *, strict: bool
) -> None:
    """Take all entries out of a dict in `whole` but the one to which a message is due."""
    for name, value in dict(entries).items():
        entries.clear()
        entries[name] = value
        try:
            msgspec.convert(whole, kind, strict=strict)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return


def _inside(shapes: Iterable[Type], value: Any, step: str | int) -> Iterator[Type]:
    """Yield what may stand at the next step."""
    tags = []
    for shape in _alternatives(shapes):
        match shape:
            case StructType() if shape.tag_field == step:
                tags.append(cast("str", shape.tag))
            case StructType() if _is_meant(shape, value):
                yield from (field.type for field in shape.fields if field.encode_name == step)
            case DictType():
                yield shape.value_type
            case ListType() | VarTupleType():
                yield shape.item_type
            case _:
                pass
    if tags:
        yield LiteralType(values=tuple(tags))


def _alternatives(shapes: Iterable[Type]) -> Iterator[Type]:
    for shape in shapes:
        yield from shape.types if isinstance(shape, UnionType) else (shape,)


def _is_meant(shape: StructType, value: Any) -> bool:
    """Tell whether an object may be such a struct, by its tag if it has one."""
    return shape.tag_field is None or value.get(shape.tag_field) == shape.tag


def _with_allowed(problem: str, seen: Any, shapes: Iterable[Type]) -> str:
    alternatives = [*_alternatives(shapes)]
    if "field `" in problem:
        structs = [shape for shape in alternatives if isinstance(shape, StructType)]
        meant = [shape for shape in structs if _is_meant(shape, seen)]
        known = [field.encode_name for shape in meant for field in shape.fields]
        tags = [shape.tag for shape in structs if not meant]
        return f"{problem}; there are: {_listed(known or tags) or 'none'}"
    allowed = [value for shape in alternatives for value in _values(shape)]
    if allowed and problem.startswith("Invalid "):
        return f"no {seen!r}; there are: {_listed(allowed)}"
    return f"{problem}; seen: {brief(seen)}"


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
    values = msgspec.structs.asdict(struct)
    try:
        msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        problem = _explained(str(error), values, kind, strict=True)
        raise UsageError(f"{name}: {problem}") from error


def check_kind(name: str, value: object, kind: type | types.UnionType, wanted: str) -> None:
    """Raise `UsageError` for a value that is not of `kind`; `wanted` says in words what is."""
    if not isinstance(value, kind):
        raise UsageError(f"{name} is {wanted}, not {brief(value)}")


def make_struct(kind: type[S], fields: Mapping[str, Any]) -> S:
    """Make a struct of the fields of a call.

    Raises `UsageError` for one that does not exist and for one that is missing.
    """
    try:
        return kind(**fields)
    except TypeError as error:
        known = _listed(kind.__struct_fields__)
        raise UsageError(f"{kind.__name__}: {error}; there are: {known}") from error


def _allowed(field: Field) -> list[object]:
    """Return the values of a field that has a list of them."""
    return [value for shape in _alternatives((field.type,)) for value in _values(shape)]


def _values(shape: Type) -> Sequence[object]:
    return shape.values if isinstance(shape, LiteralType) else ()
