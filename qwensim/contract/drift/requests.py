"""Makes of a recorded request the one to send: complete, with a valid key and the fake's ids."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import HostRow, Plan
from qwensim.contract.drift.answers import Answer
from qwensim.contract.drift.exchanges import Unreadable
from qwensim.contract.drift.speech import spoken
from qwensim.exchange import Request

KEYS: Final[dict[Plan, str]] = {
    "standard": "sk-recorded-key-replaced",
    "coding": "sk-sp-recorded-key-replaced",
}
"""The only keys that the fake takes."""

_WRONG = "Bearer sk-wrong-key-of-a-recording"
_UNAUTHORIZED = 401
_NOT_ALLOWED = 405

_TEXT = "/api/v1/services/aigc/text-generation/generation"
_MULTIMODAL = "/api/v1/services/aigc/multimodal-generation/generation"

_SHORTEST_ID = 8
_ID_KEY = re.compile(r"(?:.+_)?id")


def complete(request: Request | None, answer: Answer, catalog: Catalog, host: str) -> Request:
    """Return the recorded request; what is missing is taken from its body, or from the answer.

    `host` is asked where the recording names none. Raises `Unreadable` if nothing shows what was
    asked.
    """
    if request is None:
        request = Request(
            method="POST", host="", path="", body=_asked(answer, catalog.served[host])
        )
    if not request.host:
        request = msgspec.structs.replace(request, host=host)
    if not request.path:
        path = _path(request.body, catalog.hosts.get(request.host, catalog.hosts[host]))
        request = msgspec.structs.replace(request, path=path)
    return request


def authorized(request: Request, answer: Answer, catalog: Catalog) -> Request:
    """Return the request with a valid key, or if the recorded answer is a 401 with its own.

    Where the recorder took that away, an answer with a code had a wrong key, one without had none.
    """
    host = catalog.hosts.get(request.host)
    if host is None:
        return request
    headers = [pair for pair in request.headers if pair[0] != "authorization"]
    if not _is_of_key(answer):
        headers = [pair for pair in headers if pair[0] != "x-api-key"]
        headers.append(("authorization", f"Bearer {KEYS[host.plan]}"))
    elif (answer.error or {}).get("code") is not None:
        headers.append(("authorization", request.header("authorization") or _WRONG))
    if answer.status != _NOT_ALLOWED and not request.header("user-agent"):
        headers.append(("user-agent", "recorded"))
    return msgspec.structs.replace(request, headers=tuple(headers))


def _is_of_key(answer: Answer) -> bool:
    """Whether an answer says that the key is wrong; in the Anthropic protocol that may be a 403."""
    return answer.status == _UNAUTHORIZED or any(
        body.get("type") == "authentication_error" for body in answer.bodies
    )


class Identities:
    """The ids that recorded answers gave, and those of the fake in their place."""

    def __init__(self) -> None:
        self._ours: dict[str, str] = {}

    def learn(self, recorded: Answer, fake: Answer) -> None:
        """Pair the ids in the same places of two answers, those of a stream at its ends."""
        for ends in (slice(1), slice(-1, None)):
            for ours, theirs in zip(recorded.bodies[ends], fake.bodies[ends], strict=False):
                self._pair(ours, theirs)

    def pair(self, recorded: str, ours: str) -> None:
        """Have one of the fake's ids stand for a recorded one."""
        self._ours[recorded] = ours

    def follow(self, request: Request) -> Request:
        """Return the request with the recorded ids replaced in path, query and body."""
        path, query, body = request.path, request.query, request.body
        for recorded, ours in self._ours.items():
            path, query = path.replace(recorded, ours), query.replace(recorded, ours)
            body = body.replace(recorded.encode(), ours.encode())
        return msgspec.structs.replace(request, path=path, query=query, body=body)

    def _pair(self, recorded: Any, fake: Any, key: str = "") -> None:
        if isinstance(recorded, dict) and isinstance(fake, dict):
            for name in recorded.keys() & fake.keys():
                self._pair(recorded[name], fake[name], name)
        elif isinstance(recorded, list) and isinstance(fake, list):
            for one, other in zip(recorded, fake, strict=False):
                self._pair(one, other, key)
        elif not (isinstance(recorded, str) and isinstance(fake, str)):
            return
        elif _ID_KEY.fullmatch(key) and len(recorded) >= _SHORTEST_ID:
            self._ours[recorded] = fake


def _path(body: bytes, host: HostRow) -> str:
    """Return where a request without a request line went, which its body shows."""
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        asked = None
    if isinstance(asked, dict):
        if isinstance(asked.get("messages"), list):
            return f"{host.base_path}/chat/completions"
        given = asked.get("input")
        if isinstance(given, dict) and isinstance(given.get("prompt"), str):
            return _TEXT
        if isinstance(given, dict) and isinstance(given.get("messages"), list):
            return _MULTIMODAL if _has_parts(given["messages"]) else _TEXT
    raise Unreadable("there is no request line, and the body does not show where it went")


def _has_parts(messages: Iterable[Any]) -> bool:
    return any(
        isinstance(item, dict) and isinstance(item.get("content"), list) for item in messages
    )


def _asked(answer: Answer, served: Any) -> bytes:
    """Return a chat request that has the answer: model, delivery, thinking and tools follow it."""
    said = spoken(answer)
    if said is None:
        raise Unreadable(
            "an answer alone must be a chat completion: it does not show what was asked"
        )
    body: dict[str, Any] = {
        "model": said.model,
        "messages": [{"role": "user", "content": "?"}],
        "stream": said.streamed,
    }
    if said.streamed and said.usage is not None:
        body["stream_options"] = {"include_usage": True}
    model = served.get(said.model)
    if model is not None and model.thinking in ("on", "off"):
        body["enable_thinking"] = bool(said.reasoning)
    if said.calls:
        names = dict.fromkeys(call.name for call in said.calls)
        body["tools"] = [
            {"type": "function", "function": {"name": name, "parameters": {}}} for name in names
        ]
        body["parallel_tool_calls"] = len(said.calls) > 1
    if said.logprobs:
        body["logprobs"] = True
        body["top_logprobs"] = said.top_logprobs
    if said.choices > 1:
        body["n"] = said.choices
    return msgspec.json.encode(body)
