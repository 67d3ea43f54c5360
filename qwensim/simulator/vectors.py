"""Texts as vectors: the more of their words two texts share, the closer they are.

A text is a bag of features: its words and, so that forms of one word are alike, their trigrams. A
feature adds to few places of a long vector, as many in each octave of it: the beginning of a vector
is the vector of a smaller dimension, as with the service's models.
"""

import hashlib
import math
import re
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

_WORD = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")
"""A word, or Han characters in a row, which are not cut into words."""

_LONGEST = 2560
"""The largest dimension of any model."""
_OCTAVES = ((0, 64), (64, 64), (128, 128), (256, 256), (512, 512), (1024, _LONGEST - 1024))
"""The first place of each, and how many there are."""
_ROUNDS = _OCTAVES * 4
_PLACES = len(_ROUNDS)
"""Places that one feature adds to."""
_NUMBERS = struct.Struct(f"<{_PLACES}H")

_BASE = 0.5
"""What all texts have in common, as a part of what each has of its own: nothing is at right angles
to everything else."""
_WHOLE = 0.1
"""The weight of a text as it stands, so that no two texts have one vector."""
_TRIGRAM = 0.25
_LONG = 8
"""The length from which on a word counts in full: short ones say little."""


def features(text: str) -> Mapping[str, float]:
    """Return what a text is about, with weights; the same word again adds ever less."""
    counted = Counter(_WORD.findall(text.casefold()))
    weights: defaultdict[str, float] = defaultdict(float)
    for word, times in counted.items():
        often = math.sqrt(times)
        if "\u3400" <= word[0] <= "\u9fff":
            for pair in _ngrams(word, 2):
                weights[pair] += often / 2
            for character in word:
                weights[character] += often / 4
        else:
            weight = often * min(len(word), _LONG) / _LONG
            weights[word] += weight
            for trigram in _ngrams(f"^{word}$", 3):
                weights[trigram] += weight * _TRIGRAM
    return weights


def coverage(wanted: Mapping[str, float], found: Mapping[str, float]) -> float:
    """Return how much of the features `wanted` is among those `found`, from 0 to 1."""
    total = sum(wanted.values())
    if not total:
        return 0.0
    return sum(min(weight, found.get(name, 0.0)) for name, weight in wanted.items()) / total


def likeness(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the cosine of two bags of features, from 0 to 1."""
    lengths = math.hypot(*one.values()) * math.hypot(*other.values())
    if not lengths:
        return 0.0
    return sum(weight * other.get(name, 0.0) for name, weight in one.items()) / lengths


class Vectors:
    """The vectors of one model. Another model has others for the same texts."""

    def __init__(self, model: str, *, norm: float = 1.0) -> None:
        self._model = model.encode()
        self._norm = norm

    @cached_property
    def _base(self) -> list[float]:
        """What all texts have in common, in the longest vector; made when it is first wanted."""
        noise = hashlib.shake_128(self._model).digest(2 * _LONGEST)
        centred = [number - 32767.5 for (number,) in struct.iter_unpack("<H", noise)]
        length = math.hypot(*centred)
        return [number / length for number in centred]

    def packed(self, texts: Iterable[str], dimension: int, *, task: str = "") -> bytes:
        """Return the vector of some texts in one as little-endian numbers of single precision.

        `task` names what the vector is for, where that is not the usual: it differs a little.
        """
        weights: defaultdict[str, float] = defaultdict(float)
        for text in texts:
            for name, weight in features(text).items():
                weights[name] += weight
            weights[f"={text}"] = _WHOLE
        if task:
            weights[f"?{task}"] = 0.2 * math.hypot(*weights.values())
        common = _BASE * math.sqrt(_PLACES) * math.hypot(*weights.values())
        vector = [common * number for number in self._base[:dimension]]
        vector += [0.0] * (_LONGEST - dimension)
        for name, weight in weights.items():
            signed = (-weight, weight)
            for number, (first, places) in zip(self._drawn(name), _ROUNDS, strict=True):
                vector[first + (number >> 1) % places] += signed[number & 1]
        del vector[dimension:]
        scale = self._norm / math.hypot(*vector)
        return struct.pack(f"<{dimension}f", *[scale * number for number in vector])

    def _drawn(self, name: str) -> tuple[int, ...]:
        key = self._model[: hashlib.blake2b.MAX_KEY_SIZE]
        digest = hashlib.blake2b(name.encode(), digest_size=_NUMBERS.size, key=key)
        return _NUMBERS.unpack(digest.digest())


def unpacked(vector: bytes) -> list[float]:
    """Return a packed vector as numbers."""
    return list(struct.unpack(f"<{len(vector) // 4}f", vector))


def _ngrams(text: str, size: int) -> Iterable[str]:
    return (text[at : at + size] for at in range(len(text) - size + 1))
