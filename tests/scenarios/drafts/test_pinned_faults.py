"""Faults of a draft meet the exchanges that they met on record."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwensim.scenarios.drafting.faults import pinned
from qwensim.simulator import Fault
from qwensim.simulator.faults import KINDS, FaultQueue

STANDARD = "dashscope-intl.aliyuncs.com"


class TestPinnedFaults:
    @given(
        kinds=st.lists(
            st.lists(st.sampled_from(sorted(KINDS)), max_size=3, unique=True), max_size=7
        ),
        data=st.data(),
    )
    def test_each_meets_its_exchange_alone(
        self, kinds: list[list[str]], data: st.DataObject
    ) -> None:
        streams = [data.draw(st.booleans()) for _ in kinds]
        wanted: dict[int, list[dict[str, Any]]] = {
            at: [{"kind": kind} for kind in found] for at, found in enumerate(kinds)
        }
        alone = []
        for at, stream in enumerate(streams):  # what the faults of one exchange make of it
            queue = FaultQueue()
            for fault in wanted[at]:
                queue.add(Fault(**fault))
            met = queue.take(host=STANDARD, model=None, stream=stream)
            alone.append([fault.kind for fault in met])
        queue = FaultQueue()
        for fields in pinned(wanted, streams):
            queue.add(Fault(**fields))
        for stream, expected in zip(streams, alone, strict=True):
            met = queue.take(host=STANDARD, model=None, stream=stream)
            assert [fault.kind for fault in met] == expected
        assert queue.armed() == ()
