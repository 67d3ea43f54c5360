"""Reads a request of the Responses API: what it asks, in the form of the compatible chat."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qwensim.catalog.rows import ModelRow
from qwensim.simulator.parameters import shown
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.reply import Turn

_SAME = ("model", "stream", "temperature", "top_p", "enable_thinking")
"""What has the same name and meaning in both; the rest is translated or ignored.

`text` is among what is ignored (yobo2u/omugw, probes of 2026-09-27): no schema holds.
"""

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_LEAST_OUTPUT = 16


def check_form(body: Mapping[str, Any]) -> None:
    """Refuse what the protocol's own parameters may not be; a null counts as absent."""
    store = body.get("store")
    if not isinstance(store, bool | None):
        raise Refused("responses-store", value=shown(store))
    if body.get("previous_response_id") is not None and body.get("conversation") is not None:
        raise Refused("responses-conversation")
    most = body.get("max_output_tokens")
    if isinstance(most, int) and not isinstance(most, bool) and most < _LEAST_OUTPUT:
        raise Refused("responses-max-output-tokens", value=most)
    if not isinstance(body.get("reasoning"), dict | None):
        raise Refused("body-invalid")
    effort = _effort(body)
    if effort is not None and effort not in _EFFORTS:
        raise Refused("responses-effort", value=shown(effort))
    if body.get("input") is None:
        raise Refused("responses-input-missing")


def read_request(
    body: Mapping[str, Any], model: ModelRow, before: Sequence[Any], spoken: Sequence[Any]
) -> dict[str, Any]:
    """Return a request to a model in the form of the compatible chat, or refuse its form.

    `before` are the messages of the talk that goes on, `spoken` those of the request.
    """
    compatible = {name: body[name] for name in _SAME if name in body}
    compatible["messages"] = [*_instructions(body.get("instructions")), *before, *spoken]
    if "max_output_tokens" in body:
        compatible["max_tokens"] = body["max_output_tokens"]
    if (effort := _effort(body)) is not None and model.thinking != "never":
        compatible["enable_thinking"] = effort != "none"
    tools = body.get("tools")
    if not isinstance(tools, list | None):
        raise Refused("body-invalid")
    functions = [_function(tool) for tool in tools or () if _kind(tool) == "function"]
    return compatible | _tools(functions, body.get("tool_choice"))


def read_messages(given: Any) -> list[Any]:
    """Return the input of a request as messages, or refuse its form."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list):
        raise Refused("body-invalid")
    return [*_joined(_message(item) for item in given)]


def answered(turn: Turn, calls: Sequence[str]) -> list[dict[str, Any]]:
    """Return a turn of the model as messages; `calls` are the ids of its calls."""
    message: dict[str, Any] = {"role": "assistant", "content": turn.text}
    if turn.calls:
        message["tool_calls"] = [
            _call(call_id, call.name, call.arguments)
            for call_id, call in zip(calls, turn.calls, strict=True)
        ]
    return [message]


def input_items(given: Any, ids: Iterator[str]) -> list[dict[str, Any]]:
    """Return the input of a request as items, each with an id."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    items = []
    for item in given:
        listed = {"id": next(ids), "type": "message", **item}
        if isinstance(content := listed.get("content"), str):
            kind = "output_text" if listed.get("role") == "assistant" else "input_text"
            listed["content"] = [{"type": kind, "text": content}]
        items.append(listed)
    return items


def _effort(body: Mapping[str, Any]) -> Any:
    return (body.get("reasoning") or {}).get("effort")


def _instructions(instructions: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(instructions, str | None):
        raise Refused("body-invalid")
    if instructions:
        yield {"role": "system", "content": instructions}


def _kind(tool: Any) -> Any:
    if not isinstance(tool, dict):
        raise Refused("body-invalid")
    return tool.get("type")


def _function(tool: dict[str, Any]) -> dict[str, Any]:
    parameters = tool.get("parameters")
    bare = isinstance(parameters, dict) and parameters.get("type") != "object"
    if bare or "function" in tool:
        # The nested form of the chat is refused as a schema that is none.
        raise Refused("tool-schema-invalid", value=shown(tool.get("name")))
    names = ("name", "description", "parameters")
    return {"type": "function", "function": {name: tool[name] for name in names if name in tool}}


def _tools(functions: list[dict[str, Any]], choice: Any) -> dict[str, Any]:
    """Return who may call what. Nothing is asked of a choice where there are no functions."""
    match choice:
        case {"type": "allowed_tools", "tools": list(allowed)}:
            names = [tool.get("name") for tool in allowed if isinstance(tool, dict)]
            functions = [tool for tool in functions if tool["function"].get("name") in names]
            choice = choice.get("mode")
        case {"type": "function", "name": name}:
            choice = {"type": "function", "function": {"name": name}}
        case {}:
            choice = None
    if not functions:
        return {}
    asked: dict[str, Any] = {"tools": functions, "parallel_tool_calls": True}
    return asked if choice is None else {**asked, "tool_choice": choice}


def _joined(messages: Iterator[Any]) -> Iterator[Any]:
    """Yield the messages with calls that follow each other as those of one message."""
    held: dict[str, Any] | None = None
    for message in messages:
        if message is None:
            continue
        calls = message.get("tool_calls")
        if held is not None and calls:
            held["tool_calls"] += calls
            continue
        if held is not None:
            yield held
            held = None
        if calls:
            held = message
        else:
            yield message
    if held is not None:
        yield held


def _message(item: Any) -> dict[str, Any] | None:
    """Return an item of the input as a message; None if the model does not see it."""
    if not isinstance(item, dict):
        raise Refused("body-invalid")
    match item.get("type", "message"):
        case "message":
            return _said(item)
        case "function_call":
            call = _call(item.get("call_id"), item.get("name"), item.get("arguments"))
            return {"role": "assistant", "tool_calls": [call]}
        case "function_call_output":
            output = _content(item.get("output"))
            return {"role": "tool", "tool_call_id": item.get("call_id"), "content": output}
        case "reasoning":
            return None
        case str(kind) if kind.endswith(("_call", "_call_output")):
            # What other tools did is told by the answer that followed.
            return None
    raise Refused("content-required")


def _said(item: Mapping[str, Any]) -> dict[str, Any]:
    role = item.get("role")
    role = "system" if role == "developer" else role
    return {"role": role, "content": _content(item.get("content"))}


def _call(call_id: Any, name: Any, arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def _content(content: Any) -> Any:
    return [_part(part) for part in content] if isinstance(content, list) else content


def _part(part: Any) -> dict[str, Any]:
    match part:
        case {"type": "text" | "input_text" | "output_text", "text": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "image_url" | "input_image", "image_url": str(url) | {"url": str(url)}}:
            return {"type": "image_url", "image_url": {"url": url}}
    raise Refused("content-part-unexpected")
