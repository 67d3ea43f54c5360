"""What no request shows: the state of an account, of the service, and of what a URL leads to.

Such a recorded error is arranged, that its wording and envelope can be compared. An error that the
request itself brings about never is: the fake has to find it.
"""

import re
from string import Formatter

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ErrorRow
from qwensim.contract.drift.answers import Answer
from qwensim.simulator import Script

_STATUSES = frozenset({403, 429, *range(500, 600)})
_CODES = frozenset({"Arrearage", "data_inspection_failed"})
_MEDIA = ("media-", "image-", "video-")
"""Ids of errors about media: whether one can be fetched and read is not in the request."""


def arranged(answer: Answer, catalog: Catalog) -> Script | None:
    """Return the script of a recorded error that circumstances brought about, if there is one."""
    error = answer.error
    if error is None:
        return None
    message = str(error.get("message"))
    for row in catalog.errors.values():
        if row.status != answer.status or row.code != error.get("code") or not _of_state(row):
            continue
        for template in (row.message, row.message_stream or row.message):
            if match := re.fullmatch(_pattern(template), message):
                values = match.groupdict()
                values.pop("link", None)
                return Script(error=row.id, values=values)
    return None


def _of_state(row: ErrorRow) -> bool:
    return row.status in _STATUSES or row.code in _CODES or row.id.startswith(_MEDIA)


def _pattern(template: str) -> str:
    pattern = ""
    for text, name, _, _ in Formatter().parse(template):
        pattern += re.escape(text)
        if name is not None:
            pattern += f"(?P={name})" if f"(?P<{name}>" in pattern else f"(?P<{name}>.+?)"
    return pattern
