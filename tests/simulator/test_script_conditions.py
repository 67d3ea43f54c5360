"""Which requests a script is for, by what stands in the messages before the last."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from qwensim.errors import UsageError
from qwensim.simulator import Script, Simulator
from qwensim.simulator.replies.spec import ScriptSpec

Send = Callable[..., Any]

SYSTEM = {"role": "system", "content": "You are a personal assistant."}
EARLIER = {"role": "user", "content": [{"type": "text", "text": "My name is Ada."}]}
ANSWER = {"role": "assistant", "content": "Hello Ada!"}
LAST = {"role": "user", "content": "Who am I?"}


@pytest.mark.parametrize(
    "wanted",
    ["personal assistant", "name is Ada", "Hello Ada", "Who am", re.compile("^You are .*[.]$")],
)
def test_a_script_may_ask_for_a_text_in_any_message(
    simulator: Simulator, send: Send, wanted: Any
) -> None:
    simulator.script("You are Ada.", any_message=wanted)
    reply = send(simulator, messages=[SYSTEM, EARLIER, ANSWER, LAST])
    assert reply.text == "You are Ada."


@pytest.mark.parametrize("wanted", ["Personal", "Ada.Hello", re.compile("^am"), "stranger"])
def test_a_text_that_stands_in_no_message_is_none(
    simulator: Simulator, send: Send, wanted: Any
) -> None:
    simulator.script("You are Ada.", any_message=wanted)
    send(simulator, messages=[SYSTEM, EARLIER, ANSWER, LAST])
    assert len(simulator.unused_scripts) == 1


def test_both_conditions_on_texts_must_hold(simulator: Simulator, send: Send) -> None:
    simulator.script("You are Ada.", any_message="assistant", last_user="Who")
    send(simulator, messages=[SYSTEM, EARLIER])
    send(simulator, messages=[LAST])
    assert len(simulator.unused_scripts) == 1
    assert send(simulator, messages=[SYSTEM, LAST]).text == "You are Ada."


def test_the_prompt_of_a_video_is_a_message(simulator: Simulator, send: Send) -> None:
    simulator.script(error="overdue", any_message="cat")
    reply = send(
        simulator,
        path="/api/v1/services/aigc/video-generation/video-synthesis",
        headers=(("x-dashscope-async", "enable"),),
        model="wan2.6-t2v",
        input={"prompt": "A cat."},
    )
    assert reply.status == 400
    assert not simulator.unused_scripts


@pytest.mark.parametrize("name", ["last_user", "any_message"])
def test_a_pattern_is_written_down_beside_the_text(name: str) -> None:
    pattern = re.compile("^a.b$")
    conditions: dict[str, Any] = {name: pattern}
    spec = ScriptSpec.of(Script(text="x", **conditions))
    assert getattr(spec, f"{name}_pattern") == "^a.b$"
    assert getattr(spec, name) is None
    assert getattr(spec.script(), name) == pattern


@pytest.mark.parametrize("name", ["last_user", "any_message"])
def test_a_wrong_pattern_is_told(name: str) -> None:
    both: dict[str, Any] = {name: "a", f"{name}_pattern": "b"}
    with pytest.raises(UsageError, match=f"has {name} and {name}_pattern: give one of them"):
        ScriptSpec(**both).script()
    broken: dict[str, Any] = {f"{name}_pattern": "("}
    with pytest.raises(UsageError, match=rf"{name}_pattern: '\(' is no regular expression"):
        ScriptSpec(**broken).script()
