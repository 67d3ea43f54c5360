"""Token counts: the estimate against Qwen's vocabulary, prompts against recorded counts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qwensim.simulator import Simulator
from qwensim.simulator.replies.tokens import Estimate
from qwensim.transport import transport

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings" / "loongsuite-dashscope"

COUNTED = {
    "The train to the coast leaves at half past seven. Bring a warm coat, because the wind on the "
    "pier is strong even in June, and tell your sister that we have kept a seat for her by the "
    "window.": 44,
    "A retry is only safe when the request has not been seen by the server, or when doing the work "
    "twice does no harm. Everything else needs a key that says: this is the same request as "
    "before.": 42,
    "火车七点半开往海边。请带一件厚外套，因为码头上的风即使在六月也很大。告诉你妹妹，"
    "我们在窗边给她留了一个座位。": 35,
    "只有在服务器没有收到请求，或者重复执行不会造成损失的时候，重试才是安全的。"
    "其他情况都需要一个标识，用来说明这是同一个请求。": 33,
    "def total(rows: list[dict[str, int]]) -> int:\n"
    '    """Return the sum of all counts."""\n'
    "    result = 0\n"
    "    for row in rows:\n"
    '        if row.get("count") is not None:\n'
    '            result += row["count"]\n'
    "    return result\n": 57,
    '{"order": {"id": 48213, "customer": "Lin", "items": [{"name": "tea", "price": 12.5, '
    '"quantity": 2}, {"name": "cup", "price": 30, "quantity": 1}]}, "paid": true}': 68,
    "请把 README.md 里的安装步骤改成 `pip install qwensim`，然后运行 pytest，"
    "把失败的 3 个测试贴给我。": 32,
}
"""Texts and their tokens in the vocabulary that the `dashscope` package ships."""


class OneToken:
    """Takes every text for one token, so that a prompt shows what the template adds."""

    def split(self, text: str) -> list[str]:
        return [text] if text else []


TOOL = {"type": "function", "function": {"name": "square_root"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "square_root", "arguments": "{}"}}
USER = {"role": "user", "content": "9?"}
SYSTEM = {"role": "system", "content": "Be brief."}
ROUND = [
    {"role": "assistant", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "3"},
]


def prompt_tokens(simulator: Simulator, body: Mapping[str, Any]) -> int:
    """Return what the simulator counts for the prompt of a request."""
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:
        response = client.post(
            "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
            json={"stream": True, "stream_options": {"include_usage": True}, **body},
            headers={"authorization": "Bearer sk-12345678"},
        )
    frames = response.text.split("\n\n")
    assert frames[-2] == "data: [DONE]", response.text
    count: int = json.loads(frames[-3].removeprefix("data: "))["usage"]["prompt_tokens"]
    return count


@given(st.text())
@example("naïve_CamelCase  two\r\n\n\t它们的 ３½ ‘’ don't e\u0301 \U0001f468\u200d\U0001f469")
def test_the_pieces_are_the_text(text: str) -> None:
    pieces = Estimate().split(text)
    assert "".join(pieces) == text
    assert all(pieces)


@pytest.mark.parametrize(("text", "tokens"), COUNTED.items())
def test_the_estimate_is_near_the_count_of_the_vocabulary(text: str, tokens: int) -> None:
    assert len(Estimate().split(text)) == pytest.approx(tokens, rel=0.2)


def test_the_estimate_is_within_eight_percent_in_the_mean() -> None:
    errors = [
        abs(len(Estimate().split(text)) - tokens) / tokens for text, tokens in COUNTED.items()
    ]
    assert sum(errors) / len(errors) <= 0.08


@pytest.mark.parametrize(
    ("model", "thinking", "tokens"),
    [
        # The recorded prompt less the tokens of its text.
        ("qwen-turbo", False, 12),  # alibaba/loongsuite-python-agent
        ("qwen-plus", False, 8),  # public capture of 2026-02-05
        ("qwen3-max", False, 8),  # maruel/genai
        ("qwen3-max", True, 10),  # vercel/ai
        ("qwen3-235b-a22b", True, 8),  # maruel/genai
        ("qwen3-vl-plus", False, 8),  # maruel/genai
        ("qwen3.5-397b-a17b", True, 10),  # maruel/genai
    ],
)
def test_the_template_adds_what_recorded_prompts_show(
    model: str, thinking: bool, tokens: int
) -> None:
    simulator = Simulator(tokenizer=OneToken())
    body = {"model": model, "messages": [USER], "enable_thinking": thinking}
    assert prompt_tokens(simulator, body) == tokens + 1


def test_a_system_message_adds_its_text_and_a_frame() -> None:
    """As recorded: 46 tokens for texts of 25 and 4 on qwen3.5-plus without thinking."""
    simulator = Simulator(tokenizer=OneToken())
    body = {"model": "qwen3.5-plus", "messages": [SYSTEM, USER], "enable_thinking": False}
    assert prompt_tokens(simulator, body) - 2 == 46 - 25 - 4


@pytest.mark.parametrize(
    ("model", "thinking", "tokens"),
    [
        # The recorded prompt less the tokens of its text, its tool and the template.
        ("qwen-turbo", False, 82),  # alibaba/loongsuite-python-agent
        ("qwen3-235b-a22b", True, 82),  # maruel/genai
        ("qwen3-max", False, 192),  # maruel/genai
        ("qwen3-vl-plus", False, 189),  # maruel/genai
        ("qwen3.5-397b-a17b", True, 202),  # maruel/genai
    ],
)
def test_tools_add_what_recorded_prompts_show(model: str, thinking: bool, tokens: int) -> None:
    simulator = Simulator(tokenizer=OneToken())
    body = {"model": model, "messages": [USER], "enable_thinking": thinking}
    without = prompt_tokens(simulator, body)
    assert prompt_tokens(simulator, {**body, "tools": [TOOL]}) == without + 1 + tokens
    assert prompt_tokens(simulator, {**body, "tools": [TOOL], "tool_choice": "none"}) == without


def test_a_round_of_tools_adds_two_frames_and_the_tags() -> None:
    """As recorded on qwen3-235b-a22b: 83 tokens for a prompt of 39, a call of 22, a reply of 8."""
    simulator = Simulator(tokenizer=OneToken())
    body = {"model": "qwen3-235b-a22b", "messages": [USER]}
    before = prompt_tokens(simulator, body)
    after = prompt_tokens(simulator, {**body, "messages": [USER, *ROUND]})
    assert after - before - 2 == 83 - 39 - 22 - 8


def recorded_calls() -> list[Any]:
    """Return request and token count of every recorded generation."""
    yaml = pytest.importorskip("yaml", reason="vcrpy's own dependency reads the recordings")
    calls = []
    for path in sorted(RECORDINGS.glob("test_*generation*.yaml")):
        for exchange in yaml.safe_load(path.read_text())["interactions"]:
            request = exchange["request"]["body"]
            if isinstance(request, str):
                request = json.loads(request)
            for line in exchange["response"]["body"]["string"].splitlines():
                if '"input_tokens"' in line:
                    tokens = int(line.partition('"input_tokens":')[2].split(",")[0].strip(" }\n"))
                    calls.append((path.stem, request, tokens))
                    break
    return calls


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside the project")
def test_every_recorded_prompt_is_counted_within_ten_percent_or_three_tokens() -> None:
    simulator, calls = Simulator(), recorded_calls()
    assert calls
    for name, request, tokens in calls:
        given = request["input"]
        messages = given.get("messages") or [{"role": "user", "content": given["prompt"]}]
        body = {"model": request["model"], "messages": messages}
        if "tools" in request["parameters"]:
            body["tools"] = request["parameters"]["tools"]
        counted = prompt_tokens(simulator, body)
        assert abs(counted - tokens) <= max(3, tokens / 10), (name, counted, tokens)
