"""Files uploaded for later requests: what was told by them is kept, never the files themselves."""

from collections import OrderedDict

import msgspec

from qwensim.simulator.clock import Clock
from qwensim.simulator.media.files import (
    TooManyPixelsError,
    UnreadableError,
    clip_of,
    picture_of,
    reads_videos,
    sound_of,
)
from qwensim.simulator.media.images import Size
from qwensim.simulator.media.videos import Clip

_LIFETIME = 48 * 3600.0
"""Seconds for which an upload can be used (Model Studio docs: temporary uploads)."""

_REMEMBERED = 1000
"""Uploads; the oldest go first."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a file: its length in bytes, and what it can be read as."""

    length: int
    picture: Size | None = None
    too_many_pixels: bool = False
    clip: Clip | None = None
    sound: float | None = None
    """Seconds."""


class Uploads:
    """The uploads of all accounts, by address: `oss://` and the key of the object."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Upload]] = OrderedDict()

    def __contains__(self, address: str) -> bool:
        return address in self._kept

    def add(self, address: str, data: bytes) -> None:
        """Remember a file."""
        self._kept[address] = self._clock.now() + _LIFETIME, _read(data)
        if len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)

    def find(self, address: str) -> Upload | None:
        """Return what is known of an upload, or None; raises `KeyError` for one that is over."""
        if address not in self._kept:
            return None
        expires, upload = self._kept[address]
        if self._clock.now() >= expires:
            raise KeyError(address)
        return upload


def _read(data: bytes) -> Upload:
    length = len(data)
    try:
        return Upload(length=length, picture=picture_of(data))
    except TooManyPixelsError:
        return Upload(length=length, too_many_pixels=True)
    except UnreadableError:
        pass
    if not reads_videos():
        return Upload(length=length)
    try:
        return Upload(length=length, clip=clip_of(data))
    except UnreadableError:
        pass
    try:
        return Upload(length=length, sound=sound_of(data))
    except UnreadableError:
        return Upload(length=length)
