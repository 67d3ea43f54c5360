"""Plays the calls of a scenario, through the real provider, against the service as it was."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from qwensim.scenarios.answers import with_answers
from qwensim.scenarios.environment import Environment
from qwensim.scenarios.outcome import Outcome
from qwensim.scenarios.player import Player
from qwensim.scenarios.spec import Scenario
from qwensim.scenarios.staging import keys_of, simulator_of
from qwensim.scenarios.wire import Recorder
from qwensim.server import serve
from qwensim.simulator import Entry, Simulator, VirtualClock
from qwensim.transport import transport
from qwensim.verdict import Verdict, judge


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of the calls, in their order, and what the service saw."""

    outcomes: tuple[Outcome, ...]
    entries: tuple[Entry, ...]
    """The service's journal."""
    verdict: Verdict
    """What they tell of the client."""


def play(scenario: Scenario, *, served: bool = False) -> Played:
    """Play the calls in process, or `served` behind a proxy; the service's clock is virtual.

    A fault that is silent for some time is so in earnest where it is served.
    Raises `FieldError` for a service that does not hold together.
    """
    clock = VirtualClock(scenario.midnight)
    simulator = simulator_of(scenario, clock=clock)
    keys = keys_of(scenario)
    with ExitStack() as stack:
        way = stack.enter_context(_proxied(simulator) if served else _in_process(simulator))
        recorder = Recorder(way, keys=keys)
        client = stack.enter_context(httpx2.Client(transport=recorder))
        home = stack.enter_context(TemporaryDirectory(prefix="qwensim-"))
        environment = Environment(
            client=scenario.client, keys=keys, catalog=simulator.catalog, home=Path(home)
        )
        player = Player(environment, clock, client)
        outcomes: list[Outcome] = []
        returned = []
        for call in scenario.calls:
            answers = [outcome.answer for outcome in outcomes]
            outcome = player.play(with_answers(call, answers))
            outcomes.append(replace(outcome, exchanges=recorder.take()))
            if outcome.error is None and len(simulator.journal):
                returned.append(simulator.journal[-1].number)
    return Played(
        outcomes=tuple(outcomes),
        entries=tuple(simulator.journal),
        verdict=judge(simulator.journal, simulator.catalog, timed=True, returned=returned),
    )


@contextmanager
def _in_process(simulator: Simulator) -> Iterator[httpx2.BaseTransport]:
    yield transport(simulator, httpx2)


@contextmanager
def _proxied(simulator: Simulator) -> Iterator[httpx2.BaseTransport]:
    with serve(simulator, proxy=True, control=False) as server:
        tls = ssl.create_default_context(cadata=server.certificate.decode("ascii"))
        with httpx2.HTTPTransport(proxy=httpx2.Proxy(server.url), verify=tls) as way:
            yield way
