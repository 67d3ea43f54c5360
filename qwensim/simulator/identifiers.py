"""Ids without chance: made of the seed, the request and how often that very request came before."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator

import msgspec

from qwensim.exchange import Request

_REMEMBERED = 50_000
"""Distinct requests that are counted before the count starts anew: memory stays bounded, and ids
stay unlike each other because the generation is part of them."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange: what its ids and, apart from them, its words are made of."""

    digest: bytes
    """32 bytes, unlike for every exchange."""
    request_id: str
    """A uuid with version nibble 9, as the service's request ids mostly have (recorded)."""

    @property
    def task_id(self) -> str:
        """The id of the task that the exchange begins: a uuid of version 4 (recorded)."""
        return _uuid(hashlib.blake2b(self.digest + b"task", digest_size=32).digest(), version=4)

    @property
    def message_id(self) -> str:
        """The id of the message that the exchange brings: a uuid of version 4 (recorded)."""
        digest = hashlib.blake2b(self.digest + b"message", digest_size=32).digest()
        return f"msg_{_uuid(digest, version=4)}"

    def item_ids(self, kind: str = "output") -> Iterator[str]:
        """Yield the ids of the items that the exchange brings, in their form (recorded)."""
        for position in itertools.count():
            salt = f"{kind} {position}".encode()
            digest = hashlib.blake2b(self.digest + salt, digest_size=32).digest()
            yield f"msg_{_uuid(digest, version=4)}"

    def call_id(self, choice: int, position: int, digits: int) -> str:
        """Return the id of a tool call: `call_` and so many hex digits."""
        salt = b"call %d %d" % (choice, position)
        return "call_" + hashlib.blake2b(self.digest + salt, digest_size=32).hexdigest()[:digits]


class Identifiers:
    """Hands out an identity for each request."""

    def __init__(self, seed: int) -> None:
        self._key = b"%d" % seed
        self._seen: Counter[bytes] = Counter()
        self._generation = 0

    def of(self, request: Request) -> Identity:
        """Return the identity of this coming of the request; headers are no part of it."""
        line = f"{request.method} {request.host} {request.path} {request.query}\n".encode()
        key = hashlib.blake2b(line + request.body, digest_size=16, key=self._key).digest()
        if key not in self._seen and len(self._seen) >= _REMEMBERED:
            self._seen.clear()
            self._generation += 1
        before = self._seen[key]
        self._seen[key] = before + 1
        salt = b"%d %d" % (self._generation, before)
        digest = hashlib.blake2b(key + salt, digest_size=32).digest()
        return Identity(digest=digest, request_id=_uuid(digest, version=9))


def _uuid(digest: bytes, *, version: int) -> str:
    text = digest.hex()
    variant = "89ab"[digest[8] & 3]
    return f"{text[:8]}-{text[8:12]}-{version}{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
