"""A home with OpenClaw's files in it, and nothing of the machine's own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog import Catalog, load
from qwensim.provider.openclaw import Config, read_config

CODING_KEY = "sk-sp-codingcoding1234"
STANDARD_KEY = "sk-standardstandard1234"


@dataclass(frozen=True)
class Home:
    """`.openclaw` of one user."""

    path: Path

    @property
    def state(self) -> Path:
        return self.path / ".openclaw"

    @property
    def config_file(self) -> Path:
        return self.state / "openclaw.json"

    @property
    def profiles_file(self) -> Path:
        return self.state / "agents" / "main" / "agent" / "auth-profiles.json"

    @property
    def environ(self) -> dict[str, str]:
        return {"HOME": str(self.path)}

    def holds(self, config: Mapping[str, Any] | str) -> "Home":
        text = config if isinstance(config, str) else json.dumps(config)
        self.state.mkdir(exist_ok=True)
        self.config_file.write_text(text, "utf-8")
        return self

    def has_profiles(self, profiles: Mapping[str, Any]) -> "Home":
        self.profiles_file.parent.mkdir(parents=True, exist_ok=True)
        self.profiles_file.write_text(json.dumps({"version": 1, "profiles": profiles}), "utf-8")
        return self

    def read(self) -> Config:
        return read_config(environ=self.environ)

    def files(self) -> dict[str, bytes]:
        """Return everything below, by name."""
        found = (path for path in self.path.rglob("*") if path.is_file())
        return {path.relative_to(self.path).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load()
