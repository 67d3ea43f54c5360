"""The rows of the catalogue: one struct for each table of the TOML files.

Every row says where its fact comes from (`source`), when that was last checked and how sure it is
(`confidence`):

    recorded     bytes captured from the service
    official     the service's own documentation
    third-party  somebody else's code or report
    assembled    recorded parts, joined by analogy
    guess        nothing on record; what the neighbouring facts suggest

A row with `since` holds from that day on: the catalogue of a given day leaves later rows out.
"""

import datetime as dt
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

Plan: TypeAlias = Literal["standard", "coding"]
Region: TypeAlias = Literal["china", "global"]
Confidence: TypeAlias = Literal["recorded", "official", "third-party", "assembled", "guess"]
Modality: TypeAlias = Literal["text", "image", "video", "audio", "file"]
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Surface: TypeAlias = Literal["chat", "embeddings", "images", "rerank", "speech", "video"]
EnvelopeKey: TypeAlias = Literal[
    "message", "type", "param", "code", "id", "request_id", "chat_request_id", "camel_request_id"
]
UsageField: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(prompt_tokens|completion_tokens|total_tokens"
        r"|prompt_tokens_details\.(text|cached|image|video|audio)_tokens"
        r"|completion_tokens_details\.(text|reasoning)_tokens)\??$"
    ),
]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every row has: its provenance."""

    source: Text
    checked: dt.date
    confidence: Confidence
    since: dt.date | None = None


class PlanRow(Row, frozen=True, kw_only=True):
    """How one plan takes keys and refuses: the errors are ids of `ErrorRow`."""

    id: Plan
    title: Text
    key_pattern: Text
    """A regular expression that the whole key matches."""
    routes: tuple[Literal["chat", "models"], ...]
    """The routes below the base path that the plan serves."""
    missing_key: Text
    wrong_key: Text
    unknown_model: Text
    client_check: Text | None = None
    """The refusal of a client that sends no User-Agent, if the plan looks at it."""


class HostRow(Row, frozen=True, kw_only=True):
    """One host name of the service."""

    name: Text
    plan: Plan
    region: Region
    base_path: Text
    help: Text
    """The address of the error-code page to which error texts link, in the host's language."""
    dialect: Text = "classic"
    """The wire dialect of models that have none of their own here."""

    @property
    def base_url(self) -> str:
        """The address that an OpenAI client is given."""
        return f"https://{self.name}{self.base_path}"


class AuthChoiceRow(Row, frozen=True, kw_only=True):
    """An onboarding choice of the client and the host that it stands for."""

    id: Text
    host: Text
    legacy: tuple[str, ...] = ()
    """Deprecated names of the same choice."""


class KeyVariableRow(Row, frozen=True, kw_only=True):
    """An environment variable that holds a key; the first row that is set wins."""

    name: Text


class CredentialRow(Row, frozen=True, kw_only=True):
    """A place in which a secret travels, by header, query parameter or pattern."""

    id: Text
    headers: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class AgentRow(Row, frozen=True, kw_only=True):
    """A User-Agent that the stricter client check takes for a coding agent."""

    id: Text
    pattern: Text


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
    inputs: tuple[Modality, ...] = ("text",)
    tools: bool = True
    json_mode: tuple[Literal["json_object", "json_schema"], ...] = ("json_object", "json_schema")
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
    defaults: dict[str, float | int] = {}
    """Sampling defaults, by parameter."""
    defaults_thinking: dict[str, float | int] = {}
    """Those that differ in thinking."""
    on: dict[str, dict[str, Any]] = {}
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


class EnvelopeRow(Row, frozen=True, kw_only=True):
    """The shape of an error body. The order of the keys tells the layer that answers.

    Keys of `error` are those of the inner object, keys of `body` stand beside it; of these `id` is
    `chatcmpl-<request id>`, `request_id` the bare id, `chat_request_id` the key `request_id` with
    the prefixed id and `camel_request_id` the key `requestId`.
    """

    id: Text
    error: tuple[EnvelopeKey, ...] = ()
    body: tuple[EnvelopeKey, ...] = ()
    stream: tuple[EnvelopeKey, ...] | None = None
    """The outer keys where a request for a stream gets the body as one SSE event; None where it
    gets plain JSON too."""
    gateway_header: bool = True
    """The answer carries `x-dashscope-call-gateway`."""
    literal: str | None = None
    """The whole body, where it is not JSON of this shape."""
    content_type: str | None = "application/json"
    request_id_header: bool = True


class ErrorRow(Row, frozen=True, kw_only=True):
    """A refusal in the service's own words."""

    id: Text
    surface: Literal["compatible", "native", "anthropic", "tasks", "files"] = "compatible"
    status: Annotated[int, msgspec.Meta(ge=200, le=599)]
    code: str | None = None
    type: str | None = None
    param: str | None = None
    message: str
    """A template: `{link}` is the host's help page, other names come from the check. A name that
    it does not give stays as it is written."""
    message_stream: str | None = None
    """The text in answer to a request for a stream, where it is another one."""
    envelope: Text


class ParameterRow(Row, frozen=True, kw_only=True):
    """The rule on one request parameter; a null counts as absent.

    `minimum` and `maximum` are allowed values, `above` and `below` bounds that are not.
    """

    name: Text
    types: Annotated[
        tuple[Literal["string", "number", "integer", "boolean", "array", "object"], ...],
        msgspec.Meta(min_length=1),
    ]
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    maximum_from: Literal["max_output", "max_reasoning"] | None = None
    """The field of the model that is the upper bound."""
    wrong_type: Text = "wrong-type"
    out_of_range: Text | None = None
    too_small: Text | None = None
    """Where a value below the range has words of its own."""


class UsageRow(Row, frozen=True, kw_only=True):
    """The keys of a usage object, in wire order; dots nest, a `?` leaves out a zero."""

    id: Text
    fields: tuple[UsageField, ...]
    plain: tuple[UsageField, ...] | None = None
    """The keys in an answer that neither streams nor thinks, where the order is another."""
    thinking: tuple[UsageField, ...] | None = None
    """The keys in an answer that thinks, where they are others."""
    text_tokens: Literal["all", "answer"] = "all"
    """Whether completion `text_tokens` count the reasoning too; with media they never do."""


class DialectRow(Row, frozen=True, kw_only=True):
    """The shapes of answers in one wire dialect: JSON with `$name` where a value goes."""

    id: Text
    extends: str | None = None
    completion: str | None = None
    event: str | None = None
    event_opener: str | None = None
    event_usage: str | None = None
    usage: str | None = None
    """The usage row that takes the place of the model's own."""
    usage_stream: str | None = None
    opener_with_tools: bool | None = None
    """Whether a stream opens empty though the request has tools; None is no (maruel/genai
    cassettes, Feb 2026)."""
    shapes: dict[str, str] = {}


class WordsRow(Row, frozen=True, kw_only=True):
    """The words from which the talker makes its sentences."""

    id: Text
    script: Literal["latin", "han"]
    join: str
    stop: Text
    words: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]


class FailureRow(Row, frozen=True, kw_only=True):
    """How the client takes an error of the service; the first row that fits wins.

    A row fits when all of the conditions that it has hold.
    """

    id: Text
    kind: Text
    status: tuple[int, ...] = ()
    code: tuple[str, ...] = ()
    message: str | None = None
    """A regular expression searched in the message, in any case."""
    plan: Plan | None = None
    retry: bool = False
    advice: str
