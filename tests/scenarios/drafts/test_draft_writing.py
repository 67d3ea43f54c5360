"""What is written to a scenario file is read as the same."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwensim.scenarios.document import parse, written

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(
        ["on", "no", "1e5", "0x1", "1_000", "~", "=", "<<", "2026-05-18", "a\n", " a\n"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(data=PLAIN)
def test_what_is_written_is_read_as_the_same(data: Any) -> None:
    read = parse(written(data)).data
    assert read == data
    assert repr(read) == repr(data)  # 1 is no True, and no 1.0
