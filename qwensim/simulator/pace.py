"""How fast the service answers: at once, or like a model that thinks and types."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from qwensim.simulator.chance import Chance

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Time to the first token, tokens a second, and how much both vary.

    Zero tokens a second means that tokens take no time.
    """

    first_token: Seconds = 0.0
    tokens_per_second: Seconds = 0.0
    jitter: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """The share by which each wait is longer or shorter at most."""

    @property
    def instant(self) -> bool:
        """Whether nothing ever waits."""
        return not self.first_token and not self.tokens_per_second

    def opening(self, chance: Chance) -> float:
        """Return the seconds before the first token."""
        return self.first_token * self._spread(chance)

    def of(self, tokens: int, chance: Chance) -> float:
        """Return the seconds that so many tokens take."""
        if not self.tokens_per_second:
            return 0.0
        return tokens / self.tokens_per_second * self._spread(chance)

    def _spread(self, chance: Chance) -> float:
        return 1 + self.jitter * (2 * chance.random() - 1)


INSTANT = Pace()
REALISTIC = Pace(first_token=0.6, tokens_per_second=60, jitter=0.3)
"""Of the order of recorded qwen-plus traffic: 0.4 to 0.9 s to the first token."""

PACES = {"instant": INSTANT, "realistic": REALISTIC}


def group(pieces: list[str], chance: Chance) -> Iterator[list[str]]:
    """Cut tokens into bursts as the service sends them: the first alone, then one to six."""
    size, start, end = 1, 0, len(pieces)
    while start < end:
        yield pieces[start : start + size]
        start += size
        size = 1 + int(chance.random() * 6)
