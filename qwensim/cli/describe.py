"""`qwensim describe`: what a picture or a video shows."""

from qwensim.cli.chat import summary
from qwensim.cli.consoles import console, show_error
from qwensim.errors import UsageError
from qwensim.provider import ProviderError, QwenProvider
from qwensim.provider.vision import Kind, kind_of


def describe(
    provider: QwenProvider,
    source: str,
    prompt: str | None,
    *,
    kind: Kind | None,
    model: str | None,
) -> bool:
    """Print the description to stdout, its usage to stderr; return whether there is one.

    Raises `UsageError` if the file cannot be sent, or it cannot be told what it is.
    """
    kind = kind or kind_of(source)
    if kind is None:
        raise UsageError(f"cannot tell whether {source!r} is an image or a video; add --as")
    ask = provider.describe_image if kind == "image" else provider.describe_video
    try:
        reply = ask(source, prompt, model=model)
    except ProviderError as error:
        show_error(error)
        return False
    console().out(reply.content)
    console(stderr=True).print(summary(reply.usage), style="dim", soft_wrap=True)
    return True
