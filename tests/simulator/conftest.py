"""Sends requests straight to a simulator and reads what comes back."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from qwensim.exchange import Abort, Chunk, End, Event, Head, Request, Wait
from qwensim.simulator import Simulator

HI = [{"role": "user", "content": "Say hello."}]
KEYS = {"standard": "sk-0123456789abcdef", "coding": "sk-sp-0123456789abcdef"}


class Reply:
    """The events of one exchange, and what an OpenAI client would read out of them."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = list(events)
        self.chunks = [event for event in self.events if isinstance(event, Chunk)]
        self.waits = [event.seconds for event in self.events if isinstance(event, Wait)]
        heads = [event for event in self.events if isinstance(event, Head)]
        assert len(heads) <= 1
        self.status = heads[0].status if heads else None
        self.header_list = heads[0].headers if heads else ()
        self.headers = dict(self.header_list)
        self.aborted = next((e.kind for e in self.events if isinstance(e, Abort)), None)
        assert (self.aborted is None) == isinstance(self.events[-1], End)
        self.body = b"".join(chunk.data for chunk in self.chunks)
        self.kinds = [chunk.kind for chunk in self.chunks]

    @property
    def json(self) -> Any:
        """The body of an answer that is no stream."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """The error object, framed or not."""
        body = self.body.decode()
        return json.loads(body.removeprefix("data: "))["error"]

    @property
    def frames(self) -> list[Any]:
        """The JSON of each frame of a stream that ends in [DONE]."""
        frames = self.body.decode().split("\n\n")
        assert frames[-2:] == ["data: [DONE]", ""]
        return [json.loads(frame.removeprefix("data: ")) for frame in frames[:-2]]

    @property
    def streamed(self) -> bool:
        return self.headers["content-type"].startswith("text/event-stream")

    @property
    def choices(self) -> list[dict[str, Any]]:
        """Each choice as text, reasoning, calls and finish, streamed or not."""
        if not self.streamed:
            return [
                {
                    "text": choice["message"]["content"],
                    "reasoning": choice["message"].get("reasoning_content") or "",
                    "calls": [
                        (call["id"], call["function"]["name"], call["function"]["arguments"])
                        for call in choice["message"].get("tool_calls", ())
                    ],
                    "finish": choice["finish_reason"],
                }
                for choice in self.json["choices"]
            ]
        joined: dict[int, dict[str, Any]] = {}
        for frame in self.frames:
            for choice in frame["choices"]:
                _join(joined, choice)
        return [
            {**choice, "calls": [tuple(call) for call in choice["calls"].values()]}
            for _, choice in sorted(joined.items())
        ]

    @property
    def text(self) -> str:
        return str(self.choices[0]["text"])

    @property
    def usage(self) -> Any:
        return self.frames[-1]["usage"] if self.streamed else self.json["usage"]


def _join(joined: dict[int, dict[str, Any]], choice: Any) -> None:
    known = joined.setdefault(
        choice["index"], {"text": "", "reasoning": "", "calls": {}, "finish": None}
    )
    delta = choice["delta"]
    known["text"] += delta.get("content") or ""
    known["reasoning"] += delta.get("reasoning_content") or ""
    known["finish"] = choice.get("finish_reason") or known["finish"]
    for call in delta.get("tool_calls", ()):
        function = call["function"]
        parts = known["calls"].setdefault(call["index"], ["", "", ""])
        parts[0] = parts[0] or call["id"]
        parts[1] = parts[1] or function.get("name", "")
        parts[2] += function["arguments"]


def _send(
    simulator: Simulator,
    *,
    host: str = "dashscope-intl.aliyuncs.com",
    path: str | None = None,
    method: str = "POST",
    key: str | None = "",
    agent: str | None = "OpenAI/Python 3.0.0",
    headers: tuple[tuple[str, str], ...] = (),
    query: str = "",
    raw: bytes | None = None,
    without: str = "",
    **body: Any,
) -> Reply:
    row = simulator.catalog.hosts.get(host)
    if path is None:
        path = f"{row.base_path if row else ''}/chat/completions"
    if key == "":
        key = KEYS[row.plan if row else "standard"]
    if key is not None:
        headers = (("authorization", f"Bearer {key}"), *headers)
    if agent is not None:
        headers = (("user-agent", agent), *headers)
    if raw is None:
        fields = {"model": "qwen3-max", "messages": HI, **body}
        fields.pop(without, None)
        raw = json.dumps(fields).encode()
    request = Request(method=method, host=host, path=path, query=query, headers=headers, body=raw)
    return Reply(simulator.handle(request))


@pytest.fixture(scope="session")
def send() -> Callable[..., Reply]:
    """Send one request: `send(simulator, model=…, host=…, raw=…)`; other names go in the body."""
    return _send


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


class NativeReply:
    """The events of one exchange of native generation, and what is in its frames."""

    def __init__(self, events: Iterable[Event]) -> None:
        kept = list(events)
        head = next(event for event in kept if isinstance(event, Head))
        self.status, self.headers = head.status, dict(head.headers)
        self.text = b"".join(event.data for event in kept if isinstance(event, Chunk)).decode()

    @property
    def json(self) -> Any:
        """The body of an answer that is no stream, or the one event of a refused stream."""
        return json.loads(self.text.partition("\ndata:")[2] or self.text)

    @property
    def frames(self) -> list[Any]:
        """The JSON of each frame, all of them framed as the service does."""
        *frames, rest = self.text.split("\n\n")
        assert rest == ""
        bodies = []
        for number, frame in enumerate(frames, start=1):
            *framing, data = frame.split("\n")
            assert framing == [f"id:{number}", "event:result", ":HTTP_STATUS/200"]
            bodies.append(json.loads(data.removeprefix("data:")))
        return bodies

    @property
    def choices(self) -> list[Any]:
        """The choice of each frame."""
        return [frame["output"]["choices"][0] for frame in self.frames]


def _ask_natively(
    body: Any,
    *,
    simulator: Simulator | None = None,
    surface: str = "text-generation",
    stream: bool = False,
    headers: tuple[tuple[str, str], ...] = (),
    method: str = "POST",
    host: str = "dashscope.aliyuncs.com",
    without_key: bool = False,
) -> NativeReply:
    asks = (("accept", "text/event-stream"),) if stream else ()
    key = () if without_key else (("authorization", f"Bearer {KEYS['standard']}"),)
    request = Request(
        method=method,
        host=host,
        path=f"/api/v1/services/aigc/{surface}/generation",
        headers=(*key, ("user-agent", "dashscope/2.0.2"), *asks, *headers),
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )
    return NativeReply((simulator or Simulator()).handle(request))


@pytest.fixture(scope="session")
def native() -> Callable[..., NativeReply]:
    """Send one native request: `native(body, surface=…, stream=…, simulator=…)`."""
    return _ask_natively


def _asked(model: str, text: str = "Hello!", /, **parameters: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": model, "input": {"messages": messages}, "parameters": parameters}


@pytest.fixture(scope="session")
def asked() -> Callable[..., dict[str, Any]]:
    """Make the body of a native request: `asked(model, text, **parameters)`."""
    return _asked


class ResponseReply(Reply):
    """The events of one exchange of the Responses API."""

    @property
    def told(self) -> list[Any]:
        """The events of a stream, all of them framed and numbered as by the service."""
        assert self.headers["content-type"] == "text/event-stream;charset=UTF-8"
        *frames, rest = self.body.decode().split("\n\n")
        assert rest == ""
        events = []
        for number, frame in enumerate(frames):
            name, event, status, data = frame.split("\n")
            told = json.loads(data.removeprefix("data:"))
            assert (name, event) == (f"id:{number + 1}", f"event:{told['type']}")
            assert (status, told["sequence_number"]) == (":HTTP_STATUS/200", number)
            events.append(told)
        return events

    @property
    def said(self) -> str:
        """The text of the answer, streamed or not."""
        response = self.told[-1]["response"] if self.streamed else self.json
        (message,) = [item for item in response["output"] if item["type"] == "message"]
        (part,) = message["content"]
        return str(part["text"])

    @property
    def refusal(self) -> tuple[int | None, str, str]:
        """Status, code and message of an error in the flat form, the id of the request first."""
        assert [*self.json] == ["request_id", "code", "message"]
        return self.status, self.json["code"], self.json["message"]


def _respond(
    simulator: Simulator, given: Any = "Hi", *, rest: str | None = None, **options: Any
) -> ResponseReply:
    path = "/compatible-mode/v1/responses"
    if rest is not None:
        options = {"path": f"{path}/{rest}", "method": "GET", "raw": b"", **options}
    options = {"path": path, "model": "qwen3.5-plus", "without": "messages", **options}
    return ResponseReply(_send(simulator, input=given, **options).events)


@pytest.fixture(scope="session")
def respond() -> Callable[..., ResponseReply]:
    """Ask for a response: `respond(simulator, input, **body)`, or for the `rest` of a path."""
    return _respond
