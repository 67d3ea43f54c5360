"""What no request shows: the state of an account, of the service, and of what a URL leads to.

Such a recorded error is arranged, that its wording and envelope can be compared. An error that the
request itself brings about never is: the fake has to find it.
"""

import re
from collections.abc import Mapping
from string import Formatter

from qwensim.catalog.rows import ErrorRow
from qwensim.contract.drift.answers import Answer
from qwensim.simulator import Script

_STATUSES = frozenset({403, 429, *range(500, 600)})
_STATES = ("overdue", "moderation-", "native-moderation", "media-", "image-", "video-")
"""How the ids begin of errors about the account, about words, and about media: whether one can be
fetched and read is not in the request."""


def arranged(answer: Answer, rows: Mapping[str, ErrorRow]) -> Script | None:
    """Return the script of a recorded error that circumstances brought about, if there is one.

    `rows` tell each error as it is told where the answer was given.
    """
    error = answer.error
    if error is None:
        return None
    message = str(error.get("message"))
    for name, row in rows.items():
        if row.status != answer.status or row.code != error.get("code") or not _of_state(name, row):
            continue
        for template in (row.message, row.message_stream or row.message):
            if match := re.fullmatch(_pattern(template), message):
                values = match.groupdict()
                values.pop("link", None)
                return Script(error=name, values=values)
    return None


def _of_state(name: str, row: ErrorRow) -> bool:
    return row.status in _STATUSES or name.startswith(_STATES)


def _pattern(template: str) -> str:
    pattern = ""
    for text, name, _, _ in Formatter().parse(template):
        pattern += re.escape(text)
        if name is not None:
            pattern += f"(?P={name})" if f"(?P<{name}>" in pattern else f"(?P<{name}>.+?)"
    return pattern
