"""The provider against the simulator: they meet on the wire alone."""

import asyncio
from typing import Any

import httpx2
import pytest

from qwensim.catalog import load
from qwensim.catalog.rows import AuthChoiceRow
from qwensim.provider import AsyncQwenProvider, ModelNotOnPlanError, QwenProvider
from qwensim.simulator import Simulator
from qwensim.transport import transport

CATALOG = load()
CHOICES = list(CATALOG.auth_choices.values())
KEYS = {"standard": "sk-abcdefgh12345678", "coding": "sk-sp-abcdefgh12345678"}


def settings(choice: AuthChoiceRow) -> Any:
    return {"auth_choice": choice.id, "api_key": KEYS[CATALOG.hosts[choice.host].plan]}


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.id)
def test_every_host_streams_what_it_was_asked_for(choice: AuthChoiceRow) -> None:
    with httpx2.Client(transport=transport(Simulator(), httpx2)) as client:
        provider = QwenProvider(http_client=client, **settings(choice))
        with provider.chat("qwen/qwen3.5-plus", "Hi", thinking="low", stream=True) as thinking:
            assert "".join(delta.reasoning for delta in thinking)
        with provider.chat("qwen/qwen3.5-plus", "Hi", thinking="off", stream=True) as plain:
            assert "".join(delta.content for delta in plain) == plain.reply.content != ""
    assert thinking.reply.usage is not None
    assert plain.reply.reasoning == ""


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.id)
def test_the_async_provider_gets_the_same_reply(choice: AuthChoiceRow) -> None:
    async def ask() -> str:
        async with httpx2.AsyncClient(transport=transport(Simulator(seed=7), httpx2)) as client:
            provider = AsyncQwenProvider(http_client=client, **settings(choice))
            return (await provider.chat("qwen/qwen3.5-plus", "Hi", thinking="off")).content

    with httpx2.Client(transport=transport(Simulator(seed=7), httpx2)) as client:
        provider = QwenProvider(http_client=client, **settings(choice))
        reply = provider.chat("qwen/qwen3.5-plus", "Hi", thinking="off")
    assert reply.content == asyncio.run(ask())


@pytest.mark.parametrize(
    "choice", [c for c in CHOICES if c.host.startswith("coding")], ids=lambda choice: choice.id
)
def test_the_advice_for_a_model_off_the_plan_works(choice: AuthChoiceRow) -> None:
    with httpx2.Client(transport=transport(Simulator(), httpx2)) as client:
        plan = QwenProvider(http_client=client, **settings(choice))
        with pytest.raises(ModelNotOnPlanError) as caught:
            plan.chat("qwen/qwen3.6-plus", "Hi")
        advised = next(c for c in CHOICES if f"auth choice {c.id}," in caught.value.advice)
        standard = QwenProvider(http_client=client, **settings(advised))
        assert standard.endpoint.region == plan.endpoint.region
        assert standard.chat("qwen/qwen3.6-plus", "Hi").content
