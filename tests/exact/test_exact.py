"""With the extra `exact`, prompts are counted as the service counted those on record."""

import importlib.machinery
import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qwensim import Simulator, UsageError
from qwensim.exact import Exact, exact_tokenizer
from qwensim.transport import transport

INSTALLED = all(importlib.util.find_spec(name) for name in ("dashscope", "tiktoken"))
needs_extra = pytest.mark.skipif(not INSTALLED, reason="the extra `exact` is not installed")

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"

NEAR = 2
"""Tokens by which a count may differ from the recorded one."""

OF_OLD = {
    "single-generation-message-nosse": "February 2024: the text alone was counted",
    "single-generation-message-sse": "February 2024: the text alone was counted",
    "single-generation-message-with-tools-nosse": "November 2024: a forced tool counted less",
}
"""Recordings of a service that counted otherwise than it does now."""

# Prompts that others recorded, and what the service counted for them.
RECORDED = [
    # maruel/genai, providers/alibaba/testdata, February and October 2026
    ("qwen3-max", False, "Say hello. Use only one word.", 16),
    ("qwen3-235b-a22b", True, "Say hello. Use only one word.", 16),
    ("qwen3-vl-plus", False, "Say hello. Use only one word.", 16),
    ("qwen3.5-397b-a17b", True, "Say hello. Use only one word.", 18),
    ("qwen3-max", False, "Explain the theory of relativity in great details.", 19),
    ("qwen3-235b-a22b", True, "Explain the theory of relativity in great details.", 19),
    ("qwen3.5-397b-a17b", True, "Explain the theory of relativity in great details.", 21),
    # vercel/ai, packages/alibaba/src/__fixtures__, February 2026
    ("qwen3-max", True, 'How many "r"s are in the word "strawberry"?', 24),
    # alibaba/loongsuite-python-agent cassettes
    ("qwen-turbo", False, "Hello!", 14),
    ("qwen-turbo", False, "Count from 1 to 5", 19),
    # public captures of November 2025 and February 2026
    ("qwen-plus", False, "你是谁？", 11),
    ("deepseek-v3", False, "我叫Hollis", 6),
]

SQUARE_ROOT = {
    "type": "function",
    "function": {
        "name": "square_root",
        "description": "Calculates and return the square root of a number",
        "parameters": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "properties": {"number": {"type": "number"}},
            "additionalProperties": False,
            "type": "object",
            "required": ["number"],
        },
    },
}
TASK = (
    "Use the square_root tool to calculate the square root of 132413 and reply with only the "
    "result. Do not give an explanation."
)


@pytest.fixture(scope="module")
def tokenizer() -> Exact:
    return exact_tokenizer()


def prompt_tokens(tokenizer: Exact, body: Mapping[str, Any]) -> int:
    """Return what the simulator counts for the prompt of a request."""
    simulator = Simulator(tokenizer=tokenizer)
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


@needs_extra
@pytest.mark.parametrize(("model", "thinking", "prompt", "tokens"), RECORDED)
def test_a_recorded_prompt_has_its_recorded_count(
    tokenizer: Exact, model: str, thinking: bool, prompt: str, tokens: int
) -> None:
    body = {
        "model": model,
        "enable_thinking": thinking,
        "messages": [{"role": "user", "content": prompt}],
    }
    assert abs(prompt_tokens(tokenizer, body) - tokens) <= NEAR


@needs_extra
@pytest.mark.parametrize(
    ("model", "thinking", "tokens"),
    [
        ("qwen3-235b-a22b", True, 209),
        ("qwen3-max", False, 319),
        ("qwen3-vl-plus", False, 316),
        ("qwen3.5-397b-a17b", True, 331),
    ],
)
def test_a_recorded_prompt_with_a_tool_has_its_recorded_count(
    tokenizer: Exact, model: str, thinking: bool, tokens: int
) -> None:
    """As in the cassettes of maruel/genai."""
    body = {
        "model": model,
        "enable_thinking": thinking,
        "messages": [{"role": "user", "content": TASK}],
        "tools": [SQUARE_ROOT],
    }
    assert abs(prompt_tokens(tokenizer, body) - tokens) <= NEAR


def recorded_generations() -> Iterator[tuple[str, dict[str, Any], int]]:
    """Yield name, request in the compatible form and token count of native recordings."""
    yaml = pytest.importorskip("yaml", reason="vcrpy's own dependency reads the recordings")
    for path in sorted(RECORDINGS.glob("loongsuite-dashscope/test_*generation*.yaml")):
        for exchange in yaml.safe_load(path.read_text("utf-8"))["interactions"]:
            request = exchange["request"]["body"]
            request = json.loads(request) if isinstance(request, str) else request
            answer = exchange["response"]["body"]["string"]
            yield path.stem, request, first_count(answer)
    for path in sorted(RECORDINGS.glob("cnblogs-dashscope-sdk/single-generation-*.request.body.*")):
        answer = path.with_name(path.name.partition(".")[0] + ".response.body.txt")
        request = json.loads(path.read_text("utf-8-sig"))
        yield path.name.partition(".")[0], request, first_count(answer.read_text("utf-8-sig"))


def first_count(answer: str) -> int:
    return int(answer.partition('"input_tokens":')[2].lstrip().partition(",")[0].strip(" }\n"))


def compatible(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a native request as one of the compatible surface."""
    given, parameters = request["input"], request.get("parameters", {})
    messages = given.get("messages") or [{"role": "user", "content": given["prompt"]}]
    body: dict[str, Any] = {"model": request["model"], "messages": messages}
    if tools := parameters.get("tools"):
        body["tools"] = tools
    if "enable_thinking" in parameters:
        body["enable_thinking"] = parameters["enable_thinking"]
    return body


@needs_extra
@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside the project")
def test_every_recorded_generation_has_its_recorded_count(tokenizer: Exact) -> None:
    counted = {
        name: (prompt_tokens(tokenizer, compatible(request)), tokens)
        for name, request, tokens in recorded_generations()
    }
    assert len(counted) >= 10
    far = {name: pair for name, pair in counted.items() if abs(pair[0] - pair[1]) > NEAR}
    assert far.keys() == OF_OLD.keys(), far


@needs_extra
@given(text=st.text())
@example(text="naïve  two\r\n\n\t它们的 ３½ e\u0301 \U0001f468\u200d\U0001f469 <|im_start|>")
@example(text=" " * 1_000_000 + "a")
def test_the_tokens_are_the_text(tokenizer: Exact, text: str) -> None:
    assert "".join(tokenizer.split(text)) == text


@needs_extra
def test_a_token_within_a_character_is_empty_and_counts(tokenizer: Exact) -> None:
    assert tokenizer.split("龘龘") == ["", "龘", "", "龘"]


@pytest.mark.parametrize("missing", ["dashscope", "tiktoken"])
def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    found = importlib.machinery.ModuleSpec("found", None, origin="found/__init__.py")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else found
    )
    with pytest.raises(UsageError, match=r"pip install 'qwensim\[exact\]'"):
        exact_tokenizer()


def test_a_dashscope_without_the_vocabulary_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = importlib.machinery.ModuleSpec("found", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    with pytest.raises(UsageError, match=r"has no vocabulary at .*qwen\.tiktoken"):
        exact_tokenizer()
