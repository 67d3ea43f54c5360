"""Structured output: objects, schemas, and when they are refused."""

import json
from functools import partial
from typing import Any

from qwensim.contract.answers import Broken, expect, expect_that, joined
from qwensim.contract.case import Case
from qwensim.contract.refusals import refused
from qwensim.contract.session import Session

_QUIET = ("qwen3-max-2026-01-23",)
_ASK = "Name a city and its number of inhabitants, as JSON."
_OBJECT = {"type": "json_object"}
_SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "city",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "inhabitants": {"type": "integer", "minimum": 0},
            },
            "required": ["name", "inhabitants"],
            "additionalProperties": False,
        },
    },
}


def whole(session: Session, wanted: Any) -> None:
    """Ask for JSON."""
    _expect_json(session.ask(_ASK, response_format=wanted).message()["content"], wanted)


def streamed(session: Session, wanted: Any) -> None:
    """Ask for JSON in a stream."""
    answer = session.ask(_ASK, response_format=wanted, stream=True)
    _expect_json(joined(answer.deltas(), "content"), wanted)


def by_client(session: Session) -> None:
    """Ask for JSON with the real client."""
    reply = session.provider().chat(session.model, _ASK, response_format=_SCHEMA)
    _expect_json(reply.content, _SCHEMA)


def word_missing(session: Session) -> None:
    """Ask for JSON without saying so; then say so in the system message."""
    refused(session, "json-word-missing", "Name a city.", response_format=_OBJECT)
    refused(session, "json-word-missing", "Name a city.", response_format=_OBJECT, stream=True)
    messages = [
        {"role": "system", "content": "You answer in json."},
        {"role": "user", "content": "Name a city."},
    ]
    _expect_json(session.ask(messages, response_format=_OBJECT).message()["content"], _OBJECT)


def in_thinking(session: Session, wanted: Any) -> None:
    """Ask a model that thinks for JSON; then with thinking off."""
    refused(session, "json-in-thinking", _ASK, response_format=wanted, enable_thinking=True)
    whole_of = session.ask(_ASK, response_format=wanted, enable_thinking=False)
    _expect_json(whole_of.message()["content"], wanted)


def unknown(session: Session) -> None:
    """Ask for a format that there is not."""
    values = {"value": "yaml"}
    refused(
        session, "response-format-unknown", _ASK, values=values, response_format={"type": "yaml"}
    )


def as_text(session: Session) -> None:
    """Ask for plain text in so many words."""
    message = session.ask(response_format={"type": "text"}).message()
    expect_that("content", "some text", message.get("content"), message)


def invalid(session: Session, json_schema: Any) -> None:
    """Ask for a schema that cannot be one."""
    wanted = {"type": "json_schema", "json_schema": json_schema}
    refused(session, "json-schema-invalid", _ASK, response_format=wanted)


def _expect_json(text: str, wanted: Any) -> None:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Broken("content", "JSON", text) from error
    if not isinstance(value, dict):
        raise Broken("content", "a JSON object", text)
    if wanted is _SCHEMA:
        expect("keys", ["inhabitants", "name"], sorted(value))
        expect_that("name", "a string", isinstance(value["name"], str), value)
        number = value["inhabitants"]
        expect_that(
            "inhabitants", "a number, 0 or more", type(number) is int and number >= 0, value
        )


CASES = (
    *(
        Case(
            id=f"json-{name}{suffix}",
            title=f"response_format json_{name} gives such JSON"
            + (", streamed too" if suffix else ""),
            holds="page 22; wire A.7: JSON mode",
            models=_QUIET,
            run=partial(run, wanted=wanted),
        )
        for name, wanted in {"object": _OBJECT, "schema": _SCHEMA}.items()
        for suffix, run in {"": whole, "-streamed": streamed}.items()
    ),
    Case(
        id="json-by-client",
        title="the client passes a schema on",
        holds="page 22",
        models=_QUIET,
        run=by_client,
    ),
    Case(
        id="json-word-missing",
        title="JSON has to be asked for in words too",
        holds="wire B: JSON mode",
        models=_QUIET,
        run=word_missing,
    ),
    *(
        Case(
            id=f"json-{name}-in-thinking",
            title=f"json_{name} is refused in thinking",
            holds="wire B: JSON + thinking",
            run=partial(in_thinking, wanted=wanted),
        )
        for name, wanted in {"object": _OBJECT, "schema": _SCHEMA}.items()
    ),
    Case(
        id="json-format-unknown",
        title="another response_format is refused",
        holds="wire B: response_format",
        models=_QUIET,
        run=unknown,
    ),
    Case(
        id="json-format-text",
        title="response_format text is plain text",
        holds="wire A.7",
        models=_QUIET,
        run=as_text,
    ),
    *(
        Case(
            id=f"json-schema-{name}",
            title=f"a schema is refused: {name.replace('-', ' ')}",
            holds="wire B (by analogy)",
            models=_QUIET,
            run=partial(invalid, json_schema=json_schema),
        )
        for name, json_schema in {
            "without-name": {"schema": {"type": "object"}},
            "of-unknown-type": {"name": "city", "schema": {"type": "place"}},
        }.items()
    ),
)
