"""Asks by the `openai` package, of whatever version, and prints what it was told as JSON."""

import json
import os
import sys
from typing import Any

import openai

MODEL = os.environ["MODEL"]
QUESTION: Any = [{"role": "user", "content": "Hello"}]


def refusal(client: openai.OpenAI, model: str) -> list[Any]:
    try:
        client.chat.completions.create(model=model, messages=QUESTION)
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code]
    return []


with openai.OpenAI(base_url=os.environ["BASE_URL"], max_retries=0) as client:
    chat = client.chat.completions.create(model=MODEL, messages=QUESTION)
    stream = client.chat.completions.create(
        model=MODEL,
        messages=QUESTION,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks: list[Any] = list(stream)
    told: dict[str, Any] = {
        "chat": chat.choices[0].message.content,
        "stream": "".join(c.choices[0].delta.content or "" for c in chunks if c.choices),
        "usage": [chat.usage and chat.usage.total_tokens, chunks[-1].usage.total_tokens],
        "unknown": refusal(client, "qwen-nope"),
        "wrong key": refusal(client.with_options(api_key=os.environ["WRONG_KEY"]), MODEL),
    }
json.dump(told, sys.stdout)
