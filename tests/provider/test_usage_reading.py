"""Token usage from the shapes on record, and from any other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim.provider import Usage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def usage(**details: Any) -> dict[str, Any]:
    totals = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
    return {**totals, **{f"{name}_tokens_details": value for name, value in details.items()}}


@pytest.mark.parametrize(
    ("wire", "cached", "reasoning"),
    [
        (usage(), 0, 0),
        (usage(prompt=None, completion=None), 0, 0),
        (usage(prompt={"cached_tokens": 4}), 4, 0),
        (usage(completion={"reasoning_tokens": 15}, prompt={"cached_tokens": 0}), 0, 15),
        (usage(completion={"reasoning_tokens": 15, "text_tokens": 20}), 0, 15),
        (usage(prompt={"text_tokens": 6, "image_tokens": 4, "cached_tokens": 3}), 3, 0),
    ],
    ids=["totals", "null-details", "text", "thinking", "multimodal", "vision"],
)
def test_the_families_on_record_are_read(wire: dict[str, Any], cached: int, reasoning: int) -> None:
    assert Usage.from_wire(wire) == Usage(
        prompt_tokens=10,
        completion_tokens=20,
        total_tokens=30,
        cached_tokens=cached,
        reasoning_tokens=reasoning,
    )


@given(prompt=st.integers(0, 10**7), completion=st.integers(0, 10**7))
def test_a_missing_total_is_the_sum(prompt: int, completion: int) -> None:
    read = Usage.from_wire({"prompt_tokens": prompt, "completion_tokens": completion})
    assert read is not None
    assert read.total_tokens == prompt + completion


@given(
    wire=JSON
    | st.fixed_dictionaries(
        {"prompt_tokens": JSON, "completion_tokens": JSON},
        optional={
            "prompt_tokens_details": JSON | st.fixed_dictionaries({"cached_tokens": JSON}),
            "completion_tokens_details": JSON | st.fixed_dictionaries({"reasoning_tokens": JSON}),
        },
    )
)
def test_any_json_gives_counts_or_nothing(wire: Any) -> None:
    read = Usage.from_wire(wire)
    if read is None:
        assert not isinstance(wire, dict) or not wire
        return
    counts = (read.prompt_tokens, read.completion_tokens, read.cached_tokens, read.reasoning_tokens)
    assert all(type(count) is int and count >= 0 for count in (*counts, read.total_tokens))
