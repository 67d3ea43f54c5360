"""The simulator's answers against real ones: keys and their order, types, sequence of events."""

import json
import runpy
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qwensim.simulator import Simulator
from qwensim.transport import transport

HERE = Path(__file__).parent
RECORDINGS = HERE.parents[2] / "shared" / "recordings"
DIGESTS = {path.stem: path for path in sorted(HERE.glob("*.json"))}
MAKER = runpy.run_path(str(HERE / "make_digests.py"))

TEXT = "The harbour lights go on at dusk, and the boats come home one by one."
REASONING = "They ask about the harbour. I should say when the lights go on, and then what happens."
CALL = ("lookup", {"place": "the old harbour on the north side", "limit": 20, "exact": True})
TOOL = {"type": "function", "function": {"name": "lookup", "parameters": {"type": "object"}}}


def answer(digest: dict[str, Any]) -> httpx2.Response:
    """Ask for what was recorded and return what the simulator says."""
    simulator, reply = Simulator(), digest["reply"]
    calls = [CALL] * reply.get("calls", 0)
    if reply:
        text = TEXT if reply.get("text") else None
        simulator.script(text=text, reasoning=REASONING, tool_calls=calls)
    body = {"messages": [{"role": "user", "content": "Answer in JSON."}], **digest["request"]}
    if body.get("stream"):
        body = {"stream_options": {"include_usage": True}, **body}
    if calls or "tool_choice" in body:
        body["tools"] = [TOOL]
    host = digest.get("host", "dashscope-intl.aliyuncs.com")
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:
        return client.post(
            f"https://{host}/compatible-mode/v1/chat/completions",
            json=body,
            headers={"authorization": f"Bearer {digest.get('key', 'sk-12345678')}"},
        )


def events_of(response: httpx2.Response) -> list[Any]:
    """Return the JSON of a body, or that of each event of a stream."""
    if not response.content.startswith(b"data: "):
        return [json.loads(response.content)]
    *frames, last = response.content.decode().split("\n\n")
    assert last == ""
    if response.status_code == 200:
        assert frames.pop() == "data: [DONE]"
    assert all(frame.startswith("data: {") for frame in frames)
    return [json.loads(frame.removeprefix("data: ")) for frame in frames]


@pytest.mark.parametrize("name", DIGESTS)
def test_an_answer_has_the_shape_of_the_recorded_one(name: str) -> None:
    digest = json.loads(DIGESTS[name].read_text(encoding="utf-8"))
    response = answer(digest)
    assert response.status_code == digest.get("status", response.status_code)
    shapes = MAKER["shapes_of"](events_of(response))
    # As texts, which unlike dicts differ when the order of their keys does.
    assert list(map(json.dumps, shapes)) == list(map(json.dumps, digest["events"]))


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside the project")
def test_the_digests_are_those_of_the_recordings() -> None:
    made = MAKER["make"](RECORDINGS)
    assert made
    assert made == {name: (HERE / name).read_text(encoding="utf-8") for name in made}
