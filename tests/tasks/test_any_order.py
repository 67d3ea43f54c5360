"""Whatever is ordered, a task comes of it that ends, or a refusal of the error table."""

import json
import re
from string import Formatter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.simulator import Simulator

CATALOG = load()
VIDEO = CATALOG.routes["video-synthesis"].path
KEYFRAMES = CATALOG.routes["keyframe-video-synthesis"].path
ASYNC = (("x-dashscope-async", "enable"),)

FIELDS = sorted(
    {"prompt", "media", "type", "url", "reference_voice"}
    | {field for row in CATALOG.videos.values() for field in row.takes}
)
PARAMETERS = [
    *("size", "resolution", "ratio", "duration", "seed", "audio", "shot_type", "prompt_extend"),
]
TEXTS = st.text(max_size=5) | st.sampled_from(
    [
        *(
            "https://example.com/a.png",
            "https://example.com/a.mp4",
            "http://",
            "http://[",
            "oss://x",
        ),
        *("data:image/png;base64,AAAA", "data:,", "1280*720", "720P", "16:9", "first_frame"),
        *("reference_image", "reference_video", "first_clip", "single"),
    ]
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 20) | st.integers() | TEXTS | st.floats(-9, 99)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5)
BODIES = st.fixed_dictionaries(
    {
        "model": st.sampled_from([*CATALOG.videos]) | VALUES,
        "input": INPUTS | st.builds(lambda rest: {"prompt": "a cat", **rest}, INPUTS) | VALUES,
    },
    optional={"parameters": st.dictionaries(st.sampled_from(PARAMETERS), VALUES) | VALUES},
)


def pattern_of(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(re.escape(text) + (".*" if name else "") for text, name, _, _ in parts)


WORDS = {
    wire: [(row.code, re.compile(pattern_of(row.message), re.DOTALL)) for row in rows.values()]
    for wire, rows in CATALOG.errors_on.items()
}


def is_catalogued(wire: str, error: Any) -> bool:
    return any(
        code == error["code"] and words.fullmatch(error["message"]) for code, words in WORDS[wire]
    )


@given(
    body=BODIES,
    path=st.sampled_from([VIDEO, KEYFRAMES]),
    headers=st.sampled_from([ASYNC, ASYNC, ASYNC, ()]),
)
@settings(deadline=None, max_examples=300)
def test_any_order_is_taken_or_refused(
    make_client: Any, body: Any, path: str, headers: Any
) -> None:
    ours = make_client(Simulator())
    got = ours.send("POST", path, body, headers=headers)
    if got.status != 200:
        assert {*got.json} == {"request_id", "code", "message"}
        assert is_catalogued("native", got.json), got.json
        return
    assert got.output["task_status"] == "PENDING"
    end = ours.finish(got.output["task_id"])
    if end.output["task_status"] == "FAILED":
        assert is_catalogued("tasks", end.output), end.output
        assert "usage" not in end.json
    else:
        assert end.output["task_status"] == "SUCCEEDED"
        assert re.fullmatch(r"https://[a-z0-9.-]+/1d/[^?]+\.mp4\?.+", end.output["video_url"])
        assert json.dumps(end.json["usage"])


@given(
    task_id=st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=20).map(
        lambda text: text.replace("/", "-").replace("?", "-")
    ),
    query=st.text(st.characters(codec="ascii", min_codepoint=33), max_size=30),
)
def test_any_question_about_tasks_is_answered(make_client: Any, task_id: str, query: str) -> None:
    ours = make_client(Simulator())
    assert ours.poll(task_id).output["task_status"] == "UNKNOWN"
    assert ours.cancel(task_id).json["code"] == "UnsupportedOperation"
    assert ours.list(query)["total"] == 0
    assert ours.send("GET", f"/{task_id}", query=query, host=RESULTS).status in (403, 404)


RESULTS = "dashscope-result-bj.oss-cn-beijing.aliyuncs.com"
