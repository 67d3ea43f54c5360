"""`QwenProvider`: sends, waits and tries again; the rest is `qwensim.provider.base`."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
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
from qwensim.provider.stream import TRANSPORT_ERRORS, ChatStream
from qwensim.provider.thinking import ThinkingLevel

_T = TypeVar("_T")


class QwenProvider(BaseProvider):
    """The qwen provider of OpenClaw, on the `openai` SDK.

    `base_url` wins over `auth_choice`; without either it is the Coding Plan (Global).
    `api_key` wins over the variables QWEN_API_KEY, MODELSTUDIO_API_KEY and DASHSCOPE_API_KEY of
    `environ` (default: that of the process). `provider_id` is the name under which a custom
    configuration knows this provider: its model references may carry it, and nothing else changes.
    `catalog` is the bundled one unless given, a given
    `http_client` stays open when the provider closes, `timeout` is in seconds. `sleep` and `jitter`
    (numbers in [0, 1)) make the waits between retries testable.

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
        self._client = openai.OpenAI(
            api_key=self._credential.key,
            base_url=self.endpoint.base_url,
            # openai 2 would take httpx, whose errors are others.
            http_client=http_client or openai.DefaultHttpx2Client(),
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
            return self._retrying(lambda: self._stream(call), call.model)
        return self._retrying(lambda: self._ask(call), call.model)

    def models(self) -> tuple[str, ...]:
        """Return the ids of the models that the endpoint lists. The Coding Plan has no list."""
        return self._retrying(
            lambda: self._model_ids(self._client.get(MODELS, cast_to=httpx2.Response))
        )

    def close(self) -> None:
        """Close the connections, unless they are those of a given `http_client`."""
        if self._owns_client:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _ask(self, call: Call) -> Reply:
        response = self._client.post(CHAT, content=call.body, cast_to=httpx2.Response)
        return self._reply(response, call)

    def _stream(self, call: Call) -> ChatStream:
        events = self._client.post(
            CHAT, content=call.body, cast_to=object, stream=True, stream_cls=openai.Stream[object]
        )
        return ChatStream(events, self._transcript(events.response, call)).start()

    def _retrying(self, send: Callable[[], _T], model: str = "") -> _T:
        retries = 0
        while True:
            try:
                return send()
            except ProviderError as failure:
                error = failure
            except TRANSPORT_ERRORS as cause:
                error = self._classifier.error(faults.of_exception(cause), model=model)
            self._sleep(self._wait(error, retries))
            retries += 1
