"""Sends what `qwensim.provider.calls` builds, waits and tries again."""

from collections.abc import Callable
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
from qwensim.provider.stream import TRANSPORT_ERRORS, ChatStream
from qwensim.provider.tasks import Task

_T = TypeVar("_T")


class Sender(Answers):
    """What talks to the service, and to its storage."""

    _client: openai.OpenAI
    _http: httpx2.Client
    _sleep: Callable[[float], object]

    def _ask(self, call: Call) -> Reply:
        return self._post(call, self._reply)

    def _post(
        self,
        call: Call,
        read: Callable[[httpx2.Response, Call], _T],
        options: openai.RequestOptions | None = None,
    ) -> _T:
        """Send a call and have its answer read."""
        response = self._client.post(
            call.url,
            content=call.body,
            cast_to=httpx2.Response,
            options=options or self._options,
        )
        return read(response, call)

    def _stream(self, call: Call) -> ChatStream:
        events = self._client.post(
            call.url,
            content=call.body,
            cast_to=object,
            options=self._options,
            stream=True,
            stream_cls=openai.Stream[object],
        )
        return ChatStream(events, self._transcript(events.response, call)).start()

    def _list(self, call: Call) -> tuple[str, ...]:
        response = self._client.get(call.url, cast_to=httpx2.Response, options=self._options)
        return self._model_ids(response, call)

    def _submit(self, order: Call) -> Task:
        return self._post(order, self._task, self._task_options)

    def _look(self, call: Call, deadline: float) -> Task:
        options = self._poll_options(deadline)
        response = self._client.get(call.url, cast_to=httpx2.Response, options=options)
        return self._task(response, call)

    def _cancel(self, call: Call) -> None:
        response = self._client.post(
            call.url, cast_to=httpx2.Response, options=self._poll_options()
        )
        self._decoded(response, call)

    def _fetch(self, call: Call, path: Path, most: int) -> None:
        with self._http.stream("GET", call.url, follow_redirects=True) as response:
            if response.is_error:
                response.read()
            self._judge_download(response, call)
            with WholeFile(path, most=most) as file:
                file.expect(response.headers.get("content-length"))
                for data in response.iter_bytes():
                    file.write(data)

    def _retrying(self, send: Callable[[], _T], call: Call, *, again: bool = True) -> _T:
        retries = 0 if again else MAX_RETRIES
        while True:
            try:
                return send()
            except ProviderError as failure:
                error = failure
            except TRANSPORT_ERRORS as cause:
                error = self._error(faults.of_exception(cause), call)
            self._sleep(self._wait(error, retries))
            retries += 1
