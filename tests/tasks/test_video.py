"""What the models that make videos take, what they cost, and what fails in the task."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from qwensim.catalog import load

CATALOG = load()

KEYFRAMES = "/api/v1/services/aigc/image2video/video-synthesis"
FULL = "1080*1920,1920*1080,1440*1440,1632*1248,1248*1632"
PICTURE = "https://example.com/cat.png"
CLIP = "https://example.com/cat.mp4?x=1"


def picture(width: int, height: int) -> str:
    content = io.BytesIO()
    Image.new("RGB", (width, height)).save(content, "PNG")
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


def media(*kinds: str) -> dict[str, Any]:
    suffix = {"video": "mp4", "clip": "mp4"}
    items = [
        {"type": kind, "url": f"https://example.com/a.{suffix.get(kind.split('_')[-1], 'png')}"}
        for kind in kinds
    ]
    return {"prompt": "a cat", "media": items}


VALID: dict[str, dict[str, Any]] = {
    "wan2.6-i2v": {"img_url": PICTURE},
    "wan2.6-r2v": {"prompt": "character1 waves", "reference_urls": [PICTURE]},
    "wan2.7-i2v": media("first_frame"),
    "wan2.7-r2v": media("reference_image"),
    "kf2v": {"first_frame_url": PICTURE, "last_frame_url": PICTURE},
    "t2v": {"prompt": "a cat"},
}


def valid(model: str) -> dict[str, Any]:
    """Return an input with which a model is content."""
    for kind in (model.removesuffix("-flash"), model.split("-")[1]):
        if kind in VALID:
            return VALID[kind]
    return VALID["wan2.6-i2v"]


def client_for(client: Any, make_client: Any, model: str) -> Any:
    for host, served in CATALOG.served.items():
        if model in served:
            return make_client(client.simulator, host=host)
    raise AssertionError(model)


def path_of(model: str) -> str:
    return CATALOG.routes[CATALOG.videos[model].route].path


@pytest.mark.parametrize("model", CATALOG.videos)
def test_every_model_makes_what_its_row_says(client: Any, make_client: Any, model: str) -> None:
    row = CATALOG.videos[model]
    got = client_for(client, make_client, model).make(model, valid(model), path=path_of(model))
    assert got.output["task_status"] == "SUCCEEDED", got.output
    assert [*got.json] == ["request_id", "output", "usage"]
    assert [*got.json["usage"]] == [field.partition(":")[0] for field in row.usage]
    keys = ["task_id", "task_status", "submit_time", "scheduled_time", "end_time"]
    prompted = "prompt" in valid(model)
    keys += [*(["orig_prompt"] if prompted else []), "video_url"]
    keys += ["actual_prompt"] if prompted and row.actual_prompt else []
    assert [*got.output] == keys


@pytest.mark.parametrize("model", CATALOG.videos)
def test_a_model_without_its_input_fails_in_the_task(
    client: Any, make_client: Any, model: str
) -> None:
    row = CATALOG.videos[model]
    got = client_for(client, make_client, model).make(model, {}, path=path_of(model))
    assert got.output["task_status"] == "FAILED"
    expected = row.prompt_error if row.prompt else row.needs_error
    assert client.simulator.journal[-1].error == expected
    assert "usage" not in got.json


USAGE: dict[str, Any] = {
    "wanx2.1-t2v-turbo": {"video_duration": 5, "video_ratio": "1280*720", "video_count": 1},
    "wan2.6-t2v": {
        "duration": 5,
        "size": "1920*1080",
        "input_video_duration": 0,
        "output_video_duration": 5,
        "video_count": 1,
        "SR": 1080,
    },
    "wan2.6-i2v": {
        "duration": 5,
        "input_video_duration": 0,
        "output_video_duration": 5,
        "video_count": 1,
        "SR": 1080,
    },
}


@pytest.mark.parametrize("model", USAGE)
def test_what_a_video_cost(client: Any, model: str) -> None:
    got = client.make(model, valid(model))
    assert got.json["usage"] == USAGE[model]
    entry = client.simulator.journal[-1]
    assert entry.model == model
    assert entry.usage == {
        name: value for name, value in USAGE[model].items() if isinstance(value, int)
    }


def test_reference_videos_cost_too(client: Any) -> None:
    given = {"prompt": "x", "reference_urls": [PICTURE, CLIP]}
    got = client.make("wan2.6-r2v-flash", given, {"duration": 10, "audio": False})
    assert b'"duration":15.0,"size":"1920*1080","input_video_duration":5,' in got.body
    assert got.json["usage"]["audio"] is False
    by_field = {"prompt": "x", "reference_video_urls": [PICTURE]}
    assert client.make("wan2.6-r2v", by_field).json["usage"]["input_video_duration"] == 5


def test_parameters_decide_on_size_length_and_cost(client: Any) -> None:
    sized = client.make(parameters={"size": "832*1088", "duration": 12})
    assert sized.json["usage"]["size"] == "832*1088"
    assert (sized.json["usage"]["SR"], sized.json["usage"]["duration"]) == (720, 12)
    shaped = client.make(
        "wan2.7-r2v", media("reference_image"), {"resolution": "720P", "ratio": "9:16"}
    )
    assert (shaped.json["usage"]["SR"], shaped.json["usage"]["ratio"]) == (720, "9:16")


def test_the_rewritten_prompt_is_told_by_old_models_if_there_is_one(client: Any) -> None:
    rewritten = client.make("wanx2.1-t2v-turbo").output
    assert rewritten["orig_prompt"] == "a cat"
    assert rewritten["actual_prompt"] != "a cat"
    left = client.make("wanx2.1-t2v-turbo", parameters={"prompt_extend": False}).output
    assert "actual_prompt" not in left


def test_a_video_has_the_shape_of_the_picture_that_it_begins_with(client: Any) -> None:
    assert client.make("wan2.6-i2v", {"img_url": picture(240, 240)}).output["video_url"]
    given = {"img_url": picture(300, 600)}
    got = client.make("wanx2.1-i2v-turbo", given, {"resolution": "480P"})
    assert got.output["task_status"] == "SUCCEEDED"
    video = client.make("wan2.7-i2v", {"media": [{"type": "first_frame", "url": given["img_url"]}]})
    assert video.json["usage"]["ratio"] == "1:2"


@pytest.mark.parametrize(
    ("model", "given", "parameters", "message"),
    [
        ("wan2.6-t2v", {"prompt": " "}, {}, "prompt must contain words"),
        ("wan2.6-t2v", {"prompt": 7}, {}, "prompt must contain words"),
        ("wan2.7-r2v", {}, {}, "Field required: input.prompt"),
        (
            *("wan2.7-r2v", {"prompt": "a cat", "img_url": PICTURE}, {}),
            "Field required: input.media",
        ),
        ("wan2.6-i2v", {"prompt": "a cat"}, {}, "img_url must be set for image to video method"),
        ("wan2.6-r2v", {"prompt": "a cat", "reference_urls": []}, {}, "reference_urls must be set"),
        (
            *("wan2.6-t2v", {"prompt": "a cat"}, {"size": "1280x720"}),
            f"size must be in {FULL},720*1280,1280*720,960*960,1088*832,832*1088",
        ),
        (
            *("wan2.2-t2v-plus", {"prompt": "a cat"}, {"size": "1280*720"}),
            f"size must be in {FULL},480*832,832*480,624*624",
        ),
        (
            *("wan2.6-t2v", {"prompt": "a cat"}, {"duration": 1}),
            "duration must be in 2,3,4,5,6,7,8,9,10,11,12,13,14,15",
        ),
        (
            *("wan2.6-t2v", {"prompt": "a cat"}, {"duration": True}),
            "duration must be in 2,3,4,5,6,7,8,9,10,11,12,13,14,15",
        ),
        (
            *("wan2.6-t2v", {"prompt": "a cat"}, {"shot_type": "many"}),
            "shot_type must be in single,multi",
        ),
        (
            *("wanx2.1-t2v-turbo", {"prompt": "a cat"}, {"duration": 10}),
            "duration customization is not supported",
        ),
        (
            *("wan2.7-r2v", media("reference_image"), {"duration": 16}),
            "Duration should be between 2 and 15",
        ),
        (
            *("wan2.7-r2v", media("reference_video"), {"duration": 11}),
            "Duration should be between 2 and 10",
        ),
        (
            *("wan2.7-r2v", media("reference_image"), {"resolution": "480P"}),
            "Input should be '1080P' or '720P'",
        ),
        (
            *("wan2.7-r2v", media("first_clip"), {}),
            "Input should be 'reference_image', 'reference_video' or 'first_frame'",
        ),
        ("wan2.7-r2v", media("first_frame"), {}, "Only first frame provided is not allowed"),
        (
            *("wan2.7-r2v", media(*["reference_image"] * 6), {}),
            "The number of media should be between 1 and 5",
        ),
        (
            *("wan2.6-i2v", {"img_url": "cat.png"}, {}),
            "Required URL is missing or invalid, please check the request URL.",
        ),
        (
            *("wan2.6-i2v", {"img_url": "http:///"}, {}),
            "Required URL is missing or invalid, please check the request URL.",
        ),
        (
            *("wan2.6-i2v", {"img_url": "http://[a/"}, {}),
            "Required URL is missing or invalid, please check the request URL.",
        ),
        (
            *("wan2.6-i2v", {"img_url": picture(300, 239)}, {}),
            "Image height or width is too small than 240",
        ),
        (
            *("wan2.6-t2v", {"prompt": "a cat"}, {"seed": -1}),
            "seed must be between 0 and 2147483647",
        ),
        (
            *("wan2.6-t2v", {"prompt": "a cat"}, {"seed": 2**31}),
            "seed must be between 0 and 2147483647",
        ),
    ],
)
def test_what_is_wrong_shows_in_the_task(
    client: Any, model: str, given: Any, parameters: Any, message: str
) -> None:
    submitted = client.submit(model, given, parameters)
    assert (submitted.status, submitted.output["task_status"]) == (200, "PENDING")
    got = client.finish(submitted.output["task_id"])
    assert got.status == 200
    assert got.output["task_status"] == "FAILED"
    assert got.output["message"] == message
    assert [*got.output][:4] == ["task_id", "task_status", "code", "message"]


def test_a_medium_may_have_a_voice(client: Any) -> None:
    given = media("reference_image")
    given["media"][0]["reference_voice"] = "https://example.com/voice.mp3"
    assert client.make("wan2.7-r2v", given).output["task_status"] == "SUCCEEDED"
    given["media"][0]["reference_voice"] = "voice.mp3"
    assert client.make("wan2.7-r2v", given).output["code"] == "InvalidURL"


def test_fields_that_no_model_knows_are_ignored(client: Any) -> None:
    given = {"prompt": "a cat", "extend_prompt": True, "function": "video-synthesis", "x": [1]}
    parameters = {"watermark": 1, "n": 4, "ratio": "7:3", "seed": None, "size": None}
    assert client.make("wan2.6-t2v", given, parameters).output["task_status"] == "SUCCEEDED"


def test_models_for_key_frames_are_on_a_path_of_their_own(client: Any) -> None:
    wrong = client.submit("wan2.6-t2v", path=KEYFRAMES)
    assert (wrong.status, "url error" in wrong.json["message"]) == (400, True)
    got = client.make("wan2.2-kf2v-flash", VALID["kf2v"], path=KEYFRAMES)
    assert got.output["task_status"] == "SUCCEEDED"
    listed = client.list()["data"][0]["user_api_unique_key"]
    assert listed == "apikey:v1:aigc:image2video:video-synthesis:wan2.2-kf2v-flash"
