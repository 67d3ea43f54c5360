"""What the provider and its async twin share: settings, and the reading and judging of answers.

There is no I/O here.
"""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import httpx2
from openai import Omit, RequestOptions

from qwensim.catalog import Catalog, load
from qwensim.errors import UsageError
from qwensim.provider import credentials, downloads, endpoints, faults, video, vision, wire
from qwensim.provider.endpoints import Endpoint
from qwensim.provider.failures import Classifier, ProviderError
from qwensim.provider.refs import model_id
from qwensim.provider.replies import Reply
from qwensim.provider.requests import Call, Messages, prepare
from qwensim.provider.retries import wait_before_retry
from qwensim.provider.tasks import POLL_INTERVAL, POLL_PATIENCE, Task, Video
from qwensim.provider.thinking import ThinkingLevel
from qwensim.provider.transcript import Transcript
from qwensim.provider.vectors import (
    EMBEDDING_MODEL,
    RERANK_MODEL,
    Embeddings,
    Ranking,
    embedding_calls,
    rerank_body,
)

# The SDK is asked for decoded JSON, not for its models: these know neither `enable_thinking` nor
# `reasoning_content`, and building one costs five times as much as the rest of a chunk.
_MODELS: Final = "/models"


class BaseProvider:
    """The settings of a provider and its judgement."""

    def __init__(
        self,
        *,
        auth_choice: str | None,
        api_key: str | None,
        base_url: str | None,
        catalog: Catalog | None,
        environ: Mapping[str, str] | None,
        provider_id: str,
        clock: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._catalog = catalog = catalog or load()
        self.endpoint = endpoints.resolve(catalog, auth_choice=auth_choice, base_url=base_url)
        """Where requests go."""
        self._credential = credentials.find(
            catalog,
            api_key=api_key,
            environ=os.environ if environ is None else environ,
            optional=self.endpoint.loopback,
        )
        self._options = RequestOptions()
        if self._credential is credentials.NO_KEY:
            self._options["headers"] = {"Authorization": Omit()}
        self._classifier = Classifier(catalog, self.endpoint, self._credential)
        self._provider_id = provider_id
        self._clock = clock
        self._jitter = jitter

    def __repr__(self) -> str:
        shown = self._classifier.redacted(self.endpoint.base_url)
        return f"{type(self).__name__}({shown!r}, key from {self._credential.source})"

    def _prepare(
        self,
        model_ref: str,
        messages: Messages,
        *,
        stream: bool,
        thinking: ThinkingLevel | None,
        named: Mapping[str, object],
        parameters: Mapping[str, object],
        endpoint: Endpoint | None = None,
    ) -> Call:
        given = {name: value for name, value in named.items() if value is not None}
        try:
            model = self._model_id(model_ref)
            return prepare(
                endpoint or self.endpoint,
                model,
                messages,
                stream=stream,
                asks_usage=self._asks_usage(model),
                thinking=thinking,
                parameters={**given, **parameters},
            )
        except UsageError as error:
            problem = self._classifier.redacted(str(error))
        raise UsageError(problem)

    def _model_id(self, model_ref: str) -> str:
        """Return the model id of a reference; raises `UsageError` for another provider's."""
        return model_id(model_ref, provider_id=self._provider_id)

    def _asks_usage(self, model: str) -> bool:
        """Tell whether a stream of a model is asked for its usage."""
        return self.endpoint.tells_usage

    def _transcript(self, response: httpx2.Response, call: Call) -> Transcript:
        return Transcript(
            self._judge(call), model=call.model, request_id=faults.request_id(response)
        )

    def _reply(self, response: httpx2.Response, call: Call) -> Reply:
        body = self._decoded(response, call)
        reply = Reply.from_wire(body, request_id=faults.request_id(response))
        if reply is None:
            raise self._malformed(response, call)
        return reply

    def _listing(self) -> Call:
        """Return the call for the list of models."""
        return Call(endpoint=self.endpoint, url=f"{self.endpoint.base_url}{_MODELS}")

    def _model_ids(self, response: httpx2.Response, call: Call) -> tuple[str, ...]:
        body = self._decoded(response, call)
        ids = (wire.text(wire.mapping(row).get("id")) for row in wire.items(body.get("data")))
        return tuple(filter(None, ids))

    def _decoded(self, response: httpx2.Response, call: Call) -> Mapping[str, Any]:
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        if (fault := faults.of_body(body)) is not None:
            raise self._error(
                replace(
                    fault,
                    status=response.status_code,
                    request_id=faults.request_id(response) or fault.request_id,
                ),
                call,
            )
        if not isinstance(body, Mapping):
            raise self._malformed(response, call)
        return body

    def _malformed(self, response: httpx2.Response, call: Call) -> ProviderError:
        fault = faults.Fault(
            message=f"the answer is not what was asked for: {response.text}",
            status=response.status_code,
            code=faults.ANSWER_MALFORMED,
            request_id=faults.request_id(response),
        )
        return self._error(fault, call)

    def _judge(self, call: Call) -> Classifier:
        """Return what judges the faults of a call, by where it went."""
        if call.endpoint == self.endpoint:
            return self._classifier
        return Classifier(self._catalog, call.endpoint, self._credential)

    def _error(self, fault: faults.Fault, call: Call) -> ProviderError:
        fault = replace(fault, task_id=fault.task_id or call.task_id)
        return self._judge(call).error(fault, model=call.model)

    def _question(
        self,
        kind: vision.Kind,
        source: vision.Source,
        prompt: str | None,
        model_ref: str | None,
        parameters: Mapping[str, object],
    ) -> Call:
        """Return the call that asks what a picture or a video shows; reads the file, if any."""
        return self._prepare(
            model_ref or f"{self._provider_id}/{vision.MODEL}",
            vision.messages(kind, source, prompt),
            stream=False,
            thinking=None,
            named={},
            parameters=parameters,
            endpoint=endpoints.standard(self._catalog, self.endpoint),
        )

    def _embedding_calls(
        self,
        texts: str | Sequence[str],
        model_ref: str | None,
        dimensions: int | None,
        parameters: Mapping[str, object],
    ) -> list[Call]:
        """Return the calls for the vectors of texts, at the Standard endpoint."""
        model = EMBEDDING_MODEL if model_ref is None else self._model_id(model_ref)
        given = {} if dimensions is None else {"dimensions": dimensions}
        endpoint = endpoints.standard(self._catalog, self.endpoint)
        return embedding_calls(self._catalog, endpoint, model, texts, {**given, **parameters})

    def _rerank_call(
        self,
        query: str,
        documents: Sequence[str],
        model_ref: str | None,
        top_n: int | None,
        parameters: Mapping[str, object],
    ) -> Call:
        """Return the call that has documents ordered, at the Standard endpoint."""
        model = RERANK_MODEL if model_ref is None else self._model_id(model_ref)
        given = {} if top_n is None else {"top_n": top_n}
        body = rerank_body(model, query, documents, {**given, **parameters})
        return replace(self._native("reranks", model=model, body=body), rows=len(documents))

    def _embeddings(self, response: httpx2.Response, call: Call) -> Embeddings:
        body = self._decoded(response, call)
        found = Embeddings.from_wire(body, rows=call.rows, request_id=faults.request_id(response))
        if found is None:
            raise self._malformed(response, call)
        return found

    def _ranking(self, response: httpx2.Response, call: Call) -> Ranking:
        body = self._decoded(response, call)
        found = Ranking.from_wire(body, rows=call.rows, request_id=faults.request_id(response))
        if found is None:
            raise self._malformed(response, call)
        return found

    def _order(self, prompt: str, model_ref: str | None, options: video.VideoOptions) -> Call:
        """Return the call that orders a video."""
        model = None if model_ref is None else self._model_id(model_ref)
        order = video.order(self._catalog, model, prompt, **options)
        return self._native(order.route, model=order.model, body=order.body)

    def _native(
        self, route: str, *, task_id: str | None = None, model: str = "", body: bytes = b""
    ) -> Call:
        """Return a call to a route of the native API, at the Standard endpoint."""
        endpoint = endpoints.native(self._catalog, self.endpoint)
        path = self._catalog.routes[route].path.format(task_id=quote(task_id or "", safe=""))
        return Call(
            endpoint=endpoint,
            url=endpoint.base_url + path,
            model=model,
            body=body,
            task_id=task_id,
        )

    @property
    def _order_options(self) -> RequestOptions:
        """What an order is sent with: without the header the service refuses it."""
        headers = {**self._options.get("headers", {}), "X-DashScope-Async": "enable"}
        return {**self._options, "headers": headers}

    def _poll_options(self, deadline: float = math.inf) -> RequestOptions:
        """Return what a question about a task is sent with: patience until the deadline."""
        left = min(max(deadline - self._clock(), 1.0), POLL_PATIENCE)
        return {**self._options, "timeout": left}

    def _download(self, video: Video) -> Call:
        storage = Endpoint(base_url=str(httpx2.URL(video.url).join("/")).rstrip("/"))
        return Call(endpoint=storage, url=video.url, task_id=video.task_id)

    def _task(self, response: httpx2.Response, call: Call) -> Task:
        body = self._decoded(response, call)
        task = Task.from_wire(body, request_id=faults.request_id(response))
        if task is None:
            raise self._malformed(response, call)
        return task

    def _video(self, task: Task, call: Call) -> Video | None:
        """Return the video of a task, or None as long as it goes on; raises if it has failed."""
        fault = task.failure
        if fault is None and task.state == "SUCCEEDED":
            if (found := Video.of(task)) is not None:
                return found
            fault = task.fault("the task succeeded without a video", faults.ANSWER_MALFORMED)
        if fault is not None:
            raise self._error(fault, call)
        return None

    def _pause(self, task: Task, call: Call, deadline: float) -> float:
        """Return the seconds until the next question; raises if that is too late."""
        if self._clock() + POLL_INTERVAL > deadline:
            words = f"the task is still {task.state} at the end of the time allowed"
            raise self._error(task.fault(words, faults.TASK_UNFINISHED), call)
        return POLL_INTERVAL

    def _judge_download(self, response: httpx2.Response, call: Call) -> None:
        if (fault := downloads.fault_of(response)) is not None:
            raise self._error(fault, call)

    def _wait(self, error: ProviderError, retries: int) -> float:
        """Return the seconds until the next attempt; raises the error if it was the last one."""
        wait = wait_before_retry(error, retries=retries, jitter=self._jitter)
        if wait is None:
            raise error
        return wait
