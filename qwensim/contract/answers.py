"""What came back, read with suspicion, and the comparison with what was promised."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import httpx2

from qwensim.errors import QwensimError

E = TypeVar("E", bound=QwensimError)

_LONGEST = 300
"""Characters of a value that a message shows."""


class Broken(Exception):  # noqa: N818 - it is a finding, not an error of ours
    """A promise is not kept: what was looked at, what was promised, and what is there."""

    def __init__(self, what: str, expected: object, seen: object) -> None:
        super().__init__(f"{what}: expected {_shown(expected)}, saw {_shown(seen)}")
        self.what, self.expected, self.seen = what, expected, seen


def expect(what: str, expected: object, seen: object) -> None:
    """Raise `Broken` unless both are equal and of one type, `True` being no 1."""
    if expected != seen or type(expected) is not type(seen):
        raise Broken(what, expected, seen)


def expect_in(what: str, expected: object, seen: Any) -> None:
    """Raise `Broken` unless `expected` is in what was seen."""
    if expected not in seen:
        raise Broken(what, expected, seen)


def expect_that(what: str, promise: str, kept: object, seen: object) -> None:
    """Raise `Broken` unless `kept` is true; `promise` says in words what it means."""
    if not kept:
        raise Broken(what, promise, seen)


def failure(kind: type[E], call: Callable[[], object]) -> E:
    """Return the error with which a call of the client fails, which must be of the kind."""
    try:
        seen = call()
    except kind as error:
        return error
    except QwensimError as error:
        raise Broken(
            "the client's error", kind.__name__, f"{type(error).__name__}: {error}"
        ) from error
    raise Broken("the client's call", kind.__name__, seen)


class Answer:
    """An answer whose body has come."""

    def __init__(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.content = response.content

    def ok(self) -> "Answer":
        """Return the answer if it is one."""
        if self.status != httpx2.codes.OK:
            raise Broken("status", int(httpx2.codes.OK), f"{self.status}: {_text(self.content)}")
        return self

    def json(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        return _object("body", self.content)

    def message(self) -> dict[str, Any]:
        """Return the message of the only choice of an answer that was not streamed."""
        choices = self.ok().json().get("choices")
        if not isinstance(choices, list) or len(choices) != 1:
            raise Broken("choices", "a list of one", choices)
        message = choices[0].get("message")
        expect_that("message", "an object", isinstance(message, dict), message)
        return dict(message)

    def finish_reason(self) -> object:
        """Return why an answer that was not streamed ended."""
        return self.ok().json()["choices"][0].get("finish_reason")

    def frames(self) -> list[bytes]:
        """Return the data of the server-sent events, whose framing must be the service's."""
        content = self.content
        *frames, rest = content.split(b"\n\n")
        expect("bytes after the last event", b"", rest)
        for frame in frames:
            expect_that("event", "data: …", frame.startswith(b"data: "), frame)
            expect_that("event", "one line", b"\n" not in frame, frame)
        return [frame.removeprefix(b"data: ") for frame in frames]

    def chunks(self) -> list[dict[str, Any]]:
        """Return the chunks of a whole stream: all events but the `[DONE]` that ends it."""
        self.ok()
        expect_in("content-type", "text/event-stream", self.headers.get("content-type", ""))
        frames = self.frames()
        expect("last event", b"[DONE]", frames[-1] if frames else b"")
        return [_object("chunk", frame) for frame in frames[:-1]]

    def deltas(self) -> list[dict[str, Any]]:
        """Return the deltas of the first choice of a stream."""
        return deltas(self.chunks())


def choices(chunks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the choices that are in chunks."""
    return [choice for chunk in chunks for choice in chunk["choices"]]


def deltas(chunks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what each choice in chunks adds."""
    return [choice["delta"] for choice in choices(chunks)]


def joined(parts: Iterable[Mapping[str, Any]], key: str) -> str:
    """Return the texts under a key, put together; null and absent count as empty."""
    return "".join(part.get(key) or "" for part in parts)


def _object(what: str, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise Broken(what, "JSON", _text(content)) from error
    if not isinstance(value, dict):
        raise Broken(what, "a JSON object", value)
    return value


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
