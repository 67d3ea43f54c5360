"""Whatever is asked of image models, images come of it, or a refusal of the error table."""

import re
from string import Formatter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.catalog import load
from qwensim.simulator import Simulator

CATALOG = load()
ROUTES = ["multimodal-generation", "image-synthesis", "image-generation", "image-editing"]
PATHS = [CATALOG.routes[name].path for name in ROUTES]
ASYNC = (("x-dashscope-async", "enable"),)
URL = re.compile(r"https://[a-z0-9.-]+/1d/[^?]+-\d\.png\?.+")

TEXTS = st.text(max_size=5) | st.sampled_from(
    [
        *("https://example.com/a.png", "http://[", "oss://x", "data:,", "stylization_all"),
        *("data:image/png;base64,AAAA", "1024*1024", "1664*928", "1280*1280", "0*0", "<auto>"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-3, 9) | st.integers() | TEXTS | st.floats(-9, 9)
FIELDS = ["prompt", "messages", "content", "text", "image", "images", "function", "base_image_url"]
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=8,
)
PARTS = st.lists(
    st.fixed_dictionaries({"text": TEXTS}) | st.fixed_dictionaries({"image": TEXTS}) | VALUES,
    max_size=3,
)
MESSAGES = st.lists(st.fixed_dictionaries({"content": PARTS | VALUES}) | VALUES, max_size=2)
INPUTS = st.fixed_dictionaries(
    {}, optional={name: VALUES for name in FIELDS if name != "messages"} | {"messages": MESSAGES}
)
PARAMETERS = st.dictionaries(
    st.sampled_from(["size", "n", "seed", "style", "ref_mode", "prompt_extend", "watermark"]),
    VALUES,
)
BODIES = st.fixed_dictionaries(
    {"model": st.sampled_from([*CATALOG.images]) | VALUES, "input": INPUTS | VALUES},
    optional={"parameters": PARAMETERS | VALUES},
)
SIZES = st.builds("{}*{}".format, st.integers(1, 3000), st.integers(1, 3000))


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


def urls_in(output: Any) -> list[str]:
    parts = [
        part for choice in output.get("choices", ()) for part in choice["message"]["content"]
    ] + output.get("results", [])
    return [url for part in parts if (url := part.get("image") or part.get("url"))]


@given(
    body=BODIES,
    path=st.sampled_from(PATHS),
    headers=st.sampled_from([ASYNC, ASYNC, ()]),
)
@settings(deadline=None, max_examples=300)
def test_any_body_is_answered_or_refused(
    make_client: Any, body: Any, path: str, headers: Any
) -> None:
    ours = make_client(Simulator())
    got = ours.send("POST", path, body, headers=headers)
    if got.status != 200:
        assert {*got.json} == {"request_id", "code", "message"}
        assert is_catalogued("native", got.json), got.json
        return
    if got.output.get("task_status") == "PENDING":
        got = ours.finish(got.output["task_id"])
    if got.output.get("task_status") == "FAILED":
        assert is_catalogued("tasks", got.output), got.output
        assert "usage" not in got.json
        return
    urls = urls_in(got.output)
    assert len(urls) == got.json["usage"]["image_count"] > 0
    assert all(URL.fullmatch(url) for url in urls)


@given(
    model=st.sampled_from([*CATALOG.images]),
    size=SIZES,
    number=st.integers(1, 6),
    failing=st.integers(0, 6),
)
@settings(deadline=None, max_examples=200)
def test_what_is_made_is_what_was_asked_for(
    make_client: Any, model: str, size: str, number: int, failing: int
) -> None:
    row = CATALOG.images[model]
    name, protocol = next(iter(row.protocols.items()))
    simulator = Simulator()
    host = next(host for host, served in CATALOG.served.items() if model in served)
    ours = make_client(simulator, host=host)
    if failing:
        simulator.script(error="task-failed-timeout", values={"images": failing})
    picture = {"image": "https://example.com/a.png"}
    content = [*[picture] * row.needs_picture, {"text": "a cat"}]
    asks = CATALOG.image_protocols[protocol].asks
    body: dict[str, Any] = {
        "model": model,
        "input": {"messages": [{"content": content}]}
        if asks == "messages"
        else {"prompt": "a cat", **dict.fromkeys([*row.needs, row.pictures_in or "x"], "oss:")},
        "parameters": {"size": size, "n": number},
    }
    if asks == "prompt" and row.pictures_in:
        body["input"][row.pictures_in] = "https://example.com/a.png"
    at_once = name == "multimodal-generation"
    got = ours.send("POST", CATALOG.routes[name].path, body, headers=() if at_once else ASYNC)
    if not at_once:
        got = ours.finish(got.output["task_id"])
    if got.status != 200 or got.output.get("task_status") == "FAILED" or "output" not in got.json:
        return
    usage, width, height = got.json["usage"], *map(int, size.split("*"))
    assert usage["image_count"] == len(urls_in(got.output)) == number - failing
    if not row.size_fixed and "width" in usage:
        near = [round(side / row.multiple) * row.multiple for side in (width, height)]
        assert [usage["width"], usage["height"]] == near
    if row.area is not None:
        assert row.area[0] <= width * height <= row.area[1]
    if row.sizes:
        assert size in row.sizes
