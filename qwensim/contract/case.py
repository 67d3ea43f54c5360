"""A case of the contract: one promise, the hosts that it is about, and how to see it kept."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from qwensim.catalog import Catalog
from qwensim.catalog.rows import Plan, Region
from qwensim.contract.session import Session

Need: TypeAlias = Literal[
    "script", "account", "error", "pace", "standard", "fault", "clock", "size"
]
"""What a target must be able to do for a case to run.

    script    the model says what it is told to
    account   the key's account is in a given state
    error     the service fails as it is told to, in an answer
    pace      a task begins no sooner than time is let pass or it is asked for
    standard  the Standard host of the region is there too, and its keys are known
    fault     the connection breaks, which no recording holds
    clock     time passes without being waited for
    size      a request may be too large for a recording
"""

_IN_ANSWERS: Final = frozenset[Need]({"script", "account", "error", "pace", "standard"})

BOTH: tuple[Plan, ...] = ("standard", "coding")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A promise of the service or of the client, and the function that sees whether it is kept.

    `run` talks through the session that it is given and raises `Broken` if the promise is not kept.
    """

    id: str
    title: str
    holds: str
    """What the promise rests on: a row of the provider's page, or a fact of the wire."""
    run: Callable[[Session], None]
    surface: str = "chat"
    plans: tuple[Plan, ...] = BOTH
    region: Region | None = None
    """The only region whose hosts it is about; None: every one."""
    models: tuple[str, ...] = ("qwen3.5-plus",)
    """The first of them that a host serves is asked; hosts that serve none are left out."""
    absent: str | None = None
    """A model that is asked in their place, on the hosts that do not serve it."""
    needs: frozenset[Need] = frozenset()

    @property
    def recordable(self) -> bool:
        """Whether a recording can hold the case: what was arranged is then in its answers."""
        return self.needs <= _IN_ANSWERS

    def recording(self, folder: Path, host: str) -> Path:
        """Return where the case's recording is kept."""
        return folder / host / self.surface / f"{self.id}.yaml"

    def model(self, catalog: Catalog, host: str) -> str | None:
        """Return the model that is asked on a host, or None if the case is not about the host."""
        row = catalog.hosts[host]
        if row.plan not in self.plans or self.region not in (None, row.region):
            return None
        served = catalog.served[host]
        if self.absent is not None:
            return None if self.absent in served else self.absent
        return next((model for model in self.models if model in served), None)

    def hosts(self, catalog: Catalog) -> tuple[str, ...]:
        """Return the names of the hosts that the case is about."""
        return tuple(host for host in catalog.hosts if self.model(catalog, host) is not None)
