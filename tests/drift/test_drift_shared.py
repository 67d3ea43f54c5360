"""Recordings of the service, where they lie beside the project."""

from collections import Counter
from pathlib import Path

import pytest

from qwensim.contract.drift import drift, read_known

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside the project")
def test_the_fake_answers_as_recorded() -> None:
    findings = list(drift([RECORDINGS], known=read_known([])))
    outcomes = Counter(
        (found.surface.endswith("/chat/completions"), found.outcome) for found in findings
    )
    assert outcomes[True, "same"] + outcomes[True, "known"] >= 6
    assert not [found for found in findings if found.outcome in ("differs", "could not look")]
