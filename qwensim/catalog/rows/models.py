"""Models: as the service serves them, and as the client's catalogue advertises them."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from qwensim.catalog.rows.base import Count, Modality, Plan, Row, Text

Surface: TypeAlias = Literal[
    "chat", "embeddings", "images", "rerank", "responses", "speech", "video"
]


class ModelRow(Row, frozen=True, kw_only=True):
    """A model as the service serves it. Lengths are in tokens."""

    id: Text
    hosts: tuple[str, ...]
    """The hosts that serve it: names of `HostRow`, or a plan for all of the plan's hosts."""
    surfaces: tuple[Surface, ...] = ("chat",)
    context: Count | None = None
    max_input: Count | None = None
    max_input_thinking: Count | None = None
    """Where it differs from `max_input`."""
    max_reasoning: Count | None = None
    """The longest chain of thought; None where `thinking_budget` has no bound of its own."""
    max_output: Count | None = None
    thinking: Literal["on", "off", "only", "never"] = "never"
    """Hybrid and on or off by default, thinking only, or never."""
    thinking_flag: Literal["ignored", "refused"] = "ignored"
    """What a model that never thinks makes of `enable_thinking`."""
    thinking_streams_only: bool = False
    """Thinking is refused in a call that does not stream."""
    stream_only: bool = False
    reasoning_back: bool = False
    """The model is to see its reasoning again beside the calls of tools to which it led."""
    rpm: Count | None = None
    """Requests in a minute, by account; None where no figure is on record."""
    tpm: Count | None = None
    """Tokens in a minute, by account."""
    concurrency: Count | None = None
    """Answers at the same time, by account."""
    roles: tuple[Text, ...] = ("system", "assistant", "user", "tool", "function")
    """What messages may come under."""
    wrong_role: Text = "role-unknown"
    """The error for what comes under another."""
    inputs: tuple[Modality, ...] = ("text",)
    tools: bool = True
    json_mode: tuple[Literal["json_object", "json_schema"], ...] = ("json_object", "json_schema")
    json_in_thinking: bool = False
    """The model gives JSON after thinking too; others refuse to."""
    late_tool_answers: bool = False
    """What tools answer may come after other messages, or never; others refuse that."""
    media: Text = "qwen3.5"
    """The row of `MediaRow` by which pictures, videos and sounds count, if it takes any."""
    usage: Text = "text"
    dialect: Text | None = None
    empty_opener: bool = True
    """A stream opens with an empty delta before the first piece of text or reasoning."""
    blank_reasoning: bool = False
    """An answer that neither streams nor thinks carries an empty `reasoning_content`."""
    call_id_digits: Annotated[int, msgspec.Meta(ge=8, le=64)] = 24
    template_tokens: Annotated[int, msgspec.Meta(ge=0)] = 8
    """What the chat template adds to a prompt of one message, thinking off."""
    template_tokens_thinking: Annotated[int, msgspec.Meta(ge=0)] = 8
    """The same, thinking on."""
    tools_tokens: Annotated[int, msgspec.Meta(ge=0)] = 82
    """What the chat template adds around the tools of a request. Fitted to recorded prompts of
    alibaba/loongsuite-python-agent, maruel/genai and vercel/ai."""
    defaults: dict[str, float | int] = msgspec.field(default_factory=dict)
    """Sampling defaults, by parameter."""
    defaults_thinking: dict[str, float | int] = msgspec.field(default_factory=dict)
    """Those that differ in thinking."""
    on: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    """Fields that differ on a plan or on one host."""

    def input_limit(self, *, thinking: bool) -> int | None:
        """Return the longest prompt, or None where no limit is on record."""
        if thinking and self.max_input_thinking is not None:
            return self.max_input_thinking
        return self.max_input


class AdvertisedRow(Row, frozen=True, kw_only=True):
    """A model as the client's bundled catalogue advertises it."""

    id: Text
    name: Text
    reasoning: bool
    input: tuple[Modality, ...]
    context_window: Count
    max_tokens: Count
    note: str = ""
    default: bool = False
    omitted_on: tuple[Plan, ...] = ()
    """Plans whose configurations leave the model out."""
