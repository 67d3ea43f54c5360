"""What answers look like: envelopes, error texts, parameter rules, usage objects, dialects."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from qwensim.catalog.rows.base import Row, Text

EnvelopeKey: TypeAlias = Literal[
    "message",
    "type",
    "param",
    "code",
    "id",
    "bare_id",
    "request_id",
    "chat_request_id",
    "camel_request_id",
]
UsageField: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(prompt_tokens|completion_tokens|total_tokens"
        r"|prompt_tokens_details\.(text|cached|image|video|audio)_tokens"
        r"|completion_tokens_details\.(text|reasoning)_tokens)\??$"
    ),
]


class EnvelopeRow(Row, frozen=True, kw_only=True):
    """The shape of an error body. The order of the keys tells the layer that answers.

    Keys of `error` are those of the inner object, keys of `body` stand beside it; of these `id` is
    `chatcmpl-<request id>`, `bare_id` the key `id` with the bare id, `request_id` the bare id,
    `chat_request_id` the key `request_id` with the prefixed id and `camel_request_id` the key
    `requestId`.
    """

    id: Text
    error: tuple[EnvelopeKey, ...] = ()
    body: tuple[EnvelopeKey, ...] = ()
    stream: tuple[EnvelopeKey, ...] | None = None
    """The outer keys where a request for a stream gets the body as one SSE event; None where it
    gets plain JSON too."""
    stream_error: tuple[EnvelopeKey, ...] | None = None
    """The keys of `error` in that event, where their order is another."""
    event: Text = "data: $body\n\n"
    """That event, with `$status` for the HTTP status of the error, `$id` for its number counted
    from one and `$position` from zero, `$request_id` for the id of the request and `$created` for
    its moment in seconds."""
    stream_status: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    """The HTTP status of such an answer, where it is not that of the error."""
    stream_type: Text = "application/json"
    """The content type of such an answer."""
    extra: dict[str, str] = msgspec.field(default_factory=dict)
    """Headers that stand behind those of the gateway."""
    gateway_header: bool = True
    """The answer carries `x-dashscope-call-gateway`."""
    literal: str | None = None
    """The whole body, where it is not JSON of this shape: with `$code`, `$message`, `$request_id`,
    `$host` and what else the check gives, all as they stand in XML."""
    headers: Literal["gateway", "tasks", "storage"] = "gateway"
    """Whose headers the answer has."""
    content_type: str | None = "application/json"
    request_id_header: bool = True


class WireRow(Row, frozen=True, kw_only=True):
    """A way to ask and to refuse, shared by several routes.

    A refusal that has no row of its own on this wire is told in the words of the compatible one,
    with the code and in the envelope that these tables give for its own.
    """

    id: Text
    extends: Text | None = None
    """The wire whose words and tables this one has where it has none of its own."""
    stream: Literal["body", "headers", "never"] = "body"
    """Where a request says that it wants a stream."""
    key_header: Text | None = None
    """The header in which a key may stand bare; it goes before `authorization`."""
    event: Text | None = None
    """How an error is framed in a stream, whatever its envelope says."""
    event_body: tuple[EnvelopeKey, ...] | None = None
    """The keys of the body in that frame, where they are not those of the envelope."""
    reasoning: Literal["reasoning_summary_text", "reasoning_text"] = "reasoning_summary_text"
    """The events that bring what is thought, where a stream names its events so."""
    codes: dict[str, str] = msgspec.field(default_factory=dict)
    """By the code on the compatible wire; `""` stands for all others, and for none."""
    envelopes: dict[str, str] = msgspec.field(default_factory=dict)
    """By the envelope on the compatible wire, or on the one that is extended; `""` stands for all
    others. An error whose envelope stays the same keeps its code too."""


class ErrorRow(Row, frozen=True, kw_only=True):
    """A refusal in the service's own words."""

    id: Text
    wire: Text = "compatible"
    """The row of `WireRow` in whose words it is."""
    of: Text | None = None
    """The error of another wire that is told in these words on this one."""
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
    shapes: dict[str, str] = msgspec.field(default_factory=dict)
