"""Which entry of a configuration a model reference means, and where its requests go."""

from collections.abc import Iterator
from dataclasses import dataclass

from qwensim.catalog import Catalog
from qwensim.catalog.rows import AdvertisedRow
from qwensim.errors import UsageError
from qwensim.provider.endpoints import Endpoint, resolve
from qwensim.provider.openclaw.config import CHAT_API, Config, ModelEntry, ProviderEntry
from qwensim.provider.openclaw.variables import filled
from qwensim.provider.refs import MIGRATION, PORTALS, PROVIDER, PROVIDERS


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a reference comes to."""

    ref: str
    """In its canonical form."""
    provider_id: str
    """`qwen`, or the id of the custom entry that owns the reference."""
    model: str
    endpoint: Endpoint
    entry: ProviderEntry | None
    """None where the configuration has no entry: the endpoint is then the default one."""


def canonical_id(provider: str) -> str:
    """Return `qwen` for its aliases in any case; other ids are their own."""
    return PROVIDER if provider.strip().lower() in PROVIDERS else provider.strip()


def owns_its_refs(entry: ProviderEntry) -> bool:
    """Tell whether an entry is a provider of its own, rather than qwen under an old name.

    `modelstudio` and `qwencloud` are, if they speak another API than qwen's (OpenClaw
    docs/providers/qwen.md, 2026-05-18).
    """
    if canonical_id(entry.id) != PROVIDER:
        return True
    return entry.id.strip().lower() != PROVIDER and entry.api not in {None, CHAT_API}


def owner_of(config: Config, provider: str) -> ProviderEntry | None:
    """Return the entry of that very name, in any case, if it owns its references."""
    wanted = provider.strip().lower()
    for entry in config.providers.values():
        if entry.id.strip().lower() == wanted and owns_its_refs(entry):
            return entry
    return None


def canonical_ref(config: Config, ref: str) -> str:
    """Return a reference with the canonical name of its provider, as configurations hold it."""
    provider, slash, model = ref.strip().partition("/")
    if not slash or owner_of(config, provider) is not None:
        return ref.strip()
    return f"{canonical_id(provider)}/{model}"


def entry_of(config: Config, provider_id: str) -> ProviderEntry | None:
    """Return the entry of a provider; qwen's may be under an alias, the nearest name wins."""
    if canonical_id(provider_id) != PROVIDER:
        return owner_of(config, provider_id)
    if (owner := owner_of(config, provider_id)) is not None:
        return owner
    family = [
        entry
        for entry in config.providers.values()
        if canonical_id(entry.id) == PROVIDER and not owns_its_refs(entry)
    ]
    return min(family, key=_distance, default=None)


def _distance(entry: ProviderEntry) -> int:
    """Return how far the name of an entry is from `qwen`: the same, but for case, another."""
    if entry.id == PROVIDER:
        return 0
    return 1 if entry.id.strip().lower() == PROVIDER else 2


def target(config: Config, catalog: Catalog, ref: str | None = None) -> Target:
    """Return what a reference or an alias means; without one, the default model.

    Raises `UsageError` for a reference to no provider of this configuration, and for one whose
    provider speaks an API that this client does not.
    """
    ref = ref or config.default_model or f"{PROVIDER}/{bundled_default(catalog)}"
    ref = unaliased(config, ref.strip())
    provider, slash, model = ref.partition("/")
    if not slash:
        provider, model = PROVIDER, provider
    if not model.strip():
        raise UsageError(f"model reference {ref!r} names no model; write {PROVIDER}/<model id>")
    owner = owner_of(config, provider)
    if owner is None and canonical_id(provider) != PROVIDER:
        raise _no_provider(config, ref, provider, model)
    entry = owner or entry_of(config, PROVIDER)
    provider_id = owner.id if owner else PROVIDER
    return Target(
        ref=f"{provider_id}/{model}",
        provider_id=provider_id,
        model=model,
        endpoint=endpoint_of(config, catalog, entry),
        entry=entry,
    )


def endpoint_of(config: Config, catalog: Catalog, entry: ProviderEntry | None) -> Endpoint:
    """Return where the requests of an entry go.

    Raises `UsageError` for a base URL that cannot be one, and for an API that this client does not
    speak.
    """
    if entry is not None and entry.api not in {None, CHAT_API}:
        raise UsageError(
            f"{config.file}: models.providers.{entry.id}.api is {entry.api!r}, which this client "
            f"does not speak; it speaks {CHAT_API}. References to qwen/<model id> go to the "
            "service itself"
        )
    return address_of(config, catalog, entry)


def address_of(config: Config, catalog: Catalog, entry: ProviderEntry | None) -> Endpoint:
    """Return the endpoint of an entry, whatever its API. Raises `UsageError`."""
    if entry is None:
        return resolve(catalog)
    place = f"{config.file}: models.providers.{entry.id}"
    if entry.base_url is None and canonical_id(entry.id) != PROVIDER:
        raise UsageError(f"{place}.baseUrl is missing; write the base URL of the provider")
    base_url, problem = filled(entry.base_url or "", config.variables)
    if problem:
        raise UsageError(f"{place}.baseUrl: {problem}")
    try:
        return resolve(catalog, base_url=base_url or None)
    except UsageError as error:
        raise UsageError(f"{place}.baseUrl: {error}") from None


def bundled_default(catalog: Catalog) -> str:
    """Return the id of the model that OpenClaw takes unless told otherwise."""
    return next(row.id for row in catalog.advertised.values() if row.default)


def bundled(catalog: Catalog, endpoint: Endpoint) -> Iterator[AdvertisedRow]:
    """Yield the advertised models, without those that the endpoint's plan leaves out."""
    for row in catalog.advertised.values():
        if endpoint.plan not in row.omitted_on:
            yield row


def catalogue(
    config: Config, catalog: Catalog, *, provider_id: str = PROVIDER
) -> tuple[ModelEntry, ...]:
    """Return the models that a provider lists: configured ones first, then bundled ones.

    A bundled model that the plan leaves out is listed if the configuration names it. With
    `models.mode` "replace", and for a custom provider, configured models are all there is.
    A model that is not listed is sent all the same: the service decides.
    """
    entry = entry_of(config, provider_id)
    configured = entry.models if entry else ()
    if config.mode == "replace" or (entry is not None and owns_its_refs(entry)):
        return configured
    if entry is None and canonical_id(provider_id) != PROVIDER:
        return ()
    known = {model.id for model in configured}
    listed = {row.id for row in bundled(catalog, endpoint_of(config, catalog, entry))}
    listed |= _named_models(config)
    missing = [
        row for row in catalog.advertised.values() if row.id in listed and row.id not in known
    ]
    return (*configured, *map(_entry, missing))


def _entry(row: AdvertisedRow) -> ModelEntry:
    return ModelEntry(
        id=row.id,
        name=row.name,
        reasoning=row.reasoning,
        input=row.input,
        context_window=row.context_window,
        max_tokens=row.max_tokens,
    )


def _named_models(config: Config) -> set[str]:
    """Return the ids of qwen's models to which the configuration refers."""
    refs = [*config.agent_models, *filter(None, [config.default_model])]
    pairs = [canonical_ref(config, unaliased(config, ref)).partition("/") for ref in refs]
    return {model for provider, _, model in pairs if provider == PROVIDER}


def unaliased(config: Config, ref: str) -> str:
    """Return the reference that an alias stands for; others stand for themselves."""
    aliases = {alias.lower(): found for alias, found in config.aliases.items()}
    return aliases.get(ref.lower(), ref).strip()


def _no_provider(config: Config, ref: str, provider: str, model: str) -> UsageError:
    if provider.strip().lower() in PORTALS:
        return UsageError(f"model reference {ref!r}: {MIGRATION}")
    known = ", ".join(dict.fromkeys([*PROVIDERS, *config.providers]))
    return UsageError(
        f"model reference {ref!r} names the provider {provider!r}; {config.file} has: {known}. "
        f"Write {PROVIDER}/{model}"
    )
