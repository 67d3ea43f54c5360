"""`AsyncQwenProvider`: the same as `qwensim.provider.client`, awaited."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Self, TypeVar, overload

import httpx2
import openai

from qwensim.catalog import Catalog
from qwensim.provider import faults
from qwensim.provider.base import CHAT, MODELS, BaseProvider
from qwensim.provider.failures import ProviderError
from qwensim.provider.refs import PROVIDER
from qwensim.provider.replies import Reply
from qwensim.provider.requests import Call, Messages
from qwensim.provider.stream import TRANSPORT_ERRORS, AsyncChatStream
from qwensim.provider.thinking import ThinkingLevel

_T = TypeVar("_T")


class AsyncQwenProvider(BaseProvider):
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
        jitter: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(
            auth_choice=auth_choice,
            api_key=api_key,
            base_url=base_url,
            catalog=catalog,
            environ=environ,
            provider_id=provider_id,
            jitter=jitter,
        )
        self._sleep = sleep
        self._owns_client = http_client is None
        self._client = openai.AsyncOpenAI(
            api_key=self._credential.key,
            base_url=self.endpoint.base_url,
            # openai 2 would take httpx, whose errors are others.
            http_client=http_client or openai.DefaultAsyncHttpx2Client(),
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
            return await self._retrying(lambda: self._stream(call), call.model)
        return await self._retrying(lambda: self._ask(call), call.model)

    async def models(self) -> tuple[str, ...]:
        """Return the ids of the models that the endpoint lists. The Coding Plan has no list."""
        return await self._retrying(self._list)

    async def close(self) -> None:
        """Close the connections, unless they are those of a given `http_client`."""
        if self._owns_client:
            await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _ask(self, call: Call) -> Reply:
        response = await self._client.post(CHAT, content=call.body, cast_to=httpx2.Response)
        return self._reply(response, call)

    async def _stream(self, call: Call) -> AsyncChatStream:
        events = await self._client.post(
            CHAT,
            content=call.body,
            cast_to=object,
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )
        return await AsyncChatStream(events, self._transcript(events.response, call)).start()

    async def _list(self) -> tuple[str, ...]:
        return self._model_ids(await self._client.get(MODELS, cast_to=httpx2.Response))

    async def _retrying(self, send: Callable[[], Awaitable[_T]], model: str = "") -> _T:
        retries = 0
        while True:
            try:
                return await send()
            except ProviderError as failure:
                error = failure
            except TRANSPORT_ERRORS as cause:
                error = self._classifier.error(faults.of_exception(cause), model=model)
            await self._sleep(self._wait(error, retries))
            retries += 1
