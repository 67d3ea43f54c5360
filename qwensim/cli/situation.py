"""`--scenario`: the service of a support issue, for commands that serve other clients."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.catalog.rows import Plan, Region
from qwensim.cli.consoles import show_line
from qwensim.cli.trace import plain
from qwensim.errors import UsageError
from qwensim.scenarios import Scenario, accounts_of, play, read, simulator_of
from qwensim.server import SystemClock
from qwensim.simulator import Simulator, TaskPace


def read_alone(name: str, others: Mapping[str, object]) -> Scenario:
    """Read a scenario by its id, or a file.

    Raises `UsageError` if one of the `others`, options by name, is given too: a scenario says that
    itself.
    """
    given = [option for option, value in others.items() if value]
    if given:
        raise UsageError(f"--scenario says itself what {', '.join(given)} would: leave them out")
    return read(name)


def service_of(
    scenario: Scenario, make: Callable[..., Simulator], task_pace: TaskPace | None = None
) -> Simulator:
    """Return its service on the machine's own clock; the rest is as for `simulator_of`."""
    return simulator_of(scenario, clock=SystemClock(), task_pace=task_pace, make=make)


def keys_of(scenario: Scenario, region: Region) -> Mapping[Plan, str]:
    """Return for each plan a key to try."""
    accounts = accounts_of(scenario)
    if not accounts:
        return FAKE_KEYS
    fitting = [account for account in accounts if account.region in (None, region)]
    return {account.plan: account.key for account in reversed(fitting)}


def show_situation(scenario: Scenario) -> None:
    """Print to stderr what was reported, and the first request with which it was met."""
    show_line("scenario", f"{scenario.title} ({scenario.reference})", style="bold")
    first = replace(scenario.calls[0], repeat=1, wait=0.0)
    (outcome,) = play(replace(scenario, calls=(first,))).outcomes
    for exchange in outcome.exchanges[:1]:
        asked = f"{exchange.method} https://{exchange.host}{exchange.path}"
        body = exchange.content.decode("utf-8", "replace")
        show_line("first call", plain(f"{asked} {body}".rstrip()), style="bold")
