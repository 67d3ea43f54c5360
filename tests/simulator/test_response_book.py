"""What the service remembers of responses is bounded, and a talk however long can be let go."""

from typing import Any

import pytest

from qwensim.simulator.responses import KEPT, Remembered, ResponseBook

OWNER, OTHER = b"a", b"b"


def remembered(at: float, *, owner: bytes = OWNER, text: str = "", **rest: Any) -> Remembered:
    rest = {"previous": None, **rest}
    return Remembered(body={}, items=(), messages=(text,), owner=owner, at=at, **rest)


def test_the_oldest_makes_room() -> None:
    book = ResponseBook(size=2)
    for number in range(3):
        book.keep(str(number), remembered(0))
    assert len(book) == 2
    assert book.find("0", OWNER, 0) is None
    assert book.find("2", OWNER, 0) is not None


def test_what_weighs_too_much_makes_room_but_the_newest_stays() -> None:
    book = ResponseBook(weight=10)
    for number, weight in enumerate([4, 6, 1]):
        book.keep(str(number), remembered(0, weight=weight))
    assert (len(book), book.find("0", OWNER, 0)) == (2, None)
    book.drop("1", OWNER, 0)
    book.keep("3", remembered(0, weight=9))
    assert len(book) == 2
    book.keep("4", remembered(0, weight=99))
    assert len(book) == 1
    book.clear()
    book.keep("5", remembered(0, weight=10))
    book.keep("6", remembered(0))
    assert len(book) == 2


def test_what_is_too_old_is_forgotten_with_the_next() -> None:
    book = ResponseBook()
    book.keep("old", remembered(0))
    assert book.find("old", OWNER, KEPT - 1) is not None
    assert book.find("old", OWNER, KEPT) is None
    book.keep("new", remembered(KEPT))
    assert len(book) == 1


def test_an_owner_sees_and_drops_only_what_is_his() -> None:
    book = ResponseBook()
    book.keep("x", remembered(0))
    assert book.find("x", OTHER, 0) is None
    assert not book.drop("x", OTHER, 0)
    assert book.drop("x", OWNER, 0)
    assert not book.drop("x", OWNER, 0)


def test_a_talk_is_told_from_its_beginning() -> None:
    first = remembered(0, text="1")
    second = remembered(0, text="2", previous=first)
    assert remembered(0, text="3", previous=second).spoken() == ["1", "2", "3"]


@pytest.mark.parametrize("turns", [100_000])
def test_a_long_talk_can_be_told_and_let_go(turns: int) -> None:
    last: Remembered | None = None
    for number in range(turns):
        last = remembered(0, text=str(number), previous=last)
    assert last is not None
    assert len(last.spoken()) == turns
    del last
