"""What native requests may say, and how the service refuses them: in flat bodies or SSE events."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.simulator import Account, Simulator

Native = Callable[..., Any]
Asked = Callable[..., dict[str, Any]]

MULTIMODAL = "multimodal-generation"
HELLO = [{"role": "user", "content": "Hello!"}]
TEXT = {"text": "Hello!"}
ALGORITHM = "<400> InternalError.Algo.InvalidParameter: "
IMAGE = "https://example.com/cat.png"


def told(answer: Any) -> tuple[int, str, str]:
    assert set(answer.json) == {"code", "message", "request_id"}
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    return answer.status, answer.json["code"], answer.json["message"]


@pytest.mark.parametrize(
    ("model", "surface"), [("qwen3.5-plus", "text-generation"), ("qwen-plus", MULTIMODAL)]
)
def test_a_model_at_the_wrong_path(native: Native, asked: Asked, model: str, surface: str) -> None:
    answer = native(asked(model), surface=surface)
    link = "https://help.aliyun.com/zh/model-studio/error-code#error-url"
    words = f"url error, please check url！ For details, see: {link}"
    assert told(answer) == (400, "InvalidParameter", words)
    assert list(answer.json) == ["request_id", "code", "message"]


@pytest.mark.parametrize("model", ["wan2.6-t2v", "text-embedding-v4"])
def test_a_model_of_another_surface(native: Native, asked: Asked, model: str) -> None:
    assert "url error" in told(native(asked(model)))[2]


FORM = "Required body invalid, please check the request body format."
NOTHING = 'Either "prompt" or "messages" must exist and cannot both be none'
EMPTY = "Role must be user or assistant and Content length must be greater than 0"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"{", "InvalidParameter", FORM),
        (
            {"model": "qwen-max", "input": {"messages": HELLO}, "parameters": []},
            "InvalidParameter",
            FORM,
        ),
        (
            {"input": {"messages": HELLO}},
            "BadRequest.EmptyModel",
            'Required parameter "model" missing from request.',
        ),
        ({"model": "no", "input": {"messages": HELLO}}, "InvalidParameter", "Model not exist."),
        ({"model": "qwen-max"}, "InvalidParameter", NOTHING),
        ({"model": "qwen-max", "input": {}}, "InvalidParameter", NOTHING),
        ({"model": "qwen-max", "input": "Hello!"}, "InvalidParameter", NOTHING),
        ({"model": "qwen-max", "messages": HELLO}, "InvalidParameter", NOTHING),
        ({"model": "qwen-max", "input": {"messages": []}}, "InvalidParameter", EMPTY),
        (
            {"model": "qwen-max", "input": {"prompt": "Hello!", "messages": []}},
            "InvalidParameter",
            EMPTY,
        ),
        ({"model": "qwen-max", "input": {"prompt": ""}}, "InvalidParameter", EMPTY),
    ],
)
def test_a_form_that_is_wrong(native: Native, body: Any, code: str, message: str) -> None:
    assert told(native(body)) == (400, code, message)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"max_tokens": 0},
            f"{ALGORITHM}Range of max_tokens should be [1, 32768]",
        ),
        ({"temperature": 2}, "Temperature should be in [0.0, 2.0)"),
        (
            {"seed": -1},
            f"{ALGORITHM}Range of seed should be [0, 9223372036854775807]",
        ),
        (
            {"enable_thinking": True},
            'The result_format parameter must be "message" when enable_thinking is true',
        ),
        (
            {"enable_thinking": True, "result_format": "message"},
            'The incremental_output parameter must be "true" when enable_thinking is true',
        ),
    ],
)
def test_a_stream_is_refused_by_an_event(
    native: Native, asked: Asked, parameters: Any, message: str
) -> None:
    """As cnblogs/dashscope-sdk parameter-error-sse."""
    body = asked("qwen-plus", **parameters)
    answer = native(body, stream=True)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream;charset=UTF-8"
    assert answer.text.startswith("id:1\nevent:error\n:HTTP_STATUS/400\ndata:{")
    assert list(answer.json) == ["code", "message", "request_id"]
    assert answer.json["code"] == "InvalidParameter"
    assert answer.json["message"] == message


def test_the_same_without_a_stream(native: Native, asked: Asked) -> None:
    words = "Temperature should be in [0.0, 2.0)"
    assert told(native(asked("qwen-plus", temperature=2))) == (400, "InvalidParameter", words)
    options = {"enable_thinking": True, "result_format": "message"}
    assert native(asked("qwen-plus", **options)).status == 200


@pytest.mark.parametrize("model", ["qwen3.5-plus", "qwen3-32b"])
def test_models_that_only_tell_what_is_new(native: Native, asked: Asked, model: str) -> None:
    body = asked(model, incremental_output=False, enable_thinking=False)
    surface = MULTIMODAL if model == "qwen3.5-plus" else "text-generation"
    assert native(body, surface=surface, stream=True).json["message"] == (
        f"{ALGORITHM}This model only supports incremental_output set to True."
    )
    assert native(body, surface=surface).status == 200


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Bearer sk-wrong-wrong-wrong", "Invalid API-key provided."),
        ("", "No API-key provided."),
    ],
)
def test_a_refused_key(
    native: Native, asked: Asked, header: str, message: str, stream: bool
) -> None:
    """As cnblogs/dashscope-sdk auth-error-nosse: plain JSON, and not the gateway's header."""
    simulator = Simulator(accounts=[Account(key="sk-right-right-right")])
    answer = native(
        asked("qwen-max"),
        simulator=simulator,
        stream=stream,
        without_key=True,
        headers=(("authorization", header),) if header else (),
    )
    assert told(answer) == (401, "InvalidApiKey", message)
    assert list(answer.json) == ["code", "message", "request_id"]
    assert "x-dashscope-call-gateway" not in answer.headers


def test_another_method(native: Native) -> None:
    answer = native(b"", method="GET")
    assert told(answer) == (405, "InvalidParameter", "Request method 'GET' is not supported.")


def test_no_such_path_on_the_plan(native: Native, asked: Asked) -> None:
    answer = native(asked("qwen3-max"), host="coding.dashscope.aliyuncs.com")
    assert (answer.status, answer.text) == (404, "")


def test_no_asynchronous_calls(native: Native, asked: Asked) -> None:
    headers = (("x-dashscope-async", "enable"),)
    assert told(native(asked("qwen-max"), headers=headers)) == (
        *(403, "AccessDenied"),
        "current user api does not support asynchronous calls",
    )


def test_headers_and_fields_that_are_nothing_to_the_answer(native: Native, asked: Asked) -> None:
    body = asked("qwen-plus")
    plain = native(body).json["output"]
    headers = (
        ("x-dashscope-workspace", "ws-123"),
        ("x-dashscope-datainspection", '{"input":"cip","output":"cip"}'),
        ("x-dashscope-async", "disable"),
    )
    assert native(body, headers=headers).json["output"] == plain
    outside = {**body, "temperature": 99, "stream": True, "messages": [], "resources": {}}
    assert native(outside).json["output"] == plain
    assert native({**body, "parameters": None}).json["output"] == plain


def test_more_seeds_than_on_the_compatible_surface(native: Native, asked: Asked) -> None:
    assert native(asked("qwen-plus", seed=2**63 - 1)).status == 200
    assert told(native(asked("qwen-plus", seed=2**63)))[2].endswith("[0, 9223372036854775807]")
    assert native(asked("qwen-plus", seed="x")).status == 400


@pytest.mark.parametrize(
    ("parts", "model"),
    [
        ([{"image": IMAGE}, TEXT], "qwen-vl-plus"),
        ([{"image": IMAGE, "text": "What is it?"}], "qwen-vl-plus"),
        ([{"video": "https://example.com/a.mp4", "fps": 1}, TEXT], "qwen3-vl-plus"),
        ([{"video": [IMAGE] * 4}, TEXT], "qwen3-vl-plus"),
    ],
)
def test_media_are_counted_by_kind(native: Native, parts: Any, model: str) -> None:
    body = {"model": model, "input": {"messages": [{"role": "user", "content": parts}]}}
    frames = native(body, surface=MULTIMODAL, stream=True).frames
    kind = next(name for name in ("image", "video") if name in parts[0])
    usage = frames[-1]["usage"]
    assert usage[f"{kind}_tokens"] == usage["input_tokens_details"][f"{kind}_tokens"] > 0
    assert list(usage["input_tokens_details"]) == [f"{kind}_tokens", "text_tokens"]
    assert sum(usage["input_tokens_details"].values()) == usage["input_tokens"]


def test_the_options_of_a_part_are_heeded(native: Native, asked: Asked) -> None:
    body = asked("qwen3-vl-plus")
    counts = []
    for options in ({}, {"max_pixels": 100_000}):
        body["input"]["messages"][0]["content"] = [{"image": IMAGE, **options}, TEXT]
        counts.append(native(body, surface=MULTIMODAL).json["usage"]["image_tokens"])
    assert counts[1] < counts[0]


def test_texts_in_parts_count_as_texts(native: Native, asked: Asked) -> None:
    body = asked("qwen-plus")
    plain = native(body).json["usage"]["input_tokens"]
    body["input"]["messages"][0]["content"] = [TEXT]
    assert native(body).json["usage"]["input_tokens"] == plain


@pytest.mark.parametrize(
    "part", [{}, "Hello!", {"type": "image_url", "image_url": {"url": IMAGE}}, {"text": None}]
)
def test_a_part_of_no_modality(native: Native, asked: Asked, part: Any) -> None:
    body = asked("qwen-vl-plus")
    body["input"]["messages"][0]["content"] = [part]
    words = "The item of content should be a message of a certain modal."
    assert told(native(body, surface=MULTIMODAL)) == (400, "InvalidParameter", words)


def test_a_prompt_is_the_message_of_a_user(native: Native, asked: Asked) -> None:
    by_prompt = {"model": "qwen-plus", "input": {"prompt": "Hello!"}}
    assert native(by_prompt).json["output"] == native(asked("qwen-plus")).json["output"]
    both = {"model": "qwen-plus", "input": {"prompt": "Or this?", "messages": HELLO}}
    assert native(both).json["output"] == native(asked("qwen-plus")).json["output"]


def test_the_words_are_those_of_the_compatible_chat(
    native: Native, asked: Asked, send: Callable[..., Any]
) -> None:
    text = native(asked("qwen-plus")).json["output"]["text"]
    host = "dashscope.aliyuncs.com"
    assert send(Simulator(), host=host, model="qwen-plus", messages=HELLO).text == text
    chat = json.dumps({"model": "qwen-plus", "messages": HELLO}).encode()
    assert native(chat).json["message"].startswith('Either "prompt"')


def test_an_overlay_gives_a_line_of_its_own(native: Native, asked: Asked) -> None:
    line = {
        "id": "ours",
        "surface": "text-generation",
        "models": ["qwen-plus"],
        "incremental": "off",
        "timeout": 60,
    }
    simulator = Simulator(catalog=load({"native": [line]}))
    answer = native(asked("qwen-plus"), simulator=simulator)
    assert answer.headers["x-dashscope-timeout"] == "60"
    assert "choices" in answer.json["output"]


def test_a_model_of_no_line(native: Native, asked: Asked) -> None:
    others = {"native": [{"id": "text", "models": ["qwen3-max"]}]}
    simulator = Simulator(catalog=load(others))
    assert native(asked("qwen3-max"), simulator=simulator).status == 200
    assert "url error" in told(native(asked("deepseek-v3.2"), simulator=simulator))[2]
