"""Images that tasks make: what is told at each stage, what fails and how, and who waits."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from qwensim.catalog import load
from qwensim.simulator import Fault, Simulator, TaskPace, VirtualClock

CATALOG = load()
SYNTHESIS = CATALOG.routes["image-synthesis"].path
GENERATION = CATALOG.routes["image-generation"].path
EDITING = CATALOG.routes["image-editing"].path
MESSAGES = {"messages": [{"role": "user", "content": [{"text": "a cat"}]}]}
ASYNC = (("x-dashscope-async", "enable"),)
PICTURE = "https://example.com/cat.png"
STEPS = ["task_id", "task_status", "submit_time", "scheduled_time", "end_time"]
TASKS = [
    (row.id, route, CATALOG.image_protocols[name])
    for row in CATALOG.images.values()
    for route, name in row.protocols.items()
    if route != "multimodal-generation"
]


def metrics(total: int, made: int = 0, failed: int = 0) -> dict[str, int]:
    return {"TOTAL": total, "SUCCEEDED": made, "FAILED": failed}


def size_of(got: Any) -> tuple[int, int]:
    assert got.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(got.body))
    image.load()
    assert image.format == "PNG"
    return image.size


def given_for(model: str, asks: str) -> dict[str, Any]:
    row = CATALOG.images[model]
    if asks == "messages":
        content = [*[{"image": PICTURE}] * row.needs_picture, {"text": "a cat"}]
        return {"messages": [{"role": "user", "content": content}]}
    given: dict[str, Any] = {"prompt": "a cat", **dict.fromkeys(row.needs, "stylization_all")}
    return given | ({row.pictures_in: PICTURE} if row.pictures_in else {})


@pytest.fixture
def client_for(client: Any, make_client: Any) -> Callable[[str], Any]:
    def find(model: str) -> Any:
        hosts = (host for host, served in CATALOG.served.items() if model in served)
        return make_client(client.simulator, host=next(hosts))

    return find


@pytest.mark.parametrize(("model", "route", "protocol"), TASKS)
def test_every_model_makes_what_its_row_says(
    client_for: Any, model: str, route: str, protocol: Any
) -> None:
    client, row = client_for(model), CATALOG.images[model]
    got = client.make(model, given_for(model, protocol.asks), path=CATALOG.routes[route].path)
    assert got.output["task_status"] == "SUCCEEDED", got.output
    assert [*got.json] == ["request_id", "output", "usage"]
    told = ["results"] if protocol.asks == "prompt" else ["finished", "choices"]
    assert [*got.output] == STEPS + told + (["task_metrics"] if protocol.metrics else [])
    assert got.json["usage"]["image_count"] == row.images
    assert [*got.json["usage"]] == [*protocol.usage]
    if protocol.asks == "prompt":
        items = got.output["results"]
    else:
        items = [choice["message"]["content"][0] for choice in got.output["choices"]]
    assert len(items) == row.images
    assert [*items[0]] == [*protocol.item]
    url = items[-1].get("url") or items[-1]["image"]
    assert size_of(client.fetch(url)) == tuple(map(int, row.size.split("*")))


def test_how_many_images_came_out_is_told_from_the_beginning(
    make_client: Any,
) -> None:
    clock = VirtualClock()
    client = make_client(Simulator(clock=clock, task_pace=TaskPace()))
    task = client.begin("wanx-v1", None, {"n": 2}, path=SYNTHESIS)
    assert "scheduled_time" not in client.poll(task).output
    clock.advance(0.3)
    pending = client.poll(task).output
    assert pending["task_status"] == "PENDING"
    assert [*pending] == [*STEPS[:4], "task_metrics"]
    assert pending["task_metrics"] == metrics(2)
    clock.advance(1)
    running = client.poll(task).output
    assert (running["task_status"], running["task_metrics"]) == ("RUNNING", metrics(2))
    assert running["scheduled_time"] == pending["scheduled_time"]
    clock.advance(5)
    done = client.poll(task)
    assert done.output["task_metrics"] == metrics(2, 2)
    assert done.json["usage"] == {"image_count": 2}


def test_a_task_that_waits_for_another_of_its_key_is_not_scheduled(make_client: Any) -> None:
    clock = VirtualClock()
    client = make_client(Simulator(clock=clock, task_pace=TaskPace()))
    first, second = (client.begin("wanx-v1", path=SYNTHESIS) for _ in range(2))
    clock.advance(1)
    assert client.state(first) == "RUNNING"
    waiting = client.poll(second).output
    assert waiting["task_status"] == "PENDING"
    assert [*waiting] == [*STEPS[:3], "task_metrics"]
    clock.advance(2)
    assert client.poll(second).output["scheduled_time"] == "2026-05-18 08:00:03.000"


def test_qwen_image_tells_both_prompts_and_does_not_count(client: Any) -> None:
    got = client.make("qwen-image-plus", path=SYNTHESIS)
    (item,) = got.output["results"]
    assert [*item] == ["orig_prompt", "actual_prompt", "url"]
    assert item["orig_prompt"] == "a cat"
    assert item["actual_prompt"].startswith("a cat, ")
    plain = client.make("qwen-image-plus", None, {"prompt_extend": False}, path=SYNTHESIS)
    assert [*plain.output["results"][0]] == ["orig_prompt", "url"]


def test_wan_is_asked_in_messages_and_told_in_choices(client: Any) -> None:
    got = client.make("wan2.6-t2i", MESSAGES, {"n": 2, "size": "1280*1300"}, path=GENERATION)
    assert got.output["finished"] is True
    assert [[*choice["message"]] for choice in got.output["choices"]] == [["role", "content"]] * 2
    assert got.json["usage"] == {
        "size": "1280*1300",
        "total_tokens": 0,
        "image_count": 2,
        "output_tokens": 0,
        "input_tokens": 0,
    }


SIZES = "['1024*1024', '720*1280', '1280*720', '768*1152']"


@pytest.mark.parametrize(
    ("model", "path", "given", "parameters", "message"),
    [
        (
            *("wanx-v1", SYNTHESIS, None, {"size": "512*512"}),
            f"The size does not match the allowed size {SIZES}.",
        ),
        (
            *("wan2.2-t2i-flash", SYNTHESIS, None, {"size": "1536*1024"}),
            "Either width or height should be between 512 and 1440.",
        ),
        ("wanx-v1", SYNTHESIS, None, {"n": 9}, "n must be between 1 and 4"),
        ("qwen-image", SYNTHESIS, None, {"n": 2}, "num_images_per_prompt must be 1"),
        ("wanx-v1", SYNTHESIS, None, {"ref_mode": "copy"}, "ref_mode must be in repaint,refonly"),
        ("wanx-v1", SYNTHESIS, {}, {}, "prompt must contain words"),
        ("wan2.6-t2i", GENERATION, {"prompt": "a cat"}, {}, "No messages found in input"),
        ("wan2.5-i2i-preview", EDITING, None, {}, "Field required: input.images"),
        ("wanx2.1-imageedit", EDITING, None, {}, "Field required: input.function"),
        (
            *("wan2.5-i2i-preview", EDITING, {"prompt": "a", "images": [PICTURE] * 4}, {}),
            "The number of images should be between 1 and 3",
        ),
    ],
)
def test_what_a_model_does_not_make_fails_in_the_task(
    client: Any, model: str, path: str, given: Any, parameters: Any, message: str
) -> None:
    got = client.make(model, given, parameters, path=path)
    output = got.output
    assert (output["task_status"], output["code"]) == ("FAILED", "InvalidParameter")
    assert output["message"] == message
    assert "usage" not in got.json
    counts = "qwen" not in model and path != GENERATION
    assert [*output] == [
        *("task_id", "task_status", "code", "message", *STEPS[2:]),
        *(["task_metrics"] if counts else []),
    ]
    if counts:
        total = CATALOG.images[model].images
        assert output["task_metrics"] == metrics(total, 0, total)


def test_a_path_has_its_models_and_wants_the_header(client: Any) -> None:
    for path, given in ((SYNTHESIS, None), (GENERATION, MESSAGES), (EDITING, None)):
        assert client.submit("qwen-image-max", given, path=path).json["message"].startswith("url ")
        assert client.submit("wan2.6-t2v", given, path=path).json["message"].startswith("url ")
    refused = client.submit("wanx-v1", path=SYNTHESIS, headers=())
    assert (refused.status, refused.json["code"], refused.json["message"]) == (
        *(403, "AccessDenied", "current user api does not support synchronous calls"),
    )
    assert client.submit("wanx-v1", [], path=SYNTHESIS).json["code"] == "BadRequest.EmptyInput"
    assert client.submit("wanx-v1", path=SYNTHESIS + "/").status == 404


def test_a_script_has_some_or_all_images_fail(client: Any) -> None:
    simulator = client.simulator
    simulator.script(error="task-failed-timeout", values={"images": 3})
    partly = client.make("wanx-v1", path=SYNTHESIS)
    assert partly.output["task_status"] == "SUCCEEDED"
    assert [[*item] for item in partly.output["results"]] == [["url"], *[["code", "message"]] * 3]
    assert partly.output["results"][1]["code"] == "InternalError.Timeout"
    assert partly.output["task_metrics"] == metrics(4, 1, 3)
    assert partly.json["usage"] == {"image_count": 1}
    assert (simulator.journal[-1].scripted, simulator.journal[-1].error) == (True, None)
    for values in ({}, {"images": 4}):
        simulator.script(error="task-failed-moderation", values=values)
        whole = client.make("wanx-v1", path=SYNTHESIS)
        assert whole.output["task_status"] == "FAILED"
        assert whole.output["task_metrics"] == metrics(4, 0, 4)
        assert simulator.journal[-1].error == "task-failed-moderation"
    simulator.script(error="task-failed-timeout", values={"images": 1}, model="wan2.6-t2i")
    choices = client.make("wan2.6-t2i", MESSAGES, {"n": 2}, path=GENERATION).output["choices"]
    assert len(choices) == 1
    simulator.script(error="task-failed-timeout", values={"images": 1})
    video = client.make("wan2.6-t2v")
    assert video.output["task_status"] == "FAILED"


def test_a_script_or_a_fault_has_the_order_refused(client: Any) -> None:
    client.simulator.script(error="rate-limit", last_user="cat")
    assert client.submit("wanx-v1", path=SYNTHESIS).status == 429
    client.simulator.fault(Fault(kind="error", error="internal-error"))
    assert client.submit("wan2.6-t2i", MESSAGES, path=GENERATION).status == 500
    client.simulator.script(error="rate-limit", last_user="cat")
    assert client.submit("wan2.6-t2i", MESSAGES, path=GENERATION).status == 429


def test_images_are_cancelled_and_listed_as_videos_are(make_client: Any) -> None:
    client = make_client(Simulator(task_pace=TaskPace()))
    task = client.begin("wan2.5-t2i-preview", path=SYNTHESIS)
    assert client.cancel(task).status == 200
    assert client.state(task) == "CANCELED"
    (item,) = client.list("model_name=wan2.5-t2i-preview")["data"]
    assert item["status"] == "CANCELED"
    assert item["user_api_unique_key"] == (
        "apikey:v1:aigc:text2image:image-synthesis:wan2.5-t2i-preview"
    )


def test_an_edited_picture_keeps_its_shape(client: Any) -> None:
    row = CATALOG.pictures["https://dashscope.oss-cn-beijing.aliyuncs.com/images/dog_and_girl.jpeg"]
    given = {"prompt": "a cat", "images": [PICTURE, row.url]}
    got = client.make("wan2.5-i2i-preview", given, {"n": 1}, path=EDITING)
    width, height = size_of(client.fetch(got.output["results"][0]["url"]))
    assert width * height == pytest.approx(1280 * 1280, rel=0.02)
    assert width / height == pytest.approx(row.width / row.height, rel=0.02)
