"""Sets up the service of a scenario, and the keys that its file names."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from msgspec.structs import replace

from qwensim.catalog import Catalog, load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.errors import CatalogError, UsageError
from qwensim.fields import FieldError, Steps
from qwensim.scenarios.spec import Overlay, Scenario
from qwensim.simulator import Account, Clock, Simulator, TaskPace, VirtualClock

_ENDING: Final = "not-a-real-key"
"""That of the fake keys."""


def keys_of(scenario: Scenario) -> Mapping[str, str]:
    """Return the keys by name. They are no secrets."""
    keys: dict[str, str] = {plan: key for plan, key in FAKE_KEYS.items()}  # noqa: C416 - plans become names
    return keys | {account.key: _key(account) for account in scenario.accounts}


def accounts_of(scenario: Scenario) -> tuple[Account, ...]:
    """Return the accounts with their keys, in the place of these keys' names."""
    return tuple(replace(account, key=_key(account)) for account in scenario.accounts)


def _key(account: Account) -> str:
    form = FAKE_KEYS[account.plan]
    if account.key == account.plan:
        return form
    return form.replace(_ENDING, f"{account.key}-{_ENDING}")


def simulator_of(
    scenario: Scenario,
    *,
    clock: Clock | None = None,
    task_pace: TaskPace | None = None,
    make: Callable[..., Simulator] = Simulator,
) -> Simulator:
    """Return the service as it was for the user who reports.

    `clock` is by default a virtual one that stands at the beginning of the scenario's day,
    `task_pace` the scenario's; `make` is called with arguments of `Simulator`. Raises `FieldError`
    with the place for what does not hold together.
    """
    simulator = make(
        catalog=facts_of(scenario),
        clock=clock or VirtualClock(scenario.midnight),
        client_check=scenario.client_check,
        limits=scenario.limits,
        task_pace=task_pace or scenario.task_pace,
    )
    for number, account in enumerate(accounts_of(scenario)):
        with at("accounts", number):
            simulator.account(account)
    for number, script in enumerate(scenario.scripts):
        with at("scripts", number):
            simulator.script(script.script())
    for number, fault in enumerate(scenario.faults):
        with at("faults", number):
            simulator.fault(fault)
    return simulator


def facts_of(scenario: Scenario) -> Catalog:
    """Return the facts of the day, with the overlay. Raises `FieldError` with the place."""
    try:
        return load(*filter(None, [scenario.overlay]), as_of=scenario.as_of)
    except CatalogError as error:
        raise FieldError(error.problem, _place(scenario.overlay, error)) from error


@contextmanager
def at(*steps: str | int) -> Iterator[None]:
    """Say of errors within the context where they belong."""
    try:
        yield
    except FieldError as error:
        raise FieldError(error.problem, (*steps, *error.steps)) from error
    except UsageError as error:
        raise FieldError(str(error), steps) from error


def _place(overlay: Overlay, error: CatalogError) -> Steps:
    """Return where in an overlay the row stands that an error is about."""
    table, _, name = error.row.partition(" ")
    fields = tuple(filter(None, error.field.split(".")))
    for number, row in enumerate(overlay.get(table, ())):
        if name in (*map(str, row.values()), str(number + 1)):
            return ("overlay", table, number, *fields)
    return ("overlay", table) if table in overlay else ("overlay",)


def with_keys(value: Any, keys: Mapping[str, str]) -> Any:
    """Return JSON in which `{key: NAME}` is the key. Raises `FieldError` for an unknown name."""
    if isinstance(value, dict):
        if [*value] == ["key"]:
            return known_key(value["key"], keys)
        return {name: _with_keys_at(name, item, keys) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_keys_at(index, item, keys) for index, item in enumerate(value)]
    return value


def _with_keys_at(step: str | int, value: Any, keys: Mapping[str, str]) -> Any:
    with at(step):
        return with_keys(value, keys)


def known_key(name: Any, keys: Mapping[str, str]) -> str:
    """Return the key of a name. Raises `UsageError` if there is none."""
    if not isinstance(name, str) or name not in keys:
        raise UsageError(f"no key {name!r}; there are: {', '.join(keys)}")
    return keys[name]
