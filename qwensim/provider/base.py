"""The settings of a provider, and its judgement of what goes wrong. There is no I/O here.

`BaseProvider` < `Calls` (what is sent) < `Answers` (what is read) < `Sender` < `Maker` (videos and
images) < `QwenProvider`; the last three have twins that are awaited.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from openai import Omit, RequestOptions

from qwensim.catalog import Catalog, load
from qwensim.provider import credentials, endpoints, faults
from qwensim.provider.failures import Classifier, ProviderError
from qwensim.provider.refs import model_id
from qwensim.provider.requests import Call
from qwensim.provider.retries import wait_before_retry


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

    def _model_id(self, model_ref: str) -> str:
        """Return the model id of a reference; raises `UsageError` for another provider's."""
        return model_id(model_ref, provider_id=self._provider_id)

    def _asks_usage(self, model: str) -> bool:
        """Tell whether a stream of a model is asked for its usage."""
        return self.endpoint.tells_usage

    def _judge(self, call: Call) -> Classifier:
        """Return what judges the faults of a call, by where it went."""
        if call.endpoint == self.endpoint:
            return self._classifier
        return Classifier(self._catalog, call.endpoint, self._credential)

    def _error(self, fault: faults.Fault, call: Call) -> ProviderError:
        fault = replace(fault, task_id=fault.task_id or call.task_id)
        return self._judge(call).error(fault, model=call.model)

    def _wait(self, error: ProviderError, retries: int) -> float:
        """Return the seconds until the next attempt; raises the error if it was the last one."""
        wait = wait_before_retry(error, retries=retries, jitter=self._jitter)
        if wait is None:
            raise error
        return wait
