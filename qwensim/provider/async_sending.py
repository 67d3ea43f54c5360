"""The same as `qwensim.provider.sending`, awaited."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx2
import openai

from qwensim.provider import faults
from qwensim.provider.answers import Answers
from qwensim.provider.downloads import WholeFile
from qwensim.provider.failures import ProviderError
from qwensim.provider.replies import Reply
from qwensim.provider.requests import Call
from qwensim.provider.retries import MAX_RETRIES
from qwensim.provider.stream import TRANSPORT_ERRORS, AsyncChatStream
from qwensim.provider.tasks import Task

_T = TypeVar("_T")


class AsyncSender(Answers):
    """What talks to the service, and to its storage."""

    _client: openai.AsyncOpenAI
    _http: httpx2.AsyncClient
    _sleep: Callable[[float], Awaitable[object]]

    async def _ask(self, call: Call) -> Reply:
        return await self._post(call, self._reply)

    async def _post(
        self,
        call: Call,
        read: Callable[[httpx2.Response, Call], _T],
        options: openai.RequestOptions | None = None,
    ) -> _T:
        """Send a call and have its answer read."""
        response = await self._client.post(
            call.url,
            content=call.body,
            cast_to=httpx2.Response,
            options=options or self._options,
        )
        return read(response, call)

    async def _stream(self, call: Call) -> AsyncChatStream:
        events = await self._client.post(
            call.url,
            content=call.body,
            cast_to=object,
            options=self._options,
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )
        return await AsyncChatStream(events, self._transcript(events.response, call)).start()

    async def _list(self, call: Call) -> tuple[str, ...]:
        response = await self._client.get(call.url, cast_to=httpx2.Response, options=self._options)
        return self._model_ids(response, call)

    async def _submit(self, order: Call) -> Task:
        return await self._post(order, self._task, self._task_options)

    async def _look(self, call: Call, deadline: float) -> Task:
        options = self._poll_options(deadline)
        response = await self._client.get(call.url, cast_to=httpx2.Response, options=options)
        return self._task(response, call)

    async def _cancel(self, call: Call) -> None:
        response = await self._client.post(
            call.url, cast_to=httpx2.Response, options=self._poll_options()
        )
        self._decoded(response, call)

    async def _fetch(self, call: Call, path: Path, most: int) -> None:
        async with self._http.stream("GET", call.url, follow_redirects=True) as response:
            if response.is_error:
                await response.aread()
            self._judge_download(response, call)
            with WholeFile(path, most=most) as file:
                file.expect(response.headers.get("content-length"))
                async for data in response.aiter_bytes():
                    file.write(data)

    async def _retrying(
        self, send: Callable[[], Awaitable[_T]], call: Call, *, again: bool = True
    ) -> _T:
        retries = 0 if again else MAX_RETRIES
        while True:
            try:
                return await send()
            except ProviderError as failure:
                error = failure
            except TRANSPORT_ERRORS as cause:
                error = self._error(faults.of_exception(cause), call)
            await self._sleep(self._wait(error, retries))
            retries += 1
