"""A download: judged before it is read, and written whole or not at all."""

import re
import secrets
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx2

from qwensim.errors import UsageError
from qwensim.provider import faults

LARGEST: Final = 512 * 1024 * 1024
"""Bytes unless the caller says otherwise; ten seconds of video take some tens of megabytes."""

_TYPES: Final = ("video/", "image/", "application/octet-stream")


def fault_of(response: httpx2.Response) -> faults.Fault | None:
    """Return why an answer is no video or image, if so; of an error the body must have come."""
    status = response.status_code
    kind = response.headers.get("content-type", "")
    if response.is_success:
        if kind.lower().startswith(_TYPES):
            return None
        words = f"what came is {kind or 'of no type'}, no video or image"
        return faults.Fault(message=words, status=status, code=faults.ANSWER_MALFORMED)
    told = dict(_XML.findall(response.text))
    words = ": ".join(told[name] for name in ("Code", "Message") if name in told)
    return faults.Fault(
        message=words or f"{response.reason_phrase or 'refused'}, by the storage service",
        status=status,
        code=faults.DOWNLOAD_REFUSED,
        request_id=response.headers.get("x-oss-request-id") or told.get("RequestId"),
    )


_XML: Final = re.compile(r"<(Code|Message|RequestId)>([^<]*)</")
"""What the storage service tells of an error."""


def check_place(path: Path) -> None:
    """Raise `UsageError` if a file cannot take this name, as far as that can be known before."""
    if path.exists() and not path.is_file():
        raise UsageError(f"cannot write {path}: it is no file; give the name of a file")
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}; make it first")


class WholeFile:
    """A file of at most `most` bytes that takes its name when all of it is there.

    What had the name before stays until then, and for good if anything fails. Raises `UsageError`
    if it cannot be written or is too large.
    """

    def __init__(self, path: Path, *, most: int) -> None:
        check_place(path)
        self._path = path
        self._draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self._most = most
        self._size = 0

    def __enter__(self) -> Self:
        try:
            self._file = self._draft.open("xb")
        except OSError as error:
            raise self._not_written(error) from error
        return self

    def expect(self, size: str | None) -> None:
        """Take note of the size that the answer announces."""
        if size is not None and size.isdecimal() and int(size) > self._most:
            raise self._too_large(f"{int(size):,}")

    def write(self, data: bytes) -> None:
        """Add what comes next."""
        self._size += len(data)
        if self._size > self._most:
            raise self._too_large(f"more than {self._most:,}")
        try:
            self._file.write(data)
        except OSError as error:
            raise self._not_written(error) from error

    def __exit__(
        self,
        exception: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
            if exception is None:
                self._draft.replace(self._path)
        except OSError as error:
            raise self._not_written(error) from error
        finally:
            self._draft.unlink(missing_ok=True)

    def _too_large(self, seen: str) -> UsageError:
        return UsageError(
            f"the file has {seen} bytes, and {self._most:,} are allowed; allow more with max_bytes"
        )

    def _not_written(self, error: OSError) -> UsageError:
        return UsageError(f"cannot write {self._path} ({error.strerror}); nothing is changed")
