"""The provider that a configuration describes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qwensim.catalog import Catalog, load
from qwensim.errors import UsageError
from qwensim.provider.async_client import AsyncQwenProvider
from qwensim.provider.base import BaseProvider
from qwensim.provider.client import QwenProvider
from qwensim.provider.failures import Classifier
from qwensim.provider.openclaw.config import Config, read_config
from qwensim.provider.openclaw.keys import FoundKey, Shell, find_key, headers_of
from qwensim.provider.openclaw.targets import Target, target


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What a provider takes from a configuration."""

    config: Config
    catalog: Catalog
    target: Target
    key: FoundKey
    headers: Mapping[str, str] = field(repr=False)

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments of the provider's constructor."""
        return {
            "base_url": self.target.endpoint.base_url,
            "api_key": self.key.key,
            "catalog": self.catalog,
            "environ": {},  # the key has been found
            "provider_id": self.target.provider_id,
        }


class _Configured(BaseProvider):
    """The settings of a configuration, and its reading of model references."""

    def _configure(self, setup: Setup) -> None:
        self._setup = setup
        self._credential = replace(self._credential, source=setup.key.source)
        self._classifier = Classifier(setup.catalog, self.endpoint, self._credential)

    @property
    def model(self) -> str:
        """The reference that the provider was made for."""
        return self._setup.target.ref

    @property
    def target(self) -> Target:
        """What that reference comes to."""
        return self._setup.target

    @property
    def key(self) -> FoundKey:
        """Where the key came from."""
        return self._setup.key

    def _model_id(self, model_ref: str) -> str:
        """Read the reference as the configuration has it; it must be of this very provider."""
        setup = self._setup
        found = target(setup.config, setup.catalog, model_ref)
        if found.provider_id != setup.target.provider_id:
            raise UsageError(
                f"model reference {model_ref!r} belongs to the provider {found.provider_id!r}, "
                f"this one is {setup.target.provider_id!r}; "
                f"make another one with model={found.ref!r}"
            )
        return super()._model_id(found.ref)

    def _asks_usage(self, model: str) -> bool:
        entry = self._setup.target.entry
        said = {row.id: row.tells_usage for row in entry.models}.get(model) if entry else None
        return super()._asks_usage(model) if said is None else said


class ConfiguredProvider(_Configured, QwenProvider):
    """A `QwenProvider` with the endpoint, key, headers and references of a configuration.

    Made by `provider_from_config`.
    """

    def __init__(self, setup: Setup, **settings: Any) -> None:
        super().__init__(**setup.settings, **settings)
        self._configure(setup)
        self._client = self._client.with_options(default_headers=setup.headers)
        self._client.organization = self._client.project = None  # OpenAI's, from its environment


class AsyncConfiguredProvider(_Configured, AsyncQwenProvider):
    """The async twin of `ConfiguredProvider`."""

    def __init__(self, setup: Setup, **settings: Any) -> None:
        super().__init__(**setup.settings, **settings)
        self._configure(setup)
        self._client = self._client.with_options(default_headers=setup.headers)
        self._client.organization = self._client.project = None


def provider_from_config(
    path: str | Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    model: str | None = None,
    api_key: str | None = None,
    catalog: Catalog | None = None,
    shell: Shell | None = None,
    **settings: Any,
) -> ConfiguredProvider:
    """Return the provider that `openclaw.json` describes; see `places` for where it is.

    `model` is a reference or an alias, by default the configuration's default model: it decides
    which entry of `models.providers` is meant. A given `api_key` wins over all that the
    configuration has. `settings` are those of `QwenProvider`, like `http_client` and `timeout`.
    Raises `ConfigError` for a wrong file, `UsageError` if there is no such provider or no key.
    """
    setup = _setup(path, environ, model, api_key, catalog, shell)
    return ConfiguredProvider(setup, **settings)


def async_provider_from_config(
    path: str | Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    model: str | None = None,
    api_key: str | None = None,
    catalog: Catalog | None = None,
    shell: Shell | None = None,
    **settings: Any,
) -> AsyncConfiguredProvider:
    """Return the async twin of what `provider_from_config` returns, by the same rules."""
    setup = _setup(path, environ, model, api_key, catalog, shell)
    return AsyncConfiguredProvider(setup, **settings)


def _setup(
    path: str | Path | None,
    environ: Mapping[str, str] | None,
    model: str | None,
    api_key: str | None,
    catalog: Catalog | None,
    shell: Shell | None,
) -> Setup:
    environ = os.environ if environ is None else environ
    catalog = catalog or load()
    config = read_config(path, environ=environ)
    found = target(config, catalog, model)
    return Setup(
        config=config,
        catalog=catalog,
        target=found,
        key=find_key(
            config,
            catalog,
            provider_id=found.provider_id,
            api_key=api_key,
            environ=environ,
            shell=shell,
            optional=found.endpoint.loopback,
        ),
        headers=headers_of(config, found.entry),
    )
