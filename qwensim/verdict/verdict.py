"""Judges a client by all rules, and tells what came of it."""

from collections.abc import Collection, Iterable
from typing import Final, Literal, TypeAlias

import msgspec

from qwensim.catalog import Catalog
from qwensim.errors import UsageError
from qwensim.simulator import Entry
from qwensim.verdict.rules import RULES, Rule
from qwensim.verdict.traffic import Traffic

Outcome: TypeAlias = Literal["passed", "failed", "not judged"]

_SHOWN: Final = 10
"""Requests of a breach that are named."""

_STILL: Final = "the client does not wait on the service's clock"


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """Where a client broke a rule."""

    requests: tuple[int, ...]
    """Their numbers in the journal; of many the first ten."""
    seen: str


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one rule."""

    rule: str
    outcome: Outcome
    reason: str = ""
    """Why it was not judged."""
    occasions: int = 0
    """How often it could be judged."""
    breaches: tuple[Breach, ...] = ()
    means: str
    advice: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What came of all rules; `msgspec.json.encode` writes it down."""

    requests: int
    """How many there were to judge by."""
    judgements: tuple[Judgement, ...]

    @property
    def passed(self) -> bool:
        """Whether no rule was broken."""
        return not self.failures()

    def failures(self, *, allow: Collection[str] = ()) -> tuple[Judgement, ...]:
        """Return the rules that were broken, but for those that are allowed.

        Raises `UsageError` if one of these does not exist.
        """
        check_names(allow)
        return tuple(
            judgement
            for judgement in self.judgements
            if judgement.outcome == "failed" and judgement.rule not in allow
        )

    def lines(self, *, allow: Collection[str] = ()) -> list[str]:
        """Return lines on the rules that were broken: what was seen, and what to do."""
        return [
            line
            for judgement in self.failures(allow=allow)
            for line in (
                f"{judgement.rule}: {judgement.means}",
                *(
                    f"  requests {', '.join(map(str, breach.requests))}: {breach.seen}"
                    for breach in judgement.breaches
                ),
                f"  {judgement.advice}",
            )
        ]


def judge(
    entries: Iterable[Entry],
    catalog: Catalog,
    *,
    timed: bool,
    returned: Collection[int] | None = None,
) -> Verdict:
    """Judge a client by the entries of a journal.

    `timed`: the client waits on the clock by which they are entered; else rules about times are not
    judged. `returned` are the numbers of requests after which the client gave its caller no error,
    None if that is not known. Requests that are the same pass for tries of one: several that were
    sent at the same time cannot be told from these.
    """
    traffic = Traffic(entries, catalog, returned=returned)
    return Verdict(
        requests=len(traffic.entries),
        judgements=tuple(_judged(rule, traffic, timed=timed) for rule in RULES),
    )


def check_names(names: Collection[str]) -> None:
    """Raise `UsageError` unless these are names of rules."""
    known = [rule.name for rule in RULES]
    if isinstance(names, str):
        raise UsageError(f"a list of rules is wanted, not the string {names!r}")
    for name in names:
        if name not in known:
            raise UsageError(f"no rule {name!r}; there are: {', '.join(known)}")


def _judged(rule: Rule, traffic: Traffic, *, timed: bool) -> Judgement:
    if rule.timed and not timed:
        return _not_judged(rule, _STILL)
    occasions = [*rule.look(traffic)]
    if not occasions:
        return _not_judged(rule, f"no occasion: {rule.occasion}")
    breaches = tuple(
        Breach(
            requests=tuple(entry.number for entry in occasion.requests[:_SHOWN]),
            seen=occasion.wrong,
        )
        for occasion in occasions
        if occasion.wrong is not None
    )
    return Judgement(
        rule=rule.name,
        outcome="failed" if breaches else "passed",
        occasions=len(occasions),
        breaches=breaches,
        means=rule.means,
        advice=rule.advice,
    )


def _not_judged(rule: Rule, reason: str) -> Judgement:
    return Judgement(
        rule=rule.name, outcome="not judged", reason=reason, means=rule.means, advice=rule.advice
    )
