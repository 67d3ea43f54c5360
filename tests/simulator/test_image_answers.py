"""Images that are the answer: what the models take, what they refuse, and what they tell."""

import base64
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from qwensim.catalog import load
from qwensim.exchange import Chunk, Head, Request
from qwensim.simulator import Fault, Simulator, VirtualClock

CATALOG = load()
ROUTE = "multimodal-generation"
AT_ONCE = [row.id for row in CATALOG.images.values() if ROUTE in row.protocols]
PICTURE = "https://example.com/cat.png"
ENUMERATED = "1664*928,1472*1104,1328*1328,1104*1472,928*1664"

Ask = Callable[..., Any]


@pytest.fixture
def ask(native: Callable[..., Any], simulator: Simulator) -> Ask:
    """Ask a model for images: `ask(model, *pictures, text=…, parameters…)`."""

    def send(
        model: str,
        *pictures: str,
        text: str | None = "a cat",
        given: Any = None,
        headers: tuple[tuple[str, str], ...] = (),
        stream: bool = False,
        **parameters: Any,
    ) -> Any:
        content = [{"image": picture} for picture in pictures]
        content += [{"text": text}] if text is not None else []
        given = given or {"messages": [{"role": "user", "content": content}]}
        body = {"model": model, "input": given, "parameters": parameters}
        return native(body, surface=ROUTE, simulator=simulator, headers=headers, stream=stream)

    return send


def pictures_for(model: str) -> list[str]:
    return [PICTURE] * CATALOG.images[model].needs_picture


def urls_in(answer: Any) -> list[str]:
    return [
        part["image"]
        for choice in answer.json["output"]["choices"]
        for part in choice["message"]["content"]
        if "image" in part
    ]


def download(simulator: Simulator, url: str) -> tuple[int, bytes]:
    target = urlsplit(url)
    request = Request(method="GET", host=str(target.hostname), path=target.path, query=target.query)
    events = list(simulator.handle(request))
    head = next(event for event in events if isinstance(event, Head))
    return head.status, b"".join(event.data for event in events if isinstance(event, Chunk))


def size_in(simulator: Simulator, url: str) -> tuple[int, int]:
    status, content = download(simulator, url)
    assert status == 200
    image = Image.open(io.BytesIO(content))
    image.load()
    assert (image.format, image.mode) == ("PNG", "RGB")
    return image.size


def sent_along(width: int, height: int) -> str:
    content = io.BytesIO()
    Image.new("RGB", (width, height)).save(content, "PNG")
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


def refusal(answer: Any) -> tuple[int, str, str]:
    return answer.status, answer.json["code"], answer.json["message"]


@pytest.mark.parametrize("model", AT_ONCE)
def test_every_model_answers_with_as_many_images_of_its_size_as_its_row_says(
    ask: Ask, simulator: Simulator, model: str
) -> None:
    row = CATALOG.images[model]
    answer = ask(model, *pictures_for(model))
    assert answer.status == 200, answer.text
    assert [*answer.json] == ["output", "usage", "request_id"]
    assert answer.json["usage"]["image_count"] == row.images
    found = urls_in(answer)
    assert len(set(found)) == row.images
    assert {size_in(simulator, url) for url in found} == {tuple(map(int, row.size.split("*")))}
    entry = next(entry for entry in simulator.journal if entry.model == model)
    assert (entry.error, entry.stream) == (None, False)
    assert entry.usage is not None
    assert entry.usage["image_count"] == row.images


def test_qwen_images_are_counted(ask: Ask) -> None:
    answer = ask("qwen-image-plus", size="1328*1328")
    assert [*answer.json["output"]] == ["choices", "task_metric"]
    assert answer.json["output"]["task_metric"] == {"FAILED": 0, "SUCCEEDED": 1, "TOTAL": 1}
    (choice,) = answer.json["output"]["choices"]
    assert [*choice] == ["finish_reason", "message"]
    assert [*choice["message"]] == ["content", "role"]
    assert [*choice["message"]["content"][0]] == ["image"]
    assert answer.json["usage"] == {"height": 1328, "image_count": 1, "width": 1328}
    assert answer.headers["x-request-id"] == answer.json["request_id"]
    assert answer.json["request_id"] in choice["message"]["content"][0]["image"]


def test_z_image_tells_the_prompt_and_thinks_only_if_asked_to(ask: Ask) -> None:
    answer = ask("z-image-turbo")
    message = answer.json["output"]["choices"][0]["message"]
    assert [*message] == ["content", "reasoning_content", "role"]
    assert message["content"][1:] == [{"text": "a cat"}]
    assert message["reasoning_content"] == ""
    nothing = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    sizes = {"height": 1536, "image_count": 1, "width": 1024}
    assert answer.json["usage"] == {**sizes, **nothing}
    extended = ask("z-image-turbo", prompt_extend=True)
    message, usage = extended.json["output"]["choices"][0]["message"], extended.json["usage"]
    assert message["content"][1]["text"].startswith("a cat, ")
    assert message["reasoning_content"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0
    assert 0 < usage["output_tokens_details"]["reasoning_tokens"] < usage["output_tokens"]


def test_wan_gives_each_image_a_choice(ask: Ask) -> None:
    answer = ask("wan2.6-t2i", n=3, size="1440*1440")
    output = answer.json["output"]
    assert [*output] == ["choices", "finished"]
    assert output["finished"] is True
    assert [choice["message"]["content"][0]["type"] for choice in output["choices"]] == (
        ["image"] * 3
    )
    assert [*answer.json["usage"].items()] == [
        *(("image_count", 3), ("input_tokens", 0), ("output_tokens", 0)),
        *(("size", "1440*1440"), ("total_tokens", 0)),
    ]


@pytest.mark.parametrize(
    ("picture", "expected"),
    [((512, 512), (1024, 1024)), ((1600, 900), (1360, 768)), ((20, 1000), (368, 2896))],
)
def test_an_edited_picture_keeps_its_shape(
    ask: Ask, simulator: Simulator, picture: tuple[int, int], expected: tuple[int, int]
) -> None:
    answer = ask("qwen-image-edit-plus", PICTURE, sent_along(*picture))
    usage = answer.json["usage"]
    assert (usage["width"], usage["height"]) == expected
    assert size_in(simulator, urls_in(answer)[0]) == expected
    assert "task_metric" not in answer.json["output"]


def test_sizes_of_edited_pictures_are_brought_to_multiples_of_16(ask: Ask) -> None:
    usage = ask("qwen-image-edit-max", PICTURE, size="1033*1032", n=6).json["usage"]
    assert usage == {"height": 1024, "image_count": 6, "width": 1040}
    fixed = ask("qwen-image-edit", PICTURE, size="any").json["usage"]
    assert (fixed["width"], fixed["height"]) == (1024, 1024)


@pytest.mark.parametrize(
    ("model", "parameters", "message"),
    [
        ("qwen-image-max", {"n": 2}, "num_images_per_prompt must be 1"),
        ("qwen-image", {"n": "1"}, "num_images_per_prompt must be 1"),
        ("z-image-turbo", {"n": True}, "num_images_per_prompt must be 1"),
        ("wan2.6-t2i", {"n": 5}, "n must be between 1 and 4"),
        (
            "qwen-image-plus",
            {"size": "1024*1024"},
            f"The size does not match the allowed size {ENUMERATED}.",
        ),
        ("qwen-image-plus", {"size": 7}, f"The size does not match the allowed size {ENUMERATED}."),
        (
            "z-image-turbo",
            {"size": "3*3"},
            "Image area must be between 262144 and 4194304 pixels. Got area=9 (width=3, height=3).",
        ),
        ("z-image-turbo", {"size": "1024x1024"}, "Expected format: '<width>*<height>'"),
        ("z-image-turbo", {"size": "0*9"}, "Expected format: '<width>*<height>'"),
        (
            "wan2.6-t2i",
            {"size": "1536*1536"},
            "Total pixels (2359296) must be between 589824 and 2073600.",
        ),
        (
            "qwen-image-2.0",
            {"size": "2688*2688"},
            "Image area must be between 262144 (512x512) and 4194304 (2048x2048) pixels.",
        ),
        ("qwen-image-2.0", {"n": 7}, "n must be between 1 and 6"),
        ("wan2.6-t2i", {"size": "4000*500"}, "Aspect ratio must be between 1:4 and 4:1"),
        ("qwen-image", {"seed": -1}, "seed must be between 0 and 2147483647"),
        ("qwen-image", {"seed": 1.5}, "seed must be between 0 and 2147483647"),
    ],
)
def test_what_a_model_does_not_make_is_refused(
    ask: Ask, model: str, parameters: dict[str, Any], message: str
) -> None:
    assert refusal(ask(model, **parameters)) == (400, "InvalidParameter", message)


@pytest.mark.parametrize("model", ["qwen-image-plus", "wan2.6-t2i"])
def test_the_keys_of_a_refusal_of_sizes_are_as_captured(ask: Ask, model: str) -> None:
    assert [*ask(model, size="1*1").json] == ["request_id", "code", "message"]


def test_a_model_of_both_kinds_makes_images_of_a_prompt_and_of_pictures(ask: Ask) -> None:
    usage = ask("qwen-image-2.0", size="1033*1032", n=2).json["usage"]
    assert usage == {"height": 1024, "image_count": 2, "width": 1040}
    answer = ask("qwen-image-2.0-pro", PICTURE, sent_along(1600, 900))
    assert "task_metric" not in answer.json["output"]
    assert (answer.json["usage"]["width"], answer.json["usage"]["height"]) == (2736, 1536)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(None, "1712*960"), ("1K", "1712*960"), ("2K", "2736*1536"), ("1280*720", "1280*720")],
)
def test_a_size_with_a_name_has_the_shape_of_the_last_picture(
    ask: Ask, simulator: Simulator, size: str | None, expected: str
) -> None:
    answer = ask("wan2.6-image", PICTURE, sent_along(1600, 900), size=size, n=1)
    assert [*answer.json["output"]] == ["choices", "finished"]
    assert answer.json["usage"]["size"] == expected
    assert size_in(simulator, urls_in(answer)[0]) == tuple(map(int, expected.split("*")))


def test_a_size_without_a_name_is_two_numbers(ask: Ask) -> None:
    told = [ask("wan2.6-image", PICTURE, size=size).json["message"] for size in ("4K", ["1K"])]
    assert told == ["Expected format: '<width>*<height>'"] * 2
    assert ask("qwen-image-edit", PICTURE, size=["1K"]).status == 200


def test_a_size_out_of_the_range_of_edited_pictures_is_refused(ask: Ask) -> None:
    answer = ask("qwen-image-edit-plus", PICTURE, size="100*4000")
    assert answer.json["message"] == "Size 100*4000 is out of range [512*512, 2048*2048]"


def message(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": [*content]}


CAT = {"text": "a cat"}


@pytest.mark.parametrize(
    ("model", "given", "told"),
    [
        ("qwen-image", {"prompt": "a cat"}, "No messages found in input"),
        ("qwen-image", {"messages": []}, "No messages found in input"),
        ("qwen-image", {"messages": [message(CAT)] * 2}, "messages length only support 1"),
        ("qwen-image", {"messages": [message()]}, "lack of image or text"),
        ("qwen-image", {"messages": [message({"text": ""})]}, "lack of image or text"),
        ("qwen-image", {"messages": [message({"text": " "})]}, "lack of image or text"),
        ("wan2.6-image", {"messages": [message(CAT)]}, "lack of image or text"),
        ("qwen-image", {"messages": ["a cat"]}, "lack of image or text"),
        ("qwen-image", {"messages": [message(CAT, CAT)]}, "content length only support 2"),
        (
            "qwen-image",
            {"messages": [message(CAT, {"image": PICTURE})]},
            "content length only support 2",
        ),
        ("qwen-image-edit", {"messages": [message(CAT)]}, "lack of image or text"),
        (
            "qwen-image-edit",
            {"messages": [message(*[{"image": PICTURE}] * 4, CAT)]},
            "content length only support 2",
        ),
    ],
)
def test_a_message_is_one_text_and_for_editing_pictures(
    ask: Ask, model: str, given: Any, told: str
) -> None:
    assert refusal(ask(model, given=given)) == (400, "InvalidParameter", told)


def test_pictures_are_judged_as_elsewhere(ask: Ask) -> None:
    told = refusal(ask("qwen-image-edit", "file:///cat.png"))
    assert told[:2] == (400, "InvalidParameter")
    assert told[2].endswith(
        "The provided URL does not appear to be valid. Ensure it is correctly formatted."
    )


def test_a_model_is_asked_on_its_paths_and_at_once(ask: Ask, native: Any, asked: Any) -> None:
    assert "url error" in ask("wanx-v1").json["message"]
    assert "url error" in native(asked("qwen-image")).json["message"]
    assert "url error" in ask("text-embedding-v4").json["message"]
    enable = (("x-dashscope-async", "enable"),)
    assert refusal(ask("qwen-image-max", headers=enable)) == (
        *(403, "AccessDenied", "current user api does not support asynchronous calls"),
    )
    assert ask("qwen9-image").json["message"] == "Model not exist."
    assert ask("qwen-vl-plus", text="Hello!").json["output"]["choices"][0]["message"]["content"]


def test_a_long_prompt_is_cut_and_not_refused(ask: Ask) -> None:
    answer = ask("z-image-turbo", text="a" * 900)
    assert answer.json["output"]["choices"][0]["message"]["content"][1] == {"text": "a" * 800}


def test_an_image_is_no_stream(ask: Ask, simulator: Simulator) -> None:
    answer = ask("qwen-image", stream=True)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["usage"]["image_count"] == 1
    assert ask("qwen-image", stream=True, n=2).json["code"] == "InvalidParameter"
    assert [entry.stream for entry in simulator.journal] == [False, False]


def colour(simulator: Simulator, url: str) -> Any:
    return Image.open(io.BytesIO(download(simulator, url)[1])).getpixel((0, 0))


def test_the_same_seed_and_prompt_make_the_same_image(ask: Ask, simulator: Simulator) -> None:
    def colours(text: str, **parameters: Any) -> list[Any]:
        return [
            colour(simulator, url)
            for url in urls_in(ask("wan2.6-t2i", text=text, n=2, **parameters))
        ]

    first, second = colours("a cat", seed=7)
    assert colours("a cat", seed=7) == [first, second]
    assert first != second
    assert colours("a cat", seed=8)[0] == second
    assert colours("a dog", seed=7) != [first, second]
    assert colours("a cat") != colours("a cat")


def test_an_address_leads_to_its_image_for_a_day(native: Any) -> None:
    clock = VirtualClock()
    simulator = Simulator(clock=clock)
    body = {"model": "qwen-image", "input": {"messages": [message(CAT)]}}
    url = urls_in(native(body, surface=ROUTE, simulator=simulator))[0]
    clock.advance(86_399)
    assert download(simulator, url)[0] == 200
    clock.advance(1)
    status, content = download(simulator, url)
    assert (status, b"Request has expired." in content) == (403, True)


def test_scripts_and_faults_have_a_request_fail(ask: Ask, simulator: Simulator) -> None:
    simulator.script("a text is for models that talk")
    simulator.script(error="internal-error", last_user="dog")
    assert ask("qwen-image").status == 200
    assert (ask("qwen-image", text="a dog").status, simulator.journal[-1].scripted) == (500, True)
    simulator.fault("error", error="rate-limit", model="qwen-image")
    assert ask("qwen-image").status == 429
    simulator.script(fault=Fault(kind="error", error="internal-error"))
    assert ask("qwen-image").status == 500
    simulator.script(error="internal-error", values={"images": 1})
    assert ask("qwen-image").status == 500  # one was all
    assert len(simulator.unused_scripts) == 1


def test_some_images_may_fail(ask: Ask, simulator: Simulator) -> None:
    simulator.script(error="task-failed-timeout", values={"images": 1})
    answer = ask("wan2.6-t2i", n=3)
    assert len(urls_in(answer)) == answer.json["usage"]["image_count"] == 2


def test_requests_are_limited(native: Any) -> None:
    simulator = Simulator(limits=True)
    body = {"model": "qwen-image-max", "input": {"messages": [message(CAT)]}}
    answers = [native(body, surface=ROUTE, simulator=simulator) for _ in range(3)]
    assert [answer.status for answer in answers][-1] == 429
