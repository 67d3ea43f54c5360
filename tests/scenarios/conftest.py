"""Scenario files made from a sound one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from qwensim.scenarios import Scenario, read

SOUND: dict[str, Any] = {
    "version": 1,
    "title": "A title",
    "reference": "owner/repository#1",
    "symptom": "Something is seen.",
    "client": {"auth_choice": "qwen-standard-api-key", "key": "standard"},
    "calls": [{"do": "chat", "model": "qwen/qwen3.5-plus"}],
    "reproduced": [{"reply": {"text": {"present": True}}}],
}


class Dumper(yaml.SafeDumper):
    """Writes what stands in two places twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a sound scenario with other fields, and return its path."""

    def written(**fields: Any) -> str:
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.dump({**SOUND, **fields}, Dumper=Dumper, sort_keys=False), "utf-8")
        return str(path)

    return written


@pytest.fixture
def scenario(write: Callable[..., str]) -> Callable[..., Scenario]:
    """Return a sound scenario with other fields."""
    return lambda **fields: read(write(**fields))
