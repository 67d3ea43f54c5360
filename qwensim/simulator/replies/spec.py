"""Scripts and faults as they are written down: in JSON, YAML or TOML."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec.structs import asdict, replace

from qwensim.errors import CatalogError, UsageError
from qwensim.fields import convert_fields
from qwensim.simulator.faults import Fault, Values
from qwensim.simulator.replies.reply import Counts
from qwensim.simulator.replies.scripts import Script, tool_call

_LANGUAGES: Mapping[str, tuple[str, Callable[[bytes], Any]]] = {
    ".json": ("JSON", msgspec.json.decode),
    ".toml": ("TOML", msgspec.toml.decode),
    ".yaml": ("YAML", msgspec.yaml.decode),
    ".yml": ("YAML", msgspec.yaml.decode),
}
"""What a file with the suffix is written in, and how that is read."""


_TEXTS = ("last_user", "any_message")
"""Fields of a script that hold a text or a regular expression."""


class Written(NamedTuple):
    """What was written down, ready for `Scenario.add`."""

    scripts: tuple[Script, ...]
    faults: tuple[Fault, ...]


class ToolCallSpec(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A call that the model makes."""

    name: str
    arguments: Any
    """Any value; a text is the JSON as the model wrote it, be it valid or not."""
    id: str | None = None
    """None: an id of the service's own."""


class ScriptSpec(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A `Script` but for its predicate, which cannot be written down."""

    text: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[ToolCallSpec, ...] = ()
    usage: Counts | None = None
    finish_reason: str | None = None
    error: str | None = None
    values: Values = {}
    fault: Fault | None = None
    model: str | None = None
    last_user: str | None = None
    last_user_pattern: str | None = None
    """A regular expression, in place of `last_user`."""
    any_message: str | None = None
    any_message_pattern: str | None = None
    """A regular expression, in place of `any_message`."""
    times: Annotated[int, msgspec.Meta(ge=1)] | None = 1

    @classmethod
    def of(cls, script: Script) -> "ScriptSpec":
        """Write down a script."""
        fields = asdict(script)
        del fields["when"]
        for name in _TEXTS:
            if isinstance(fields[name], re.Pattern):
                fields[f"{name}_pattern"], fields[name] = fields[name].pattern, None
        fields["tool_calls"] = tuple(ToolCallSpec(**asdict(call)) for call in script.tool_calls)
        return cls(**fields)

    def script(self) -> Script:
        """Return the script; raises `UsageError` if there is no telling whom it is for."""
        fields = asdict(self)
        for name in _TEXTS:
            pattern = fields.pop(f"{name}_pattern")
            if pattern is not None:
                if fields[name] is not None:
                    raise UsageError(f"has {name} and {name}_pattern: give one of them")
                fields[name] = _compiled(pattern, f"{name}_pattern")
        fields["tool_calls"] = tuple(
            replace(tool_call((call.name, call.arguments)), id=call.id) for call in self.tool_calls
        )
        return Script(**fields)


class _ScenarioSpec(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    scripts: tuple[ScriptSpec, ...] = ()
    faults: tuple[Fault, ...] = ()


def parse_scenario(value: Any) -> Written:
    """Make scripts and faults of a decoded object that has `scripts`, `faults` or both.

    Raises `UsageError` that names the place, what was seen there and what is allowed.
    """
    try:
        spec = convert_fields(value, _ScenarioSpec)
        scripts = tuple(_script(script, number) for number, script in enumerate(spec.scripts))
    except RecursionError:
        raise UsageError("is nested too deep") from None
    return Written(scripts, spec.faults)


def read_scenario(path: Path) -> Written:
    """Read a file of scripts and faults, which is what its suffix says.

    Raises `CatalogError` with file and place if anything is wrong.
    """
    try:
        return parse_scenario(_decoded(path))
    except UsageError as error:
        raise CatalogError(str(error), file=str(path)) from error


def _decoded(path: Path) -> Any:
    suffix = path.suffix.lower()
    if suffix not in _LANGUAGES:
        raise UsageError(f"no suffix {suffix!r}; there are: {', '.join(_LANGUAGES)}")
    language, decode = _LANGUAGES[suffix]
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is no {language}: {error}") from error


def _script(spec: ScriptSpec, number: int) -> Script:
    try:
        return spec.script()
    except UsageError as error:
        raise UsageError(f"scripts[{number}]: {error}") from error


def _compiled(pattern: str, field: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        problem = f"{field}: {pattern!r} is no regular expression: {error}"
        raise UsageError(problem) from error
