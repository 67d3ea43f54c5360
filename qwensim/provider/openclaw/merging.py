"""What onboarding makes of a configuration, as a function from data to data.

The merge is OpenClaw's (2026.5.18, its provider onboarding): what is configured keeps its place and
values, missing models are appended, base URL and API are set, old names become canonical ones.
"""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from qwensim.catalog import Catalog
from qwensim.catalog.rows import AdvertisedRow
from qwensim.provider.endpoints import auth_choice_of, resolve
from qwensim.provider.openclaw.config import CHAT_API, Config, config_of
from qwensim.provider.openclaw.places import Places
from qwensim.provider.openclaw.profiles import DEFAULT_PROFILE
from qwensim.provider.openclaw.targets import (
    bundled,
    bundled_default,
    canonical_ref,
    entry_of,
    owner_of,
)
from qwensim.provider.openclaw.values import Value
from qwensim.provider.refs import PROVIDER, PROVIDERS, model_id

BLOCKS: Final = ("models", "agents", "auth", "plugins")
"""The parts of a configuration that onboarding changes."""

_ALIAS: Final = "Qwen"
_FREE: Final = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}
_UNNAMED: Final = Places(config=Path("openclaw.json"), state=Path(".openclaw"))


def onboarded(
    data: Mapping[str, Any],
    choice: str,
    *,
    catalog: Catalog,
    default_model: str | None = None,
    places: Places = _UNNAMED,
) -> dict[str, Any]:
    """Return the configuration after onboarding; the given one stays as it is.

    `default_model` is a reference or an id, by default the catalogue's own. The key
    is not in the result. `places` names the file in errors.
    Raises `UsageError` for a choice or model that cannot be, `ConfigError` for wrong values.
    """
    row = auth_choice_of(catalog, choice, stacklevel=3)
    config = config_of(data, places=places)
    endpoint = resolve(catalog, auth_choice=row.id)
    models = [_model(found) for found in bundled(catalog, endpoint)]
    primary = f"{PROVIDER}/{model_id(default_model or bundled_default(catalog))}"
    new: dict[str, Any] = copy.deepcopy(dict(data))
    _set_provider(new, config, endpoint.base_url, models)
    _set_models(new, config, catalog, [model["id"] for model in models], primary)
    _child(new, config, "auth", "profiles")[DEFAULT_PROFILE] = {
        "provider": PROVIDER,
        "mode": "api_key",
    }
    _child(new, config, "plugins", "entries", PROVIDER)["enabled"] = True
    return new


def renamed(config: Config, name: str) -> str:
    """Return what a key of a configuration is called after onboarding."""
    if "/" in name:
        return canonical_ref(config, name)
    own = owner_of(config, name) is not None
    return name if own or name.strip().lower() not in PROVIDERS else PROVIDER


def _set_provider(
    new: dict[str, Any], config: Config, base_url: str, models: Sequence[Mapping[str, Any]]
) -> None:
    root = _child(new, config, "models")
    root.setdefault("mode", "merge")
    providers = _child(new, config, "models", "providers")
    entry = entry_of(config, PROVIDER)
    if entry is not None:  # renamed where it stands
        root["providers"] = {
            PROVIDER if name == entry.id else name: value for name, value in providers.items()
        }
    provider = _child(new, config, "models", "providers", PROVIDER)
    configured = provider.get("models") or []
    known = {model["id"].strip() for model in configured}
    provider |= {
        "baseUrl": base_url,
        "api": CHAT_API,
        "models": [*configured, *(model for model in models if model["id"] not in known)],
    }
    if isinstance(key := provider.get("apiKey"), str):
        provider["apiKey"] = key.strip()


def _set_models(
    new: dict[str, Any], config: Config, catalog: Catalog, models: Sequence[str], primary: str
) -> None:
    defaults = _child(new, config, "agents", "defaults")
    listed: dict[str, Any] = {}
    for ref, settings in (defaults.get("models") or {}).items():
        canonical = canonical_ref(config, ref)
        listed[canonical] = {**listed.get(canonical, {}), **(settings or {})}
    for model in models:
        listed.setdefault(f"{PROVIDER}/{model}", {})
    listed.setdefault(primary, {})
    listed[f"{PROVIDER}/{bundled_default(catalog)}"].setdefault("alias", _ALIAS)
    chosen = defaults.get("model")
    chosen = dict(chosen) if isinstance(chosen, dict) else {}
    if isinstance(fallbacks := chosen.get("fallbacks"), list):
        chosen["fallbacks"] = [
            canonical_ref(config, ref) if isinstance(ref, str) else ref for ref in fallbacks
        ]
    defaults["model"] = {**chosen, "primary": primary}
    defaults["models"] = listed


def _child(new: dict[str, Any], config: Config, *path: str) -> dict[str, Any]:
    """Return the object at a path, which comes to be if it was not there."""
    found = Value(file=config.file, place="", data=new)
    for key in path:
        if (value := found.get(key)).data is None:
            found.data[key] = {}
            value = found.get(key)
        found = value
    return found.object()


def _model(row: AdvertisedRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "reasoning": row.reasoning,
        "input": list(row.input),
        "cost": dict(_FREE),
        "contextWindow": row.context_window,
        "maxTokens": row.max_tokens,
    }
