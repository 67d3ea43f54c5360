"""`qwensim chat`: one question, its answer as it comes."""

import warnings
from collections.abc import Mapping, Sequence

from qwensim.cli.consoles import console, show_error, show_warning
from qwensim.provider import ProviderError, QwenProvider, ThinkingLevel, Usage


def open_provider(*, auth_choice: str | None, base_url: str | None) -> QwenProvider:
    """Return a provider with a key of the environment; a deprecated auth choice warns on stderr.

    Raises `UsageError` for a wrong choice or URL and if there is no key.
    """
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always", DeprecationWarning)
        provider = QwenProvider(auth_choice=auth_choice, base_url=base_url)
    for warning in noted:
        show_warning(warning.message)
    return provider


def converse(
    provider: QwenProvider,
    model_ref: str,
    messages: Sequence[Mapping[str, object]],
    *,
    thinking: ThinkingLevel | None,
) -> bool:
    """Print an answer to stdout, its reasoning and usage to stderr; return whether it came whole.

    Raises `UsageError` if the request cannot be made.
    """
    out, err = console(), console(stderr=True)
    open_line = None
    failure = None
    try:
        with provider.chat(model_ref, messages, thinking=thinking, stream=True) as stream:
            for delta in stream:
                for side, text in ((err, delta.reasoning), (out, delta.content)):
                    if text:
                        if open_line not in (None, side):
                            open_line.print()
                        side.out(text, end="", style="dim" if side is err else None)
                        open_line = side
    except ProviderError as error:
        failure = error
    if open_line is not None:
        open_line.print()
    if failure is not None:
        show_error(failure)
        return False
    err.print(summary(stream.reply.usage), style="dim", soft_wrap=True)
    return True


def summary(usage: Usage | None) -> str:
    """Return what a call cost, in one line."""
    if usage is None:
        return "usage: none reported"
    prompt, completion = f"prompt {usage.prompt_tokens}", f"completion {usage.completion_tokens}"
    if usage.cached_tokens:
        prompt += f" ({usage.cached_tokens} cached)"
    if usage.reasoning_tokens:
        completion += f" ({usage.reasoning_tokens} reasoning)"
    return f"usage: {usage.total_tokens} tokens, {prompt}, {completion}"
