"""Where the pictures, videos and sounds of one request come from: data URI, upload or address."""

import binascii
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from qwensim.catalog.rows import PictureRow, PlanRow
from qwensim.simulator.media.files import (
    TooManyPixelsError,
    UnreadableError,
    clip_of,
    picture_of,
    reads_videos,
    sound_of,
)
from qwensim.simulator.media.images import Size
from qwensim.simulator.media.uploads import Upload, Uploads
from qwensim.simulator.media.videos import Clip
from qwensim.simulator.refusals import Refused

T = TypeVar("T")

_HEAD = 64 * 1024
"""Characters of a data URI in which the size of nearly every picture stands."""

_LONGEST_SCHEME = 8
_LONGEST_MEDIA_TYPE = 256


class Sources:
    """Finds what the addresses in one request stand for, as far as that is known.

    Each method returns None where nothing but the address is known. `longest` is the most bytes of
    a file that is not sent along.
    """

    def __init__(
        self,
        *,
        plan: PlanRow,
        pictures: Mapping[str, PictureRow],
        uploads: Uploads,
        resolves_uploads: bool,
    ) -> None:
        self._plan = plan
        self._pictures = pictures
        self._uploads = uploads
        self._resolves_uploads = resolves_uploads
        self._sent_along = 0

    def picture(self, url: Any, longest: int) -> Size | None:
        """Return the size of a picture."""
        match self._found(url, longest):
            case str():
                return _picture_in(url)
            case Upload() as upload:
                if upload.too_many_pixels:
                    raise Refused("image-size-unsupported")
                return _present(upload.picture, "image-unreadable")
        known = self._pictures.get(url)
        return Size(known.width, known.height) if known is not None else None

    def clip(self, url: Any, longest: int) -> Clip | None:
        """Return what is known of a video; without PyAV no file tells anything."""
        return self._read(url, longest, clip_of, lambda upload: upload.clip, "video-invalid")

    def sound(self, url: Any, longest: int) -> float | None:
        """Return the seconds of a sound; without PyAV no file tells anything."""
        return self._read(url, longest, sound_of, lambda upload: upload.sound, "audio-unreadable")

    def _read(
        self,
        url: Any,
        longest: int,
        read: Callable[[bytes], T],
        kept: Callable[[Upload], T | None],
        error: str,
    ) -> T | None:
        found = self._found(url, longest)
        if found is None or not reads_videos():
            return None
        if isinstance(found, Upload):
            return _present(kept(found), error)
        try:
            return read(_decoded(found))
        except UnreadableError:
            raise Refused(error) from None

    def _found(self, url: Any, longest: int) -> str | Upload | None:
        """Return a data URI, an upload, or None for another address."""
        if not isinstance(url, str):
            raise Refused("media-url-invalid")
        match url[:_LONGEST_SCHEME].partition(":")[0].lower():
            case "data":
                return self._sent(url)
            case "oss":
                return self._uploaded(url, longest)
            case "http" | "https" if _has_host(url):
                return None
        raise Refused("media-url-invalid")

    def _sent(self, url: str) -> str:
        comma = url.find(",", 0, _LONGEST_MEDIA_TYPE)
        if comma < 0 or not url[:comma].lower().endswith(";base64"):
            raise Refused("media-url-invalid")
        if len(url) > self._plan.max_data_uri:
            raise Refused("media-too-large", limit=self._plan.max_data_uri)
        self._sent_along += 1
        if self._sent_along > self._plan.max_data_uris:
            raise Refused("media-too-many", limit=self._plan.max_data_uris)
        return url

    def _uploaded(self, url: str, longest: int) -> Upload | None:
        if not self._resolves_uploads:
            raise Refused("oss-unresolved")
        try:
            upload = self._uploads.find(url)
        except KeyError:
            raise Refused("media-download-failed") from None
        if upload is not None and upload.length > longest:
            raise Refused("media-file-too-large")
        return upload


def _present(value: T | None, error: str) -> T:
    if value is None:
        raise Refused(error)
    return value


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _picture_in(url: str) -> Size:
    """Return the size of a picture in a data URI, most of which need not be read to their end."""
    try:
        try:
            return picture_of(_decoded(url[:_HEAD]))
        except UnreadableError:
            return picture_of(_decoded(url))
    except UnreadableError:
        raise Refused("image-unreadable") from None
    except TooManyPixelsError:
        raise Refused("image-size-unsupported") from None


def _decoded(url: str) -> bytes:
    """Return what is in a data URI, be its base64 padded or not."""
    try:
        return binascii.a2b_base64(url[url.index(",") + 1 :] + "==")
    except ValueError as error:
        raise UnreadableError from error
