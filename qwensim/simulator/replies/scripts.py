"""Scripted replies: which requests they answer, what they say, and how often."""

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Any

import msgspec

from qwensim.errors import UsageError
from qwensim.simulator.faults import Fault, Values
from qwensim.simulator.replies.reply import Ask, Counts, ToolCall


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A reply and the requests that it is for. Conditions that are not set hold for all.

    A part of the reply that is not set comes from the talker, as far as the request calls for it.
    """

    text: str | None = None
    reasoning: str | None = None
    """Shown only where the model thinks, as by the service."""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Counts | None = None
    finish_reason: str | None = None
    error: str | None = None
    """The id of a row of the error table that is the answer."""
    values: Values = {}
    """The values that the error's message wants."""
    fault: Fault | None = None
    model: str | None = None
    """A model name; `*` and `?` match as in a shell."""
    last_user: str | re.Pattern[str] | None = None
    """Stands in, or is found in, what the user said last: the messages since the last answer."""
    any_message: str | re.Pattern[str] | None = None
    """Stands in, or is found in, the text of a message, be it the system's."""
    when: Callable[[Ask], bool] | None = None
    times: Annotated[int, msgspec.Meta(ge=1)] | None = 1
    """How many requests it answers; None: every one, for ever."""

    @property
    def speaks(self) -> bool:
        """Whether the reply has words: then it is for none but a model that talks."""
        parts = (self.text, self.reasoning, self.usage, self.finish_reason)
        return bool(self.tool_calls) or any(part is not None for part in parts)

    def matches(self, ask: Ask) -> bool:
        """Return whether the script is for this request."""
        if self.model is not None and not fnmatchcase(ask.model, self.model):
            return False
        if self.last_user is not None and not _stands_in(self.last_user, ask.last_user):
            return False
        if self.any_message is not None and not any(
            _stands_in(self.any_message, text) for text in (*ask.messages, ask.last_user)
        ):
            return False
        return self.when is None or self.when(ask)


def _stands_in(wanted: str | re.Pattern[str], text: str) -> bool:
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None


class ScriptQueue:
    """The scripts in the order in which they were set; the first that matches answers."""

    def __init__(self) -> None:
        self._scripts: list[tuple[Script, list[int]]] = []

    def add(self, script: Script) -> None:
        """Set a script."""
        self._scripts.append((script, [0]))

    def clear(self) -> None:
        """Drop all scripts."""
        self._scripts.clear()

    def waiting(self) -> tuple[Script, ...]:
        """Return the scripts that are not used up."""
        return tuple(script for script, _ in self._scripts)

    def unused(self) -> tuple[Script, ...]:
        """Return the scripts that have replies left of those that they promise, or gave none."""
        return tuple(script for script, used in self._scripts if script.times or not used[0])

    def take(self, ask: Ask, *, spoken: bool = True) -> Script | None:
        """Return the script that answers this request, if any, and count it.

        With `spoken` false those that speak are passed over.
        """
        for position, (script, used) in enumerate(self._scripts):
            if (spoken or not script.speaks) and script.matches(ask):
                used[0] += 1
                if used[0] == script.times:
                    del self._scripts[position]
                return script
        return None


def script_of(fields: dict[str, Any]) -> Script:
    """Make a script of its fields; tool calls may be `(name, arguments)`.

    Raises `UsageError` for a field that does not exist and for calls that are none.
    """
    if unknown := set(fields) - set(Script.__struct_fields__):
        known = ", ".join(Script.__struct_fields__)
        raise UsageError(f"a script has no field {min(unknown)!r}; there are: {known}")
    calls = fields.get("tool_calls", ())
    if not isinstance(calls, list | tuple):
        raise UsageError(f"tool_calls is a list of (name, arguments), not {calls!r}")
    return Script(**{**fields, "tool_calls": tuple(tool_call(call) for call in calls)})


def tool_call(call: ToolCall | Iterable[Any] | dict[str, Any]) -> ToolCall:
    """Make a call from a name with arguments: `("weather", {"city": "Paris"})`."""
    if isinstance(call, ToolCall):
        return call
    try:
        name, arguments = call if not isinstance(call, dict) else (call["name"], call["arguments"])
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"a tool call is (name, arguments), not {call!r}") from None
    if not isinstance(arguments, str):
        arguments = msgspec.json.encode(arguments).decode()
    return ToolCall(name=name, arguments=arguments)
