"""The models of a provider as `openclaw models list` shows them (openclaw 2026.5.18)."""

import msgspec

from qwensim.catalog import Catalog
from qwensim.errors import UsageError
from qwensim.provider.openclaw.config import Config
from qwensim.provider.openclaw.targets import (
    address_of,
    canonical_id,
    canonical_ref,
    catalogue,
    entry_of,
    owner_of,
    unaliased,
)
from qwensim.provider.refs import PROVIDER, PROVIDERS


class ModelRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A model that is configured, or could be."""

    key: str
    """Its reference."""
    name: str
    input: str
    """Like `text+image`."""
    context_window: int | None = None
    """In tokens."""
    local: bool | None = None
    """Whether its endpoint is on this machine or in the own network."""
    available: bool | None = None
    """Whether there is a key for it."""
    tags: tuple[str, ...]
    """`default`, `fallback#1`, `configured`, `alias:Name`, `missing`."""
    missing: bool
    """Whether it is configured, but in no catalogue: then there is no more to say of it."""


def provider_named(config: Config, name: str) -> str:
    """Return the id of a provider, whatever its spelling. Raises `UsageError` if there is none."""
    if (owner := owner_of(config, name)) is not None:
        return owner.id
    if canonical_id(name) == PROVIDER:
        return PROVIDER
    known = ", ".join(dict.fromkeys([*PROVIDERS, *config.providers]))
    raise UsageError(f"no provider {name!r}; {config.file} has: {known}")


def model_rows(
    config: Config,
    catalog: Catalog,
    *,
    provider_id: str = PROVIDER,
    available: bool,
    whole: bool = False,
) -> list[ModelRow]:
    """Return the models that a configuration names, by name; `whole` adds those it does not.

    `available` tells whether there is a key. Raises `UsageError` for a wrong base URL.
    """
    entry = entry_of(config, provider_id)
    endpoint = address_of(config, catalog, entry)
    tags = _tags(config)
    listed = catalogue(config, catalog, provider_id=provider_id)
    own = {model.id for model in entry.models} if entry else set()
    rows = [
        ModelRow(
            key=f"{provider_id}/{model.id}",
            name=model.name,
            input="+".join(model.input),
            context_window=model.context_window,
            local=endpoint.local,
            available=available or endpoint.loopback,
            tags=tuple(tags.pop(f"{provider_id}/{model.id}", ())),
            missing=False,
        )
        for model in listed
        if whole or model.id in own or f"{provider_id}/{model.id}" in tags
    ]
    rows += [
        ModelRow(key=ref, name=ref, input="-", tags=(*found, "missing"), missing=True)
        for ref, found in tags.items()
        if ref.partition("/")[0] == provider_id
    ]
    return sorted(rows, key=lambda row: (row.name.lower(), row.key))


def _tags(config: Config) -> dict[str, list[str]]:
    """Return why the configuration names its references, by their canonical form."""
    found: dict[str, list[str]] = {}

    def note(ref: str, tag: str) -> None:
        ref = canonical_ref(config, unaliased(config, ref))
        tags = found.setdefault(ref if "/" in ref else f"{PROVIDER}/{ref}", [])
        if tag not in tags:
            tags.append(tag)

    if config.default_model:
        note(config.default_model, "default")
    for number, ref in enumerate(config.fallbacks, 1):
        note(ref, f"fallback#{number}")
    for ref in config.agent_models:
        note(ref, "configured")
    for alias, ref in config.aliases.items():
        note(ref, f"alias:{alias}")
    return found
