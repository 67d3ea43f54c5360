"""The ASGI app, called with messages of a test's choosing."""

import asyncio
import tracemalloc
from typing import Any

import pytest

from qwensim.exchange import Abort, Chunk, End, Event, Head, Wait
from qwensim.server.app import JOINED, MAX_BODY, App
from qwensim.server.protocol import HANG_UP

HEAD = Head(status=200, headers=(("content-type", "text/event-stream"),))
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/event-stream")],
}
A, B = Chunk(data=b"alpha"), Chunk(data=b"beta")


class Connection:
    """What uvicorn is to the app: a source of messages, a sink for them, a way to hang up."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self._messages = list(messages)
        self.departure = asyncio.Event()
        self.sent: list[dict[str, Any]] = []

    def scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "method": "POST",
            "raw_path": b"/v1/chat/completions",
            "query_string": b"",
            "headers": [(b"content-length", b"2")],
            "extensions": {HANG_UP: lambda: self.sent.append({"type": "hung up"})},
        }

    async def receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        await self.departure.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


def body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


def sent(data: bytes, *, more: bool = False) -> dict[str, Any]:
    message = {"type": "http.response.body", "body": data}
    return {**message, "more_body": True} if more else message


async def play(service: Any, connection: Connection, **options: Any) -> list[dict[str, Any]]:
    await App(service, **options)(connection.scope(), connection.receive, connection.send)
    lingering = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait_for(asyncio.gather(*lingering, return_exceptions=True), timeout=10)
    return connection.sent


def run(service: Any, *messages: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    async def main() -> list[dict[str, Any]]:
        return await play(service, Connection(*messages or (body(b"{}"),)), **options)

    return asyncio.run(main())


def test_chunks_with_no_wait_between_them_go_out_together(scripted: Any) -> None:
    assert run(scripted(HEAD, A, B, End())) == [START, sent(b"alphabeta")]


def test_a_wait_parts_chunks_even_if_it_is_no_time_at_all(scripted: Any) -> None:
    events = run(scripted(HEAD, A, Wait(seconds=0), B, End()))
    assert events == [START, sent(b"alpha", more=True), sent(b"beta")]


def test_chunks_are_joined_up_to_a_bound(scripted: Any) -> None:
    half = Chunk(data=bytes(JOINED // 2))
    sizes = [len(m["body"]) for m in run(scripted(HEAD, *[half] * 5, End()))[1:]]
    assert sizes == [JOINED, JOINED, JOINED // 2]


def test_the_clock_and_the_pause_are_told_of_each_wait(scripted: Any) -> None:
    slept = []

    async def pause(seconds: float, _: object) -> None:
        slept.append(seconds)

    service = scripted(Wait(seconds=7), HEAD, Wait(seconds=30), A, End())
    start = service.clock.now()
    assert run(service, pause=pause) == [START, sent(b"alpha")]
    assert slept == [7, 30]
    assert service.clock.now() == start + 37


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((Abort(),), []),
        ((Abort(kind="refuse"),), []),
        ((HEAD, Abort()), [START]),
        ((HEAD, A, B, Abort()), [START, sent(b"alphabeta", more=True)]),
    ],
)
def test_an_abort_hangs_up_after_what_came_before_it(
    scripted: Any, events: tuple[Event, ...], expected: list[dict[str, Any]]
) -> None:
    service = scripted(*events)
    assert run(service) == [*expected, {"type": "hung up"}]
    assert service.wait_for_end()


def test_a_body_may_come_in_parts(scripted: Any) -> None:
    service = scripted(HEAD, End())
    run(service, body(b'{"a"', more=True), body(b":1", more=True), body(b"}"))
    assert service.requests[0].body == b'{"a":1}'


def test_a_client_that_leaves_before_its_request_is_complete_is_not_answered(
    scripted: Any,
) -> None:
    service = scripted(HEAD, End())
    assert run(service, body(b"{", more=True), {"type": "http.disconnect"}) == []
    assert not service.requests


def test_a_body_that_is_too_long_is_refused_and_not_kept(scripted: Any) -> None:
    service = scripted(HEAD, End())
    part = body(bytes(MAX_BODY // 4), more=True)
    tracemalloc.start()
    messages = run(service, *[part] * 12, body(b"x"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_BODY
    assert messages[0]["status"] == 413
    assert messages[1:] == [{"type": "http.response.body"}]
    assert not service.requests


def test_a_body_of_the_longest_length_is_taken(scripted: Any) -> None:
    service = scripted(HEAD, End())
    run(service, body(bytes(MAX_BODY)))
    assert len(service.requests[0].body) == MAX_BODY


@pytest.mark.parametrize("events", [(Wait(seconds=1), HEAD, A, End()), (HEAD, Wait(seconds=1), A)])
def test_a_client_that_leaves_during_a_wait_ends_it(
    scripted: Any, events: tuple[Event, ...]
) -> None:
    service = scripted(*events)

    async def main() -> None:
        connection = Connection(body(b"{}"))

        async def leave(_: float, departure: asyncio.Future[Any]) -> None:
            connection.departure.set()
            await departure

        messages = await play(service, connection, pause=leave)
        assert messages in ([], [START])

    asyncio.run(main())
    assert service.wait_for_end()


def test_a_client_that_leaves_while_it_is_sent_much_ends_the_exchange(scripted: Any) -> None:
    service = scripted(HEAD, *[Chunk(data=bytes(JOINED))] * 5, End())

    class Leaving(Connection):
        async def send(self, message: Any) -> None:
            await super().send(message)
            if len(self.sent) == 3:
                self.departure.set()
                for _ in range(3):
                    await asyncio.sleep(0)  # a full buffer would let the loop turn here

    async def main() -> None:
        messages = await play(service, Leaving(body(b"{}")))
        assert len(messages) == 3

    asyncio.run(main())
    assert service.wait_for_end()
    assert service.played == 3


def test_a_service_that_fails_lets_the_server_know(scripted: Any) -> None:
    service = scripted()
    service.answer = lambda _: 1 // 0
    with pytest.raises(ZeroDivisionError):
        run(service)
