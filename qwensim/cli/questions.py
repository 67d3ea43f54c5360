"""What `qwensim doctor` asks an endpoint: few requests, and what their answers decide.

The questions build on each other: what fails leaves those after it open.

    route             does the service answer at this address?
    key               does it know the key?
    plan              may the account use what the endpoint sells?
    model             does the model answer?
    thinking          does it think when asked to, and only then?
    streaming usage   does a stream tell what it cost?
"""

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

import msgspec

from qwensim.catalog import Catalog
from qwensim.cli.consoles import redacted
from qwensim.provider import (
    BadRequestError,
    Endpoint,
    ProviderError,
    QwenProvider,
    ThinkingLevel,
    Usage,
)
from qwensim.provider.refs import model_id

Verdict: TypeAlias = Literal["works", "fails", "open"]

_GREETING: Final = "Say hi."
_ANSWER_TOKENS: Final = 16
_USAGE: Final = "streaming usage"
_LADDER: Final = ("route", "key", "plan", "model")
ASKED: Final = (*_LADDER, "thinking", _USAGE)
"""The questions that `examine` answers, in their order."""
_DECIDED_BY: Final = {
    "auth": "key",
    "access": "plan",
    "overdue": "plan",
    "plan_quota": "plan",
    "rate_limit": "plan",
    "model_not_on_plan": "model",
    "unknown_model": "model",
    "bad_request": "model",
    "input_too_long": "model",
    "moderation": "model",
}
"""The question that a kind of `ProviderError` answers with no; any other kind answers the first."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A question and what came out; the keys of `--json`."""

    question: str
    verdict: Verdict
    detail: str
    fix: str = ""


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A stream, read to its end, or why there is none."""

    reasoning: bool = False
    usage: Usage | None = None
    error: ProviderError | None = None


def greet(provider: QwenProvider, ref: str) -> None:
    """Ask for one token, the cheapest answer that every model and plan gives.

    Raises `ProviderError` if it is refused, `UsageError` if it cannot be asked for.
    """
    provider.chat(ref, _GREETING, stream=True, max_tokens=1).close()


def examine(
    provider: QwenProvider, ref: str, catalog: Catalog, *, provider_id: str
) -> list[Finding]:
    """Ask a model with thinking off, then on, unless the first answer decides everything.

    A model that refuses both gets a request without the flag, one that tells no usage a request
    that asks for it. Raises `UsageError` if the model cannot be asked.
    """
    quiet = _ask(provider, ref, "off")
    spoken, thinking = quiet, None
    if quiet.error is None:
        thinking = _ask(provider, ref, "high")
    else:
        levels: tuple[ThinkingLevel | None, ...] = ("high", None)
        for level in levels:
            if isinstance(spoken.error, BadRequestError):
                spoken = _ask(provider, ref, level)
    findings = _ladder(provider.endpoint, catalog, ref, spoken)
    if spoken.error is not None:
        return [*findings, *unanswered(("thinking", _USAGE), after="the model")]
    model = catalog.models.get(model_id(ref, provider_id=provider_id))
    hybrid = model is not None and model.thinking != "never"
    return [
        *findings,
        _thinking(quiet, thinking or spoken, hybrid=hybrid),
        _usage(provider, ref, spoken),
    ]


def _ask(
    provider: QwenProvider, ref: str, level: ThinkingLevel | None, *, usage: bool = False
) -> _Answer:
    options: dict[str, Any] = {"stream_options": {"include_usage": True}} if usage else {}
    reasoning = False
    try:
        with provider.chat(
            ref, _GREETING, thinking=level, stream=True, max_tokens=_ANSWER_TOKENS, **options
        ) as stream:
            for delta in stream:
                reasoning = reasoning or bool(delta.reasoning)
    except ProviderError as error:
        return _Answer(error=error)
    return _Answer(reasoning=reasoning, usage=stream.reply.usage)


def _ladder(endpoint: Endpoint, catalog: Catalog, ref: str, answer: _Answer) -> list[Finding]:
    details = {
        "route": f"{endpoint.base_url} answers",
        "key": "accepted",
        "plan": (
            f"{catalog.plans[endpoint.plan].title}, {endpoint.region}"
            if endpoint.plan
            else "a foreign host, without a plan of the service"
        ),
        "model": f"{ref} answers",
    }
    if answer.error is None:
        return [finding(name, "works", details[name]) for name in _LADDER]
    failed = _DECIDED_BY.get(answer.error.kind, _LADDER[0])
    position = _LADDER.index(failed)
    return [
        *(finding(name, "works", details[name]) for name in _LADDER[:position]),
        _failed(failed, answer.error),
        *unanswered(_LADDER[position + 1 :], after=f"the {failed}"),
    ]


def _thinking(quiet: _Answer, thinking: _Answer, *, hybrid: bool) -> Finding:
    if quiet.error is not None:
        kind = "always on" if thinking.reasoning else "takes no flag"
        return finding(
            "thinking", "works", f"{kind}: {quiet.error.message.strip()}", fix=quiet.error.advice
        )
    if thinking.error is not None:
        return _failed("thinking", thinking.error)
    if quiet.reasoning:
        return finding(
            "thinking",
            "fails",
            "reasoning came though it was turned off",
            fix="Look for a proxy that drops enable_thinking from the request.",
        )
    if thinking.reasoning:
        return finding("thinking", "works", "off and on as asked")
    if hybrid:
        return finding(
            "thinking",
            "fails",
            "no reasoning came though it was turned on",
            fix="Look for a proxy that drops enable_thinking or reasoning_content.",
        )
    return finding("thinking", "works", "the model does not think")


def _usage(provider: QwenProvider, ref: str, answer: _Answer) -> Finding:
    if answer.usage is not None:
        return finding(_USAGE, "works", f"{answer.usage.total_tokens} tokens told by the stream")
    asked = _ask(provider, ref, None, usage=True)
    if asked.error is not None:
        return _failed(_USAGE, asked.error)
    if asked.usage is not None:
        return finding(
            _USAGE,
            "works",
            "told when asked for, which this client does not do here",
            fix="Set compat.supportsUsageInStreaming to true in the model's entry.",
        )
    if provider.endpoint.native:
        return finding(
            _USAGE,
            "fails",
            "the stream was asked for its usage and told none",
            fix="Look for a proxy that drops stream_options or the last chunk.",
        )
    return finding(_USAGE, "works", "this foreign host never tells its usage")


def unanswered(questions: Iterable[str], *, after: str) -> list[Finding]:
    """Return the findings of questions that could not be asked."""
    return [finding(name, "open", f"{after} has to work first") for name in questions]


def _failed(question: str, error: ProviderError) -> Finding:
    facts = ", ".join(str(fact) for fact in (error.status, error.code) if fact)
    detail = f"{error.message.strip()} ({facts or error.kind})"
    return finding(question, "fails", detail, fix=error.advice)


def finding(question: str, verdict: Verdict, detail: str, *, fix: str = "") -> Finding:
    """Return a finding, without any key in its words."""
    return Finding(question=question, verdict=verdict, detail=redacted(detail), fix=redacted(fix))
