"""Keys that are plainly fake and have the form that each plan accepts."""

from collections.abc import Mapping
from typing import Final

from qwensim.catalog.rows import Plan

FAKE_KEYS: Final[Mapping[Plan, str]] = {
    "standard": "sk-not-a-real-key",
    "coding": "sk-sp-not-a-real-key",
}
