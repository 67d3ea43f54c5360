"""The rules on chat messages, and what a prompt amounts to."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from qwensim.catalog.rows import ModelRow
from qwensim.simulator.media.parts import check_part
from qwensim.simulator.parameters import shown
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.talker import written
from qwensim.simulator.replies.tokens import Tokenizer

_MAY_COME_LAST = frozenset({"user", "function", "tool"})
_MESSAGE_FRAME = 5
"""Tokens that frame a message after the first: start, role, newline, end, newline."""

_TAGS = 2
"""Tokens that stand around a call and around what a tool answered: one tag before, one after."""


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """What the messages of a request amount to."""

    last_user: str
    """What the user said last, in one message or in several that no answer stands between."""
    user_spoke_last: bool
    texts: tuple[str, ...]
    """Of each message."""
    text_tokens: int
    """The messages with their frames and the tools, without what the chat template adds to each
    prompt and around the tools."""
    media_tokens: dict[str, int]
    """By modality."""

    @property
    def tokens(self) -> int:
        """All tokens of the messages."""
        return self.text_tokens + sum(self.media_tokens.values())


def check_messages(body: dict[str, Any], model: ModelRow) -> list[dict[str, Any]]:
    """Return the messages, or refuse them."""
    messages = body.get("messages")
    if messages is None:
        raise Refused("messages-missing")
    if not isinstance(messages, list):
        raise Refused("body-invalid")
    if not messages:
        raise Refused("empty-list", path="messages")
    for index, message in enumerate(messages):
        _check_form(message, index, model)
    for message in messages:
        _check_content(message, model)
    _check_order(messages, model)
    return messages


def _check_form(message: Any, index: int, model: ModelRow) -> None:
    """Check what the validator in front of the models looks at: roles and types."""
    if not isinstance(message, dict):
        raise Refused("body-invalid")
    role = message.get("role")
    if role not in model.roles:
        raise Refused(model.wrong_role, value=shown(role), index=index)
    content = message.get("content")
    if content is not None and not isinstance(content, str | list):
        # Whatever it is, the service calls it an object (recorded for objects and nulls).
        raise Refused("content-type-invalid", path=f"messages.[{index}].content")
    calls = message.get("tool_calls")
    if calls is not None and not (
        isinstance(calls, list)
        and all(isinstance(call, dict) and isinstance(call.get("function"), dict) for call in calls)
    ):
        raise Refused("body-invalid")


def _check_content(message: dict[str, Any], model: ModelRow) -> None:
    content = message.get("content")
    if content is None:
        # Left out beside tool calls it is accepted; a bare null is not (both recorded).
        if message.get("tool_calls"):
            return
        raise Refused("content-required")
    if isinstance(content, str):
        return
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            continue
        if not isinstance(kind, str):
            raise Refused("content-part-unexpected")
        check_part(kind, part, message["role"], model)


def _check_order(messages: Sequence[dict[str, Any]], model: ModelRow) -> None:
    waiting: dict[str, None] = {}
    called = False
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if not called:
                raise Refused("tool-without-call")
            # Without an id it answers the next call: so do the examples of Model Studio's docs on
            # function calling, 2024 and 2025, and Qwen-Agent (qwen_agent/llm/base.py).
            answered = _text_or(message.get("tool_call_id")) or next(iter(waiting), "")
            waiting.pop(answered, None)
            continue
        if waiting and not model.late_tool_answers:
            raise Refused("call-without-answer", index=index)
        calls = message.get("tool_calls") if message["role"] == "assistant" else None
        called = bool(calls) or (called and model.late_tool_answers)
        waiting = {_text_or(call.get("id")): None for call in calls or ()}
        _check_arguments(calls or ())
    if waiting and not model.late_tool_answers:
        raise Refused("call-without-answer", index=len(messages))
    if not any(message["role"] in ("user", "tool") for message in messages):
        raise Refused("user-missing")
    last = messages[-1]
    if last["role"] not in _MAY_COME_LAST and not (
        last["role"] == "assistant" and last.get("partial") is True
    ):
        raise Refused("last-message-role")


def _check_arguments(calls: Sequence[dict[str, Any]]) -> None:
    for call in calls:
        arguments = call["function"].get("arguments")
        if arguments in (None, ""):
            continue
        try:
            msgspec.json.decode(arguments)
        except (msgspec.MsgspecError, RecursionError, TypeError, ValueError):
            raise Refused("call-arguments-invalid") from None


def _text_or(value: Any) -> str:
    return value if isinstance(value, str) else ""


def read_prompt(
    messages: Sequence[dict[str, Any]],
    tools: Sequence[Any],
    media_tokens: dict[str, int],
    tokenizer: Tokenizer,
) -> Prompt:
    """Count a prompt, its media included, and find what was said last."""
    tokens = _MESSAGE_FRAME * (len(messages) - 1)
    said: list[str] = []
    user_spoke_last = False
    texts = []
    for message in messages:
        text = "".join(texts_of(message.get("content")))
        texts.append(text)
        if message["role"] == "user":
            said, user_spoke_last = [*(said if user_spoke_last else ()), text], True
        elif message["role"] != "system":
            user_spoke_last = False
        if message["role"] == "tool":
            tokens += _TAGS + len(tokenizer.split(f"\n{text}\n"))
        else:
            tokens += len(tokenizer.split(text))
        for call in message.get("tool_calls") or ():
            function = call["function"]
            name, arguments = shown(function.get("name")), shown(function.get("arguments"))
            tokens += call_tokens(name, arguments, tokenizer)
    tokens += sum(len(tokenizer.split(written(tool))) for tool in tools)
    return Prompt(
        last_user="\n".join(said),
        user_spoke_last=user_spoke_last,
        texts=tuple(texts),
        text_tokens=tokens,
        media_tokens=media_tokens,
    )


def call_tokens(name: str, arguments: str, tokenizer: Tokenizer) -> int:
    """Return the tokens in which a model writes a call, and reads it later."""
    return _TAGS + len(tokenizer.split(f'\n{{"name": "{name}", "arguments": {arguments}}}\n'))


def texts_of(content: Any) -> Iterator[str]:
    """Yield the texts of a string or of a list of parts."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if part.get("type") == "text":
                yield part["text"]
