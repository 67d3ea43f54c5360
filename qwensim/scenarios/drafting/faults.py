"""Faults that meet certain exchanges of a scenario and no others."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from qwensim.simulator.faults import KINDS, Reach

Fields: TypeAlias = dict[str, Any]
"""The fields of a `Fault`, without those that say which exchange it meets."""


def pinned(met: Mapping[int, Sequence[Fields]], streams: Sequence[bool]) -> list[Fields]:
    """Return the faults of each exchange by its number from 0, as they are to be armed.

    `streams` says which exchanges ask for a stream. A fault counts the exchanges that it could
    meet; where one settles how an exchange ends, those behind it do not count that.
    """
    reaches = [Reach.STREAM if stream else Reach.ANSWER for stream in streams]
    settling = {
        at: fault
        for at, faults in met.items()
        for fault in reversed(faults)
        if KINDS[fault["kind"]].settles and KINDS[fault["kind"]].needs <= reaches[at]
    }

    def counts(fault: Fields, at: int, *, until: int) -> bool:
        row, settled = KINDS[fault["kind"]], settling.get(at)
        if settled is None:
            return row.needs <= reaches[at]
        if row.settles:
            return at == until and fault is settled
        return row.needs <= min(reaches[at], KINDS[settled["kind"]].leaves)

    placed = []
    for until in sorted(met):
        for fault in met[until]:
            if counts(fault, until, until=until):
                every = sum(counts(fault, at, until=until) for at in range(until + 1))
                placed.append({**fault, "every": every} if every > 1 else fault)
    return placed
