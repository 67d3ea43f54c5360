"""Who may call: keys by plan and region, what they are entitled to, and the account's state.

Without accounts every well-formed key of the host's plan is accepted, whatever its region. With
accounts only theirs are.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from qwensim.catalog import Catalog, Redactor
from qwensim.catalog.checks import convert_row
from qwensim.catalog.credentials import REDACTED
from qwensim.catalog.loader import read_toml
from qwensim.catalog.rows import HostRow, Plan, PlanRow, Region, Tier
from qwensim.errors import CatalogError, UsageError
from qwensim.fields import check_fields, check_kind
from qwensim.simulator.refusals import Refused


class Used(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests that an account has behind it in the windows of the Coding Plan."""

    hours: Annotated[int, msgspec.Meta(ge=0)] = 0
    """In the last five hours; they count for five hours more from when the account is set."""
    week: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Since Monday, 00:00 UTC+8."""
    month: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Since the last subscription day, 00:00 UTC+8."""


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key and what the service knows about it."""

    key: str
    plan: Plan = "standard"
    region: Region | None = None
    """None: the key works in every region."""
    state: Literal["good", "overdue", "free-tier-used-up", "revoked"] = "good"
    models: tuple[str, ...] = ()
    """Models enabled for this account beyond what its plan serves."""
    denied: tuple[str, ...] = ()
    """Models that the account has not purchased."""
    spent: Literal["hour", "week", "month"] | None = None
    """The Coding Plan quota that is used up, whether limits are enforced or not."""
    tier: Tier = "lite"
    """The Coding Plan's; it says what the quotas are where limits are enforced."""
    subscription_day: Annotated[int, msgspec.Meta(ge=1, le=31)] = 1
    """The day of the month on which the Coding Plan's month begins, or the last day of a month that
    is too short."""
    used: Used = Used()
    """What is used of the Coding Plan's quotas when the account is set."""

    def __repr__(self) -> str:
        """Leave out the key."""
        shown = f"plan={self.plan!r}, region={self.region!r}, state={self.state!r}"
        return f"Account(key={REDACTED!r}, {shown})"


ANYONE = Account(key="")
"""Stands for every well-formed key where no accounts are set: they are one account's."""

_QUOTA_FIELDS = ("spent", "tier", "subscription_day", "used")


class Accounts:
    """Looks up keys."""

    def __init__(self, catalog: Catalog, accounts: Iterable[Account] = ()) -> None:
        self._catalog = catalog
        self._patterns = {plan.id: re.compile(plan.key_pattern) for plan in catalog.plans.values()}
        self._accounts: dict[str, Account] = {}
        check_kind("accounts", accounts, Iterable, "a list of Account")
        for account in accounts:
            self.add(account)

    def __iter__(self) -> Iterator[Account]:
        return iter(tuple(self._accounts.values()))

    def add(self, account: Account) -> None:
        """Add an account or replace the one with the same key; from now on only such keys work.

        Raises `UsageError` if the account does not hold together.
        """
        try:
            check_kind("an account", account, Account, "an Account")
            check_fields(account)
            check_kind("Account: used", account.used, Used, "a Used")
            check_fields(account.used)
        except UsageError as error:  # the key may stand in the wrong place
            problem = Redactor(self._catalog).text(str(error))
            raise UsageError(problem) from None
        for field, problem in _problems(account, self._catalog):
            raise UsageError(f"Account: {field} {problem}")
        self._accounts[account.key] = account

    def admit(self, plan: PlanRow, host: HostRow, authorization: str | None) -> Account:
        """Return the account of a request; raises `Refused` with the plan's own words."""
        scheme, _, key = (authorization or "").strip().partition(" ")
        key = key.strip()
        if not scheme or (scheme.lower() == "bearer" and not key):
            raise Refused(plan.missing_key)
        if scheme.lower() != "bearer" or not self._patterns[plan.id].fullmatch(key):
            raise Refused(plan.wrong_key)
        if not self._accounts:
            return ANYONE
        account = self._accounts.get(key)
        if (
            account is None
            or account.plan != plan.id
            or account.region not in (None, host.region)
            or account.state == "revoked"
        ):
            raise Refused(plan.wrong_key)
        return account


def read_accounts(path: str | Path, catalog: Catalog) -> tuple[Account, ...]:
    """Read an accounts file: TOML with one `[[account]]` table a key.

    Raises `CatalogError` with file, row and field if anything is wrong; a key that stands in the
    wrong place is not shown.
    """
    try:
        return _read(path, catalog)
    except CatalogError as error:
        shown = Redactor(catalog).text
        row, field = shown(error.row), shown(error.field)
        problem = shown(error.problem)
    raise CatalogError(problem, file=str(path), row=row, field=field)


def _read(path: str | Path, catalog: Catalog) -> tuple[Account, ...]:
    tables = read_toml(path)
    if unknown := set(tables) - {"account"}:
        raise CatalogError("no such table; there is: account", file=str(path), row=min(unknown))
    rows = tables.get("account", [])
    if not isinstance(rows, list) or not rows:
        raise CatalogError("has no [[account]] rows", file=str(path), row="account")
    accounts: list[Account] = []
    for number, fields in enumerate(rows, start=1):
        row = f"account {number}"
        account: Account = convert_row(fields, Account, file=str(path), row=row)
        for field, problem in _problems(account, catalog):
            raise CatalogError(problem, file=str(path), row=row, field=field)
        if any(account.key == other.key for other in accounts):
            raise CatalogError("stands twice", file=str(path), row=row, field="key")
        accounts.append(account)
    return tuple(accounts)


def _problems(account: Account, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield field and problem for all that does not fit the facts."""
    pattern = catalog.plans[account.plan].key_pattern
    if not re.fullmatch(pattern, account.key):
        yield "key", f"is no key of plan {account.plan!r}: must match {pattern!r}"
    for field in ("models", "denied"):
        for model in getattr(account, field):
            if model not in catalog.models:
                yield field, f"{model!r} is not in the catalogue"
    for field in _QUOTA_FIELDS:
        if account.plan != "coding" and getattr(account, field) != getattr(ANYONE, field):
            yield field, f"is for plan 'coding': plan {account.plan!r} has no quota of calls"
