"""Support issues as data: what was reported, seen again offline, and what helps.

    from qwensim.scenarios import read, reproduce

    result = reproduce(read("developer-role"))
    assert result.as_expected, result.findings

A scenario is a YAML file: the fields of `Scenario`.
"""

from qwensim.scenarios.outcome import Failure, Outcome, Said
from qwensim.scenarios.playing import Played, play
from qwensim.scenarios.reading import Source, ids, read, scenario_of, source
from qwensim.scenarios.reproducing import Result, reproduce
from qwensim.scenarios.schema import schema
from qwensim.scenarios.seen import Finding, findings
from qwensim.scenarios.spec import Scenario
from qwensim.scenarios.staging import accounts_of, facts_of, simulator_of
from qwensim.scenarios.wire import Exchange

__all__ = [
    "Exchange",
    "Failure",
    "Finding",
    "Outcome",
    "Played",
    "Result",
    "Said",
    "Scenario",
    "Source",
    "accounts_of",
    "facts_of",
    "findings",
    "ids",
    "play",
    "read",
    "reproduce",
    "scenario_of",
    "schema",
    "simulator_of",
    "source",
]
