"""The provider client of a scenario, in an environment of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwensim.catalog import Catalog
from qwensim.provider import QwenProvider
from qwensim.provider.openclaw import (
    ModelEntry,
    catalogue,
    onboarding,
    provider_from_config,
    read_config,
)
from qwensim.provider.openclaw import places as places_of
from qwensim.scenarios.parts import Key
from qwensim.scenarios.spec import Client
from qwensim.scenarios.staging import with_keys


@dataclass(frozen=True, kw_only=True)
class Environment:
    """All that a client sees of the machine that it runs on."""

    client: Client
    keys: Mapping[str, str]
    catalog: Catalog
    home: Path
    """An empty folder."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables."""
        given = {
            name: self.keys[value.key] if isinstance(value, Key) else value
            for name, value in self.client.env.items()
        }
        return {**given, "HOME": str(self.home)}

    def provider(self, model: str | None = None, **settings: Any) -> QwenProvider:
        """Return the client for a reference to a model; `settings` are those of `QwenProvider`.

        Raises `QwensimError` if the environment gives none.
        """
        client = self.client
        settings = {**settings, "catalog": self.catalog}
        if client.timeout is not None:
            settings["timeout"] = client.timeout
        if not client.has_files:
            return QwenProvider(
                auth_choice=client.auth_choice,
                base_url=client.base_url,
                api_key=self._key,
                environ=self.variables,
                **settings,
            )
        self._write_files()
        return provider_from_config(
            environ=self.variables,
            model=model,
            api_key=None if client.auth_choice else self._key,  # onboarding has kept it
            shell=_no_shell,
            **settings,
        )

    def catalogue(self) -> tuple[ModelEntry, ...]:
        """Return the models that the client would list. Raises `QwensimError`."""
        self._write_files()
        return catalogue(read_config(environ=self.variables), self.catalog)

    @property
    def _key(self) -> str | None:
        return self.keys[self.client.key] if self.client.key is not None else None

    def _write_files(self) -> None:
        client, places = self.client, places_of(environ=self.variables)
        if client.config is not None:
            _write(places.config, with_keys(client.config, self.keys))
        if client.profile is not None:
            profile = {"type": "api_key", "provider": "qwen", "key": self.keys[client.profile]}
            _write(places.profiles, {"version": 1, "profiles": {"qwen:default": profile}})
        if client.auth_choice is not None:
            config = read_config(environ=self.variables)
            onboarding(config, client.auth_choice, self._key or "", catalog=self.catalog).write()


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def _no_shell(environ: Mapping[str, str], timeout: float) -> Mapping[str, str]:
    """Stand for a login shell: a scenario starts no programs."""
    return {}
