"""Requests that are ready to be sent, and orders; the body of a chat."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from qwensim.errors import UsageError
from qwensim.provider.endpoints import Endpoint
from qwensim.provider.thinking import ThinkingLevel, enable_thinking

Messages: TypeAlias = str | Sequence[Mapping[str, Any]]
"""The conversation, sent as it is; a string is one message of the user."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request that is ready to be sent, as often as need be."""

    endpoint: Endpoint
    url: str
    model: str = ""
    """Empty where it is about none."""
    body: bytes = b""
    """JSON."""
    task_id: str | None = None
    """The task that it is about."""
    rows: int = 0
    """The texts or documents that it is about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What the native API is asked to make."""

    model: str
    route: str
    """The id of its `RouteRow`."""
    body: bytes = field(repr=False)
    """JSON."""
    task: bool = True
    """Whether it is answered with a task to wait for, not with what was made."""


def prepare(
    endpoint: Endpoint,
    model: str,
    messages: Messages,
    *,
    stream: bool,
    asks_usage: bool,
    thinking: ThinkingLevel | None,
    parameters: Mapping[str, object],
) -> Call:
    """Return the call; `parameters` go to the top of the body and win over what is set here.

    A stream `asks_usage` or does not; other answers tell theirs anyway.
    Raises `UsageError` for messages, a level or parameters that cannot be.
    """
    body: dict[str, object] = {"model": model, "messages": _listed(messages)}
    if stream:
        body["stream"] = True
        if asks_usage:
            body["stream_options"] = {"include_usage": True}
    flag = enable_thinking(thinking)
    if flag is not None:
        body["enable_thinking"] = flag
    return Call(
        endpoint=endpoint,
        url=f"{endpoint.base_url}/chat/completions",
        model=model,
        body=encoded({**body, **parameters}),
    )


def _listed(messages: Messages) -> list[dict[str, Any]]:
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Sequence):
        listed = [dict(item) for item in messages if isinstance(item, Mapping)]
        if len(listed) == len(messages):
            return listed
    seen = type(messages).__name__
    raise UsageError(f"messages must be a string or a list of mappings, not this {seen}")


def encoded(body: Mapping[str, object]) -> bytes:
    """Return compact JSON in UTF-8, as the SDK writes it.

    Raises `UsageError` for what is no JSON.
    """
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the request cannot be written as JSON: {error}") from error
