"""Builds the body of a chat request."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from qwensim.errors import UsageError
from qwensim.provider.endpoints import Endpoint
from qwensim.provider.refs import model_id
from qwensim.provider.thinking import ThinkingLevel, enable_thinking

Messages: TypeAlias = str | Sequence[Mapping[str, Any]]
"""The conversation, sent as it is; a string is one message of the user."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request that is ready to be sent, as often as need be."""

    model: str
    body: bytes
    """JSON."""


def prepare(
    endpoint: Endpoint,
    model_ref: str,
    messages: Messages,
    *,
    provider_id: str,
    stream: bool,
    thinking: ThinkingLevel | None,
    parameters: Mapping[str, object],
) -> Call:
    """Return the call; `parameters` go to the top of the body and win over what is set here.

    A stream asks for its usage on the service's own hosts only: a foreign one may refuse it.
    Raises `UsageError` for a reference, messages, a level or parameters that cannot be.
    """
    model = model_id(model_ref, provider_id=provider_id)
    body: dict[str, object] = {"model": model, "messages": _listed(messages)}
    if stream:
        body["stream"] = True
        if endpoint.native:
            body["stream_options"] = {"include_usage": True}
    flag = enable_thinking(thinking)
    if flag is not None:
        body["enable_thinking"] = flag
    return Call(model=model, body=_encoded({**body, **parameters}))


def _listed(messages: Messages) -> list[dict[str, Any]]:
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Sequence):
        listed = [dict(item) for item in messages if isinstance(item, Mapping)]
        if len(listed) == len(messages):
            return listed
    seen = type(messages).__name__
    raise UsageError(f"messages must be a string or a list of mappings, not this {seen}")


def _encoded(body: Mapping[str, object]) -> bytes:
    """Return compact JSON in UTF-8, as the SDK writes it."""
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the request cannot be written as JSON: {error}") from error
