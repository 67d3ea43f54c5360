"""A translator: many texts at once, with Qwen, and what that cost in tokens."""

import asyncio
from collections.abc import Iterable

import openai

MODEL = "qwen3-max"


class QuotaSpentError(Exception):
    """The plan's quota is used up; asking again does not help."""


async def translate(client: openai.AsyncOpenAI, texts: Iterable[str]) -> tuple[list[str], int]:
    """Return the translations in order and the tokens that they cost."""
    answers = await asyncio.gather(*(_translate(client, text) for text in texts))
    return [text for text, _ in answers], sum(tokens for _, tokens in answers)


async def _translate(client: openai.AsyncOpenAI, text: str) -> tuple[str, int]:
    translation, tokens = "", 0
    try:
        stream = await client.chat.completions.create(
            model=MODEL,
            messages=[
                {"role": "system", "content": "Translate into French."},
                {"role": "user", "content": text},
            ],
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            if chunk.usage:
                tokens = chunk.usage.total_tokens
            for choice in chunk.choices:
                translation += choice.delta.content or ""
    except openai.RateLimitError as error:
        raise QuotaSpentError(error.message) from error
    return translation, tokens
