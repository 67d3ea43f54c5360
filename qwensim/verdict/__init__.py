"""What the service can tell of a client by its requests: how it takes errors, streams and tasks.

    verdict = judge(simulator.journal, simulator.catalog, timed=True)
    assert verdict.passed, verdict.lines()

Each rule is judged where there was an occasion for it, and else says what there would have to be.
"""

from qwensim.verdict.rules import RULES, Rule
from qwensim.verdict.verdict import Breach, Judgement, Verdict, check_names, judge

__all__ = ["RULES", "Breach", "Judgement", "Rule", "Verdict", "check_names", "judge"]
