"""Several faults: which of them meet an exchange, and that they act in the order of setting."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.exchange import Abort, Chunk, End, Event, Head, Request, Wait
from qwensim.simulator import Fault, Simulator
from qwensim.simulator.faults import Kind

Send = Callable[..., Any]
STREAM = {"stream": True, "stream_options": {"include_usage": True}}

# What the documentation says, told again on lists of events.

SETTLE = {
    *("error", "connect-error", "drop-before-headers", "timeout"),
    *("drop", "truncated-chunk", "error-event"),
}
NO_ANSWER = {"connect-error", "drop-before-headers", "timeout"}
OF_A_STREAM = {
    *("error-event", "duplicate-chunk", "keep-alive"),
    *("misplaced-usage", "missing-usage", "missing-done"),
}
WITHOUT_ANSWER = {*NO_ANSWER, "error", "delay"}
"""Those that need no answer to act upon."""


def body_of(text: str, *, stream: bool) -> dict[str, Any]:
    options = {"stream_options": {"include_usage": True}} if stream else {}
    messages = [{"role": "user", "content": text}]
    return {"model": "qwen3-max", "messages": messages, "stream": stream, **options}


def ask(simulator: Simulator, body: dict[str, Any]) -> list[Event]:
    request = Request(
        method="POST",
        host="dashscope-intl.aliyuncs.com",
        path="/compatible-mode/v1/chat/completions",
        headers=(("authorization", "Bearer sk-0123456789abcdef"),),
        body=json.dumps(body).encode(),
    )
    return list(simulator.handle(request))


@dataclass
class Armed:
    fault: Fault
    matched: int = 0
    met: int = 0

    def is_due(self) -> bool:
        self.matched += 1
        due = self.matched % self.fault.every == 0
        self.met += due
        return due


@dataclass
class Queue:
    """Which faults meet, as it is told."""

    armed: list[Armed] = field(default_factory=list)

    def meet(self, *, stream: bool) -> list[Fault]:
        settling = None
        for one in self.armed:
            kind = one.fault.kind
            if kind in SETTLE and (stream or kind not in OF_A_STREAM) and one.is_due():
                settling = one
                break
        met = []
        for one in self.armed:
            kind = one.fault.kind
            possible = stream or kind not in OF_A_STREAM
            if settling is not None and settling.fault.kind == "error":
                possible = kind not in OF_A_STREAM
            elif settling is not None and settling.fault.kind in NO_ANSWER:
                possible = kind == "delay"
            if one is settling or (kind not in SETTLE and possible and one.is_due()):
                met.append(one)
        self.armed = [one for one in self.armed if one.met != one.fault.times]
        return [one.fault for one in met]


faults = st.lists(
    st.builds(
        Fault,
        kind=st.sampled_from(get_args(Kind)),
        after=st.integers(0, 4),
        seconds=st.integers(0, 9).map(float),
        times=st.sampled_from([1, 1, 2, None]),
        every=st.sampled_from([1, 1, 2]),
        error=st.just("overloaded"),
    ),
    max_size=5,
)


@given(faults, st.lists(st.booleans(), min_size=1, max_size=6))
def test_the_faults_that_meet_are_those_foretold(set_: list[Fault], streams: list[bool]) -> None:
    simulator, queue = Simulator(), Queue([Armed(fault) for fault in set_])
    for fault in set_:
        simulator.fault(fault)
    for stream in streams:
        foretold = [fault.kind for fault in queue.meet(stream=stream)]
        ask(simulator, body_of("Hello?", stream=stream))
        assert simulator.journal[-1].fault == ("+".join(foretold) or None)
        assert simulator.scenario.faults == tuple(one.fault for one in queue.armed)


def chunk_at(events: list[Event], number: int) -> int:
    """Return where the chunk with so many before it stands, or where it would."""
    places = [place for place, event in enumerate(events) if isinstance(event, Chunk)]
    return places[number] if number < len(places) else len(events)


def without(events: list[Event], kind: str) -> list[Event]:
    return [one for one in events if not (isinstance(one, Chunk) and one.kind == kind)]


def retold(head: Head) -> Head:
    return Head(
        status=head.status,
        headers=tuple(
            (name, "text/plain" if name == "content-type" else value)
            for name, value in head.headers
        ),
    )


def commented(events: list[Event], after: int) -> list[Event]:
    comment = Chunk(data=b": keep-alive\n\n", kind="comment")
    first = chunk_at(events, after)
    behind = [[comment, one] if isinstance(one, Chunk) else [one] for one in events[first:]]
    return events[:first] + [one for pair in behind for one in pair]


SPOILT: dict[Kind, Callable[[list[Event], int, float], list[Event]]] = {
    "delay": lambda events, _, seconds: [Wait(seconds=seconds), *events],
    "stall": lambda events, at, seconds: (
        [*events[:at], Wait(seconds=seconds), *events[at:]] if events[at:] else events
    ),
    "duplicate-chunk": lambda events, at, _: [*events[: at + 1], *events[at:]],
    "drop": lambda events, at, _: [*events[:at], Abort()] if events[at:] else events,
    "missing-usage": lambda events, *_: without(events, "usage"),
    "missing-done": lambda events, *_: without(events, "done"),
    "wrong-content-type": lambda events, *_: [
        retold(one) if isinstance(one, Head) else one for one in events
    ],
}
"""By events, the place of the chunk and the seconds."""


def spoilt(events: list[Event], fault: Fault) -> list[Event]:
    if fault.kind == "keep-alive":
        return commented(events, fault.after)
    return SPOILT[fault.kind](events, chunk_at(events, fault.after), fault.seconds)


@given(
    st.lists(
        st.builds(
            Fault,
            kind=st.sampled_from([*SPOILT, "keep-alive"]),
            after=st.integers(0, 12),
            seconds=st.integers(0, 9).map(float),
        ),
        max_size=5,
    )
)
def test_each_fault_acts_on_what_those_before_it_have_left(set_: list[Fault]) -> None:
    body = body_of("Hello?", stream=True)
    simulator, expected = Simulator(), ask(Simulator(), body)
    drops = 0
    for fault in set_:
        simulator.fault(fault)
        drops += fault.kind == "drop"
        if fault.kind != "drop" or drops == 1:
            expected = spoilt(expected, fault)
    assert ask(simulator, body) == expected


@given(st.lists(st.sampled_from(get_args(Kind)), max_size=6), st.booleans())
def test_any_faults_together_leave_an_exchange_that_adapters_can_play(
    kinds: list[Kind], stream: bool
) -> None:
    simulator = Simulator()
    for kind in kinds:
        simulator.fault(kind, after=1)
    simulator.script("Ein Stück für Élodie.", times=None)
    for _ in range(len(kinds) + 1):
        events = [
            event
            for event in ask(simulator, body_of("Hello?", stream=stream))
            if not isinstance(event, Wait)
        ]
        *before, last = events
        assert isinstance(last, End | Abort)
        assert not any(isinstance(event, End | Abort) for event in before)
        assert all(isinstance(event, Chunk) for event in before[1:])
        assert not before or isinstance(before[0], Head)
        assert isinstance(last, Abort) or before
    leftover = {fault.kind for fault in simulator.scenario.faults}
    assert leftover <= (set() if stream else OF_A_STREAM)


def test_a_slow_error(send: Send) -> None:
    simulator = Simulator()
    simulator.fault("delay", seconds=3)
    simulator.fault("error", error="rate-limit")
    reply = send(simulator)
    assert (reply.waits, reply.status) == ([3], 429)
    assert simulator.journal[-1].fault == "delay+error"


def test_errors_in_a_row(send: Send) -> None:
    simulator = Simulator()
    simulator.fault("error", error="rate-limit", headers={"retry-after": "2"})
    simulator.fault("error", error="overloaded")
    simulator.fault("drop")
    replies = [send(simulator) for _ in range(4)]
    assert [reply.status for reply in replies] == [429, 503, 200, 200]
    assert [reply.aborted for reply in replies] == [None, None, "drop", None]
    assert "retry-after" in replies[0].headers
    assert "retry-after" not in replies[1].headers


def test_a_fault_of_a_stream_waits_for_one(send: Send) -> None:
    simulator = Simulator()
    simulator.fault("missing-usage")
    send(simulator)
    assert simulator.journal[-1].fault is None
    assert "usage" not in send(simulator, **STREAM).kinds
    assert "usage" in send(simulator, **STREAM).kinds


@pytest.mark.parametrize("kind", ["error", "timeout"])
def test_a_fault_waits_for_an_answer_that_it_can_spoil(send: Send, kind: Any) -> None:
    simulator = Simulator()
    simulator.fault("missing-done")
    simulator.fault(kind)
    send(simulator, **STREAM)
    assert simulator.journal[-1].fault == kind
    assert "done" not in send(simulator, **STREAM).kinds


def test_a_script_s_fault_comes_last(send: Send) -> None:
    simulator = Simulator()
    simulator.script("one two three", fault=Fault(kind="drop", after=2))
    simulator.fault("duplicate-chunk")
    reply = send(simulator, **STREAM)
    assert reply.chunks[0] == reply.chunks[1]
    assert (len(reply.chunks), reply.aborted) == (2, "drop")
    assert simulator.journal[-1].fault == "duplicate-chunk+drop"


def test_of_faults_that_settle_an_exchange_the_script_s_is_left_out(send: Send) -> None:
    simulator = Simulator()
    simulator.script("one two three", fault=Fault(kind="timeout"))
    simulator.fault("drop", after=1)
    reply = send(simulator, **STREAM)
    assert (len(reply.chunks), reply.aborted) == (1, "drop")
    assert simulator.journal[-1].fault == "drop"


def test_a_delay_and_a_script_s_silence(send: Send) -> None:
    simulator = Simulator()
    simulator.script("never said", fault=Fault(kind="connect-error"))
    simulator.fault("delay", seconds=2)
    assert send(simulator).events == [Wait(seconds=2), Abort(kind="refuse")]


@pytest.mark.parametrize(
    "kind",
    [
        *("keep-alive", "malformed-chunk", "missing-usage", "misplaced-usage", "duplicate-chunk"),
        *("error-event", "truncated-chunk", "split-utf8"),
    ],
)
def test_what_is_compressed_is_what_all_the_others_leave(kind: Kind) -> None:
    plain, packed = Simulator(), Simulator()
    plain.fault(Fault(kind=kind, after=1))
    packed.fault(Fault(kind="gzip"))
    packed.fault(Fault(kind=kind, after=1))
    body = body_of("Grüße", stream=True)
    told, seen = (
        b"".join(event.data for event in ask(simulator, body) if isinstance(event, Chunk))
        for simulator in (plain, packed)
    )
    assert zlib.decompressobj(wbits=16 + zlib.MAX_WBITS).decompress(seen) == told
