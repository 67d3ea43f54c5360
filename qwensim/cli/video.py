"""`qwensim video`: order a video, watch it being made, fetch it."""

from collections.abc import Callable
from pathlib import Path

from qwensim.cli.consoles import console, show_error
from qwensim.cli.tasks import watched
from qwensim.errors import QwensimError
from qwensim.provider import QwenProvider, Video
from qwensim.provider.downloads import check_place


def make(provider: QwenProvider, out: Path, wait: Callable[..., Video]) -> bool:
    """Write a video to `out` and its name to stdout; return whether it is there.

    `wait` is a method of the provider that returns one; it is given what shows the `progress`. What
    goes on is told on stderr. Raises `UsageError` if the video cannot be ordered, or not be written
    to that place.
    """
    check_place(out)
    err = console(stderr=True)
    video = watched(wait)
    if video is None:
        return False
    try:
        provider.download(video, out)
    except (QwensimError, KeyboardInterrupt) as error:
        # Signed as it is, nothing of it redacted: whoever paid for the video is to get it.
        err.print(f"the video, for 24 hours: {video.url}", style="bold", soft_wrap=True)
        if isinstance(error, KeyboardInterrupt):
            raise
        show_error(error)
        return False
    console().print(str(out), soft_wrap=True)
    shape = f"{video.size or 'size not told'}, {video.seconds or '?'} s"
    err.print(f"{shape}, {out.stat().st_size:,} bytes, task {video.task_id}", style="dim")
    return True
