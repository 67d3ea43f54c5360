"""POST {base}/chat/completions: the OpenAI-compatible chat of all four hosts."""

import hashlib

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.catalog import on_host
from qwensim.catalog.rows import ModelRow
from qwensim.exchange import Chunk
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.chance import Chance
from qwensim.simulator.faults import error_of
from qwensim.simulator.pace import Pace
from qwensim.simulator.parameters import ParameterRules, shown
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.composer import Composer
from qwensim.simulator.replies.reply import Ask, Counts, Turn
from qwensim.simulator.replies.schema import UnsupportedSchema
from qwensim.simulator.replies.scripts import Script, ScriptQueue
from qwensim.simulator.replies.tokens import Tokenizer
from qwensim.simulator.surfaces.chat_dialect import Dialect
from qwensim.simulator.surfaces.chat_messages import (
    Prompt,
    call_tokens,
    check_messages,
    read_prompt,
)
from qwensim.simulator.surfaces.chat_options import Options, read_options
from qwensim.simulator.surfaces.chat_render import ChatRenderer
from qwensim.simulator.usage import Usage

_DELIVERY = frozenset({"stream", "stream_options"})
"""Parameters that change how a reply is delivered, not what it says."""


class ChatSurface:
    """Judges a chat request, then answers it.

    One order of checks, the first failure answers: JSON, model, availability and account state,
    parameters, input length, quota.
    """

    method = "POST"

    def __init__(
        self,
        catalog: Catalog,
        *,
        composer: Composer,
        tokenizer: Tokenizer,
        scripts: ScriptQueue,
        pace: Pace,
    ) -> None:
        self._catalog = catalog
        self._composer = composer
        self._tokenizer = tokenizer
        self._scripts = scripts
        self._pace = pace
        self._rules = ParameterRules(catalog.parameters)
        self._dialects = {row.id: Dialect(row) for row in catalog.dialects.values()}

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        call.body = body = decode_object(call.request.body)
        call.stream = body.get("stream") is True
        model = self._model(call)
        self._rules.check(body, model)
        messages = check_messages(body, model)
        options = read_options(body, model, messages)
        tools = body["tools"] if options.tools and options.tool_choice != "none" else ()
        prompt = read_prompt(messages, tools, self._tokenizer)
        prompt_tokens = prompt.tokens + (
            model.template_tokens_thinking if options.thinking else model.template_tokens
        )
        if tools:
            prompt_tokens += model.tools_tokens
        limit = model.input_limit(thinking=options.thinking)
        if limit is not None and prompt_tokens > limit:
            raise Refused("input-length", limit=limit)
        if call.account.spent is not None:
            raise Refused("plan-quota", scope=call.account.spent)
        call.ask = ask = _ask(call, options, prompt)
        call.script = script = self._scripts.take(ask)
        if script is not None:
            _raise_scripted(script)
        try:
            turns = self._composer.compose(ask, script)
        except UnsupportedSchema:
            # Nothing satisfies the schema, which shows only when an instance is made.
            raise Refused("json-schema-invalid") from None
        given = script.usage if script is not None else None
        usage = self._usage([turn for turn, _ in turns], prompt, prompt_tokens, given)
        return self._render(call, model, options, turns, usage)

    def _model(self, call: Call) -> ModelRow:
        """Return the model's row on this host, if host and account have it."""
        name = call.body.get("model")
        if name is None or name == "":
            raise Refused("model-missing")
        if not isinstance(name, str):
            raise Refused("body-invalid")
        call.model = name
        account = call.account
        model = self._catalog.served[call.host.name].get(name)
        if model is None and name in account.models:
            model = on_host(self._catalog.models[name], call.host)
        if model is None:
            raise Refused(self._catalog.plans[call.host.plan].unknown_model, model=name)
        if "chat" not in model.surfaces:
            raise Refused("model-not-compatible", model=name)
        if account.state == "overdue":
            raise Refused("overdue")
        if account.state == "free-tier-used-up":
            raise Refused("free-tier-used-up")
        if name in account.denied:
            raise Refused("not-purchased")
        return model

    def _usage(
        self, turns: list[Turn], prompt: Prompt, prompt_tokens: int, given: Counts | None
    ) -> Usage:
        reasoning = sum(len(turn.reasoning) for turn in turns)
        completion = reasoning + sum(len(turn.content) for turn in turns)
        for turn in turns:
            for call in turn.calls:
                completion += call_tokens(call.name, call.arguments, self._tokenizer)
        given = given or Counts()
        completion = _or(given.completion, completion)
        return Usage(
            prompt=_or(given.prompt, prompt_tokens),
            completion=completion,
            reasoning=_or(given.reasoning, min(reasoning, completion)),
            cached=_or(given.cached, 0),
            media=prompt.media_tokens,
        )

    def _render(
        self,
        call: Call,
        model: ModelRow,
        options: Options,
        turns: list[tuple[Turn, Chance]],
        usage: Usage,
    ) -> Answer:
        dialect = self._dialects[model.dialect or call.host.dialect]
        chance = turns[0][1]
        cost = self._pace.opening(chance)
        if not options.stream:
            cost += self._pace.of(usage.completion, chance)
        row = dialect.row
        usage_id = (options.stream and row.usage_stream) or row.usage or model.usage
        counted = usage.render(
            self._catalog.usages[usage_id], stream=options.stream, thinking=options.thinking
        )
        renderer = ChatRenderer(
            dialect=dialect,
            model=model,
            options=options,
            identity=call.identity,
            head={
                "created": b"%d" % int(call.arrived + cost),
                "model": msgspec.json.encode(call.model),
                "id": msgspec.json.encode(f"chatcmpl-{call.identity.request_id}"),
            },
            turns=turns,
            tokenizer=self._tokenizer,
        )
        if options.stream:
            events = renderer.stream(counted, self._pace)
        else:
            events = iter((Chunk(data=renderer.completion(counted)),))
        return Answer(
            content_type=headers.STREAM_TYPE if options.stream else headers.JSON_TYPE,
            events=events,
            cost=cost,
            usage=usage.summary(),
        )


def _raise_scripted(script: Script) -> None:
    if script.error is not None:
        raise Refused(script.error, **script.values)
    if script.fault is not None and script.fault.kind == "error":
        raise error_of(script.fault)


def _ask(call: Call, options: Options, prompt: Prompt) -> Ask:
    said = {name: value for name, value in call.body.items() if name not in _DELIVERY}
    return Ask(
        host=call.host.name,
        model=call.model or "",
        body=call.body,
        key=hashlib.blake2b(shown(said).encode(), digest_size=16).digest(),
        last_user=prompt.last_user,
        user_spoke_last=prompt.user_spoke_last,
        thinking=options.thinking,
        stream=options.stream,
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
