"""Native answers with what was found, several choices, probabilities: their recorded keys."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator.surfaces.native.usage import in_hash_order

Native = Callable[..., Any]
Asked = Callable[..., dict[str, Any]]
MULTIMODAL = "multimodal-generation"
CACHED = ("prompt_tokens_details", ["cached_tokens"])
TEXT_IN = ("input_tokens_details", ["text_tokens"])
BOTH_OUT = ("output_tokens_details", ["reasoning_tokens", "text_tokens"])
SEARCH = ("plugins", [("search", ["count", "strategy"])])


def keys(value: Any) -> Any:
    """The keys of an object in their order; one that holds objects comes with theirs."""
    if isinstance(value, dict):
        return [(name, keys(inner)) if keys(inner) else name for name, inner in value.items()]
    return [keys(item) for item in value] if isinstance(value, list) and value else None


def test_a_multimodal_model_searches(native: Native, asked: Asked) -> None:
    """As cnblogs/dashscope-sdk multimodal-generation-with-websearch-nosse."""
    options = {"enable_search": True, "search_options": {"enable_source": True}}
    answer = native(asked("qwen3.6-plus", **options), surface=MULTIMODAL).json
    found = ["icon", "index", "site_name", "title", "url"]
    message = [("content", [["text"]]), "reasoning_content", "role"]
    assert keys(answer["output"]) == [
        ("choices", [["finish_reason", ("message", message)]]),
        ("search_info", ["extra_tool_info", ("search_results", [found] * 3)]),
    ]
    usage = ["input_tokens", TEXT_IN, "output_tokens", BOTH_OUT, SEARCH, "total_tokens"]
    assert keys(answer["usage"]) == usage


@pytest.mark.parametrize("prepend", [True, False])
def test_what_was_found_comes_first(native: Native, asked: Asked, prepend: bool) -> None:
    """As cnblogs/dashscope-sdk single-generation-message-search-sse."""
    options = {"enable_source": True, "prepend_search_result": prepend}
    body = asked(
        "qwen-plus",
        result_format="message",
        incremental_output=True,
        enable_search=True,
        search_options={**options, "search_strategy": "standard"},
    )
    answer = native(body, stream=True)
    first, *others = answer.frames
    found = first["output"]["search_info"]["search_results"]
    assert [list(result) for result in found] == [
        ["icon", "site_name", "index", "title", "url"]
    ] * 3
    assert (first["usage"] == {}) is prepend
    assert (answer.choices[0]["message"]["content"] == "") is prepend
    for frame in others:
        assert frame["output"]["search_info"] == {"extra_tool_info": [], "search_results": []}
        counts = ["total_tokens", "output_tokens", "input_tokens"]
        assert keys(frame["usage"]) == [*counts, SEARCH, CACHED]
        assert frame["usage"]["plugins"]["search"] == {"count": 1, "strategy": "standard"}


def test_a_search_without_sources(native: Native, asked: Asked) -> None:
    answer = native(asked("qwen-plus", enable_search=True)).json
    assert "search_info" not in answer["output"]
    assert answer["usage"]["plugins"] == {"search": {"count": 1, "strategy": "turbo"}}


def test_several_answers_are_numbered(native: Native, asked: Asked) -> None:
    """As cnblogs/dashscope-sdk single-generation-message-roleplay-nosse."""
    whole = native(asked("qwen-plus", n=2)).json["output"]["choices"]
    assert [list(choice) for choice in whole] == [["finish_reason", "index", "message"]] * 2
    said = ["", ""]
    for choice in native(asked("qwen-plus", n=2, incremental_output=True), stream=True).choices:
        said[choice["index"]] += choice["message"]["content"]
    assert said == [choice["message"]["content"] for choice in whole]


def test_logprobs(native: Native, asked: Asked) -> None:
    options = {"result_format": "message", "logprobs": True, "top_logprobs": 2}
    (choice,) = native(asked("qwen-max", **options)).json["output"]["choices"]
    assert list(choice) == ["finish_reason", "logprobs", "message"]
    tokens = [entry["token"] for entry in choice["logprobs"]["content"]]
    assert "".join(tokens) == choice["message"]["content"]
    streamed = native(asked("qwen-max", incremental_output=True, **options), stream=True).choices
    parts = [choice["logprobs"]["content"] for choice in streamed]
    assert [entry["token"] for part in parts for entry in part] == tokens


@pytest.mark.parametrize(
    "recorded",
    [
        "total output input prompt_details",
        "total output input output_details",
        "total output input plugins prompt_details",
        "total output input output_details plugins prompt_details",
        "total input_details output input output_details prompt_details",
        "total input_details output input output_details image",
        "input_details prompt_details total output input output_details image",
        "input_details prompt_details total output video input output_details",
    ],
)
def test_usage_keys_stand_in_the_order_of_a_hash_map(recorded: str) -> None:
    endings = {"plugins": "plugins"}
    names = [
        endings.get(word, word.replace("_details", "") + "_tokens")
        + ("_details" if word.endswith("_details") else "")
        for word in recorded.split()
    ]
    assert in_hash_order(reversed(names)) == names
