"""Has videos and images made, waits for them and fetches them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, Unpack

from qwensim.provider.downloads import LARGEST
from qwensim.provider.failures import ProviderError
from qwensim.provider.image_orders import ImageOptions
from qwensim.provider.images import Image, Images
from qwensim.provider.requests import Call
from qwensim.provider.sending import Sender
from qwensim.provider.tasks import CANCELED, LONGEST_TASK, Progress, Task, Video
from qwensim.provider.video import VideoOptions

_T = TypeVar("_T")


class Maker(Sender):
    """What makes things, most of them in tasks."""

    def video(
        self,
        prompt: str = "",
        *,
        model: str | None = None,
        timeout: float = LONGEST_TASK,
        progress: Progress | None = None,
        **options: Unpack[VideoOptions],
    ) -> Video:
        """Have a video made, and wait for it; `download` fetches it.

        `model` is a reference, by default to the first of `qwensim.provider.video.MODELS` that
        takes the pictures and videos given. It is made on the Standard host of the region. An order
        is sent once, since each one costs; the questions that follow are repeated as usual.
        `timeout` is in seconds: after it the task goes on, and the error has its id for
        `wait_for_video`. `progress` is called with the `Task` each time the service tells of it.
        Whoever interrupts the wait cancels the task, which the service allows while it is PENDING.
        """
        order = self._video_order(prompt, model, options)
        return self._make(order, Video.of, timeout, progress)

    def wait_for_video(
        self, task_id: str, *, timeout: float = LONGEST_TASK, progress: Progress | None = None
    ) -> Video:
        """Wait for a video that was ordered before; the service knows it for 24 hours."""
        return self._follow(self._native("task", task_id=task_id), Video.of, timeout, progress)

    def cancel_video(self, task_id: str) -> None:
        """Cancel a task that is still PENDING; the service refuses it for any other."""
        call = self._native("task-cancel", task_id=task_id)
        self._retrying(lambda: self._cancel(call), call)

    def image(
        self,
        prompt: str,
        *,
        model: str | None = None,
        timeout: float = LONGEST_TASK,
        progress: Progress | None = None,
        **options: Unpack[ImageOptions],
    ) -> Images:
        """Have images made of a prompt; `download` fetches each.

        `model` is a reference, by default to `qwensim.provider.image_orders.MODEL`. Some models,
        like that one, answer with the image; others, like Wan's, make it in a task, and what
        `video` says of its task holds for this one. Where a few of several images failed they say
        so; if all did, the error is that of the first.
        """
        call, is_task = self._image_order(prompt, model, options)
        if is_task:
            images = self._make(call, Images.of, timeout, progress)
        else:
            patience = self._patience(timeout)
            images = self._retrying(
                lambda: self._post(call, self._images, patience), call, again=False
            )
        return self._some(images, call)

    def wait_for_image(
        self, task_id: str, *, timeout: float = LONGEST_TASK, progress: Progress | None = None
    ) -> Images:
        """Wait for images that were ordered before; the service knows them for 24 hours."""
        call = self._native("task", task_id=task_id)
        return self._some(self._follow(call, Images.of, timeout, progress), call)

    def cancel_image(self, task_id: str) -> None:
        """Cancel a task that is still PENDING, as `cancel_video` does."""
        self.cancel_video(task_id)

    def download(
        self, made: Video | Image, path: str | os.PathLike[str], *, max_bytes: int = LARGEST
    ) -> None:
        """Fetch a video or an image into a file, whole or not at all; an older one is replaced.

        No key is sent. Raises `UsageError` for an image that failed, for a file that cannot be
        written, and for what has more than `max_bytes`.
        """
        call = self._download(made)
        self._retrying(lambda: self._fetch(call, Path(path), max_bytes), call)

    def _make(
        self,
        order: Call,
        read: Callable[[Task], _T | None],
        timeout: float,
        progress: Progress | None,
    ) -> _T:
        task = self._retrying(lambda: self._submit(order), order, again=False)
        call = self._native("task", task_id=task.id, model=order.model)
        return self._follow(call, read, timeout, progress)

    def _follow(
        self,
        call: Call,
        read: Callable[[Task], _T | None],
        timeout: float,
        progress: Progress | None,
    ) -> _T:
        deadline = self._clock() + timeout
        try:
            while True:
                task = self._retrying(lambda: self._look(call, deadline), call)
                if progress is not None:
                    progress(task)
                if (result := self._result(task, call, read)) is not None:
                    return result
                self._sleep(self._pause(task, call, deadline))
        except BaseException as stop:
            if not isinstance(stop, Exception):  # Ctrl-C: nobody would fetch the result
                self._abandon(call, progress)
            raise

    def _abandon(self, call: Call, progress: Progress | None) -> None:
        cancel = self._native("task-cancel", task_id=call.task_id, model=call.model)
        try:
            self._retrying(lambda: self._cancel(cancel), cancel, again=False)
        except ProviderError:
            return  # it runs already, or nobody answers
        if progress is not None:
            progress(Task(id=call.task_id or "", state=CANCELED))
