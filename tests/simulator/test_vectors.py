"""Texts as vectors: unlike texts apart, like texts close, the same text always the same."""

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwensim.simulator.vectors import Vectors, coverage, features, likeness, unpacked

TEXTS = st.text(max_size=40)
V = Vectors("text-embedding-v4")

TOPICS = [
    ("The cat sat on the mat.", "A cat is sitting on a mat.", "Interest rates rose in March."),
    ("How to reset my password", "I forgot my password, how do I reset it?", "Opening hours"),
    ("量子计算是计算科学的前沿领域", "量子计算机的前沿研究", "今天的天气非常好"),
    ("running in the rain", "he runs in heavy rain", "a cup of green tea"),
]


def vector(text: str, *, model: str = "text-embedding-v4", dimension: int = 1024) -> list[float]:
    return unpacked(Vectors(model).packed([text], dimension))


def cosine(one: list[float], other: list[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return product / (math.hypot(*one) * math.hypot(*other))


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.sampled_from([64, 1024, 2560]), st.floats(0.5, 200))
def test_a_vector_has_its_dimension_and_its_length(text: str, dimension: int, norm: float) -> None:
    numbers = unpacked(Vectors("m", norm=norm).packed([text], dimension))
    assert len(numbers) == dimension
    assert math.hypot(*numbers) == pytest.approx(norm, rel=1e-5)


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS)
def test_texts_have_one_vector_if_and_only_if_they_are_equal(one: str, other: str) -> None:
    assert (V.packed([one], 1024) == V.packed([other], 1024)) == (one == other)


@pytest.mark.parametrize(("text", "like", "unlike"), TOPICS)
@pytest.mark.parametrize("dimension", [64, 256, 1024, 2048])
def test_closer_texts_are_closer(text: str, like: str, unlike: str, dimension: int) -> None:
    at, near, far = (vector(each, dimension=dimension) for each in (text, like, unlike))
    assert cosine(at, near) > cosine(at, far) + 0.1


@settings(max_examples=50, deadline=None)
@given(TEXTS, st.sampled_from([64, 128, 768, 1536]))
def test_a_shorter_vector_is_the_beginning_of_a_longer_one(text: str, dimension: int) -> None:
    beginning = vector(text, dimension=2048)[:dimension]
    assert cosine(beginning, vector(text, dimension=dimension)) == pytest.approx(1, abs=1e-6)


def test_packed_numbers_are_little_endian_singles() -> None:
    packed = V.packed(["a"], 1024)
    assert [*struct.unpack("<1024f", packed)] == unpacked(packed)


def test_models_and_tasks_have_vectors_of_their_own() -> None:
    usual = vector("a cat")
    assert abs(cosine(usual, vector("a cat", model="text-embedding-v3"))) < 0.3
    asked = unpacked(V.packed(["a cat"], 1024, task="query"))
    assert asked != usual
    assert cosine(asked, usual) > 0.9


@given(TEXTS, TEXTS)
def test_coverage_and_likeness_are_shares(one: str, other: str) -> None:
    a, b = features(one), features(other)
    for share in (coverage(a, b), likeness(a, b)):
        assert 0 <= share <= 1 + 1e-9
    assert likeness(a, b) == pytest.approx(likeness(b, a))
    assert coverage(a, a) == pytest.approx(1 if a else 0)
