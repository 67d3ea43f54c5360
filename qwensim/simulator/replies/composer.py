"""Composes the turns of an answer from a script, the tools, the asked format, or the talker."""

import re
from collections.abc import Callable
from typing import Any

from qwensim.catalog.rows import WordsRow
from qwensim.simulator.chance import Chance
from qwensim.simulator.replies.reply import Ask, Tool, ToolCall, Turn
from qwensim.simulator.replies.schema import arguments, instance
from qwensim.simulator.replies.scripts import Script
from qwensim.simulator.replies.talker import Talker, written
from qwensim.simulator.replies.tokens import Tokenizer

_MOST_CALLS = 4


class Composer:
    """The model behind every surface. Its words depend on seed and request alone."""

    def __init__(self, *, words: list[WordsRow], tokenizer: Tokenizer, seed: int) -> None:
        self._talker = Talker(words)
        self._tokenizer = tokenizer
        self._seed = seed

    def compose(self, ask: Ask, script: Script | None) -> list[tuple[Turn, Chance]]:
        """Return the turns, one for each choice, each with the chance that it left over."""
        composed = []
        for choice in range(ask.choices):
            chance = Chance(b"%d %d " % (self._seed, choice) + ask.key)
            composed.append((self._turn(ask, script or _SILENT, chance), chance))
        return composed

    def _turn(self, ask: Ask, script: Script, chance: Chance) -> Turn:
        reasoning: list[str] = []
        if ask.thinking:
            thought = script.reasoning
            if thought is None:
                thought = self._talker.sentences(ask.last_user, chance)
            reasoning = self._tokenizer.split(thought)[: ask.thinking_budget]
        calls = script.tool_calls
        if script is _SILENT or (script.text is None and not calls):
            calls = self._calls(ask, chance)
        text = script.text
        if text is None:
            text = "" if calls else self._text(ask, chance)
        content, finish, cut = self._cut(ask, text)
        if calls:
            finish = "tool_calls"
        finish = script.finish_reason or finish
        return Turn(
            reasoning=reasoning,
            content=content,
            calls=calls,
            finish=finish,
            cut=(cut and finish == "stop") or finish == "length",
        )

    def _text(self, ask: Ask, chance: Chance) -> str:
        if ask.json == "json_schema":
            value = instance(ask.schema, choose=chance.twister(), word=self._word(ask, chance))
            return written(value)
        if ask.json == "json_object" and ask.schema is not None:
            return self._arguments(ask.schema, ask, chance)
        if ask.json == "json_object":
            return self._talker.json_object(ask.last_user, chance)
        return self._talker.sentences(ask.last_user, chance)

    def _cut(self, ask: Ask, text: str) -> tuple[list[str], str, bool]:
        """Cut a text at the first stop sequence and at the token limit, and say whether it was."""
        ends = [text.find(stop) for stop in ask.stop if stop in text]
        pieces = self._tokenizer.split(text[: min(ends)] if ends else text)
        if ask.max_tokens is not None and len(pieces) > ask.max_tokens:
            return pieces[: ask.max_tokens], "length", True
        return pieces, "stop", bool(ends)

    def _calls(self, ask: Ask, chance: Chance) -> tuple[ToolCall, ...]:
        return tuple(
            ToolCall(
                name=tool.name, arguments=self._arguments(_needed(tool.parameters), ask, chance)
            )
            for tool in _called(ask)
        )

    def _arguments(self, schema: Any, ask: Ask, chance: Chance) -> str:
        return written(arguments(schema, choose=chance.twister(), word=self._word(ask, chance)))

    def _word(self, ask: Ask, chance: Chance) -> Callable[[], str]:
        return lambda: self._talker.word(ask.last_user, chance)


_SILENT = Script()


def _needed(parameters: Any) -> Any:
    """Return the schema of a tool without its options, which a model mostly leaves out.

    Where a schema says of none of its properties that it is required, all may be meant.
    """
    if not isinstance(parameters, dict):
        return parameters
    properties, required = parameters.get("properties"), parameters.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list) or not required:
        return parameters
    needed = {name: schema for name, schema in properties.items() if name in required}
    return {**parameters, "properties": needed}


def _called(ask: Ask) -> tuple[Tool, ...]:
    """Return the tools that the model calls: those forced, or those that the user asks for.

    Only the last user text counts: a fake that calls a tool because its name occurs anywhere sends
    an agent into an endless loop.
    """
    if not ask.tools or ask.tool_choice == "none":
        return ()
    if ask.tool_choice.startswith("="):
        return tuple(tool for tool in ask.tools if tool.name == ask.tool_choice[1:])[:1]
    named: tuple[Tool, ...] = ()
    if ask.user_spoke_last:
        named = tuple(tool for tool in ask.tools if _asks_for(tool.name, ask.last_user))
    if ask.tool_choice == "required" and not named:
        named = ask.tools
    return named[:_MOST_CALLS] if ask.parallel else named[:1]


def _asks_for(name: str, text: str) -> bool:
    return re.search(rf"\buse the {re.escape(name)} tool\b", text, re.IGNORECASE) is not None
