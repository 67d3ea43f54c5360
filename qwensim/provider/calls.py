"""The calls that a provider sends, each ready before it is sent."""

import math
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import httpx2
from openai import RequestOptions

from qwensim.errors import UsageError
from qwensim.provider import endpoints, image_orders, vectors, video, vision
from qwensim.provider.base import BaseProvider
from qwensim.provider.endpoints import Endpoint
from qwensim.provider.images import Image
from qwensim.provider.requests import Call, Messages, Order, prepare
from qwensim.provider.tasks import POLL_PATIENCE, Video
from qwensim.provider.thinking import ThinkingLevel

_MODELS: Final = "/models"


class Calls(BaseProvider):
    """Builds what is sent."""

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

    def _listing(self) -> Call:
        """Return the call for the list of models."""
        return Call(endpoint=self.endpoint, url=f"{self.endpoint.base_url}{_MODELS}")

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
        model = vectors.EMBEDDING_MODEL if model_ref is None else self._model_id(model_ref)
        given = {} if dimensions is None else {"dimensions": dimensions}
        endpoint = endpoints.standard(self._catalog, self.endpoint)
        return vectors.embedding_calls(
            self._catalog, endpoint, model, texts, {**given, **parameters}
        )

    def _rerank_call(
        self,
        query: str,
        documents: Sequence[str],
        model_ref: str | None,
        top_n: int | None,
        parameters: Mapping[str, object],
    ) -> Call:
        """Return the call that has documents ordered, at the Standard endpoint."""
        model = vectors.RERANK_MODEL if model_ref is None else self._model_id(model_ref)
        given = {} if top_n is None else {"top_n": top_n}
        endpoint = endpoints.native(self._catalog, self.endpoint)
        return vectors.rerank_call(
            self._catalog, endpoint, model, query, documents, {**given, **parameters}
        )

    def _video_order(self, prompt: str, model_ref: str | None, options: video.VideoOptions) -> Call:
        model = None if model_ref is None else self._model_id(model_ref)
        return self._ordering(video.order(self._catalog, model, prompt, **options))

    def _image_order(
        self, prompt: str, model_ref: str | None, options: image_orders.ImageOptions
    ) -> tuple[Call, bool]:
        """Return the call that orders images, and whether a task is to make them."""
        model = None if model_ref is None else self._model_id(model_ref)
        order = image_orders.order(self._catalog, model, prompt, **options)
        return self._ordering(order), order.task

    def _ordering(self, order: Order) -> Call:
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

    def _download(self, made: Video | Image) -> Call:
        """Return the call that fetches a result; raises `UsageError` for an image that failed."""
        if made.url is None:
            raise UsageError(f"this image failed, there is nothing to download: {made.message}")
        storage = Endpoint(base_url=str(httpx2.URL(made.url).join("/")).rstrip("/"))
        return Call(endpoint=storage, url=made.url, task_id=made.task_id)

    @property
    def _task_options(self) -> RequestOptions:
        """What orders a task: without the header the service refuses it."""
        headers = {**self._options.get("headers", {}), "X-DashScope-Async": "enable"}
        return {**self._options, "headers": headers}

    def _patience(self, seconds: float) -> RequestOptions:
        """Return what is sent with a call whose answer may take so long."""
        return {**self._options, "timeout": seconds}

    def _poll_options(self, deadline: float = math.inf) -> RequestOptions:
        """Return what a question about a task is sent with: patience until the deadline."""
        return self._patience(min(max(deadline - self._clock(), 1.0), POLL_PATIENCE))
