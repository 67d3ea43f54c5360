"""The commands that have something made, and fetch it."""

from functools import partial
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from qwensim.cli import completions
from qwensim.cli.options import AuthChoice, BaseUrl

Size: TypeAlias = Annotated[
    str | None, typer.Option(metavar="WxH", help="Pixels.", show_default=False)
]
Watermark: TypeAlias = Annotated[bool | None, typer.Option(help="With a watermark.")]
Timeout: TypeAlias = Annotated[
    float, typer.Option(metavar="SECONDS", min=1, help="How long to wait for it.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (video, image):
        app.command()(command)


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
    size: Size = None,
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
    watermark: Watermark = None,
    task: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="The task of a video that is ordered already.", show_default=False
        ),
    ] = None,
    timeout: Timeout = 600,
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


def image(  # noqa: PLR0913 - one for each option
    prompt: Annotated[str, typer.Argument(help="What to show.", show_default=False)] = "",
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Where to put it; replaced. Of several images NAME.png becomes NAME-1.png, "
            "NAME-2.png …",
            show_default=False,
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            help="[default: qwen/qwen-image-plus]",
            autocompletion=completions.image_refs,
            show_default=False,
        ),
    ] = None,
    size: Size = None,
    n: Annotated[
        int | None,
        typer.Option("-n", "--n", metavar="N", help="How many.  [default: 1]", show_default=False),
    ] = None,
    negative: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What not to show.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="For much the same image again.", show_default=False),
    ] = None,
    extend: Annotated[
        bool | None, typer.Option(help="Whether the service is to rewrite the prompt.")
    ] = None,
    watermark: Watermark = None,
    task: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="The task of images that are ordered already.", show_default=False
        ),
    ] = None,
    timeout: Timeout = 600,
    auth_choice: AuthChoice = None,
    base_url: BaseUrl = None,
) -> None:
    """Have an image made by Qwen-Image, Z-Image or Wan, and fetch it.

    What comes is a PNG. The names of the files go to stdout, what goes on to stderr. Ctrl-C cancels
    the order of a model that works in tasks, as Wan does, if it is still waiting. Endpoint and key
    are found as in describe. Exits with 1 if the service refuses, or if an image fails.
    """
    from qwensim.cli.chat import open_provider
    from qwensim.cli.image import make
    from qwensim.errors import UsageError
    from qwensim.provider import ImageOptions

    options = ImageOptions(
        size=size,
        n=n,
        negative_prompt=negative,
        seed=seed,
        prompt_extend=extend,
        watermark=watermark,
    )
    ordered = (prompt or None, model, *options.values())
    if task is not None and any(part is not None for part in ordered):
        raise UsageError(
            "the images of --task are ordered already; give no prompt and no other option of an "
            "order"
        )
    with open_provider(auth_choice=auth_choice, base_url=base_url) as provider:
        if task is None:
            wait = partial(provider.image, prompt, model=model, timeout=timeout, **options)
        else:
            wait = partial(provider.wait_for_image, task, timeout=timeout)
        if not make(provider, out, wait, count=n or 1):
            raise typer.Exit(1)
