"""The rules: what a good client does, as far as its requests tell.

A rule looks for its occasions and says of each which requests it is about, and what is wrong with
them if anything is. What no request can tell is no occasion.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from qwensim.simulator import Entry
from qwensim.verdict.traffic import Traffic, failed, followed, is_turn, messages

_AT_ONCE: Final = 0.2
"""Seconds. The openai SDK, which waits least of all clients on record, waits 0.375 s at least."""

_LONG_ENOUGH: Final = 5.0
"""Seconds from which a wait need not grow any more."""

_MOST_TRIES: Final = 6
"""The openai SDK makes 3, OpenClaw 4 (measured on a 429)."""

_WAITS_TO_GROW: Final = 3
"""So many waits show whether they grow; jitter makes fewer look alike."""


class Occasion(NamedTuple):
    """Requests, and what is wrong with them; None: nothing."""

    requests: Sequence[Entry]
    wrong: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One thing that clients do wrong."""

    name: str
    means: str
    """What it means that a client does it."""
    advice: str
    """What to do about it."""
    occasion: str
    """What there must be to judge it."""
    timed: bool = False
    """It is about times, and judged only where the client waits on the service's clock."""
    look: Callable[[Traffic], Iterator[Occasion]]


def _retried_final_error(traffic: Traffic) -> Iterator[Occasion]:
    """Of what changed between two tries the second tells, unless a test set the first's error."""
    for run in traffic.runs:
        for first, again in followed(run):
            if not failed(first) or traffic.passes(first):
                continue
            set_up = first.fault is not None or first.scripted
            if again is not None and (set_up or again.error == first.error):
                yield Occasion((first, again), f"{_told(first)}, and was asked again")
            else:
                yield Occasion((first,))


def _ignored_retry_after(traffic: Traffic) -> Iterator[Occasion]:
    for series in traffic.series:
        for first, again in followed(series):
            if first.retry_after is None:
                continue
            if again is None or again.at - first.at >= first.retry_after:
                yield Occasion((first,))
                continue
            waited = f"Retry-After {first.retry_after:g} s, asked again after {_wait(first, again)}"
            yield Occasion((first, again), waited)


def _no_backoff(traffic: Traffic) -> Iterator[Occasion]:
    for run in traffic.runs:
        pairs = [
            (first, again)
            for first, again in pairwise(run)
            if traffic.passes(first) and first.retry_after is None
        ]
        if not pairs:
            continue
        waits = [again.at - first.at for first, again in pairs]
        wrong = None
        if min(waits) < _AT_ONCE:
            wrong = f"asked again after {_wait(*pairs[waits.index(min(waits))])}"
        elif len(waits) >= _WAITS_TO_GROW and waits[-1] <= min(waits[0], _LONG_ENOUGH):
            wrong = f"waited {waits[0]:.1f} s first and {waits[-1]:.1f} s last"
        yield Occasion(run, wrong)


def _retry_storm(traffic: Traffic) -> Iterator[Occasion]:
    for run in traffic.runs:
        tries = sum(map(failed, run))
        yield Occasion(run, f"{tries} tries in vain" if tries > _MOST_TRIES else None)


def _not_asked_again(traffic: Traffic) -> Iterator[Occasion]:
    for cut in traffic.cut:
        again = any(
            traffic.ask_the_same(later, cut) or _continues(later, cut)
            for later in traffic.after(cut)
        )
        yield Occasion((cut,), None if again else "the stream broke off, and nothing followed")


def _taken_as_whole(traffic: Traffic) -> Iterator[Occasion]:
    """See it by a later request, or by what whoever called the client was told."""
    for cut in traffic.cut:
        whole = any(
            not failed(entry) and traffic.ask_the_same(entry, cut) for entry in traffic.entries
        )
        built_on = [later for later in traffic.after(cut) if _builds_on(later, cut)]
        if whole:
            yield Occasion((cut,))
        elif built_on:
            yield Occasion((cut, built_on[0]), "a part of an answer came back as the whole of it")
        elif traffic.returned is not None:
            silent = cut.number in traffic.returned
            yield Occasion(
                (cut,), "the stream broke off, and no error came of it" if silent else None
            )


def _never_asked_for_usage(traffic: Traffic) -> Iterator[Occasion]:
    streams = []
    for entry in traffic.entries:
        route = traffic.route(entry)
        if entry.stream and route is not None and route.surface == "chat":
            streams.append(entry)
    if streams:
        asked = any(map(_asks_for_usage, streams))
        yield Occasion(streams, None if asked else "no stream had stream_options.include_usage")


def _reasoning_kept_back(traffic: Traffic) -> Iterator[Occasion]:
    thought = [entry for entry in traffic.entries if (entry.usage or {}).get("reasoning")]
    for entry in traffic.entries:
        model, turns = traffic.model(entry), messages(entry)
        if model is None or not model.reasoning_back:
            continue
        asked = max((at for at, turn in enumerate(turns) if is_turn(turn, "user")), default=-1)
        for at, turn in enumerate(turns[asked + 1 :], start=asked + 1):
            if not is_turn(turn, "assistant") or not turn.get("tool_calls"):
                continue
            for before in thought:
                if before.model == entry.model and messages(before) == turns[:at]:
                    sent = bool(turn.get("reasoning_content"))
                    wrong = f"message {at} has calls of tools without its reasoning_content"
                    yield Occasion((before, entry), None if sent else wrong)
                    break


def _polled_unknown_task(traffic: Traffic) -> Iterator[Occasion]:
    """One more look is none too many: a task is not known everywhere at once."""
    for series in traffic.series:
        unknown = [entry for entry in series if entry.task == "UNKNOWN"]
        if unknown:
            more = len(unknown) - 1
            yield Occasion(unknown, f"asked {more} times more for it" if more > 1 else None)


def _told(entry: Entry) -> str:
    return f"{entry.status} {entry.error} does not pass"


def _wait(first: Entry, again: Entry) -> str:
    return f"{again.at - first.at:.3g} s"


def _asks_for_usage(entry: Entry) -> bool:
    options = entry.body.get("stream_options") if isinstance(entry.body, dict) else None
    return isinstance(options, dict) and options.get("include_usage") is True


def _continues(later: Entry, cut: Entry) -> bool:
    """Whether a request asks for what was missing of an answer: its beginning is the last turn."""
    return _has_answer(later, cut) and len(messages(later)) == len(messages(cut)) + 1


def _builds_on(later: Entry, cut: Entry) -> bool:
    """Whether a request goes on with the conversation behind an answer."""
    return _has_answer(later, cut) and len(messages(later)) > len(messages(cut)) + 1


def _has_answer(later: Entry, earlier: Entry) -> bool:
    """Whether a request repeats the conversation of an earlier one, and an answer to it."""
    asked, turns = messages(earlier), messages(later)
    answered = bool(asked) and len(turns) > len(asked) and turns[: len(asked)] == asked
    return answered and is_turn(turns[len(asked)], "assistant")


RULES: Final = (
    Rule(
        name="retried-final-error",
        means="It sent a request again that cannot succeed: that costs time, and hides the cause.",
        advice="Retry 429 but for a spent quota, 5xx and lost connections. Tell of all else.",
        occasion="an error that does not pass",
        look=_retried_final_error,
    ),
    Rule(
        name="ignored-retry-after",
        means="It asked again sooner than it was told to.",
        advice="Wait as long as Retry-After says, or give up.",
        occasion="an answer with Retry-After",
        timed=True,
        look=_ignored_retry_after,
    ),
    Rule(
        name="no-backoff",
        means="It asked again at once, or in waits that do not grow: a busy service gets no rest.",
        advice="Wait longer before each further try, from half a second on, with some jitter.",
        occasion="a retry of what may pass",
        timed=True,
        look=_no_backoff,
    ),
    Rule(
        name="retry-storm",
        means=f"It tried one request more than {_MOST_TRIES} times in vain.",
        advice="Give up after a few tries, in all layers together: an SDK retries as well.",
        occasion="an error, or an answer that did not come",
        look=_retry_storm,
    ),
    Rule(
        name="truncated-not-asked-again",
        means="A stream broke off, and nobody asked for the answer again.",
        advice="Ask again, or offer it to the user: the answer has no finish_reason.",
        occasion="a stream that breaks off",
        look=_not_asked_again,
    ),
    Rule(
        name="truncated-taken-as-whole",
        means="It took the part of an answer that came before a stream broke off for all of it.",
        advice="Hold an answer for whole only if it has a finish_reason, and raise an error else.",
        occasion="a stream that breaks off, and what the client made of it",
        look=_taken_as_whole,
    ),
    Rule(
        name="never-asked-for-usage",
        means="None of its streams asked for usage: it does not know what they cost.",
        advice="Send stream_options: {include_usage: true} with each stream.",
        occasion="a stream",
        look=_never_asked_for_usage,
    ),
    Rule(
        name="reasoning-not-sent-back",
        means="It left out the reasoning before calls of tools, which this model is to see again.",
        advice="Repeat reasoning_content beside the tool_calls of a turn, until the next question.",
        occasion="calls of tools by a model that wants its reasoning back",
        look=_reasoning_kept_back,
    ),
    Rule(
        name="polled-unknown-task",
        means="It kept on asking for a task that the service does not know.",
        advice="Take UNKNOWN for an end: the task is older than 24 hours, or somebody else's.",
        occasion="a task in the state UNKNOWN",
        look=_polled_unknown_task,
    ),
)
"""All rules, in the order in which they are told."""
