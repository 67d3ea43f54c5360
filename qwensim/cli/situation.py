"""`--scenario`: the service of a support issue, for commands that serve other clients."""

from collections.abc import Callable, Mapping

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.catalog.rows import Plan, Region
from qwensim.errors import UsageError
from qwensim.scenarios import Scenario, accounts_of, read, simulator_of
from qwensim.server import SystemClock
from qwensim.simulator import Simulator


def read_alone(name: str, others: Mapping[str, object]) -> Scenario:
    """Read a scenario by its id, or a file.

    Raises `UsageError` if one of the `others`, options by name, is given too: a scenario says that
    itself.
    """
    given = [option for option, value in others.items() if value]
    if given:
        raise UsageError(f"--scenario says itself what {', '.join(given)} would: leave them out")
    return read(name)


def service_of(scenario: Scenario, make: Callable[..., Simulator]) -> Simulator:
    """Return its service on the machine's own clock; `make` is as for `simulator_of`."""
    return simulator_of(scenario, clock=SystemClock(), make=make)


def keys_of(scenario: Scenario, region: Region) -> Mapping[Plan, str]:
    """Return for each plan a key to try."""
    accounts = accounts_of(scenario)
    if not accounts:
        return FAKE_KEYS
    fitting = [account for account in accounts if account.region in (None, region)]
    return {account.plan: account.key for account in reversed(fitting)}
