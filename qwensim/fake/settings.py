"""What can be set for a test, in its configuration or at the test itself."""

from collections.abc import Mapping
from typing import Any

import msgspec

from qwensim.catalog.rows import Plan, Region
from qwensim.errors import UsageError
from qwensim.simulator import Account
from qwensim.simulator.fields import check_fields


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
    cassette: str | None = None

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
