"""Lines of models that answer natively in a form of their own, as they were recorded."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Simulator

Native = Callable[..., Any]
Asked = Callable[..., dict[str, Any]]

MULTIMODAL = "multimodal-generation"


def with_part(asked: Asked, model: str, **part: str) -> dict[str, Any]:
    body = asked(model, incremental_output=True)
    body["input"]["messages"][0]["content"] = [part]
    return body


@pytest.mark.parametrize("model", ["qwen-mt-plus", "qwen-mt-turbo"])
def test_a_translation_names_its_model(native: Native, asked: Asked, model: str) -> None:
    """As cnblogs/dashscope-sdk single-generation-message-translation-nosse."""
    answer = native(asked(model, result_format="message")).json
    output = answer["output"]
    assert list(output) == ["choices", "finish_reason", "model_name"]
    assert (output["finish_reason"], output["model_name"]) == ("stop", model)
    assert list(answer["usage"]) == ["input_tokens", "output_tokens", "total_tokens"]


def test_a_translation_streams_all_that_there_is(
    native: Native, asked: Asked, simulator: Simulator
) -> None:
    """Model Studio docs: of Qwen-MT, -plus and -turbo give nothing incrementally."""
    simulator.script("I did not laugh after watching this video.")
    body = asked("qwen-mt-plus", incremental_output=True)
    outputs = [frame["output"] for frame in native(body, simulator=simulator, stream=True).frames]
    texts = [output["choices"][0]["message"]["content"] for output in outputs]
    assert len(texts) > 2
    assert all(map(str.startswith, texts[1:], texts))
    assert texts[-1] == "I did not laugh after watching this video."
    assert {output["model_name"] for output in outputs} == {"qwen-mt-plus"}
    finishes = [output["finish_reason"] for output in outputs]
    assert finishes == ["null"] * (len(texts) - 1) + ["stop"]


def test_a_reader_of_documents_tells_nothing_of_a_cache(native: Native, asked: Asked) -> None:
    """As cnblogs/dashscope-sdk multimodal-generation-vl-ocr-sse."""
    body = with_part(asked, "qwen-vl-ocr", image="https://example.com/a.jpg")
    for frame in native(body, surface=MULTIMODAL, stream=True).frames:
        assert list(frame["usage"]) == [
            "total_tokens",
            "input_tokens_details",
            "output_tokens",
            "input_tokens",
            "output_tokens_details",
            "image_tokens",
        ]


def ocr(
    native: Native, asked: Asked, options: Any, *, model: str = "qwen-vl-ocr-latest"
) -> dict[str, Any]:
    """Return the one part of what a model read."""
    simulator = Simulator()
    simulator.script("Date 2013-06-29\n\nNumber 10283819")
    body = with_part(asked, model, image="https://example.com/a.jpg")
    body["parameters"]["ocr_options"] = options
    answer = native(body, simulator=simulator, surface=MULTIMODAL).json
    (part,) = answer["output"]["choices"][0]["message"]["content"]
    assert part["text"] == "Date 2013-06-29\n\nNumber 10283819"
    return dict(part)


def test_lines_are_told_with_their_places(native: Native, asked: Asked) -> None:
    """As cnblogs/dashscope-sdk multimodal-generation-vl-ocr-advanced-recognition-nosse."""
    part = ocr(native, asked, {"task": "advanced_recognition"})
    assert list(part) == ["ocr_result", "text"]
    words = part["ocr_result"]["words_info"]
    assert [list(word) for word in words] == [["location", "rotate_rect", "text"]] * 2
    assert [word["text"] for word in words] == ["Date 2013-06-29", "Number 10283819"]
    for word in words:
        left, top, right, _, _, bottom, _, _ = word["location"]
        assert word["rotate_rect"] == [
            (left + right) // 2,
            (top + bottom) // 2,
            bottom - top,
            right - left,
            90,
        ]
    assert words[0]["location"][5] <= words[1]["location"][1]


def test_keys_that_were_asked_for_are_told_in_their_form(native: Native, asked: Asked) -> None:
    """As cnblogs/dashscope-sdk multimodal-generation-vl-ocr-key-information-extraction-nosse."""
    schema = {"date": "the day", "invoice": {"code": "digits", "number": "digits"}}
    options = {"task": "key_information_extraction", "task_config": {"result_schema": schema}}
    assert ocr(native, asked, options)["ocr_result"] == {
        "kv_result": {
            "date": "Date",
            "invoice": {"code": "2013-06-29", "number": "Number"},
        }
    }


@pytest.mark.parametrize(
    "options", [None, 5, {}, {"task": "text_recognition"}, {"task": ["advanced_recognition"]}]
)
def test_other_tasks_read_text_alone(native: Native, asked: Asked, options: Any) -> None:
    assert "ocr_result" not in ocr(native, asked, options)


@pytest.mark.parametrize("config", [None, [], {}, {"result_schema": []}])
def test_no_keys_were_asked_for(native: Native, asked: Asked, config: Any) -> None:
    options = {"task": "key_information_extraction", "task_config": config}
    assert ocr(native, asked, options)["ocr_result"] == {"kv_result": {}}


def test_a_schema_of_any_depth_is_answered(native: Native, asked: Asked) -> None:
    schema: Any = "the bottom"
    for _ in range(100):
        schema = {"inner": schema}
    options = {"task": "key_information_extraction", "task_config": {"result_schema": schema}}
    assert ocr(native, asked, options)["ocr_result"]["kv_result"]["inner"]


def test_a_model_that_sees_and_is_no_reader_tells_text_alone(native: Native, asked: Asked) -> None:
    part = ocr(native, asked, {"task": "advanced_recognition"}, model="qwen-vl-max")
    assert list(part) == ["text"]


def test_a_sound_counts_in_the_details_alone(native: Native, asked: Asked) -> None:
    """As cnblogs/dashscope-sdk multimodal-generation-audio-caption-sse."""
    body = with_part(asked, "qwen3-omni-flash", audio="https://example.com/a.wav")
    for frame in native(body, surface=MULTIMODAL, stream=True).frames:
        assert list(frame["usage"]) == [
            "total_tokens",
            "input_tokens_details",
            "output_tokens",
            "input_tokens",
            "output_tokens_details",
        ]
        assert list(frame["usage"]["input_tokens_details"]) == ["audio_tokens", "text_tokens"]


@pytest.mark.parametrize("model", ["qwen3-max-preview", "deepseek-v3.2"])
def test_thoughts_leave_the_count_of_the_cache(native: Native, asked: Asked, model: str) -> None:
    """As cnblogs/dashscope-sdk single-generation-message-with-code-interpreter-sse."""
    body = asked(model, enable_thinking=True, incremental_output=True)
    for frame in native(body, stream=True).frames:
        assert list(frame["usage"]) == [
            "total_tokens",
            "output_tokens",
            "input_tokens",
            "output_tokens_details",
            "prompt_tokens_details",
        ]
        assert frame["usage"]["prompt_tokens_details"] == {"cached_tokens": 0}


def test_a_character_has_several_answers(native: Native, asked: Asked) -> None:
    """As cnblogs/dashscope-sdk single-generation-message-roleplay-nosse."""
    answer = native(asked("qwen-plus-character", result_format="message", n=2)).json
    choices = answer["output"]["choices"]
    assert [list(choice) for choice in choices] == [["finish_reason", "index", "message"]] * 2
    assert choices[0]["message"] != choices[1]["message"]
    assert answer["usage"]["prompt_tokens_details"] == {"cached_tokens": 0}
