"""The commands that ask the service, or a served fake, as the client does."""

from typing import Annotated, Literal

import typer

from qwensim.cli import completions
from qwensim.cli.options import AuthChoice, BaseUrl, ThinkingLevel


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (chat, describe, embed, rerank):
        app.command()(command)


def chat(
    message: Annotated[str, typer.Argument(help="What to say.", show_default=False)],
    *,
    model: Annotated[
        str,
        typer.Option(metavar="REF", help="qwen/<model id>.", autocompletion=completions.model_refs),
    ] = "qwen/qwen3.5-plus",
    thinking: Annotated[
        ThinkingLevel | None, typer.Option(help="Default: as the model likes.", show_default=False)
    ] = None,
    auth_choice: AuthChoice = None,
    base_url: BaseUrl = None,
    system: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="A system message to begin with.", show_default=False),
    ] = None,
) -> None:
    """Ask the service or a served fake, and stream the answer.

    The answer goes to stdout, reasoning and usage to stderr. The key is that of QWEN_API_KEY,
    MODELSTUDIO_API_KEY or DASHSCOPE_API_KEY. Exits with 1 if the service refuses.
    """
    from qwensim.cli.chat import converse, open_provider

    messages = [{"role": "system", "content": system}] if system is not None else []
    messages.append({"role": "user", "content": message})
    with open_provider(auth_choice=auth_choice, base_url=base_url) as provider:
        if not converse(provider, model, messages, thinking=thinking):
            raise typer.Exit(1)


def describe(
    source: Annotated[
        str, typer.Argument(help="A file, or an http(s) address.", show_default=False)
    ],
    *,
    prompt: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What to ask instead.", show_default=False),
    ] = None,
    kind: Annotated[
        Literal["image", "video"] | None,
        typer.Option(
            "--as", help="What it is.  [default: told by its content]", show_default=False
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="REF", help="[default: qwen/qwen-vl-max-latest]", show_default=False),
    ] = None,
    auth_choice: AuthChoice = None,
    base_url: BaseUrl = None,
) -> None:
    """Have a picture or a video described.

    The description goes to stdout, its usage to stderr. Standard endpoints only: with a choice of
    the Coding Plan the one of its region is asked, which takes Standard keys. The key is found as
    in chat. Exits with 1 if the service refuses.
    """
    from qwensim.cli.chat import open_provider
    from qwensim.cli.describe import describe as show

    with open_provider(auth_choice=auth_choice, base_url=base_url) as provider:
        if not show(provider, source, prompt, kind=kind, model=model):
            raise typer.Exit(1)


def embed(
    texts: Annotated[list[str], typer.Argument(help="What to embed.", show_default=False)],
    *,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            help="[default: qwen/text-embedding-v4]",
            autocompletion=completions.embedding_refs,
            show_default=False,
        ),
    ] = None,
    dimensions: Annotated[
        int | None,
        typer.Option(metavar="N", help="[default: as the model likes]", show_default=False),
    ] = None,
    auth_choice: AuthChoice = None,
    base_url: BaseUrl = None,
) -> None:
    """Turn texts into vectors.

    Each vector is a JSON array on a line of stdout, what it took goes to stderr. Endpoint and key
    are found as in describe. Exits with 1 if the service refuses.
    """
    from qwensim.cli.chat import open_provider
    from qwensim.cli.vectors import embed as show

    with open_provider(auth_choice=auth_choice, base_url=base_url) as provider:
        if not show(provider, texts, model=model, dimensions=dimensions):
            raise typer.Exit(1)


def rerank(
    query: Annotated[str, typer.Argument(help="What is asked.", show_default=False)],
    documents: Annotated[list[str], typer.Argument(help="What to order.", show_default=False)],
    *,
    model: Annotated[
        str | None,
        typer.Option(metavar="REF", help="[default: qwen/qwen3-rerank]", show_default=False),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(metavar="N", help="How many to tell.  [default: all]", show_default=False),
    ] = None,
    auth_choice: AuthChoice = None,
    base_url: BaseUrl = None,
) -> None:
    """Order documents by a query, the most relevant first.

    Each is a line of stdout behind its score, what it took goes to stderr. Endpoint and key are
    found as in describe. Exits with 1 if the service refuses.
    """
    from qwensim.cli.chat import open_provider
    from qwensim.cli.vectors import rerank as show

    with open_provider(auth_choice=auth_choice, base_url=base_url) as provider:
        if not show(provider, query, documents, model=model, top_n=top):
            raise typer.Exit(1)
