"""Requests that are answered whole: what the surfaces share on which no model talks."""

from typing import Any

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ModelRow
from qwensim.exchange import Chunk, Headers
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.chance import Chance
from qwensim.simulator.pace import Pace
from qwensim.simulator.refusals import Refused
from qwensim.simulator.surfaces.availability import body_of, model_of
from qwensim.simulator.usage import Usage

_NATIVE_HEADERS = (("x-dashscope-timeout", "298"), ("x-dashscope-finished", "true"))
"""Recorded in Nov 2025 (alibaba/loongsuite-python-agent)."""


class NativeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A native request whose form is right."""

    model: ModelRow
    input: dict[str, Any]
    parameters: dict[str, Any]


def read_native(catalog: Catalog, call: Call, *, surface: str) -> NativeRequest:
    """Return the request of a call, or raise `Refused` for its model or its form."""
    body = body_of(call)
    model = model_of(catalog, call, surface=surface, otherwise="native-url-error")
    if (call.request.header("x-dashscope-async") or "").lower() == "enable":
        raise Refused("native-async")
    given, parameters = body.get("input"), body.get("parameters")
    if given is None:
        raise Refused("native-input-empty")
    if not isinstance(given, dict) or not isinstance(parameters, dict | None):
        raise Refused("body-invalid")
    return NativeRequest(model=model, input=given, parameters=parameters or {})


def native_answer(
    call: Call, pace: Pace, *, output: dict[str, Any], usage: dict[str, Any], tokens: int
) -> Answer:
    """Return a native answer for which so many tokens were read."""
    body = {"output": output, "usage": usage, "request_id": call.identity.request_id}
    return answer(call, pace, body, tokens=tokens, extra=_NATIVE_HEADERS)


def answer(call: Call, pace: Pace, body: Any, *, tokens: int, extra: Headers = ()) -> Answer:
    """Return an answer for which so many tokens were read."""
    return Answer(
        content_type=headers.JSON_TYPE,
        events=iter((Chunk(data=msgspec.json.encode(body)),)),
        cost=pace.opening(Chance(call.identity.digest)),
        extra=extra,
        usage=Usage(prompt=tokens, completion=0).summary(),
    )
