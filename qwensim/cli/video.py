"""`qwensim video`: order a video, watch it being made, fetch it."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from qwensim.cli.consoles import console, show_error
from qwensim.errors import QwensimError
from qwensim.provider import ProviderError, QwenProvider, Task, Video
from qwensim.provider.downloads import check_place
from qwensim.provider.tasks import CANCELED


def make(provider: QwenProvider, out: Path, wait: Callable[..., Video]) -> bool:
    """Write a video to `out` and its name to stdout; return whether it is there.

    `wait` is a method of the provider that returns one; it is given what shows the `progress`. What
    goes on is told on stderr. Raises `UsageError` if the video cannot be ordered, or not be written
    to that place.
    """
    check_place(out)
    err = console(stderr=True)
    try:
        with _Display() as display:
            video = wait(progress=display)
    except ProviderError as error:
        show_error(error)
        return False
    except KeyboardInterrupt:
        display.tell_end()
        raise
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


class _Display:
    """Shows the state of a task on stderr: with a bar on a terminal, else a line for each."""

    def __init__(self) -> None:
        self._err = console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=self._err,
            transient=True,
            disable=not self._err.is_terminal,
        )
        self._line = self._bar.add_task("ordering", total=None)
        self._task: Task | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        exception: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, task: Task) -> None:
        """Take note of what the service told."""
        before, self._task = self._task, task
        words = f"task {task.id} is {task.state}"
        self._bar.update(self._line, description=words)
        if self._bar.disable and (before is None or before.state != task.state):
            self._err.print(words, soft_wrap=True)

    def tell_end(self) -> None:
        """Say what became of the task when the wait was interrupted."""
        if self._task is None:
            words = "interrupted before the service told of a task"
        elif self._task.state == CANCELED:
            words = f"task {self._task.id} was cancelled before it ran; nothing is billed"
        else:
            words = (
                f"task {self._task.id} was {self._task.state} and cannot be cancelled; it goes on, "
                "and is billed if it succeeds; --task fetches it"
            )
        self._err.print(words, soft_wrap=True)
