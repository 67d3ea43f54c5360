"""What went over the wire, printed as curl does: `>` was sent, `<` came, `*` is what happened."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from qwensim.catalog import Redactor
from qwensim.exchange import Headers
from qwensim.scenarios import Exchange

_WIDEST: Final = 400
"""Characters of a line."""
_FIRST, _LAST = 10, 6
"""Lines of a body, or exchanges of a call, that are shown of many."""


def trace(exchanges: Sequence[Exchange], redactor: Redactor) -> Iterator[str]:
    """Yield the lines of the exchanges of a call, without credentials; many are cut short."""
    blocks = ["\n".join(_lines(exchange)) for exchange in exchanges]
    for block in _cut(blocks, "* … {} exchanges more"):
        for line in block.split("\n"):
            yield plain(redactor.text(line))


def _lines(exchange: Exchange) -> Iterator[str]:
    yield f"> {exchange.method} https://{exchange.host}{exchange.path}"
    yield from _message(">", exchange.headers, exchange.content.decode("utf-8", "replace"))
    if exchange.status is not None:
        yield f"< {exchange.status} {_phrase(exchange.status)}"
        yield from _message("<", exchange.response_headers, exchange.text or "")
    if exchange.failure is not None:
        yield f"* {exchange.failure}"
    yield ""


def _message(mark: str, headers: Headers, body: str) -> Iterator[str]:
    for name, value in headers:
        yield f"{mark} {name}: {value}"
    yield mark
    yield from _cut(
        [f"{mark} {line}" for line in body.splitlines() if line], f"{mark} … {{}} lines more"
    )


def _cut(items: Sequence[str], gap: str) -> Iterator[str]:
    """Yield the items; of many the first and last, and in between how many there are."""
    left_out = len(items) - _FIRST - _LAST
    if left_out <= 1:
        yield from items
        return
    yield from items[:_FIRST]
    yield gap.format(left_out)
    yield from items[-_LAST:]


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in {*HTTPStatus} else ""


def plain(line: str) -> str:
    """Return a line that no terminal takes for a command, cut where it is long."""
    line = line if line.isprintable() else ascii(line)[1:-1]
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]}… ({len(line):,} characters)"
