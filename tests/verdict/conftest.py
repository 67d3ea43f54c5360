"""A fake whose clock the clients wait on, and a client that does as it is told."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from qwensim import Fake, QwenProvider, Simulator
from qwensim.transport import transport
from qwensim.verdict import Judgement

HOST = "https://dashscope-intl.aliyuncs.com"
CHAT = f"{HOST}/compatible-mode/v1/chat/completions"
KEY = "sk-not-a-real-key"
QUESTION = {"role": "user", "content": "Hello"}


class Client:
    """Sends what it is told to, and takes any answer."""

    def __init__(self, fake: Fake) -> None:
        self.fake = fake
        self.url = CHAT
        self.http = httpx2.Client(transport=transport(fake.simulator, httpx2))

    def chat(self, *, wait: float = 0.0, key: str = KEY, url: str = CHAT, **body: Any) -> str:
        """Wait on the fake's clock and send a chat; return what came of the answer."""
        self.fake.advance(wait)
        body = {"model": "qwen-plus", "messages": [QUESTION], **body}
        return self.send("POST", url, key=key, json=body)

    def send(self, method: str, url: str, *, key: str = KEY, **options: Any) -> str:
        headers = {"authorization": f"Bearer {key}"}
        came = ""
        try:
            with self.http.stream(method, url, headers=headers, **options) as response:
                for piece in response.iter_text():
                    came += piece
        except httpx2.TransportError:
            pass  # a client that takes what it has got for all there is
        return came


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def client(fake: Fake) -> Client:
    return Client(fake)


@pytest.fixture(scope="session")
def new_client() -> Callable[..., Client]:
    """Return a maker of clients, each with a fake of its own, for tests with many examples."""
    return lambda **settings: Client(Fake(Simulator(**settings)))


@pytest.fixture
def provider(fake: Fake) -> QwenProvider:
    """Return the real client, which waits on the fake's clock."""
    return QwenProvider(
        auth_choice="qwen-standard-api-key",
        api_key=KEY,
        environ={},
        http_client=httpx2.Client(transport=transport(fake.simulator, httpx2)),
        sleep=fake.advance,
        clock=fake.simulator.clock.now,
    )


@pytest.fixture
def judged(fake: Fake) -> Callable[[str], Judgement]:
    """Return what comes of a rule."""

    def judgement(rule: str) -> Judgement:
        found = fake.verdict(timed=True).judgements
        return next(one for one in found if one.rule == rule)

    return judgement
