"""The real openai SDK shows pictures and videos to the fake, in process."""

import asyncio
import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import openai
import pytest
from PIL import Image

from qwensim.simulator import Simulator
from qwensim.transport import transport

BASE_URL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
SETTINGS: Any = {"base_url": BASE_URL, "api_key": "sk-0123456789", "max_retries": 0}


def picture(width: int, height: int) -> str:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def asking(part: dict[str, Any]) -> Any:
    return [{"role": "user", "content": [part, {"type": "text", "text": "What is this?"}]}]


PICTURE = asking({"type": "image_url", "image_url": {"url": picture(1280, 720)}})
TOKENS = 40 * 22 + 2  # 22.5 is rounded to the even number


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    http = httpx2.Client(transport=transport(Simulator(), httpx2))
    with openai.OpenAI(http_client=http, **SETTINGS) as sdk:
        yield sdk


def details(usage: Any) -> dict[str, int]:
    found = usage.prompt_tokens_details.model_dump(exclude_none=True)
    assert sum(found.values()) == usage.prompt_tokens
    return dict(found)


def test_a_picture_in_a_whole_answer(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="qwen3-vl-plus", messages=PICTURE)
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert details(answer.usage)["image_tokens"] == TOKENS


def test_a_picture_in_a_streamed_answer(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="qwen3.6-plus",
        messages=PICTURE,
        stream=True,
        stream_options={"include_usage": True},
    )
    *_, last = stream
    usage: Any = last.usage
    assert details(usage)["image_tokens"] == TOKENS
    split = usage.completion_tokens_details
    assert split.text_tokens + split.reasoning_tokens == usage.completion_tokens


def test_the_options_of_vision_travel_as_extra_body(client: openai.OpenAI) -> None:
    large = asking({"type": "image_url", "image_url": {"url": picture(2048, 2048)}})
    answer = client.chat.completions.create(
        model="qwen3-vl-plus", messages=large, extra_body={"vl_high_resolution_images": True}
    )
    assert details(answer.usage)["image_tokens"] == 4098


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        ({"type": "video", "video": [picture(320, 240)] * 4, "fps": 2}, 162),
        (
            {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}, "fps": 1},
            3 * 594 + 2,
        ),
    ],
)
def test_videos(client: openai.OpenAI, part: Any, tokens: int) -> None:
    answer = client.chat.completions.create(model="qwen-vl-max-latest", messages=asking(part))
    assert details(answer.usage)["video_tokens"] == tokens


@pytest.mark.parametrize(
    ("part", "model", "message"),
    [
        (
            {"type": "image_url", "image_url": {"url": picture(100, 1)}},
            "qwen3-vl-plus",
            (
                "The image length and width do not meet the model restrictions. "
                "[height:1 or width:100 must be larger than 10]"
            ),
        ),
        (
            {"type": "image_url", "image_url": {"url": "picture.png"}},
            "qwen3-vl-plus",
            "The provided URL does not appear to be valid. Ensure it is correctly formatted.",
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            "qwen3-vl-plus",
            "The image format is illegal and cannot be opened",
        ),
        (
            {"type": "image_url", "image_url": {"url": picture(100, 100)}},
            "qwen3-max",
            "Unexpected item type in content.",
        ),
    ],
)
def test_a_refusal(client: openai.OpenAI, part: Any, model: str, message: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=model, messages=asking(part))
    assert message in caught.value.message
    assert caught.value.code == "invalid_parameter_error"
    assert caught.value.request_id


def test_an_upload_is_named_with_its_header(client: openai.OpenAI) -> None:
    upload = asking({"type": "image_url", "image_url": {"url": "oss://dashscope-instant/a/b.png"}})
    with pytest.raises(openai.BadRequestError, match="does not appear to be valid"):
        client.chat.completions.create(model="qwen3-vl-plus", messages=upload)
    answer = client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=upload,
        extra_headers={"X-DashScope-OssResourceResolve": "enable"},
    )
    assert details(answer.usage)["image_tokens"] == 1026


@pytest.mark.parametrize("module", [httpx2, httpx])
def test_the_asynchronous_client(module: Any) -> None:
    async def answered() -> Any:
        http = module.AsyncClient(transport=transport(Simulator(), module))
        async with openai.AsyncOpenAI(http_client=http, **SETTINGS) as sdk:
            return await sdk.chat.completions.create(model="qwen3-vl-plus", messages=PICTURE)

    assert details(asyncio.run(answered()).usage)["image_tokens"] == TOKENS
