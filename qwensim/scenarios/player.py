"""Makes the calls of a scenario, one by one, through the real provider or as other clients do."""

import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import httpx2

from qwensim.errors import QwensimError
from qwensim.provider import QwenProvider
from qwensim.scenarios.calls import (
    AnyCall,
    Catalogue,
    Chat,
    Describe,
    Http,
    Image,
    Models,
    Task,
    Video,
    filled,
)
from qwensim.scenarios.environment import Environment
from qwensim.scenarios.outcome import Failure, Outcome, Said
from qwensim.scenarios.parts import Key
from qwensim.simulator import VirtualClock

_PATIENCE: Final = 300.0
"""Seconds that `http` waits; the service itself gives up after so many."""


class Player:
    """The client: it makes calls, and waits on the service's clock."""

    def __init__(
        self, environment: Environment, clock: VirtualClock, client: httpx2.Client
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._client = client
        self._providers: dict[str | None, QwenProvider] = {}

    def play(self, call: AnyCall) -> Outcome:
        """Do what a call says, so many times over, and return what came of the last time."""
        outcome = Outcome()
        for _ in range(call.repeat):
            self._clock.advance(call.wait)
            try:
                outcome = Outcome(reply=self._done(call))
            except (QwensimError, httpx2.RequestError) as error:
                outcome = Outcome(error=Failure.of(error, shown=self._shown))
        return outcome

    def _done(self, call: AnyCall) -> Said | None:  # noqa: PLR0911 - one for each kind of call
        match call:
            case Chat():
                return self._chat(call)
            case Describe():
                return self._describe(call)
            case Video():
                return self._video(call)
            case Image():
                return self._image(call)
            case Task():
                provider = self._provider(None)
                return Said.of_video(provider.wait_for_video(call.id, timeout=call.timeout))
            case Models():
                return Said(models=self._provider(None).models())
            case Catalogue():
                return Said(models=tuple(row.id for row in self._environment.catalogue()))
            case Http():
                self._send(call)
                return None

    def _chat(self, call: Chat) -> Said:
        messages = filled(call.messages)
        options = {"thinking": call.thinking, **filled(call.parameters)}
        provider = self._provider(call.model)
        if not call.stream:
            return Said.of(provider.chat(call.model, messages, **options))
        with provider.chat(call.model, messages, stream=True, **options) as stream:
            for _ in stream:
                pass
        return Said.of(stream.reply)

    def _describe(self, call: Describe) -> Said:
        provider = self._provider(call.model)
        ask = provider.describe_image if call.kind == "image" else provider.describe_video
        return Said.of(ask(call.source, call.prompt, model=call.model))

    def _video(self, call: Video) -> Said:
        provider = self._provider(call.model)
        video = provider.video(call.prompt, model=call.model, timeout=call.timeout, **call.given)
        fetched = self._fetched(partial(provider.download, video), call.download_after)
        return Said.of_video(video, downloaded=fetched)

    def _image(self, call: Image) -> Said:
        provider = self._provider(call.model)
        images = provider.image(call.prompt, model=call.model, timeout=call.timeout, **call.given)
        first = next(image for image in images.images if image.url is not None)
        fetched = self._fetched(partial(provider.download, first), call.download_after)
        return Said(url=first.url, images=len(images.urls), downloaded=fetched)

    def _fetched(self, download: Callable[[Path], None], after: float | None) -> int | None:
        """Return the bytes of what is downloaded after some seconds, if it is."""
        if after is None:
            return None
        self._clock.advance(after)
        path = self._environment.home / "download"
        download(path)
        return path.stat().st_size

    def _send(self, call: Http) -> None:
        keys = self._environment.keys
        given = {"authorization": f"Bearer {keys[call.key]}"} if call.key is not None else {}
        body = filled(call.body)
        if body is not None:
            given["content-type"] = "application/json"
        request = self._client.build_request(
            call.method,
            f"https://{call.host}{call.path}",
            headers=given,
            content=body if body is None or isinstance(body, str) else json.dumps(body),
            timeout=self._environment.client.timeout or _PATIENCE,
        )
        for name, value in call.headers.items():
            if value is None:
                request.headers.pop(name, None)
            else:
                request.headers[name] = keys[value.key] if isinstance(value, Key) else value
        self._client.send(request)

    def _provider(self, model: str | None) -> QwenProvider:
        if model not in self._providers:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of legacy auth choices
                self._providers[model] = self._environment.provider(
                    model,
                    http_client=self._client,
                    sleep=self._clock.advance,
                    clock=self._clock.now,
                    jitter=lambda: 0.5,
                )
        return self._providers[model]

    def _shown(self, text: str) -> str:
        return text.replace(str(self._environment.home), "~")
