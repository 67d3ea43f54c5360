"""The key: given, or from the environment, and never shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from qwensim.catalog import Catalog
from qwensim.catalog.rows import PlanRow
from qwensim.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """An API key and where it came from."""

    key: str = field(repr=False)
    source: str
    """`api_key`, or the name of the environment variable."""


NO_KEY = Credential(key="", source="nowhere")
"""What a server on this machine may be asked with: requests carry no Authorization."""

UNSENT = "unsent"
"""What the SDK is given for `NO_KEY`: it wants one even so, and takes OpenAI's if there is none."""


def find(
    catalog: Catalog, *, api_key: str | None, environ: Mapping[str, str], optional: bool = False
) -> Credential:
    """Return the given key, else that of the first variable of the catalogue that is set.

    A blank value counts as not set. White space around a key is dropped. Without a key it is
    `NO_KEY` if one is `optional`.
    Raises `UsageError` if there is no key, or one that cannot stand in an HTTP header.
    """
    if api_key is not None and not isinstance(api_key, str):
        raise UsageError(f"api_key is a text, not {type(api_key).__name__}")  # without the key
    candidates = {"api_key": api_key or ""}
    candidates |= {name: environ.get(name, "") for name in catalog.key_variables}
    for source, value in candidates.items():
        if key := value.strip():
            if not (key.isascii() and key.isprintable() and " " not in key):
                raise UsageError(
                    f"the key in {source} holds a blank, a control character or one outside ASCII; "
                    "copy it again from the console"
                )
            return Credential(key=key, source=source)
    if optional:
        return NO_KEY
    variables = ", ".join(catalog.key_variables)
    raise UsageError(f"no API key; set one of {variables} (or, in Python, pass api_key)")


def plan_of(catalog: Catalog, key: str) -> PlanRow | None:
    """Return the plan whose keys look like this one, or None if none do."""
    plans = catalog.plans.values()
    return next((plan for plan in plans if re.fullmatch(plan.key_pattern, key)), None)
