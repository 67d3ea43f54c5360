"""What all surfaces share on which a model is talked to: judging a request, having it answered.

A surface decodes its request into the form of the compatible chat and renders what comes back.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ModelRow
from qwensim.simulator.answers import Call
from qwensim.simulator.chance import Chance
from qwensim.simulator.faults import error_of
from qwensim.simulator.media.parts import Media
from qwensim.simulator.parameters import ParameterRules
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.composer import Composer
from qwensim.simulator.replies.reply import Ask, Counts, Turn
from qwensim.simulator.replies.schema import UnsupportedSchema
from qwensim.simulator.replies.scripts import Script, ScriptQueue
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.surfaces.availability import check_quota
from qwensim.simulator.surfaces.chat.messages import (
    Prompt,
    call_tokens,
    check_messages,
    read_prompt,
)
from qwensim.simulator.surfaces.chat.options import Options, read_options
from qwensim.simulator.usage import Usage

_DELIVERY = frozenset({"stream", "stream_options"})
"""Parameters that change how a reply is delivered, not what it says."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is in order."""

    model: ModelRow
    options: Options
    prompt: Prompt
    prompt_tokens: int
    said: Mapping[str, Any]
    """The request in the form of the compatible chat."""


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """An answer before it is rendered: one turn for each choice, with the chance left over."""

    turns: list[tuple[Turn, Chance]]
    usage: Usage


class Conversation:
    """Judges requests and has them answered by the scripts or the talker.

    One order of checks, the first failure answers: parameters, messages, options, media, input
    length, quota.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        composer: Composer,
        media: Media,
        tokenizer: Tokenizer,
        scripts: ScriptQueue,
    ) -> None:
        self._composer = composer
        self._media = media
        self._scripts = scripts
        self._rules = ParameterRules(catalog.parameters)
        self.tokenizer = tokenizer

    def judge(self, call: Call, body: dict[str, Any], model: ModelRow) -> Judged:
        """Return a request in the form of the compatible chat as judged, or raise `Refused`."""
        judged = self.measure(call, body, model, stream=call.stream)
        limit = model.input_limit(thinking=judged.options.thinking)
        if limit is not None and judged.prompt_tokens > limit:
            raise Refused("input-length", limit=limit)
        check_quota(call, model, tokens=judged.prompt_tokens)
        return judged

    def measure(self, call: Call, body: dict[str, Any], model: ModelRow, *, stream: bool) -> Judged:
        """Return a request as judged and counted, whatever length and quota it comes to."""
        self._rules.check(body, model)
        messages = check_messages(body, model)
        options = read_options(body, model, messages, stream=stream)
        tools = body["tools"] if options.tools and options.tool_choice != "none" else ()
        media_tokens = self._media.tokens(call, messages, model, body)
        prompt = read_prompt(messages, tools, media_tokens, self.tokenizer)
        prompt_tokens = prompt.tokens + (
            model.template_tokens_thinking if options.thinking else model.template_tokens
        )
        if tools:
            prompt_tokens += model.tools_tokens
        return Judged(
            model=model, options=options, prompt=prompt, prompt_tokens=prompt_tokens, said=body
        )

    def reply(self, call: Call, judged: Judged) -> Spoken:
        """Have a judged request answered; raises `Refused` where a script says so."""
        call.ask = ask = _ask(call, judged)
        call.script = script = self._scripts.take(ask)
        if script is not None:
            _raise_scripted(script)
        try:
            turns = self._composer.compose(ask, script)
        except UnsupportedSchema:
            # Nothing satisfies the schema, which shows only when an instance is made.
            raise Refused("json-schema-invalid") from None
        given = script.usage if script is not None else None
        return Spoken(turns=turns, usage=self._usage([turn for turn, _ in turns], judged, given))

    def _usage(self, turns: list[Turn], judged: Judged, given: Counts | None) -> Usage:
        reasoning = sum(len(turn.reasoning) for turn in turns)
        completion = reasoning + sum(len(turn.content) for turn in turns)
        for turn in turns:
            for call in turn.calls:
                completion += call_tokens(call.name, call.arguments, self.tokenizer)
        given = given or Counts()
        completion = _or(given.completion, completion)
        return Usage(
            prompt=_or(given.prompt, judged.prompt_tokens),
            completion=completion,
            reasoning=_or(given.reasoning, min(reasoning, completion)),
            cached=_or(given.cached, 0),
            media=judged.prompt.media_tokens,
        )


def _raise_scripted(script: Script) -> None:
    if script.error is not None:
        raise Refused(script.error, **script.values)
    if script.fault is not None and script.fault.kind == "error":
        raise error_of(script.fault)


def _ask(call: Call, judged: Judged) -> Ask:
    options, prompt = judged.options, judged.prompt
    said = {name: value for name, value in judged.said.items() if name not in _DELIVERY}
    return Ask(
        host=call.host.name,
        model=call.model or "",
        body=call.body,
        key=hashlib.blake2b(msgspec.json.encode(said), digest_size=16).digest(),
        last_user=prompt.last_user,
        user_spoke_last=prompt.user_spoke_last,
        messages=prompt.texts,
        thinking=options.thinking,
        stream=call.stream,
        tools=options.tools,
        tool_choice=options.tool_choice,
        parallel=options.parallel,
        json=options.json,
        schema=options.schema,
        thinking_budget=options.thinking_budget,
        max_tokens=options.max_tokens,
        stop=options.stop,
        choices=options.choices,
    )


def _or(given: int | None, counted: int) -> int:
    return counted if given is None else given
