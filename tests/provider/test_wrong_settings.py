"""Wrong types from Python: each is a `UsageError` that names the argument and what it may be."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from qwensim import AsyncQwenProvider, QwenProvider
from qwensim.errors import UsageError

KEY = "sk-0123456789"
WRONG: Any = 3


@pytest.mark.parametrize("kind", [QwenProvider, AsyncQwenProvider])
@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"api_key": KEY.encode()}, "api_key is a text, not bytes"),
        ({"api_key": KEY, "base_url": 3}, "base_url is a text, not 3"),
        ({"api_key": KEY, "http_client": 3}, "http_client is an httpx2"),
    ],
)
def test_a_provider_that_cannot_be(
    kind: Callable[..., object], settings: dict[str, Any], problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        kind(**settings)
    assert str(caught.value).startswith(problem)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (
            lambda provider: provider.chat(WRONG, "hi"),
            "a model reference is a text like qwen/<model id>, not 3",
        ),
        (lambda provider: provider.video(WRONG), "prompt is a text, not 3"),
    ],
)
def test_a_call_that_cannot_be(call: Callable[[QwenProvider], object], problem: str) -> None:
    with httpx2.Client() as client:
        provider = QwenProvider(
            auth_choice="qwen-standard-api-key", api_key=KEY, http_client=client
        )
        with pytest.raises(UsageError) as caught:
            call(provider)
    assert str(caught.value) == problem
