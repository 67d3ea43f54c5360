"""Reads a request of the Anthropic protocol: what it asks, in the form of the compatible chat."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from qwensim.catalog.rows import ModelRow, PlanRow
from qwensim.simulator.refusals import Refused

_SAME = ("model", "max_tokens", "stream", "temperature", "top_p", "top_k")
"""What has the same name and meaning in both protocols; the rest is translated or ignored."""


def read_request(body: Mapping[str, Any], model: ModelRow, plan: PlanRow) -> dict[str, Any]:
    """Return a request to a model in the form of the compatible chat, or refuse its form."""
    compatible = {name: body[name] for name in _SAME if name in body}
    compatible["messages"] = _messages(body, plan)
    if (stop := body.get("stop_sequences")) is not None:
        compatible["stop"] = stop
    compatible |= _thinking(body.get("thinking"))
    _check_budget(compatible, model)
    # An empty list is what clients send that have no tools.
    if tools := body.get("tools"):
        compatible["tools"] = [_tool(tool) for tool in tools] if isinstance(tools, list) else tools
        compatible |= _tool_choice(body.get("tool_choice"))
    match body.get("output_config"):
        case {"format": {"type": "json_schema", "schema": schema}}:
            named = {"name": "output", "schema": schema}
            compatible["response_format"] = {"type": "json_schema", "json_schema": named}
    return compatible


def _thinking(thinking: Any) -> dict[str, Any]:
    match thinking:
        case None:
            return {}
        case {"type": "enabled"}:
            return {"enable_thinking": True, "thinking_budget": thinking.get("budget_tokens")}
        case {"type": "adaptive"}:
            return {"enable_thinking": True}
        case {"type": "disabled"}:
            return {"enable_thinking": False}
    raise Refused("body-invalid")


def _check_budget(compatible: Mapping[str, Any], model: ModelRow) -> None:
    budget, most = compatible.get("thinking_budget"), compatible.get("max_tokens")
    if (
        model.thinking != "never"
        and isinstance(budget, int)
        and isinstance(most, int)
        and budget >= most > 0
    ):
        raise Refused("anthropic-max-tokens-not-above-budget", value=most, limit=budget)


def _tool(tool: Any) -> Any:
    if not isinstance(tool, dict):
        return tool
    names = {"name": "name", "description": "description", "input_schema": "parameters"}
    function = {ours: tool[theirs] for theirs, ours in names.items() if theirs in tool}
    return {"type": "function", "function": function}


def _tool_choice(choice: Any) -> dict[str, Any]:
    """Return who may call what; the service ignores a choice that it does not know.

    So says the dashscope package (v2/protocols/anthropic). Several calls at once are what the
    protocol means unless it is told otherwise.
    """
    parallel = not (isinstance(choice, dict) and choice.get("disable_parallel_tool_use") is True)
    allowed: dict[str, Any] = {"parallel_tool_calls": parallel}
    match choice:
        case {"type": "any"}:
            allowed["tool_choice"] = "required"
        case {"type": "none"}:
            allowed["tool_choice"] = "none"
        case {"type": "tool", "name": name}:
            allowed["tool_choice"] = {"type": "function", "function": {"name": name}}
    return allowed


def _messages(body: Mapping[str, Any], plan: PlanRow) -> Any:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return messages
    said: list[dict[str, Any]] = []
    system = list(_system(body.get("system")))
    for message in messages:
        match message:
            case {"role": "system"} if plan.system_in_messages:
                system += _system(message.get("content"))
            case {"role": "user" | "assistant"}:
                said += _message(message)
            case _:
                raise Refused("body-invalid")
    return [*system, *said]


def _system(system: Any) -> Iterator[dict[str, Any]]:
    if isinstance(system, list):
        system = [_part(block) for block in system]
    elif not isinstance(system, str | None):
        raise Refused("body-invalid")
    if system:
        yield {"role": "system", "content": system}


def _message(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a message: first the results of tools in it, each as one of its own, then the rest."""
    content = message.get("content")
    if not isinstance(content, list):
        yield message
        return
    parts, calls, results = [], [], []
    for block in content:
        match block:
            case {"type": "tool_use"}:
                calls.append(_call(block))
            case {"type": "tool_result"}:
                results.append(_result(block))
            case {"type": "thinking" | "redacted_thinking"}:
                pass  # accepted with whatever signature, and left out of the prompt
            case _:
                parts.append(_part(block))
    yield from results
    if parts or calls or not results:
        said = {"role": message.get("role"), "content": parts}
        yield {**said, "tool_calls": calls} if calls else said


def _call(block: Mapping[str, Any]) -> dict[str, Any]:
    arguments = msgspec.json.encode(block.get("input") or {}).decode()
    function = {"name": block.get("name"), "arguments": arguments}
    return {"id": block.get("id"), "type": "function", "function": function}


def _result(block: Mapping[str, Any]) -> dict[str, Any]:
    content = block.get("content")
    if isinstance(content, list):
        content = [_part(part) for part in content]
    elif content is None:
        content = ""
    return {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": content}


def _part(block: Any) -> dict[str, Any]:
    match block:
        case {"type": "text", "text": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "image", "source": source}:
            return {"type": "image_url", "image_url": {"url": _address(source)}}
        case {"type": "video", "source": source}:
            return {"type": "video_url", "video_url": {"url": _address(source)}}
    raise Refused("content-part-unexpected")


def _address(source: Any) -> str:
    match source:
        case {"type": "url", "url": str(url)}:
            return url
        case {"type": "base64", "media_type": str(kind), "data": str(data)}:
            return f"data:{kind};base64,{data}"
    raise Refused("content-part-unexpected")
