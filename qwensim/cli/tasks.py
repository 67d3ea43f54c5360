"""A task that is waited for, as a terminal or a log sees it."""

from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from qwensim.cli.consoles import console, show_error
from qwensim.provider import ProviderError, Task
from qwensim.provider.tasks import CANCELED

_T = TypeVar("_T")


def watched(wait: Callable[..., _T]) -> _T | None:
    """Return what `wait` returns, or None once a failure is told; what goes on is told on stderr.

    `wait` is a method of the provider; it is given what shows the `progress`.
    """
    try:
        with _Display() as display:
            return wait(progress=display)
    except ProviderError as error:
        show_error(error)
        return None
    except KeyboardInterrupt:
        display.tell_end()
        raise


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
