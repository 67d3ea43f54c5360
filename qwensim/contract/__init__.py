"""The contract: what the service and its client promise, as cases to hold against any target.

from qwensim.contract import Fake, cases, run

for case in cases():
    for host in case.hosts(target.catalog):
        result = run(case, host, target)
"""

from qwensim.contract.answers import Answer, Broken
from qwensim.contract.case import Case, Need
from qwensim.contract.runner import Result, cases, run
from qwensim.contract.session import Session
from qwensim.contract.targets import Cassettes, Fake, Gateway, Live, Served, Target

__all__ = [
    "Answer",
    "Broken",
    "Case",
    "Cassettes",
    "Fake",
    "Gateway",
    "Live",
    "Need",
    "Result",
    "Served",
    "Session",
    "Target",
    "cases",
    "run",
]
