"""Every promise, on every host that it is about, by every target."""

import pytest

from qwensim.contract import Case, Target, run


def test_a_promise_is_kept(case: Case, host: str, target: str, targets: dict[str, Target]) -> None:
    result = run(case, host, targets[target])
    if result.outcome == "not run":
        pytest.skip(result.detail)
    assert result.outcome == "kept", result.detail
