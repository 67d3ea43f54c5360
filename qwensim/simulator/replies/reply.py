"""The values between a surface and the model behind it: what is asked, what is said."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the model may call."""

    name: str
    parameters: Any = None
    """The JSON schema of its arguments."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a reply, apart from the wire format that it came in."""

    host: str
    model: str
    body: Mapping[str, Any]
    """The decoded request, for predicates of scripts."""
    key: bytes
    """What the talker's words depend on: the request without its way of delivery."""
    last_user: str
    """What the user said last, in one message or in several that no answer stands between."""
    user_spoke_last: bool
    """No answer of a tool or assistant has come since."""
    messages: tuple[str, ...] = ()
    """The texts of all messages, the system's among them."""
    thinking: bool = False
    stream: bool = False
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or `=NAME` for one function."""
    parallel: bool = False
    json: Literal["json_object", "json_schema"] | None = None
    schema: Any = None
    """What the answer follows: given with `json_schema`, else found in the prompt."""
    thinking_budget: int | None = None
    """The longest chain of thought, in tokens."""
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    choices: int = 1


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the model makes."""

    name: str
    arguments: str
    """JSON text, as the model wrote it."""
    id: str | None = None
    """None: an id of the service's own."""


Tokens: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
"""A count: more than any model takes or says, and little enough to be waited for at a pace."""


class Counts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Token counts of a script that take the place of the counted ones."""

    prompt: Tokens | None = None
    completion: Tokens | None = None
    reasoning: Tokens | None = None
    cached: Tokens | None = None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One choice of an answer, in tokens."""

    reasoning: list[str]
    content: list[str]
    calls: tuple[ToolCall, ...]
    finish: str
    cut: bool = False
    """The content ended where a limit or a stop sequence cut it."""

    @property
    def text(self) -> str:
        """The content as one string."""
        return "".join(self.content)
