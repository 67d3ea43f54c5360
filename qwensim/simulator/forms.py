"""Decodes forms with a file (multipart/form-data), as the storage service takes them."""

from collections.abc import Mapping
from email.message import Message
from email.parser import BytesHeaderParser

import msgspec

from qwensim.simulator.refusals import Refused

_MOST_FIELDS = 100


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a form, by name in lower case, and its file."""

    fields: Mapping[str, str]
    file_name: str
    file: bytes


def decode_form(content_type: str, body: bytes) -> Form:
    """Return a form with exactly one file, or refuse it in the storage service's words."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        raise Refused("storage-form-malformed")
    delimiter = b"\r\n--" + boundary.encode("utf-8", "replace")
    start, *parts = (b"\r\n" + body).split(delimiter, _MOST_FIELDS)
    if start.strip() or not parts or not parts.pop().startswith(b"--"):
        raise Refused("storage-form-malformed")
    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    for part in parts:
        head, blank_line, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        names = BytesHeaderParser().parsebytes(head)
        name = names.get_param("name", header="content-disposition")
        if not blank_line or not isinstance(name, str):
            raise Refused("storage-form-malformed")
        if name == "file":
            files.append((names.get_filename(""), content))
        else:
            fields[name.lower()] = content.decode("utf-8", "replace")
    if len(files) != 1:
        raise Refused("storage-form-files")
    return Form(fields=fields, file_name=files[0][0], file=files[0][1])
