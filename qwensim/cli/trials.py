"""One question of the demo: what the catalogue promises, and what the client gets."""

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import HostRow
from qwensim.provider import ProviderError, QwenProvider, ThinkingLevel

QUESTION = "Why is the sky blue?"


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What the catalogue says of a model on a host: an answer, or a refusal."""

    reasoning: bool = False
    refusal: str | None = None
    """The service's words."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came."""

    reasoning: bool = False
    tokens: int | None = None
    """Prompt and completion; None if the stream told of no usage."""
    error: ProviderError | None = None

    def keeps(self, promise: Promise) -> bool:
        """Whether this is what was promised; an answer must tell of its usage."""
        if self.error is not None:
            return self.error.message == promise.refusal
        return (
            promise.refusal is None
            and self.reasoning == promise.reasoning
            and self.tokens is not None
        )


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A model asked on a host."""

    host: HostRow
    model: str
    promise: Promise
    outcome: Outcome

    @property
    def passed(self) -> bool:
        """Whether the promise is kept."""
        return self.outcome.keeps(self.promise)


def promise(catalog: Catalog, host: HostRow, model: str, *, thinking: bool) -> Promise:
    """Return what the catalogue says of a stream with `enable_thinking` true or false."""
    row = catalog.served[host.name].get(model)
    if row is None:
        return _refusal(catalog, catalog.plans[host.plan].unknown_model, host, model)
    if row.thinking == "never" and row.thinking_flag == "refused":
        return _refusal(catalog, "thinking-flag-unsupported", host, model)
    if row.thinking == "only" and not thinking:
        return _refusal(catalog, "thinking-only", host, model)
    return Promise(reasoning=thinking and row.thinking != "never")


def ask(provider: QwenProvider, model: str, *, thinking: bool) -> Outcome:
    """Ask a model in a stream, read to its end."""
    level: ThinkingLevel = "high" if thinking else "off"
    reasoning = False
    try:
        with provider.chat(f"qwen/{model}", QUESTION, thinking=level, stream=True) as stream:
            for delta in stream:
                reasoning = reasoning or bool(delta.reasoning)
    except ProviderError as error:
        return Outcome(error=error)
    usage = stream.reply.usage
    return Outcome(reasoning=reasoning, tokens=usage.total_tokens if usage else None)


def _refusal(catalog: Catalog, error: str, host: HostRow, model: str) -> Promise:
    row = catalog.errors[error]
    template = row.message if row.message_stream is None else row.message_stream
    return Promise(refusal=template.format(link=host.help, model=model))
