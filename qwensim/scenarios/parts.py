"""What the parts of a scenario have in common."""

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import UNSET

Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
Number: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]


class Spec(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What every part of a scenario is."""

    @classmethod
    def may_give(cls) -> tuple[str, ...]:
        """Return the names of the fields that are `UNSET` unless they are given."""
        return tuple(row.name for row in msgspec.structs.fields(cls) if row.default is UNSET)

    @property
    def given(self) -> dict[str, Any]:
        """Those of them that are given."""
        fields = {name: getattr(self, name) for name in self.may_give()}
        return {name: value for name, value in fields.items() if value is not UNSET}

    def must_give(self, problem: str) -> None:
        """Raise `ValueError` if none of them is."""
        if not self.given:
            raise ValueError(f"{problem}; there are: {', '.join(self.may_give())}")


class Key(Spec, frozen=True, kw_only=True):
    """A key that is no secret, by its name."""

    key: Text
    """`standard` or `coding`, which have the form that the plan accepts, or an account's key."""
