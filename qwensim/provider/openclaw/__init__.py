"""OpenClaw's own configuration, read and written: `openclaw.json`, its keys, its onboarding.

    from qwensim.provider.openclaw import provider_from_config

    with provider_from_config() as provider:  # ~/.openclaw/openclaw.json, as OpenClaw finds it
        print(provider.chat(provider.model, "Hello").content)

The parts of it, for tools that show or change a configuration:

    config = read_config()                         what the file says; raises ConfigError
    target(config, catalog, "modelstudio/glm-5")   which entry and endpoint a reference means
    find_key(config, catalog)                      which key wins, and which ones lose
    catalogue(config, catalog)                     the models that a configuration has
    model_rows(config, catalog, available=True)    the same as OpenClaw lists them
    onboarding(config, choice, key, catalog=...)   what would change; its `write()` writes it

Where OpenClaw's page on the provider (docs/providers/qwen.md, 2026-05-18) and its release 2026.5.18
disagree, this follows the page.
"""

from qwensim.provider.openclaw.client import (
    AsyncConfiguredProvider,
    ConfiguredProvider,
    async_provider_from_config,
    provider_from_config,
)
from qwensim.provider.openclaw.config import Config, ModelEntry, ProviderEntry, read_config
from qwensim.provider.openclaw.keys import FoundKey, find_key
from qwensim.provider.openclaw.listing import ModelRow, model_rows, provider_named
from qwensim.provider.openclaw.merging import onboarded
from qwensim.provider.openclaw.onboarding import Onboarding, onboarding
from qwensim.provider.openclaw.places import Places, places
from qwensim.provider.openclaw.targets import Target, catalogue, target

__all__ = [
    "AsyncConfiguredProvider",
    "Config",
    "ConfiguredProvider",
    "FoundKey",
    "ModelEntry",
    "ModelRow",
    "Onboarding",
    "Places",
    "ProviderEntry",
    "Target",
    "async_provider_from_config",
    "catalogue",
    "find_key",
    "model_rows",
    "onboarded",
    "onboarding",
    "places",
    "provider_from_config",
    "provider_named",
    "read_config",
    "target",
]
