"""The JSON Schema of a scenario file, for editors."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.inspect import DictType, ListType, StructType, Type, UnionType, VarTupleType, type_info

from qwensim.scenarios.parts import Spec
from qwensim.scenarios.spec import Scenario


def schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12), with what the docstrings say."""
    (reference,), definitions = msgspec.json.schema_components(
        [Scenario], ref_template="#/$defs/{name}"
    )
    for struct in set(_structs(type_info(Scenario))):
        definition = definitions[struct.__name__]
        definition["description"] = inspect.getdoc(struct)
        for name, text in _docstrings(struct).items():
            definition["properties"].get(name, {})["description"] = text
        if issubclass(struct, Spec) and hasattr(struct, "__post_init__"):
            definition["anyOf"] = [{"required": [name]} for name in struct.may_give()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A support issue, to be seen again with qwensim",
        **reference,
        "$defs": definitions,
    }


def _structs(shape: Type) -> Iterator[type[msgspec.Struct]]:
    """Yield the structs that stand in a type, more than once if they do."""
    match shape:
        case StructType():
            yield shape.cls
            for field in shape.fields:
                yield from _structs(field.type)
        case UnionType():
            for kind in shape.types:
                yield from _structs(kind)
        case DictType():
            yield from _structs(shape.value_type)
        case ListType() | VarTupleType():
            yield from _structs(shape.item_type)
        case _:
            pass


def _docstrings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the texts that stand below the fields of a struct and of those it derives from."""
    found: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
            found |= _below_fields([*ast.iter_child_nodes(body)])
    return found


def _below_fields(nodes: list[ast.AST]) -> dict[str, str]:
    return {
        node.target.id: inspect.cleandoc(str(below.value.value))
        for node, below in itertools.pairwise(nodes)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    }
