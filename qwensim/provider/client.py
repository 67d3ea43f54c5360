"""`QwenProvider`: what is asked and answered; what is made is `qwensim.provider.making`."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, Self, overload

import httpx2
import openai

from qwensim.catalog import Catalog
from qwensim.errors import UsageError
from qwensim.provider.credentials import UNSENT
from qwensim.provider.making import Maker
from qwensim.provider.refs import PROVIDER
from qwensim.provider.replies import Reply
from qwensim.provider.requests import Call, Messages
from qwensim.provider.stream import ChatStream
from qwensim.provider.thinking import ThinkingLevel
from qwensim.provider.vectors import Embeddings, Ranking
from qwensim.provider.vision import Source


class QwenProvider(Maker):
    """The qwen provider of OpenClaw, on the `openai` SDK.

    `base_url` wins over `auth_choice`; without either it is the Coding Plan (Global).
    `api_key` wins over the variables QWEN_API_KEY, MODELSTUDIO_API_KEY and DASHSCOPE_API_KEY of
    `environ` (default: that of the process); a server on this machine may be asked without any.
    `provider_id` is the name under which a custom configuration knows this provider: its model
    references may carry it, and nothing else changes. `catalog` is the bundled one unless given, a
    given `http_client` stays open when the provider closes, `timeout` is in seconds. `sleep`,
    `clock` (seconds since any moment) and `jitter` (numbers in [0, 1)) make waits testable.

    Calls raise `ProviderError` if they fail, `UsageError` if they cannot be made.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        *,
        auth_choice: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        catalog: Catalog | None = None,
        http_client: httpx2.Client | None = None,
        environ: Mapping[str, str] | None = None,
        provider_id: str = PROVIDER,
        timeout: float | httpx2.Timeout = openai.DEFAULT_TIMEOUT,
        sleep: Callable[[float], object] = time.sleep,
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
        if not isinstance(http_client, httpx2.Client | None):
            raise UsageError(f"http_client is an httpx2.Client, not {http_client!r}")
        self._sleep = sleep
        self._owns_client = http_client is None
        # openai 2 would take httpx, whose errors are others.
        self._http = http_client or openai.DefaultHttpx2Client()
        self._client = openai.OpenAI(
            api_key=self._credential.key or UNSENT,
            base_url=self.endpoint.base_url,
            http_client=self._http,
            timeout=timeout,
            max_retries=0,
        )
        self._client.organization = self._client.project = None  # OpenAI's, from its environment

    @overload
    def chat(
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
    def chat(
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
    ) -> ChatStream: ...

    @overload
    def chat(
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
    ) -> Reply | ChatStream: ...

    def chat(
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
    ) -> Reply | ChatStream:
        """Ask a model: a `Reply`, or a `ChatStream` once the first chunk has come.

        `model_ref` is `qwen/<model id>`; `messages` are sent as they are. No `thinking` level sends
        no flag, so that the model's own default holds. `parameters` go into the body as they are
        (`temperature`, `max_tokens`, `thinking_budget`, …).
        """
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
            return self._retrying(lambda: self._stream(call), call)
        return self._retrying(lambda: self._ask(call), call)

    def models(self) -> tuple[str, ...]:
        """Return the ids of the models that the endpoint lists. The Coding Plan has no list."""
        call = self._listing()
        return self._retrying(lambda: self._list(call), call)

    def describe_image(
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
        return self._describe(self._question("image", source, prompt, model, parameters))

    def describe_video(
        self,
        source: Source,
        prompt: str | None = None,
        *,
        model: str | None = None,
        **parameters: object,
    ) -> Reply:
        """Ask what a video shows, as `describe_image` does."""
        return self._describe(self._question("video", source, prompt, model, parameters))

    def embed(
        self,
        texts: str | Sequence[str],
        *,
        model: str | None = None,
        dimensions: int | None = None,
        **parameters: object,
    ) -> Embeddings:
        """Return the vectors of texts; more than a model takes at once go in several requests.

        `model` is a reference, by default to text-embedding-v4. That is on the Standard hosts only:
        a Coding Plan configuration asks the one of its region, which takes Standard keys.
        `parameters` go into the body as they are.
        """
        first, *rest = self._embedding_calls(texts, model, dimensions, parameters)
        found = self._retrying(partial(self._post, first, self._embeddings), first)
        for call in rest:
            found = found.joined(self._retrying(partial(self._post, call, self._embeddings), call))
        return found

    def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        model: str | None = None,
        top_n: int | None = None,
        **parameters: object,
    ) -> Ranking:
        """Return documents in the order of a query, the `top_n` most relevant or all.

        `model` is a reference, by default to qwen3-rerank, which is where `embed` finds its own.
        `parameters` (`instruct`) go into the request as they are.
        """
        call = self._rerank_call(query, documents, model, top_n, parameters)
        return self._retrying(lambda: self._post(call, self._ranking), call)

    def close(self) -> None:
        """Close the connections, unless they are those of a given `http_client`."""
        if self._owns_client:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _describe(self, call: Call) -> Reply:
        return self._retrying(lambda: self._ask(call), call)
