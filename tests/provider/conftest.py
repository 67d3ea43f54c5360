"""A peer that answers as it is told, and the two skins of the provider that call it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from qwensim.provider import AsyncQwenProvider, Delta, ProviderError, QwenProvider, Reply
from qwensim.simulator import Simulator, TaskPace, VirtualClock
from qwensim.transport import transport

KEY = "sk-abcdefgh12345678"
REQUEST_ID = "8e243c57-23b3-9db2-a02e-e3c53929c368"


class Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that arrives in these pieces and may then break."""

    def __init__(self, pieces: Sequence[bytes], error: Exception | None = None) -> None:
        self.pieces, self.error, self.closed = pieces, error, False

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.error is not None:
            raise self.error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


Answer = Callable[[httpx2.Request], httpx2.Response]


class Peer:
    """Gives its answers one after the other, the last one for ever, and keeps the requests."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []
        self.streams: list[Pieces] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        response = answer(request)
        if isinstance(response.stream, Pieces):
            self.streams.append(response.stream)
        return response

    @property
    def body(self) -> Any:
        return json.loads(self.requests[-1].content)


@dataclass(kw_only=True)
class Outcome:
    """What a caller of the provider sees."""

    deltas: list[Delta] = field(default_factory=list)
    reply: Reply | None = None
    error: ProviderError | None = None
    waits: list[float] = field(default_factory=list)
    models: tuple[str, ...] = ()


class Wire:
    """Makes answers of the service's shapes."""

    key = KEY
    request_id = REQUEST_ID
    peer = Peer

    @staticmethod
    def answer(
        body: Any = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        text: str = "",
    ) -> Answer:
        content = text if body is None else json.dumps(body)
        given = {"content-type": "application/json", "x-request-id": REQUEST_ID, **(headers or {})}
        return lambda _: httpx2.Response(status, headers=given, text=content)

    @classmethod
    def completion(cls, message: Any = None, **outer: Any) -> Answer:
        message = message or {"role": "assistant", "content": "Hi"}
        choice = {"message": message, "finish_reason": "stop", "index": 0, "logprobs": None}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        body = {"choices": [choice], "object": "chat.completion", "usage": usage, "created": 1}
        body |= {"model": "qwen3.5-plus", "id": f"chatcmpl-{REQUEST_ID}", **outer}
        return cls.answer(body)

    @classmethod
    def refusal(cls, status: int, code: str | None, message: str, **headers: str) -> Answer:
        error = {"message": message, "type": "x", "param": None, "code": code}
        return cls.answer(
            {"error": error, "request_id": REQUEST_ID}, status=status, headers=headers
        )

    @staticmethod
    def chunk(delta: Any = None, *, finish: str | None = None, index: int = 0, **outer: Any) -> Any:
        choice = {"delta": delta or {}, "finish_reason": finish, "index": index, "logprobs": None}
        body = {"choices": [choice], "object": "chat.completion.chunk", "usage": None, "created": 1}
        return {**body, "model": "qwen3.5-plus", "id": f"chatcmpl-{REQUEST_ID}", **outer}

    @staticmethod
    def frames(*events: Any) -> bytes:
        """Frame events: objects as data, strings as they are."""
        texts = (e if isinstance(e, str) else f"data: {json.dumps(e)}\n\n" for e in events)
        return "".join(texts).encode()

    @classmethod
    def stream(
        cls, *events: Any, error: Exception | None = None, splits: Sequence[int] = ()
    ) -> Answer:
        whole = cls.frames(*events)
        bounds = [0, *sorted(min(split, len(whole)) for split in splits), len(whole)]
        pieces = [whole[a:b] for a, b in pairwise(bounds)]
        headers = {"content-type": "text/event-stream;charset=UTF-8", "x-request-id": REQUEST_ID}
        return lambda _: httpx2.Response(200, headers=headers, stream=Pieces(pieces, error))


class SyncSkin:
    """Calls `QwenProvider`."""

    provider = QwenProvider

    def __call__(
        self,
        peer: Peer,
        ref: str = "qwen/qwen3.5-plus",
        messages: Any = "hi",
        *,
        settings: dict[str, Any] | None = None,
        models: bool = False,
        **chat: Any,
    ) -> Outcome:
        outcome = Outcome()
        with httpx2.Client(transport=httpx2.MockTransport(peer)) as client:
            given = {"api_key": KEY, "sleep": outcome.waits.append, "jitter": lambda: 0.5}
            provider = QwenProvider(http_client=client, **{**given, **(settings or {})})
            try:
                if models:
                    outcome.models = provider.models()
                    return outcome
                answer = provider.chat(ref, messages, **chat)
                if isinstance(answer, Reply):
                    outcome.reply = answer
                    return outcome
                with answer as stream:
                    outcome.deltas.extend(stream)
                    outcome.reply = stream.reply
            except ProviderError as error:
                outcome.error = error
        return outcome


class AsyncSkin:
    """Calls `AsyncQwenProvider`."""

    provider = AsyncQwenProvider

    def __call__(self, peer: Peer, *args: Any, **options: Any) -> Outcome:
        return asyncio.run(self._run(peer, *args, **options))

    async def _run(
        self,
        peer: Peer,
        ref: str = "qwen/qwen3.5-plus",
        messages: Any = "hi",
        *,
        settings: dict[str, Any] | None = None,
        models: bool = False,
        **chat: Any,
    ) -> Outcome:
        outcome = Outcome()

        async def sleep(seconds: float) -> None:
            outcome.waits.append(seconds)

        async with httpx2.AsyncClient(transport=httpx2.MockTransport(peer)) as client:
            given = {"api_key": KEY, "sleep": sleep, "jitter": lambda: 0.5}
            provider = AsyncQwenProvider(http_client=client, **{**given, **(settings or {})})
            try:
                if models:
                    outcome.models = await provider.models()
                    return outcome
                answer = await provider.chat(ref, messages, **chat)
                if isinstance(answer, Reply):
                    outcome.reply = answer
                    return outcome
                async with answer as stream:
                    async for delta in stream:
                        outcome.deltas.append(delta)
                    outcome.reply = stream.reply
            except ProviderError as error:
                outcome.error = error
        return outcome


@pytest.fixture(scope="session")
def wire() -> type[Wire]:
    return Wire


@pytest.fixture(scope="session")
def thinking_answer(wire: type[Wire]) -> list[Any]:
    """Return the events of a thinking answer in the classic dialect, usage and all."""
    usage = {
        "prompt_tokens": 24,
        "completion_tokens": 13,
        "total_tokens": 37,
        "completion_tokens_details": {"reasoning_tokens": 10},
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    return [
        wire.chunk({"content": None, "role": "assistant", "reasoning_content": ""}),
        wire.chunk({"content": None, "reasoning_content": "Let me "}),
        wire.chunk({"content": None, "reasoning_content": "思考。"}),
        wire.chunk({"content": "Grüß ", "reasoning_content": None}),
        wire.chunk({"content": "Gott 👋", "reasoning_content": None}),
        wire.chunk({"content": "", "reasoning_content": None}, finish="stop"),
        wire.chunk(choices=[], usage=usage),
        "data: [DONE]\n\n",
    ]


@pytest.fixture(scope="session", params=[SyncSkin, AsyncSkin], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Any:
    return request.param()


@dataclass(kw_only=True)
class Studio:
    """A provider on the fake's own time: each call is made by `QwenProvider` or its async twin."""

    simulator: Simulator
    awaited: bool
    auth_choice: str = "qwen-standard-api-key"
    key: str = KEY
    base_url: str | None = None
    waits: list[float] = field(default_factory=list)
    interrupt: BaseException | None = None
    """What the next wait raises."""

    def __call__(self, method: str, *args: Any, **options: Any) -> Any:
        settings: dict[str, Any] = {
            "auth_choice": self.auth_choice,
            "api_key": self.key,
            "base_url": self.base_url,
            "clock": self.simulator.clock.now,
            "jitter": lambda: 0.5,
        }
        if self.awaited:
            return asyncio.run(self._await(settings, method, args, options))
        with httpx2.Client(transport=transport(self.simulator, httpx2)) as client:
            provider = QwenProvider(http_client=client, sleep=self.sleep, **settings)
            return getattr(provider, method)(*args, **options)

    async def _await(self, settings: Any, method: str, args: Any, options: Any) -> Any:
        async def sleep(seconds: float) -> None:
            self.sleep(seconds)

        async with httpx2.AsyncClient(transport=transport(self.simulator, httpx2)) as client:
            provider = AsyncQwenProvider(http_client=client, sleep=sleep, **settings)
            return await getattr(provider, method)(*args, **options)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.interrupt is not None:
            raise self.interrupt
        clock = self.simulator.clock
        assert isinstance(clock, VirtualClock)
        clock.advance(seconds)

    @property
    def asked(self) -> list[str]:
        return [f"{e.method} {e.host}{e.path}" for e in self.simulator.journal]


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def studio(request: pytest.FixtureRequest) -> Studio:
    """Return a studio whose tasks take their time: 1 s to begin, 10 s to end."""
    pace = TaskPace(pending=1, running=10)
    return Studio(simulator=Simulator(task_pace=pace), awaited=request.param)
