"""What the provider and its async twin share: settings, and the reading and judging of answers.

There is no I/O here.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import httpx2

from qwensim.catalog import Catalog, load
from qwensim.errors import UsageError
from qwensim.provider import credentials, endpoints, faults, wire
from qwensim.provider.failures import Classifier, ProviderError
from qwensim.provider.replies import Reply
from qwensim.provider.requests import Call, Messages, prepare
from qwensim.provider.retries import wait_before_retry
from qwensim.provider.thinking import ThinkingLevel
from qwensim.provider.transcript import Transcript

# The SDK is asked for decoded JSON, not for its models: these know neither `enable_thinking` nor
# `reasoning_content`, and building one costs five times as much as the rest of a chunk.
CHAT: Final = "/chat/completions"
MODELS: Final = "/models"


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
        jitter: Callable[[], float],
    ) -> None:
        catalog = catalog or load()
        self.endpoint = endpoints.resolve(catalog, auth_choice=auth_choice, base_url=base_url)
        """Where requests go."""
        self._credential = credentials.find(
            catalog, api_key=api_key, environ=os.environ if environ is None else environ
        )
        self._classifier = Classifier(catalog, self.endpoint, self._credential)
        self._provider_id = provider_id
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
    ) -> Call:
        given = {name: value for name, value in named.items() if value is not None}
        try:
            return prepare(
                self.endpoint,
                model_ref,
                messages,
                provider_id=self._provider_id,
                stream=stream,
                thinking=thinking,
                parameters={**given, **parameters},
            )
        except UsageError as error:
            problem = self._classifier.redacted(str(error))
        raise UsageError(problem)

    def _transcript(self, response: httpx2.Response, call: Call) -> Transcript:
        return Transcript(
            self._classifier, model=call.model, request_id=faults.request_id(response)
        )

    def _reply(self, response: httpx2.Response, call: Call) -> Reply:
        body = self._decoded(response, call.model)
        reply = Reply.from_wire(body, request_id=faults.request_id(response))
        if reply is None:
            raise self._malformed(response, call.model)
        return reply

    def _model_ids(self, response: httpx2.Response) -> tuple[str, ...]:
        body = self._decoded(response)
        ids = (wire.text(wire.mapping(row).get("id")) for row in wire.items(body.get("data")))
        return tuple(filter(None, ids))

    def _decoded(self, response: httpx2.Response, model: str = "") -> Mapping[str, Any]:
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        if (fault := faults.of_body(body)) is not None:
            raise self._classifier.error(
                replace(
                    fault,
                    status=response.status_code,
                    request_id=faults.request_id(response) or fault.request_id,
                ),
                model=model,
            )
        if not isinstance(body, Mapping):
            raise self._malformed(response, model)
        return body

    def _malformed(self, response: httpx2.Response, model: str) -> ProviderError:
        fault = faults.Fault(
            message=f"the answer is not what was asked for: {response.text}",
            status=response.status_code,
            code=faults.ANSWER_MALFORMED,
            request_id=faults.request_id(response),
        )
        return self._classifier.error(fault, model=model)

    def _wait(self, error: ProviderError, retries: int) -> float:
        """Return the seconds until the next attempt; raises the error if it was the last one."""
        wait = wait_before_retry(error, retries=retries, jitter=self._jitter)
        if wait is None:
            raise error
        return wait
