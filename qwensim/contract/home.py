"""The files of a user of OpenClaw, for as long as a case looks at them."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qwensim.contract.session import Session
from qwensim.provider.openclaw import (
    Config,
    ConfiguredProvider,
    onboarding,
    provider_from_config,
    read_config,
)


@dataclass(frozen=True, kw_only=True)
class Home:
    """A user's home and what OpenClaw has there; the variables of the process are not seen."""

    session: Session
    path: Path

    @property
    def store(self) -> Path:
        """The auth profile store."""
        return self.path / ".openclaw" / "agents" / "main" / "agent" / "auth-profiles.json"

    def configure(self, config: Mapping[str, Any] | str) -> None:
        """Write `openclaw.json`: data, or the text itself."""
        text = config if isinstance(config, str) else json.dumps(config)
        _write(self.path / ".openclaw" / "openclaw.json", text)

    def keep_key(self, key: str, *, provider: str = "qwen") -> None:
        """Write an auth profile, the only one."""
        profile = {"type": "api_key", "provider": provider, "key": key}
        _write(self.store, json.dumps({"version": 1, "profiles": {f"{provider}:default": profile}}))

    def keep_variables(self, **variables: str) -> None:
        """Write `.env`."""
        lines = (f"{name}={value}\n" for name, value in variables.items())
        _write(self.path / ".openclaw" / ".env", "".join(lines))

    def config(self) -> Config:
        """Read `openclaw.json`."""
        return read_config(environ={"HOME": str(self.path)})

    def onboard(self, auth_choice: str) -> None:
        """Onboard with the session's key."""
        session = self.session
        onboarding(self.config(), auth_choice, session.key, catalog=session.catalog).write()

    def provider(
        self, *, environ: Mapping[str, str] | None = None, **options: Any
    ) -> ConfiguredProvider:
        """Return the real client that the files describe.

        `environ` is all that there is of variables; `options` are those of `provider_from_config`.
        """
        variables = {**(environ or {}), "HOME": str(self.path)}
        return provider_from_config(environ=variables, **{**self.session.settings, **options})


@contextlib.contextmanager
def home(session: Session, config: Mapping[str, Any] | str | None = None) -> Iterator[Home]:
    """Give a home of its own with that `openclaw.json` in it."""
    with TemporaryDirectory(prefix="qwensim-") as folder:
        found = Home(session=session, path=Path(folder))
        if config is not None:
            found.configure(config)
        yield found


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
