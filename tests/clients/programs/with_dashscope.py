"""Asks by the `dashscope` package, sync and async, and prints what it was told as JSON."""

import asyncio
import json
import os
import sys
from typing import Any

import dashscope
import requests
from dashscope.aigc.generation import AioGeneration

ASKED: Any = {
    "messages": [{"role": "user", "content": "Hello"}],
    "result_format": "message",
}
STREAM: Any = {"stream": True, "incremental_output": True}


def told_of(chat: Any, pieces: list[Any], unknown: Any, wrong_key: Any) -> dict[str, Any]:
    return {
        "chat": chat.output.choices[0].message.content,
        "stream": "".join(piece.output.choices[0].message.content for piece in pieces),
        "usage": [chat.usage.total_tokens, pieces[-1].usage.total_tokens],
        "unknown": [unknown.status_code, unknown.code, unknown.message],
        "wrong key": [wrong_key.status_code, wrong_key.code, wrong_key.message],
    }


def ask() -> dict[str, Any]:
    call: Any = dashscope.Generation.call
    return told_of(
        call(model="qwen-plus", **ASKED),
        list(call(model="qwen-plus", **ASKED, **STREAM)),
        call(model="qwen-nope", **ASKED),
        call(model="qwen-plus", api_key="sk-sp-0123456789", **ASKED),
    )


async def ask_async() -> dict[str, Any]:
    call: Any = AioGeneration.call
    chat = await call(model="qwen-plus", **ASKED)
    stream = await call(model="qwen-plus", **ASKED, **STREAM)
    pieces = [piece async for piece in stream]
    unknown = await call(model="qwen-nope", **ASKED)
    return told_of(
        chat, pieces, unknown, await call(model="qwen-plus", api_key="sk-sp-0123456789", **ASKED)
    )


def make_video() -> dict[str, Any]:
    done = dashscope.VideoSynthesis.call(model="wan2.6-t2v", prompt="A kettle in the rain")
    film = requests.get(done.output.video_url, timeout=60)
    return {
        "status": done.output.task_status,
        "type": film.headers["content-type"],
        "kind": film.content[4:8].decode("ascii"),
    }


dashscope.base_http_api_url = f"https://{os.environ['HOST']}/api/v1"
how = sys.argv[1]
json.dump(asyncio.run(ask_async()) if how == "async" else globals()[how](), sys.stdout)
