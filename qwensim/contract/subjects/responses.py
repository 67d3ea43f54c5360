"""The Responses API: responses whole and streamed, thinking, talks that go on, the bill."""

from functools import partial
from typing import Any, Final

from qwensim.contract import pictures, responses
from qwensim.contract.answers import expect, expect_that
from qwensim.contract.case import Case, Need
from qwensim.contract.session import Session

_TEXT = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
_THOUGHT = "Numbers are wanted, and they are to be in order."
_QUIET: Final = {"effort": "none"}
_WEEK = 7 * 86_400


def response(session: Session) -> None:
    """Ask for a response that is not streamed."""
    found = responses.whole(responses.ask(session, reasoning=_QUIET))
    expect("model", session.model, found.get("model"))
    expect("status", "completed", found.get("status"))
    expect("types", ["message"], responses.types(found))
    (message,) = found["output"]
    expect("keys", ["content", "id", "role", "status", "type"], list(message))
    expect_that("text", "some", responses.said(found), found)


def stream(session: Session) -> None:
    """Stream: the events come in their order, numbered, and end in the whole response."""
    answer = responses.ask(session, stream=True, reasoning=_QUIET)
    found = responses.streamed(session, answer)
    expect("status", "completed", found.get("status"))
    expect_that("text", "some", responses.said(found), found)
    expect("content-type", "text/event-stream;charset=UTF-8", answer.headers.get("content-type"))


def both_ways(session: Session) -> None:
    """Have the same said and thought whole and streamed, under both paths."""
    session.service.script(text=_TEXT, reasoning=_THOUGHT, times=3)
    told = responses.whole(responses.ask(session))
    older = responses.whole(responses.ask(session, path=responses.LEGACY))
    streamed = responses.streamed(session, responses.ask(session, stream=True))
    for found in (told, older, streamed):
        expect("types", ["reasoning", "message"], responses.types(found))
        expect("thinking", _THOUGHT, responses.thought(found))
        expect("text", _TEXT, responses.said(found))
        expect("usage", told["usage"], found["usage"])


def thinking(session: Session, *, thinks: bool, **asking: Any) -> None:
    """Ask for thinking, or for none."""
    for found in (
        responses.whole(responses.ask(session, **asking)),
        responses.streamed(session, responses.ask(session, stream=True, **asking)),
    ):
        expect("types", ["reasoning", "message"] if thinks else ["message"], responses.types(found))
        reasoning = found["usage"]["output_tokens_details"]["reasoning_tokens"]
        expect("reasoning tokens", thinks, reasoning > 0)


def instructed(session: Session) -> None:
    """Give instructions: they are told again, and cost tokens."""
    asking: dict[str, Any] = {"reasoning": _QUIET}
    plain = responses.whole(responses.ask(session, **asking))
    found = responses.whole(responses.ask(session, instructions="Be brief.", **asking))
    expect("instructions", "Be brief.", found.get("instructions"))
    tokens = [one["usage"]["input_tokens"] for one in (plain, found)]
    expect_that("input_tokens", "more than without", tokens[0] < tokens[1], tokens)


def goes_on(session: Session) -> None:
    """Go on from a response: its talk is read again, but not its instructions."""
    asking: dict[str, Any] = {"reasoning": _QUIET}
    first = responses.whole(responses.ask(session, instructions="Be brief.", **asking))
    alone = responses.whole(responses.ask(session, "And now?", **asking))
    asking["previous_response_id"] = first["id"]
    found = responses.whole(responses.ask(session, "And now?", **asking))
    expect("previous_response_id", first["id"], found.get("previous_response_id"))
    tokens = [one["usage"]["input_tokens"] for one in (alone, found)]
    expect_that("input_tokens", "more than without it", tokens[0] < tokens[1], tokens)
    expect("instructions", None, found.get("instructions"))


def not_kept(session: Session) -> None:
    """Ask that a response is not kept: nothing goes on from it."""
    first = responses.whole(responses.ask(session, store=False, reasoning=_QUIET))
    _expect_unknown(session, first["id"])


def kept(session: Session) -> None:
    """Ask for a response again, for what was put in, and have it deleted."""
    first = responses.whole(responses.ask(session, reasoning=_QUIET))
    again = responses.stored(session, first["id"]).ok().json()
    expect("output", first["output"], again.get("output"))
    (item,) = responses.stored(session, first["id"], "/input_items").ok().json()["data"]
    expect("role", "user", item.get("role"))
    gone = responses.stored(session, first["id"], method="DELETE").ok().json()
    expect("deleted", True, gone.get("deleted"))  # noqa: FBT003 - the value that is there
    responses.expect_refused(
        session,
        responses.stored(session, first["id"]),
        "responses-unknown",
        values={"value": first["id"]},
    )
    _expect_unknown(session, first["id"])


def forgotten(session: Session) -> None:
    """Go on from a response after a week."""
    first = responses.whole(responses.ask(session, reasoning=_QUIET))
    session.pause(_WEEK)
    _expect_unknown(session, first["id"])


def cut_off(session: Session) -> None:
    """Ask for a long answer in few tokens."""
    session.service.script(text=_TEXT * 4, times=2)
    asking: dict[str, Any] = {"max_output_tokens": 16, "reasoning": _QUIET}
    for found in (
        responses.whole(responses.ask(session, **asking)),
        responses.streamed(session, responses.ask(session, stream=True, **asking)),
    ):
        expect("status", "incomplete", found.get("status"))
        expect("reason", {"reason": "max_output_tokens"}, found.get("incomplete_details"))
        expect("output_tokens", 16, found["usage"]["output_tokens"])


def picture(session: Session) -> None:
    """Show a picture that is sent along: it counts by its size, and its tokens are billed apart."""
    text = {"type": "input_text", "text": "What is shown here?"}
    image = {"type": "input_image", "image_url": pictures.SQUARE}
    shown, plain = (
        responses.whole(
            responses.ask(session, [{"role": "user", "content": parts}], reasoning=_QUIET)
        )["usage"]
        for parts in ([image, text], [text])
    )
    # A token is a square of 32 pixels a side; two more stand around the picture.
    expect("tokens", 16 * 16 + 2, shown["input_tokens"] - plain["input_tokens"])
    details = shown["x_details"][0]["input_tokens_details"]
    expect("billed", shown["input_tokens"], details["image_tokens"] + details["text_tokens"])


def _expect_unknown(session: Session, response_id: str) -> None:
    """See that nothing goes on from a response."""
    error, values = "responses-previous-unknown", {"value": response_id}
    responses.refused(session, error, values=values, previous_response_id=response_id)


_case = partial(Case, surface="responses", plans=("standard",))
_DOCS = "Model Studio docs: OpenAI compatible Responses"
_PROBES = "yobo2u/omugw, probes of 2026-09-27"
_SCRIPT: frozenset[Need] = frozenset({"script"})

CASES = (
    _case(
        id="responses-response",
        title="a response is one of the protocol, its keys in their order",
        holds=f"{_DOCS}; {_PROBES}",
        run=response,
    ),
    _case(
        id="responses-stream",
        title="events come numbered and in order, and end in the whole response",
        holds=f"{_DOCS}: stream of Oct 2025",
        run=stream,
    ),
    _case(
        id="responses-both-ways",
        title="the same is said whole and streamed, under both paths",
        holds=_DOCS,
        run=both_ways,
        needs=_SCRIPT,
    ),
    *(
        _case(
            id=f"responses-thinking-{name}",
            title=f"thinking is asked for or not: {name}",
            holds=f"{_DOCS}; {_PROBES}",
            run=partial(thinking, thinks=thinks, **asking),
        )
        for name, thinks, asking in (
            ("effort", True, {"reasoning": {"effort": "high"}}),
            ("effort-none", False, {"reasoning": {"effort": "none"}}),
            ("flag-off", False, {"enable_thinking": False}),
            ("effort-first", False, {"reasoning": {"effort": "none"}, "enable_thinking": True}),
        )
    ),
    _case(
        id="responses-instructions",
        title="instructions stand before everything and are told again",
        holds=f"{_DOCS}; {_PROBES}",
        run=instructed,
    ),
    _case(
        id="responses-goes-on",
        title="a talk goes on from a response, without its instructions",
        holds=f"{_DOCS}; {_PROBES}",
        run=goes_on,
    ),
    _case(
        id="responses-not-kept",
        title="what is not to be kept is not known",
        holds=_PROBES,
        run=not_kept,
    ),
    _case(
        id="responses-kept",
        title="a response may be asked for again, and deleted",
        holds=f"{_PROBES} (GET); by analogy with the OpenAI API (DELETE)",
        run=kept,
    ),
    _case(
        id="responses-forgotten",
        title="a response is known for a week",
        holds=_DOCS,
        run=forgotten,
        needs=frozenset({"clock"}),
    ),
    _case(
        id="responses-cut-off",
        title="an answer that is too long is cut, and incomplete",
        holds=_DOCS,
        run=cut_off,
        needs=_SCRIPT,
    ),
    _case(
        id="responses-picture",
        title="a picture counts by its size, and is billed apart from the text",
        holds=f"{_DOCS}; image and video understanding",
        run=picture,
    ),
)
