"""Drift: how the fake's answers compare with recordings of the service.

from qwensim.contract.drift import drift, read_known

for finding in drift([Path("recordings")], known=read_known([])):
    print(finding.recording, finding.outcome)
"""

from qwensim.contract.drift.comparison import Difference
from qwensim.contract.drift.findings import Explained, Finding, Outcome
from qwensim.contract.drift.known import Known, read_known
from qwensim.contract.drift.replay import DEFAULT_HOST, drift

__all__ = [
    "DEFAULT_HOST",
    "Difference",
    "Explained",
    "Finding",
    "Known",
    "Outcome",
    "drift",
    "read_known",
]
