"""What can be set for a test, in its configuration or at the test itself."""

from collections.abc import Mapping
from typing import Any

import msgspec

from qwensim.catalog.rows import Plan, Region
from qwensim.errors import UsageError
from qwensim.fields import check_fields
from qwensim.simulator import Account, TaskPace
from qwensim.simulator.gate import ClientCheck


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one test."""

    seed: int = 0
    """Of the talker and of ids."""
    strict: bool = False
    allow: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()
    plan: Plan = "standard"
    """With `region` the host of the provider and of the environment."""
    region: Region = "global"
    task_pace: TaskPace | None = None
    """None: that of the `scenario`, or as by default in virtual time."""
    limits: bool = False
    """The service's limits are enforced."""
    client_check: ClientCheck = "any"
    """Who may use a Coding Plan host."""
    cassette: str | None = None
    scenario: str | None = None
    """The support issue whose service it is: an id, or a file beside the test's own. It overrules
    `accounts`, `limits` and `client_check`."""

    def changed(
        self, by: Mapping[str, Any], *, where: str, may: tuple[str, ...] = ()
    ) -> "Settings":
        """Return these settings with those of `by` in their place.

        Raises `UsageError`, which begins with `where`, for a value that does not fit and for a name
        that there is not, or that is not in `may`.
        """
        names = may or self.__struct_fields__
        for name in by:
            if name not in names:
                raise UsageError(f"{where}: no setting {name!r}; there are: {', '.join(names)}")
        fields = {**msgspec.structs.asdict(self), **by}
        try:
            check_fields(Settings(**fields))
        except UsageError as error:
            problem = str(error).removeprefix("Settings: ")
            raise UsageError(f"{where}: {problem}") from error
        return msgspec.convert(fields, Settings)
