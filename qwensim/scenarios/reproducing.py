"""Whether a scenario shows what was reported, or with its remedy shows it no more."""

from dataclasses import dataclass

from qwensim.errors import UsageError
from qwensim.scenarios.playing import Played, play
from qwensim.scenarios.seen import Finding, findings
from qwensim.scenarios.spec import Scenario


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a scenario."""

    played: Played
    findings: tuple[Finding, ...]
    """On what had to be seen: the symptom, or what is seen with the remedy."""
    symptom: bool
    """Whether what was reported is there."""
    remedied: bool
    """Whether the remedy was tried."""

    @property
    def as_expected(self) -> bool:
        """Whether the symptom was there; with the remedy, whether it helps."""
        if not self.remedied:
            return self.symptom
        return not self.symptom and all(finding.holds for finding in self.findings)


def reproduce(scenario: Scenario, *, remedy: bool = False, served: bool = False) -> Result:
    """Play a scenario, with its `remedy` if asked to, and look at what came of it.

    Raises `UsageError` if it has no remedy.
    """
    if not remedy:
        played = play(scenario, served=served)
        found = findings(scenario.reproduced, played.outcomes)
        symptom = all(finding.holds for finding in found)
        return Result(played=played, findings=found, symptom=symptom, remedied=False)
    if scenario.remedy is None:
        raise UsageError("the scenario has no remedy yet: write one into its file")
    played = play(scenario.remedied(scenario.remedy), served=served)
    reported = findings(scenario.reproduced, played.outcomes)
    return Result(
        played=played,
        findings=findings(scenario.remedy.seen, played.outcomes),
        symptom=all(finding.holds for finding in reported),
        remedied=True,
    )
