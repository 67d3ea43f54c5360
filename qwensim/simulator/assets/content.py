"""What can be stored: something that is made when it is wanted."""

from typing import Protocol


class Content(Protocol):
    """A frozen value, equal to another that makes the same bytes."""

    @property
    def media_type(self) -> str:
        """What it is served as."""
        ...

    @property
    def suffix(self) -> str:
        """How its name ends, with the dot."""
        ...

    def make(self) -> bytes:
        """Make the bytes: always the same ones."""
        ...

    def __hash__(self) -> int: ...
