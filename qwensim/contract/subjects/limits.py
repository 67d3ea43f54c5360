"""Limits: the range of each parameter, and the length of an input."""

from functools import partial
from typing import Any

from qwensim.contract.answers import expect, expect_in, failure
from qwensim.contract.case import Case
from qwensim.contract.refusals import refused, words
from qwensim.contract.session import Session
from qwensim.provider import InputTooLongError

_QUIET = ("qwen3-max-2026-01-23",)
_MOST_OUTPUT = 65_536
_MOST_REASONING = 81_920
_PREFIX = "<400> InternalError.Algo.InvalidParameter: "

_RANGES: dict[str, tuple[str, tuple[Any, ...], tuple[Any, ...], dict[str, object]]] = {
    "temperature": ("temperature-range", (0, 1.99), (-0.1, 2), {}),
    "top_p": ("top-p-range", (0.01, 1), (0, 1.1), {}),
    "top_k": ("top-k-range", (0, 100), (-1,), {}),
    "presence_penalty": ("presence-penalty-range", (-2, 2), (-2.1, 2.1), {}),
    "repetition_penalty": ("repetition-penalty-range", (0.1, 2), (0, -1), {}),
    "n": ("n-range", (1, 4), (0, 5), {"limit": 4}),
    "top_logprobs": ("top-logprobs-range", (0, 5), (-1, 6), {}),
    "max_tokens": (
        "max-tokens-range",
        (1, _MOST_OUTPUT),
        (0, _MOST_OUTPUT + 1),
        {"limit": _MOST_OUTPUT},
    ),
    "thinking_budget": (
        "thinking-budget-range",
        (1, _MOST_REASONING),
        (0, _MOST_REASONING + 1),
        {"limit": _MOST_REASONING},
    ),
}
"""Error, values at the edges, values beyond them, and what the error's message names."""

_TYPES: dict[str, tuple[Any, str]] = {
    "temperature": ("warm", "Float"),
    "max_tokens": ("many", "Integer"),
    "enable_thinking": ("yes", "Boolean"),
    "stream": ("no", "Boolean"),
}
"""A value of another type, and what the service calls the one that it wants."""


def within(session: Session, name: str) -> None:
    """Send a parameter at the edges of its range and beyond."""
    error, good, bad, values = _RANGES[name]
    extra = {"logprobs": True} if name == "top_logprobs" else {}
    for value in good:
        session.ask(**{name: value}, **extra).ok()
    for value in bad:
        refused(session, error, values=values, **{name: value}, **extra)


def of_type(session: Session, name: str) -> None:
    """Send a parameter of another type."""
    value, wanted = _TYPES[name]
    refused(session, "wrong-type", values={"path": name, "type": wanted}, **{name: value})


def seed(session: Session) -> None:
    """Send a seed at the lower edge and below."""
    session.ask(seed=0).ok()
    values = {"value": -1, "limit": 0, "path": "seed"}
    refused(session, "too-small", values=values, seed=-1)


def stop(session: Session) -> None:
    """Send stop sequences of mixed types."""
    session.ask(stop=["zebra", "quagga"]).ok()
    refused(session, "stop-invalid", stop=["zebra", 1])


def cut_off(session: Session) -> None:
    """Ask for a long answer in few tokens."""
    answer = session.ask("Count from one to one hundred in words.", max_tokens=1)
    expect("finish_reason", "length", answer.finish_reason())


def null(session: Session) -> None:
    """Send parameters that are null: they count as absent."""
    body = session.body(temperature=None, max_tokens=None, tools=None, stream=None)
    session.send(json=body).message()


def ignored(session: Session) -> None:
    """Send what the service does not know."""
    session.ask(frequency_penalty=0.5, user="someone", reasoning_style="brief").message()


def input_length(session: Session, limit: int) -> None:
    """Send a prompt that is longer than the model takes."""
    prompt = "a " * (limit + 1)
    refused(session, "input-length", prompt, values={"limit": limit})
    error = failure(InputTooLongError, lambda: session.provider().chat(session.model, prompt))
    expect_in("the service's words", words(session, "input-length", limit=limit), error.message)


CASES = (
    *(
        Case(
            id=f"limit-{name.replace('_', '-')}",
            title=f"{name} is taken within its range and refused beyond",
            holds="wire A.7 and B: parameter ranges",
            models=_QUIET,
            run=partial(within, name=name),
        )
        for name in _RANGES
    ),
    *(
        Case(
            id=f"type-{name.replace('_', '-')}",
            title=f"{name} of another type is refused",
            holds="wire B: types of parameters",
            models=_QUIET,
            run=partial(of_type, name=name),
        )
        for name in _TYPES
    ),
    Case(
        id="limit-seed",
        title="a seed below 0 is refused",
        holds="wire B: seed",
        models=_QUIET,
        run=seed,
    ),
    Case(
        id="limit-stop",
        title="stop sequences of mixed types are refused",
        holds="wire A.7: stop",
        models=_QUIET,
        run=stop,
    ),
    Case(
        id="limit-reached",
        title="an answer that is cut off says so",
        holds="wire A.7: max_tokens",
        models=_QUIET,
        run=cut_off,
    ),
    Case(
        id="parameter-null",
        title="a null counts as absent",
        holds="wire A.7",
        models=_QUIET,
        run=null,
    ),
    Case(
        id="parameter-unknown",
        title="unknown parameters are ignored",
        holds="wire A.7: unknown parameters",
        models=_QUIET,
        run=ignored,
    ),
    Case(
        id="input-too-long",
        title="a prompt that is too long is refused, naming the limit",
        holds="wire B: context length",
        plans=("standard",),
        models=("qwen-max",),
        run=partial(input_length, limit=30_720),
    ),
    Case(
        id="input-too-long-on-plan",
        title="a prompt that is too long for a plan's model is refused, naming the limit",
        holds="wire B: context length; wire G",
        plans=("coding",),
        models=("glm-4.7",),
        needs=frozenset({"size"}),
        run=partial(input_length, limit=169_984),
    ),
)
