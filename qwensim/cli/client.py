"""The commands that ask the service, or a served fake, as the client does."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from qwensim.cli import completions
from qwensim.cli.options import ThinkingLevel

AuthChoice: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="CHOICE",
        help="Plan and region.  [default: qwen-api-key]",
        autocompletion=completions.auth_choices,
        show_default=False,
    ),
]
BaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Endpoint to use instead, such as a served fake's.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (chat, describe, video, embed, rerank):
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


def video(  # noqa: PLR0913 - one for each option
    prompt: Annotated[
        str, typer.Argument(help="What to show; not every model needs it.", show_default=False)
    ] = "",
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Where to put it; replaced.", show_default=False
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            help="qwen/<model id>.  [default: wan2.6-t2v, -i2v or -r2v, by what is given]",
            autocompletion=completions.video_refs,
            show_default=False,
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="A picture to begin with; one.", show_default=False),
    ] = None,
    video: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL", help="A video to refer to; repeatable, up to 4.", show_default=False
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Pixels.", show_default=False)
    ] = None,
    aspect_ratio: Annotated[
        str | None, typer.Option(metavar="W:H", help="Shape.", show_default=False)
    ] = None,
    resolution: Annotated[
        str | None, typer.Option(metavar="NAME", help="720P or 1080P.", show_default=False)
    ] = None,
    duration: Annotated[
        int | None,
        typer.Option(metavar="SECONDS", help="At most 10.  [default: 5]", show_default=False),
    ] = None,
    audio: Annotated[
        bool | None, typer.Option(help="With sound, where a model can be silent.")
    ] = None,
    watermark: Annotated[bool | None, typer.Option(help="With a watermark.")] = None,
    task: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="The task of a video that is ordered already.", show_default=False
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="How long to wait for it.")
    ] = 600,
    auth_choice: AuthChoice = None,
    base_url: BaseUrl = None,
) -> None:
    """Have a video made by Wan, and fetch it.

    The name of the file goes to stdout, what goes on to stderr. Ctrl-C cancels the order if it is
    still waiting. Pictures and videos to refer to are http(s) addresses, which the service opens
    itself. Endpoint and key are found as in describe. Exits with 1 if the service refuses or fails.
    """
    from qwensim.cli.chat import open_provider
    from qwensim.cli.video import make
    from qwensim.errors import UsageError
    from qwensim.provider import VideoOptions

    options = VideoOptions(
        images=image or (),
        videos=video or (),
        size=size,
        aspect_ratio=aspect_ratio,
        resolution=resolution,
        duration=duration,
        audio=audio,
        watermark=watermark,
    )
    ordered = (prompt or None, model, *options.values())
    if task is not None and any(part not in (None, ()) for part in ordered):
        raise UsageError(
            "the video of --task is ordered already; give no prompt and no other option of an order"
        )
    with open_provider(auth_choice=auth_choice, base_url=base_url) as provider:
        if task is None:
            wait = partial(provider.video, prompt, model=model, timeout=timeout, **options)
        else:
            wait = partial(provider.wait_for_video, task, timeout=timeout)
        if not make(provider, out, wait):
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
