"""The storage service: keeps contents for a day and signs the addresses that lead to them.

An address is signed as the service's own are (Object Storage Service docs: signature version 1),
with a secret that is made of the seed.
"""

import base64
import datetime as dt
import hashlib
import hmac
from collections import OrderedDict
from urllib.parse import quote

import msgspec

from qwensim.simulator.assets.content import Content
from qwensim.simulator.clock import BEIJING

VALID = 86_400
"""Seconds for which an address leads to its content."""

_MADE = 16
"""Contents whose bytes are kept."""


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A stored content."""

    host: str
    key: str
    """The path without the slash that it begins with."""
    content: Content
    stored: float
    """When, in seconds since the epoch."""

    @property
    def expires(self) -> int:
        """When its address stops leading to it, in seconds since the epoch."""
        return int(self.stored) + VALID


class Storage:
    """Holds up to `size` assets; the oldest make room."""

    def __init__(self, seed: int, *, size: int = 1000) -> None:
        self._secret = hashlib.blake2b(b"storage %d" % seed, digest_size=32).digest()
        self.access_key_id = "LTAI5t" + self._secret.hex()[:18]
        self._size = size
        self._assets: OrderedDict[tuple[str, str], Asset] = OrderedDict()
        self._made: OrderedDict[Content, bytes] = OrderedDict()

    def store(self, content: Content, *, host: str, name: str, stored: float) -> Asset:
        """Store a content on a host; of the same name, host and moment it is the same asset."""
        marks = hashlib.blake2b(f"{host} {name}".encode(), digest_size=5).hexdigest()
        day = f"{dt.datetime.fromtimestamp(stored, BEIJING):%Y%m%d}"
        key = f"1d/{marks[:2]}/{day}/{marks[2:]}/{name}{content.suffix}"
        asset = Asset(host=host, key=key, content=content, stored=stored)
        self._assets[host, key] = asset
        while len(self._assets) > self._size:
            self._assets.popitem(last=False)
        return asset

    def find(self, host: str, key: str) -> Asset | None:
        """Return the asset of a key, if there is one."""
        return self._assets.get((host, key))

    def read(self, asset: Asset) -> bytes:
        """Return the bytes of an asset, which are made when they are wanted first."""
        made = self._made.pop(asset.content, None)
        self._made[asset.content] = made if made is not None else asset.content.make()
        while len(self._made) > _MADE:
            self._made.popitem(last=False)
        return self._made[asset.content]

    def address(self, asset: Asset, *, gateway: str) -> str:
        """Return the signed address of an asset; `gateway` is that of `Request`."""
        origin = f"{gateway}/{asset.host}" if gateway else f"https://{asset.host}"
        signature = quote(self.signature(asset.host, asset.key, str(asset.expires)), safe="")
        query = f"Expires={asset.expires}&OSSAccessKeyId={self.access_key_id}&Signature={signature}"
        return f"{origin}/{asset.key}?{query}"

    def signature(self, host: str, key: str, expires: str) -> str:
        """Return the signature that lets one read a key until then."""
        bucket = host.partition(".")[0]
        signed = f"GET\n\n\n{expires}\n/{bucket}/{key}"
        digest = hmac.digest(self._secret, signed.encode(), "sha1")
        return base64.b64encode(digest).decode("ascii")

    def clear(self) -> None:
        """Forget all."""
        self._assets.clear()
        self._made.clear()
