"""What can be told of a file without showing it: the size of a picture, the length of a video.

Pillow reads pictures, PyAV (extra `media`) videos and sounds. Both look at headers only, and at
nothing but the bytes given.
"""

import importlib.util
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qwensim.simulator.media.images import Size
from qwensim.simulator.media.videos import Clip

if TYPE_CHECKING:
    from av.container import InputContainer

_PICTURES = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
"""Pillow's names of the formats of the docs, but for HEIC, and of GIF, of which the first frame is
looked at (third-party, Sep 2026)."""

_VIDEOS = "mov,matroska,avi,flv,asf"
_SOUNDS = f"{_VIDEOS},aac,aiff,amr,flac,mp3,ogg,wav"
"""FFmpeg's names of the formats of the docs: lists that name a format have all of its names."""


class UnreadableError(Exception):
    """The bytes are no file of the kind."""


class TooManyPixelsError(Exception):
    """The picture is larger than Pillow thinks safe to decode."""


def reads_videos() -> bool:
    """Whether PyAV is there."""
    return importlib.util.find_spec("av") is not None


def picture_of(data: bytes) -> Size:
    """Return the size of a picture; raises `UnreadableError` or `TooManyPixelsError`."""
    from PIL import Image  # noqa: PLC0415 - importing it takes longer than answering a hundred chats

    try:
        # It warns of odd metadata and of large pictures, which is not the business of a test.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_PICTURES) as image:
                return Size(*image.size)
    except Image.DecompressionBombError as error:
        raise TooManyPixelsError from error
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise UnreadableError from error


def clip_of(data: bytes) -> Clip:
    """Return what a video is; raises `UnreadableError`. Needs PyAV."""
    with _opened(data, _VIDEOS) as container:
        stream = container.streams.video[0]
        seconds = _seconds(container)
        frames = stream.frames or int(seconds * (stream.average_rate or 0))
        return Clip(Size(stream.width, stream.height), seconds, frames)


def sound_of(data: bytes) -> float:
    """Return the seconds of a sound; raises `UnreadableError`. Needs PyAV."""
    with _opened(data, _SOUNDS) as container:
        if not container.streams.audio:
            raise UnreadableError
        return _seconds(container)


@contextmanager
def _opened(data: bytes, formats: str) -> Iterator["InputContainer"]:
    import av  # noqa: PLC0415 - an extra

    # A playlist must not make FFmpeg open what it names.
    options = {"format_whitelist": formats, "protocol_whitelist": "none"}
    try:
        with av.open(
            io.BytesIO(data), "r", options=options, metadata_errors="replace"
        ) as container:
            yield container
    except (av.FFmpegError, ArithmeticError, LookupError, ValueError) as error:
        raise UnreadableError from error
    except AttributeError as error:  # a stream in a code that FFmpeg does not know has no size
        raise UnreadableError from error


def _seconds(container: "InputContainer") -> float:
    return (container.duration or 0) / 1_000_000
