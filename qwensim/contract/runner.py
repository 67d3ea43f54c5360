"""Runs cases against targets."""

from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import partial
from typing import Literal

import msgspec

from qwensim.catalog import Redactor
from qwensim.contract.case import Case
from qwensim.contract.subjects import CASES
from qwensim.contract.targets import Target
from qwensim.errors import UsageError

_LONGEST_DETAIL = 800
"""Characters."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a promise fares on a host of a target."""

    case: str
    host: str
    target: str
    outcome: Literal["kept", "broken", "not run"]
    detail: str = ""
    """What is broken, or why it was not run; without a credential."""


def cases(pattern: str = "*") -> tuple[Case, ...]:
    """Return the cases whose id matches; `*` and `?` match as in a shell.

    Raises `UsageError` if none does.
    """
    found = tuple(case for case in CASES if fnmatchcase(case.id, pattern))
    if not found:
        nearest = get_close_matches(pattern, [case.id for case in CASES], n=5, cutoff=0.3)
        raise UsageError(
            f"no case {pattern!r} among {len(CASES)}"
            + (f"; the nearest: {', '.join(nearest)}" if nearest else "")
        )
    return found


def run(case: Case, host: str, target: Target) -> Result:
    """See whether a case's promise is kept by a host of a target."""
    catalog = target.catalog
    row = catalog.hosts[host]
    result = partial(Result, case=case.id, host=host, target=target.name)
    if (obstacle := target.obstacle(case, row)) is not None:
        return result(outcome="not run", detail=obstacle)
    key = ""
    try:
        with target.session(case, row) as session:
            key = session.key
            case.run(session)
    except Exception as error:  # noqa: BLE001 - whatever an answer does to a case, it is no promise kept
        said = Redactor(catalog).text(_told(error), secrets=(key,) if key else ())
        return result(outcome="broken", detail=said[:_LONGEST_DETAIL])
    return result(outcome="kept")


def _told(error: Exception) -> str:
    name = "" if type(error).__name__ == "Broken" else f"{type(error).__name__}: "
    return f"{name}{error}"
