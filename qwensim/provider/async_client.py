"""`AsyncQwenProvider`: the same as `qwensim.provider.client`, awaited."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, Self, overload

import anyio.to_thread
import httpx2
import openai

from qwensim.catalog import Catalog
from qwensim.errors import UsageError
from qwensim.provider.async_making import AsyncMaker
from qwensim.provider.credentials import UNSENT
from qwensim.provider.refs import PROVIDER
from qwensim.provider.replies import Reply
from qwensim.provider.requests import Call, Messages
from qwensim.provider.stream import AsyncChatStream
from qwensim.provider.thinking import ThinkingLevel
from qwensim.provider.vectors import Embeddings, Ranking
from qwensim.provider.vision import Source


class AsyncQwenProvider(AsyncMaker):
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
        if not isinstance(http_client, httpx2.AsyncClient | None):
            raise UsageError(f"http_client is an httpx2.AsyncClient, not {http_client!r}")
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
