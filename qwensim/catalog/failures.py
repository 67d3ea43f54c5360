"""Which row of the `failure` table an error of the service is: what a client should make of it."""

import re

from qwensim.catalog.catalog import Catalog
from qwensim.catalog.rows import FailureRow


class Failures:
    """Finds the first row that fits."""

    def __init__(self, catalog: Catalog) -> None:
        self._rows = tuple(catalog.failures.values())
        self._known_statuses = {status for row in self._rows for status in row.status}

    def find(
        self,
        *,
        status: int | None,
        code: str | None,
        message: str,
        plan: str | None,
        key_plan: str | None = None,
        task: bool = False,
    ) -> FailureRow:
        """Return the row of an error.

        `plan` is that of the endpoint, `key_plan` that whose keys look like the one in use; None if
        it is not known.
        """
        if status is not None and status not in self._known_statuses:
            status -= status % 100  # RFC 9110, section 15: the x00 status of its class
        return next(
            row
            for row in self._rows
            if (not row.status or status in row.status)
            and (not row.code or code in row.code)
            and (row.message is None or re.search(row.message, message, re.IGNORECASE))
            and (row.plan is None or row.plan == plan)
            and (row.key_plan is None or row.key_plan == key_plan)
            and (not row.task or task)
        )
