"""The facts about the service and about its client, as TOML rows with source and date.

Two truths are kept apart: `models` is what the service serves, `advertised` what the client's
bundled catalogue tells its users.
"""

from qwensim.catalog.catalog import Catalog
from qwensim.catalog.credentials import Redactor
from qwensim.catalog.loader import PAGE_DATE, Overlay, load

__all__ = ["PAGE_DATE", "Catalog", "Overlay", "Redactor", "load"]
