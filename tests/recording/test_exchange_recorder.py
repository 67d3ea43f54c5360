"""Recording on the service's side: what clients of any kind were answered."""

from collections.abc import Generator
from pathlib import Path

import pytest

from qwensim.catalog import load
from qwensim.exchange import Abort, Chunk, End, Event, Head, Request, Wait
from qwensim.recording import ExchangeRecorder, Provenance, read

CATALOG = load()
HEAD = Head(status=200, headers=(("content-type", "text/event-stream;charset=utf-8"),))
TOLD = Provenance(kind="simulated", client="qwensim")
KEY = "sk-0123456789abcdef"


def events(*events: Event) -> Generator[Event]:
    yield from events


def request(path: str = "/v1/a", **fields: object) -> Request:
    return Request(method="POST", host="dashscope.aliyuncs.com", path=path, **fields)  # type: ignore[arg-type]  # fields of its own


class Clock:
    """Tells what the events that were played say."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def play(recorded: Generator[Event], clock: Clock) -> None:
    for event in recorded:
        if isinstance(event, Wait):
            clock.time += event.seconds


def test_a_stream_is_kept_with_its_chunks_and_their_times(tmp_path: Path) -> None:
    clock = Clock()
    recorder = ExchangeRecorder(CATALOG, clock=clock)
    answer = events(
        HEAD,
        Wait(seconds=0.5),
        Chunk(data=b"data: 1\n\n"),
        Wait(seconds=1),
        Chunk(data=b"data: 2\n\n"),
        End(),
    )
    asked = request(query=f"a=b&access_token={KEY}", headers=(("authorization", f"Bearer {KEY}"),))
    play(recorder.record(asked, answer), clock)
    recorder.write(tmp_path / "a" / "one.yaml", TOLD)
    held = read(tmp_path / "a" / "one.yaml")
    (kept,) = held.interactions
    assert kept.uri == "https://dashscope.aliyuncs.com/v1/a?a=b&access_token=[redacted]"
    assert kept.body == b"data: 1\n\ndata: 2\n\n"
    assert kept.chunks == ((0.5, 9), (1.5, 9))
    assert held.provenance.host == "dashscope.aliyuncs.com"
    assert KEY not in (tmp_path / "a" / "one.yaml").read_text()


def test_exchanges_stand_in_the_order_in_which_they_were_asked(tmp_path: Path) -> None:
    recorder = ExchangeRecorder(CATALOG, clock=Clock())
    first = recorder.record(request("/v1/1"), events(HEAD, End()))
    second = recorder.record(request("/v1/2"), events(HEAD, End()))
    list(second)
    assert recorder.lost == 1
    list(first)
    assert recorder.lost == 0
    recorder.write(tmp_path / "one.yaml", TOLD)
    assert [item.uri[-1] for item in read(tmp_path / "one.yaml").interactions] == ["1", "2"]


@pytest.mark.parametrize("answer", [(HEAD, Chunk(data=b"a"), Abort()), (Abort(),), ()])
def test_what_was_broken_off_is_lost(answer: tuple[Event, ...], tmp_path: Path) -> None:
    recorder = ExchangeRecorder(CATALOG, clock=Clock())
    list(recorder.record(request(), events(*answer)))
    assert recorder.lost == 1
    recorder.write(tmp_path / "one.yaml", TOLD)
    assert read(tmp_path / "one.yaml").interactions == ()


def test_a_client_that_leaves_ends_the_answer() -> None:
    ended = []

    def answer() -> Generator[Event]:
        try:
            yield HEAD
            yield End()
        finally:
            ended.append(True)

    recorder = ExchangeRecorder(CATALOG, clock=Clock())
    recorded = recorder.record(request(), answer())
    next(recorded)
    recorded.close()
    assert ended == [True]
    assert recorder.lost == 1
