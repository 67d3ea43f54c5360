"""The Anthropic protocol: messages whole and streamed, thinking, tools, pictures, counting."""

from functools import partial
from typing import Any, Final

from qwensim.contract import anthropic, pictures
from qwensim.contract.answers import expect, expect_that
from qwensim.contract.anthropic import COUNT, NO_THINKING
from qwensim.contract.case import Case, Need
from qwensim.contract.session import Session

_TEXT = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
_THOUGHT = "Numbers are wanted, and they are to be in order."
_ASK = "Weather and time, please."


def _tool(name: str, parameter: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {parameter: {"type": "string"}}}
    return {"name": name, "description": f"Tells the {name}.", "input_schema": schema}


_TOOLS: Final = [_tool("weather", "city"), _tool("time", "zone")]
_CALLS: Final = [("weather", {"city": "Paris"}), ("time", {"zone": "CET"})]


def message(session: Session) -> None:
    """Ask for a message that is not streamed."""
    found = anthropic.whole(anthropic.ask(session, thinking=NO_THINKING))
    expect("model", session.model, found["model"])
    expect("stop_reason", "end_turn", found["stop_reason"])
    expect_that("text", "some", anthropic.told(found, "text"), found)


def stream(session: Session) -> None:
    """Stream: the events come in their order, framed without spaces."""
    answer = anthropic.ask(session, stream=True)
    found = anthropic.message_of(answer)
    expect("model", session.model, found["model"])
    expect("stop_reason", "end_turn", found["stop_reason"])
    expect_that("text", "some", anthropic.told(found, "text"), found)
    kinds = [event["type"] for event in anthropic.events(answer)]
    expect_that("events", "with a ping", "ping" in kinds, kinds)


def both_ways(session: Session, **asking: Any) -> None:
    """Have the same said and thought whole and streamed."""
    session.service.script(text=_TEXT, reasoning=_THOUGHT, times=2)
    told = anthropic.whole(anthropic.ask(session, **asking))
    streamed = anthropic.message_of(anthropic.ask(session, stream=True, **asking))
    for found in (told, streamed):
        kinds = [block["type"] for block in found["content"]]
        expect("blocks", ["thinking", "text"], kinds)
        expect("thinking", _THOUGHT, anthropic.told(found, "thinking"))
        expect("signature", "", found["content"][0].get("signature"))
        expect("text", _TEXT, anthropic.told(found, "text"))
    expect("usage", told["usage"], streamed["usage"])


def thinking(session: Session, *, thinks: bool, **asking: Any) -> None:
    """Ask for thinking, or for none."""
    for found in (
        anthropic.whole(anthropic.ask(session, **asking)),
        anthropic.message_of(anthropic.ask(session, stream=True, **asking)),
    ):
        expect("thinking", thinks, bool(anthropic.told(found, "thinking")))
        expect_that("text", "some", anthropic.told(found, "text"), found)


def thought_sent_back(session: Session) -> None:
    """Send thinking back, with the empty signature that it came with."""
    thought = {"type": "thinking", "thinking": _THOUGHT, "signature": ""}
    spoken = [
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "Hello."}]},
        {"role": "user", "content": "And now?"},
    ]
    anthropic.whole(anthropic.ask(session, spoken))


def system(session: Session) -> None:
    """Give the system prompt as a text and as blocks, which a client may mark for the cache."""
    marked = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    forms: tuple[Any, ...] = ("Be brief.", [marked])
    counts = [
        anthropic.whole(anthropic.ask(session, system=form, thinking=NO_THINKING))["usage"]
        for form in forms
    ]
    prompts = [_prompt(usage) for usage in counts]
    expect("tokens of the prompt", prompts[:1] * 2, prompts)
    plain = anthropic.whole(anthropic.ask(session, thinking=NO_THINKING))["usage"]
    expect_that("tokens of the prompt", "more than without", prompts[0] > _prompt(plain), plain)


def called(session: Session) -> None:
    """Have tools called, whole and streamed."""
    session.service.script(tool_calls=_CALLS, times=2)
    asking: dict[str, Any] = {"tools": _TOOLS, "thinking": NO_THINKING}
    for found in (
        anthropic.whole(anthropic.ask(session, _ASK, **asking)),
        anthropic.message_of(anthropic.ask(session, _ASK, stream=True, **asking)),
    ):
        expect("stop_reason", "tool_use", found["stop_reason"])
        calls = anthropic.calls(found)
        expect("calls", _CALLS, [(call["name"], call["input"]) for call in calls])
        ids = {call["id"] for call in calls}
        expect_that("ids", "toolu_…", all(id_.startswith("toolu_") for id_ in ids), ids)
        expect("number of ids", len(_CALLS), len(ids))


def forced(session: Session, choice: dict[str, Any], names: list[str]) -> None:
    """Say which tool is to be called."""
    asking: dict[str, Any] = {"tools": _TOOLS, "tool_choice": choice, "thinking": NO_THINKING}
    found = anthropic.whole(anthropic.ask(session, "What is the weather in Paris?", **asking))
    expect("names", names, [call["name"] for call in anthropic.calls(found)])
    expect("stop_reason", "tool_use" if names else "end_turn", found["stop_reason"])


def answered(session: Session) -> None:
    """Give what a tool said, beside what the user says."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}
    sunny = [{"type": "text", "text": "sunny, 21 degrees"}]
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": sunny}
    spoken = [
        {"role": "user", "content": _ASK},
        {"role": "assistant", "content": [{"type": "text", "text": "I look."}, use]},
        {"role": "user", "content": [result, {"type": "text", "text": "Well?"}]},
    ]
    choice = {"type": "none"}
    found = anthropic.whole(anthropic.ask(session, spoken, tools=_TOOLS, tool_choice=choice))
    expect("stop_reason", "end_turn", found["stop_reason"])


def picture(session: Session) -> None:
    """Show a picture that is sent along: it counts by its size."""
    kind, _, data = pictures.SQUARE.removeprefix("data:").partition(";base64,")
    source = {"type": "base64", "media_type": kind, "data": data}
    text = {"type": "text", "text": "What is shown here?"}
    shown, plain = (
        anthropic.whole(
            anthropic.ask(session, [{"role": "user", "content": parts}], thinking=NO_THINKING)
        )
        for parts in ([{"type": "image", "source": source}, text], [text])
    )
    # A token is a square of 32 pixels a side; two more stand around the picture.
    expect("tokens", 16 * 16 + 2, _prompt(shown["usage"]) - _prompt(plain["usage"]))


def cut_off(session: Session) -> None:
    """Ask for a long answer in few tokens."""
    asked = "Count from one to one hundred in words."
    found = anthropic.whole(anthropic.ask(session, asked, max_tokens=2, thinking=NO_THINKING))
    expect("stop_reason", "max_tokens", found["stop_reason"])
    expect("output_tokens", 2, found["usage"]["output_tokens"])


def stopped(session: Session) -> None:
    """Have an answer end before a sequence, which is not named."""
    session.service.script(text=_TEXT, times=2)
    asking: dict[str, Any] = {"stop_sequences": [" five"], "thinking": NO_THINKING}
    for found in (
        anthropic.whole(anthropic.ask(session, **asking)),
        anthropic.message_of(anthropic.ask(session, stream=True, **asking)),
    ):
        expect("text", "One two three four", anthropic.told(found, "text"))
        expect("stop_reason", "end_turn", found["stop_reason"])
        expect("stop_sequence", None, found.get("stop_sequence"))


def counted(session: Session) -> None:
    """Have a prompt counted: it is what the message counts."""
    asking: dict[str, Any] = {"system": "Be brief.", "tools": _TOOLS, "thinking": NO_THINKING}
    answer = anthropic.ask(session, path=COUNT, max_tokens=None, **asking)
    found = anthropic.whole(anthropic.ask(session, **asking))
    expect("body", {"input_tokens": _prompt(found["usage"])}, answer.ok().json())


def _prompt(usage: dict[str, Any]) -> int:
    """Return the tokens of a prompt, those that were found in a cache included."""
    return int(usage["input_tokens"] + usage["cache_read_input_tokens"])


_case = partial(Case, surface="anthropic")
_SCRIPT: frozenset[Need] = frozenset({"script"})
_CAPTURES = "foggy-projects/Foggy-Navigator, Mar 2026; public capture, Jun 2026"
_DOCS = "Model Studio docs: Anthropic compatibility"

CASES = (
    _case(
        id="anthropic-message",
        title="a message is one of the protocol",
        holds=_DOCS,
        run=message,
    ),
    _case(
        id="anthropic-stream",
        title="events come in the protocol's order, a ping among them",
        holds=_CAPTURES,
        run=stream,
    ),
    _case(
        id="anthropic-thinking",
        title="thinking comes before the text, with an empty signature",
        holds=_CAPTURES,
        run=both_ways,
        needs=_SCRIPT,
    ),
    *(
        _case(
            id=f"anthropic-thinking-{name}",
            title=f"thinking is asked for or not: {name}",
            holds=f"{_DOCS}; third-party measurements, Sep 2026",
            run=partial(thinking, thinks=thinks, thinking=asked),
        )
        for name, thinks, asked in (
            ("enabled", True, {"type": "enabled", "budget_tokens": 1024}),
            ("adaptive", True, {"type": "adaptive"}),
            ("disabled", False, NO_THINKING),
        )
    ),
    _case(
        id="anthropic-thinking-never",
        title="a model that cannot think does not, and says no word of it",
        holds=_DOCS,
        run=partial(thinking, thinks=False, thinking={"type": "enabled", "budget_tokens": 1024}),
        models=("qwen3-coder-plus",),
    ),
    _case(
        id="anthropic-thinking-sent-back",
        title="thinking may be sent back with its empty signature",
        holds="third-party measurements, Sep 2026",
        run=thought_sent_back,
    ),
    _case(
        id="anthropic-system",
        title="the system prompt is a text or blocks",
        holds=_DOCS,
        run=system,
    ),
    _case(
        id="anthropic-tools-called",
        title="tools are called, whole and in pieces",
        holds=_CAPTURES,
        run=called,
        needs=_SCRIPT,
    ),
    *(
        _case(
            id=f"anthropic-tool-choice-{choice['type']}",
            title=f"which tool is called may be said: {choice['type']}",
            holds=_DOCS,
            run=partial(forced, choice=choice, names=names),
        )
        for choice, names in (
            ({"type": "tool", "name": "weather"}, ["weather"]),
            ({"type": "none"}, []),
        )
    ),
    _case(
        id="anthropic-tool-answered",
        title="what a tool answered is taken up",
        holds=_DOCS,
        run=answered,
    ),
    _case(
        id="anthropic-picture",
        title="a picture that is sent along counts by its size",
        holds=f"{_DOCS}; image and video understanding",
        run=picture,
    ),
    _case(
        id="anthropic-cut-off",
        title="an answer that is too long is cut, and says so",
        holds=_DOCS,
        run=cut_off,
    ),
    _case(
        id="anthropic-stop-sequence",
        title="a stop sequence ends the turn as if it had ended by itself",
        holds="Model Studio docs: Anthropic compatibility (stop_reason)",
        run=stopped,
        needs=_SCRIPT,
    ),
    _case(
        id="anthropic-count-tokens",
        title="a prompt is counted as its answer counts it",
        holds="public first-hand test on dashscope-intl (qwen3-max)",
        run=counted,
    ),
)
