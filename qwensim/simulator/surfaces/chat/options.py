"""The options of a chat request, and how they exclude each other."""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from qwensim.catalog.rows import ModelRow
from qwensim.simulator.parameters import shown
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.reply import Tool
from qwensim.simulator.replies.schema import UnsupportedSchema, check
from qwensim.simulator.surfaces.chat.messages import texts_of

_LONGEST_SCHEMA_NAME = 64
_ASKING = frozenset({"system", "user"})
_OF_A_LISTED = frozenset({"name", "required"})
_SCHEMA_START = re.compile(
    r'\{\s*"(\$schema|\$defs|title|description|type|properties|required|additionalProperties)"'
)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks of the model, judged and completed."""

    thinking: bool
    include_usage: bool
    tools: tuple[Tool, ...]
    tool_choice: str
    """`auto`, `none`, `required`, or `=NAME`."""
    parallel: bool
    json: Literal["json_object", "json_schema"] | None
    schema: Any
    choices: int
    thinking_budget: int | None
    max_tokens: int | None
    stop: tuple[str, ...]
    logprobs: bool
    top_logprobs: int


def read_options(
    body: dict[str, Any], model: ModelRow, messages: Sequence[dict[str, Any]], *, stream: bool
) -> Options:
    """Return the options of a request whose parameters keep to their rules, or refuse it."""
    thinking = _thinking(body, model, stream=stream)
    if thinking and messages[-1].get("partial") is True:
        raise Refused("partial-in-thinking")
    tools = _tools(body.get("tools"), model)
    tool_choice = _tool_choice(body.get("tool_choice"), tools, thinking=thinking)
    json, schema = _response_format(body.get("response_format"), model, messages, thinking=thinking)
    if json is None and not tools and _says_json(messages):
        # A prompt can ask for JSON by itself: PydanticOutputParser of LangChain, and others.
        schema = _told_schema(messages)
        json = None if schema is None else "json_object"
    choices = int(body.get("n") or 1)
    if choices > 1 and (thinking or tools):
        raise Refused("n-range", limit=1)
    stream_options = body.get("stream_options") or {}
    return Options(
        thinking=thinking,
        include_usage=stream_options.get("include_usage") is True,
        tools=tools,
        tool_choice=tool_choice,
        parallel=body.get("parallel_tool_calls") is True,
        json=json,
        schema=schema,
        choices=choices,
        thinking_budget=_limit(body, "thinking_budget"),
        max_tokens=_limit(body, "max_tokens", "max_completion_tokens"),
        stop=_stop(body.get("stop")),
        logprobs=body.get("logprobs") is True,
        top_logprobs=int(body.get("top_logprobs") or 0),
    )


def _thinking(body: dict[str, Any], model: ModelRow, *, stream: bool) -> bool:
    """Return whether the model will think, its default included."""
    if model.stream_only and not stream:
        raise Refused("stream-only")
    flag = body.get("enable_thinking")
    if model.thinking == "never":
        if flag is not None and model.thinking_flag == "refused":
            raise Refused("thinking-flag-unsupported", model=model.id)
        return False
    if model.thinking == "only":
        if flag is False:
            raise Refused("thinking-only")
        return True
    thinking = (model.thinking == "on") if flag is None else bool(flag)
    if thinking and model.thinking_streams_only and not stream:
        raise Refused("thinking-needs-stream")
    return thinking


def _tools(tools: Any, model: ModelRow) -> tuple[Tool, ...]:
    if tools is None:
        return ()
    if not tools:
        raise Refused("empty-list", path="tools")
    if not model.tools:
        raise Refused("tools-unsupported")
    return tuple(_tool(tool, index) for index, tool in enumerate(tools))


def _tool(tool: Any, index: int) -> Tool:
    if not isinstance(tool, dict):
        raise Refused("body-invalid")
    function = tool.get("function")
    if not isinstance(function, dict):
        raise Refused("tool-function-missing", index=index)
    name, parameters = function.get("name"), function.get("parameters")
    if not isinstance(name, str) or not name:
        raise Refused("tool-name-missing", index=index)
    if name == "search":
        raise Refused("tool-name-reserved")
    if isinstance(parameters, list):
        parameters = _listed_schema(parameters)
    if parameters is not None and not _is_openai_schema(parameters):
        raise Refused("tool-schema-invalid", value=name)
    return Tool(name=name, parameters=parameters)


def _listed_schema(parameters: list[Any]) -> dict[str, Any]:
    """Return the schema that a list of parameters stands for, each with its name in it.

    The refusal's words, "when provided as a dict", are those of Qwen-Agent's own check of its tools
    (QwenLM/Qwen-Agent qwen_agent/tools/base.py), which lets lists pass.
    """
    named = [item for item in parameters if isinstance(item, dict) and "name" in item]
    return {
        "type": "object",
        "properties": {
            str(item["name"]): {key: item[key] for key in item if key not in _OF_A_LISTED}
            for item in named
        },
        "required": [str(item["name"]) for item in named if item.get("required") is True],
    }


def _is_openai_schema(parameters: Any) -> bool:
    """Whether a tool's parameters are an object schema, as far as the service looks."""
    return (
        isinstance(parameters, dict)
        and (not parameters or parameters.get("type", "object") == "object")
        and isinstance(parameters.get("properties", {}), dict)
        and isinstance(parameters.get("required", []), list)
    )


def _tool_choice(choice: Any, tools: Sequence[Tool], *, thinking: bool) -> str:
    if choice is None:
        return "auto"
    if isinstance(choice, dict):
        function = choice.get("function")
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(name, str):
            raise Refused("tool-choice-unknown")
        if thinking:
            raise Refused("forced-tool-in-thinking")
        if not any(tool.name == name for tool in tools):
            raise Refused("tool-choice-not-found", value=name)
        return f"={name}"
    if choice == "required":
        if thinking:
            raise Refused("forced-tool-in-thinking")
        return "required"
    if choice in ("auto", "none"):
        return str(choice)
    raise Refused("tool-choice-unknown")


def _response_format(
    wanted: Any, model: ModelRow, messages: Sequence[dict[str, Any]], *, thinking: bool
) -> tuple[Literal["json_object", "json_schema"] | None, Any]:
    if wanted is None:
        return None, None
    kind = wanted.get("type") if isinstance(wanted, dict) else wanted
    if not isinstance(wanted, dict) or kind not in ("text", "json_object", "json_schema"):
        raise Refused("response-format-unknown", value=shown(kind))
    if kind == "text":
        return None, None
    if thinking and not model.json_in_thinking:
        raise Refused("json-in-thinking")
    if kind == "json_schema":
        schema = _schema(wanted.get("json_schema"))
        if "json_schema" in model.json_mode:
            return "json_schema", schema
        # A model without schemas takes the request for json_object (plastic-labs/honcho#663).
    if not _says_json(messages):
        raise Refused("json-word-missing")
    if not model.json_mode:
        # No refusal is on record: the parameter is left out of account.
        return None, None
    return "json_object", _told_schema(messages)


def _says_json(messages: Sequence[dict[str, Any]]) -> bool:
    return any("json" in text.lower() for message in messages for text in _texts(message))


def _told_schema(messages: Sequence[dict[str, Any]]) -> Any:
    """Return the last schema of an object that is written out in a prompt, or None.

    The way of clients that ask for `json_object` and mean a schema: the AI SDK, instructor, the
    output parsers of LangChain (which give an example first). A model follows it.
    """
    told = None
    decode = json.JSONDecoder().raw_decode
    asking = (message for message in messages if message["role"] in _ASKING)
    for text in (text for message in asking for text in _texts(message)):
        end = 0
        while start := _SCHEMA_START.search(text, end):
            try:
                value, end = decode(text, start.start())
            except json.JSONDecodeError as error:
                end = max(start.end(), error.pos)
                continue
            except (ValueError, RecursionError):  # a number too long, or too deep
                break
            if "properties" in value and value.get("type", "object") == "object":
                told = value
    return told


def _texts(message: dict[str, Any]) -> list[str]:
    return list(texts_of(message.get("content")))


def _schema(wanted: Any) -> Any:
    """Return the schema of a `json_schema` format, or refuse what is outside the subset."""
    name = wanted.get("name") if isinstance(wanted, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_SCHEMA_NAME:
        raise Refused("json-schema-invalid")
    schema = wanted.get("schema")
    if not isinstance(schema, dict):
        raise Refused("json-schema-invalid")
    try:
        check(schema)
    except UnsupportedSchema:
        raise Refused("json-schema-invalid") from None
    return schema


def _limit(body: dict[str, Any], *names: str) -> int | None:
    """Return the lowest of the limits that are given."""
    given = [int(body[name]) for name in names if body.get(name) is not None]
    return min(given, default=None)


def _stop(stop: Any) -> tuple[str, ...]:
    """Return the stop strings. Token ids are accepted; no text of ours ends at one."""
    if stop is None:
        return ()
    if isinstance(stop, str):
        return (stop,) if stop else ()
    if not (
        all(isinstance(item, str) for item in stop)
        or all(isinstance(item, int) and not isinstance(item, bool) for item in stop)
        or all(_is_ids(item) for item in stop)
    ):
        raise Refused("stop-invalid")
    return tuple(item for item in stop if isinstance(item, str) and item)


def _is_ids(item: Any) -> bool:
    return isinstance(item, list) and all(
        isinstance(number, int) and not isinstance(number, bool) for number in item
    )
