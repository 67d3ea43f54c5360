"""What counts as a difference between streams, and what does not."""

from dataclasses import replace
from typing import Any

STREAMED = {"stream": True, "stream_options": {"include_usage": True}}


def test_an_event_that_is_missing_added_or_moved_is_found(
    record: Any, chat: Any, find: Any
) -> None:
    tape = record(chat(**STREAMED), scripts=[{"text": "one two three four five six seven"}])
    events = tape.events
    for altered in (
        events[1:],
        events[:-1],
        [*events, {"ping": 1}],
        [events[-1], *events[:-1]],
    ):
        assert find(tape.streaming(altered)).outcome == "differs"
    undone = replace(tape, body=tape.body.removesuffix("data: [DONE]\n\n"))
    [difference] = find(undone).differences
    assert (difference.where, difference.fake) == ("events", "[DONE]")


def test_how_a_stream_is_cut_is_not_compared(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(**STREAMED), scripts=[{"text": "one two three four five six seven"}])
    first, second, text, *others, finish, usage = tape.events
    assert text["choices"][0]["delta"]["content"]
    for events in (
        [first, second, text, finish, usage],
        [first, second, *[text] * 20, *others, finish, usage],
        [first, second, finish, usage],
    ):
        assert find(tape.streaming(events)).outcome == "same"


def test_like_differences_of_many_events_are_one(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(**STREAMED))
    events = tape.events
    for event in events:
        del event["system_fingerprint"]
    [difference] = find(tape.streaming(events)).differences
    assert difference.where == "system_fingerprint"
    assert difference.events == (1, 2, 3, 4, 5)


def test_the_framing_of_events_is_compared(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(**STREAMED))
    [difference] = find(replace(tape, body=tape.body.replace("data: ", "data:"))).differences
    assert (difference.where, difference.recorded, difference.fake) == (
        "framing",
        "data:",
        "data: ",
    )


def test_a_longer_answer_than_the_limit_still_ends_by_length(
    record: Any, chat: Any, find: Any
) -> None:
    tape = record(chat(**STREAMED), scripts=[{"text": "a b c d e f", "finish_reason": "length"}])
    assert find(tape).outcome == "same"


def test_an_error_in_a_stream_is_told_from_an_answer(record: Any, chat: Any, find: Any) -> None:
    tape = record(chat(**STREAMED))
    body = 'data: {"error":{"code":"x","message":"Stop."}}\n\n'
    finding = find(replace(tape, body=body))
    [difference] = finding.differences
    assert (difference.where, difference.recorded) == ("answer", "error: Stop.")
