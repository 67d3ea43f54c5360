"""The real dashscope SDK uploads files to the served fake and shows them to a model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dashscope
import openai
import pytest
from dashscope.utils.oss_utils import OssUtils
from PIL import Image

from qwensim.server import Server, serve
from qwensim.simulator import Simulator

KEY = "sk-0123456789"
MODEL = "qwen3-vl-plus"


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Simulator()) as served:
        yield served


@pytest.fixture
def native(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    address = f"{server.url}/dashscope.aliyuncs.com/api/v1"
    monkeypatch.setattr(dashscope, "base_http_api_url", address)
    return address


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    Image.new("RGB", (320, 480)).save(path)
    return path


def test_an_upload_is_seen_on_the_compatible_surface(
    server: Server, native: str, picture: Path
) -> None:
    url, permit = OssUtils.upload(MODEL, str(picture), KEY, base_address=native)
    assert url == f"oss://{permit['upload_dir']}/cat.png"
    messages: Any = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}
    ]
    address = f"{server.url}/dashscope.aliyuncs.com/compatible-mode/v1"
    with openai.OpenAI(base_url=address, api_key=KEY, max_retries=0) as sdk:
        answer = sdk.chat.completions.create(
            model=MODEL,
            messages=messages,
            extra_headers={"X-DashScope-OssResourceResolve": "enable"},
        )
    usage: Any = answer.usage
    assert usage.prompt_tokens_details.image_tokens == 152


@pytest.mark.usefixtures("native")
@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_local_file_in_a_conversation(picture: Path, prefix: str) -> None:
    content = [{"image": f"{prefix}{picture}"}, {"text": "What is this?"}]
    answer: Any = dashscope.MultiModalConversation.call(
        model=MODEL, api_key=KEY, messages=[{"role": "user", "content": content}]
    )
    assert answer.status_code == 200, answer
    assert answer.usage.image_tokens == 152
