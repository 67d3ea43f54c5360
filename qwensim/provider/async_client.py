"""`AsyncQwenProvider`: the same as `qwensim.provider.client`, awaited."""

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, Unpack, overload

import anyio
import anyio.to_thread
import httpx2
import openai

from qwensim.catalog import Catalog
from qwensim.provider.async_sending import AsyncSender
from qwensim.provider.credentials import UNSENT
from qwensim.provider.downloads import LARGEST
from qwensim.provider.failures import ProviderError
from qwensim.provider.refs import PROVIDER
from qwensim.provider.replies import Reply
from qwensim.provider.requests import Call, Messages
from qwensim.provider.stream import AsyncChatStream
from qwensim.provider.tasks import CANCELED, LONGEST_TASK, POLL_PATIENCE, Progress, Task, Video
from qwensim.provider.thinking import ThinkingLevel
from qwensim.provider.vectors import Embeddings, Ranking
from qwensim.provider.video import VideoOptions
from qwensim.provider.vision import Source

_T = TypeVar("_T")


class AsyncQwenProvider(AsyncSender):
    """`QwenProvider` for asyncio: the same settings, methods and errors, awaited.

    Cancelling a call or a stream closes its connection. Under trio pass `sleep=trio.sleep`.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        *,
        auth_choice: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        catalog: Catalog | None = None,
        http_client: httpx2.AsyncClient | None = None,
        environ: Mapping[str, str] | None = None,
        provider_id: str = PROVIDER,
        timeout: float | httpx2.Timeout = openai.DEFAULT_TIMEOUT,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(
            auth_choice=auth_choice,
            api_key=api_key,
            base_url=base_url,
            catalog=catalog,
            environ=environ,
            provider_id=provider_id,
            clock=clock,
            jitter=jitter,
        )
        self._sleep = sleep
        self._owns_client = http_client is None
        # openai 2 would take httpx, whose errors are others.
        self._http = http_client or openai.DefaultAsyncHttpx2Client()
        self._client = openai.AsyncOpenAI(
            api_key=self._credential.key or UNSENT,
            base_url=self.endpoint.base_url,
            http_client=self._http,
            timeout=timeout,
            max_retries=0,
        )
        self._client.organization = self._client.project = None  # OpenAI's, from its environment

    @overload
    async def chat(
        self,
        model_ref: str,
        messages: Messages,
        *,
        thinking: ThinkingLevel | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        response_format: Mapping[str, Any] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        stream: Literal[False] = False,
        **parameters: object,
    ) -> Reply: ...

    @overload
    async def chat(
        self,
        model_ref: str,
        messages: Messages,
        *,
        thinking: ThinkingLevel | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        response_format: Mapping[str, Any] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        stream: Literal[True],
        **parameters: object,
    ) -> AsyncChatStream: ...

    @overload
    async def chat(
        self,
        model_ref: str,
        messages: Messages,
        *,
        thinking: ThinkingLevel | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        response_format: Mapping[str, Any] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        stream: bool,
        **parameters: object,
    ) -> Reply | AsyncChatStream: ...

    async def chat(
        self,
        model_ref: str,
        messages: Messages,
        *,
        thinking: ThinkingLevel | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        response_format: Mapping[str, Any] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        stream: bool = False,
        **parameters: object,
    ) -> Reply | AsyncChatStream:
        """Ask a model, as `QwenProvider.chat` does."""
        named = {"tools": tools, "tool_choice": tool_choice, "response_format": response_format}
        call = self._prepare(
            model_ref,
            messages,
            stream=stream,
            thinking=thinking,
            named=named,
            parameters=parameters,
        )
        if stream:
            return await self._retrying(lambda: self._stream(call), call)
        return await self._retrying(lambda: self._ask(call), call)

    async def models(self) -> tuple[str, ...]:
        """Return the ids of the models that the endpoint lists. The Coding Plan has no list."""
        call = self._listing()
        return await self._retrying(lambda: self._list(call), call)

    async def describe_image(
        self,
        source: Source,
        prompt: str | None = None,
        *,
        model: str | None = None,
        **parameters: object,
    ) -> Reply:
        """Ask what a picture shows: an http(s) or data address, a path, or the bytes of a file.

        `model` is a reference, by default to qwen-vl-max-latest. That is on the Standard hosts
        only: a Coding Plan configuration asks the one of its region, which takes Standard keys.
        `parameters` go into the body as they are.
        """
        question = partial(self._question, "image", source, prompt, model, parameters)
        return await self._describe(await anyio.to_thread.run_sync(question))

    async def describe_video(
        self,
        source: Source,
        prompt: str | None = None,
        *,
        model: str | None = None,
        **parameters: object,
    ) -> Reply:
        """Ask what a video shows, as `describe_image` does."""
        question = partial(self._question, "video", source, prompt, model, parameters)
        return await self._describe(await anyio.to_thread.run_sync(question))

    async def embed(
        self,
        texts: str | Sequence[str],
        *,
        model: str | None = None,
        dimensions: int | None = None,
        **parameters: object,
    ) -> Embeddings:
        """Return the vectors of texts, as `QwenProvider.embed` does."""
        first, *rest = self._embedding_calls(texts, model, dimensions, parameters)
        found = await self._retrying(partial(self._post, first, self._embeddings), first)
        for call in rest:
            found = found.joined(
                await self._retrying(partial(self._post, call, self._embeddings), call)
            )
        return found

    async def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        model: str | None = None,
        top_n: int | None = None,
        **parameters: object,
    ) -> Ranking:
        """Return documents in the order of a query, as `QwenProvider.rerank` does."""
        call = self._rerank_call(query, documents, model, top_n, parameters)
        return await self._retrying(lambda: self._post(call, self._ranking), call)

    async def video(
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
        order = self._order(prompt, model, options)
        task = await self._retrying(lambda: self._submit(order), order, again=False)
        call = self._native("task", task_id=task.id, model=order.model)
        return await self._follow(call, timeout, progress)

    async def wait_for_video(
        self, task_id: str, *, timeout: float = LONGEST_TASK, progress: Progress | None = None
    ) -> Video:
        """Wait for a video that was ordered before; the service knows it for 24 hours."""
        return await self._follow(self._native("task", task_id=task_id), timeout, progress)

    async def cancel_video(self, task_id: str) -> None:
        """Cancel a task that is still PENDING; the service refuses it for any other."""
        call = self._native("task-cancel", task_id=task_id)
        await self._retrying(lambda: self._cancel(call), call)

    async def download(
        self, video: Video, path: str | os.PathLike[str], *, max_bytes: int = LARGEST
    ) -> None:
        """Fetch a video into a file, whole or not at all; what has that name is replaced.

        No key is sent. Raises `UsageError` for a file that cannot be written, and for a video of
        more than `max_bytes`.
        """
        call = self._download(video)
        await self._retrying(lambda: self._fetch(call, Path(path), max_bytes), call)

    async def close(self) -> None:
        """Close the connections, unless they are those of a given `http_client`."""
        if self._owns_client:
            await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _describe(self, call: Call) -> Reply:
        return await self._retrying(lambda: self._ask(call), call)

    async def _follow(self, call: Call, timeout: float, progress: Progress | None) -> Video:
        deadline = self._clock() + timeout
        try:
            while True:
                task = await self._retrying(lambda: self._look(call, deadline), call)
                if progress is not None:
                    progress(task)
                if (video := self._video(task, call)) is not None:
                    return video
                await self._sleep(self._pause(task, call, deadline))
        except BaseException as stop:
            if not isinstance(stop, Exception):  # Ctrl-C: nobody would fetch the video
                await self._abandon(call, progress)
            raise

    async def _abandon(self, call: Call, progress: Progress | None) -> None:
        cancel = self._native("task-cancel", task_id=call.task_id, model=call.model)
        with anyio.move_on_after(POLL_PATIENCE, shield=True):
            try:
                await self._retrying(lambda: self._cancel(cancel), cancel, again=False)
            except ProviderError:
                return  # it runs already, or nobody answers
            if progress is not None:
                progress(Task(id=call.task_id or "", state=CANCELED))
