"""Chance without chance: numbers that depend on a key alone."""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import TypeVar

T = TypeVar("T")

_BLOCK = 256
"""The bytes that are drawn at a time."""
_NUMBER = struct.Struct("<H")
"""Of the same bytes the same numbers on any machine."""


class Chance:
    """An endless row of numbers, made of a key by SHAKE-128.

    Half as dear to make as a `random.Random`, and without its 2.5 kB of state, which each open
    stream would keep.
    """

    __slots__ = ("_key", "_numbers")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._numbers = _drawn(key)

    def random(self) -> float:
        """Return a number from 0 up to, but not including, 1."""
        return next(self._numbers) / 65536

    def choice(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[next(self._numbers) % len(items)]

    def choices(self, items: Sequence[T], count: int) -> list[T]:
        """Return so many of the items, the same one perhaps twice."""
        size = len(items)
        return [items[number % size] for number in islice(self._numbers, count)]

    def twister(self) -> Random:
        """Return a `random.Random` for what wants one."""
        return Random(int.from_bytes(hashlib.blake2b(self._key, digest_size=8).digest()))


def _drawn(key: bytes) -> Iterator[int]:
    """Yield the numbers of a key.

    No method: a generator that refers to what holds it is left to the garbage collector.
    """
    block = 0
    while True:
        drawn = hashlib.shake_128(b"%d " % block + key).digest(_BLOCK)
        # One by one: 128 numbers take 5 kB, and an open stream would keep them.
        for (number,) in _NUMBER.iter_unpack(drawn):
            yield number
        block += 1
