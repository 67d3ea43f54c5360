"""Which key OpenClaw would take, and which ones it would not.

The first that is set wins (openclaw 2026.5.18, measured): the auth profile, then the variables of
the catalogue in their order, then the `apiKey` of the provider's entry. A variable that neither the
process nor a file has is looked for in the login shell, if the configuration says so.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from qwensim.catalog import Catalog
from qwensim.catalog.rows import Plan
from qwensim.errors import ConfigError, UsageError
from qwensim.provider.credentials import NO_KEY, find, plan_of
from qwensim.provider.openclaw.config import Config, ProviderEntry
from qwensim.provider.openclaw.profiles import Store, read_store
from qwensim.provider.openclaw.secrets import resolved
from qwensim.provider.openclaw.targets import canonical_id, entry_of
from qwensim.provider.openclaw.values import below
from qwensim.provider.openclaw.variables import Variable, login_shell, variables_of
from qwensim.provider.refs import MIGRATION, PROVIDER

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110, section 5.6.2)."""
_TRUE: Final = frozenset({"1", "true", "yes", "on"})

Shell = Callable[[Mapping[str, str], float], Mapping[str, str]]
"""Returns the variables of a login shell, given those of the process and seconds to wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundKey:
    """The key that wins, and the places that lose to it. It never shows the key."""

    key: str = field(repr=False)
    source: str
    """Like `QWEN_API_KEY (in /home/me/.openclaw/.env)`."""
    lost: tuple[str, ...] = ()
    """Sources that hold a key too, by precedence, and entries whose key cannot be had."""
    plan: Plan | None = None
    """The plan whose keys look like this one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    source: str
    key: str = field(default="", repr=False)
    """Blank if it cannot be had; `source` says why."""


def find_key(
    config: Config,
    catalog: Catalog,
    *,
    provider_id: str = PROVIDER,
    api_key: str | None = None,
    environ: Mapping[str, str] | None = None,
    shell: Shell | None = None,
    optional: bool = False,
) -> FoundKey:
    """Return the key for a provider; a given `api_key` wins over all.

    The variables are qwen's: a custom provider has its profile and its `apiKey` alone. `optional`
    allows for no key at all, as a server on this machine does; it is blank then.
    Raises `UsageError` if there is no key, or one that cannot stand in a header, and `ConfigError`
    for a file that is wrong.
    """
    environ = os.environ if environ is None else environ
    store = read_store(config.places)
    variables = _variables(config, catalog, environ, shell or login_shell)
    candidates = [_Candidate(source="api_key", key=(api_key or "").strip())]
    candidates += _candidates(config, catalog, provider_id, store, variables)
    found = [candidate for candidate in candidates if candidate.key]
    if not found and optional:
        return FoundKey(key="", source=NO_KEY.source, lost=_lost(candidates))
    if not found:
        raise _no_key(config, catalog, provider_id, store, candidates)
    winner = found[0]
    try:
        credential = find(catalog, api_key=winner.key, environ={})
    except UsageError as error:
        raise UsageError(f"{winner.source}: {error}") from None
    plan = plan_of(catalog, credential.key)
    return FoundKey(
        key=credential.key,
        source=winner.source,
        lost=_lost(candidate for candidate in candidates if candidate is not winner),
        plan=plan.id if plan else None,
    )


def _lost(candidates: Iterable[_Candidate]) -> tuple[str, ...]:
    return tuple(found.source for found in candidates if found.key or found.source != "api_key")


def headers_of(config: Config, entry: ProviderEntry | None) -> dict[str, str]:
    """Return the headers of an entry.

    Raises `ConfigError` for one whose value cannot be had, or that cannot be sent.
    """
    if entry is None:
        return {}
    headers = {}
    for name, written in entry.headers.items():
        value, problem = resolved(written, config, config.variables)
        if not problem and not (_TOKEN.fullmatch(name) and value.isascii() and value.isprintable()):
            problem = "cannot be sent: a blank in the name, or a line break or non-ASCII character"
        if problem:
            place = below(f"models.providers.{entry.id}.headers", name)
            raise ConfigError(problem, file=config.file, place=place)
        headers[name] = value
    return headers


def _variables(
    config: Config, catalog: Catalog, environ: Mapping[str, str], shell: Shell
) -> dict[str, Variable]:
    merged = variables_of(config.places, config.env, environ)
    wanted = environ.get("OPENCLAW_LOAD_SHELL_ENV", "").strip().lower() in _TRUE
    missing = [name for name in catalog.key_variables if name not in merged]
    if missing and (config.shell_env.enabled or wanted):
        exported = shell(environ, config.shell_env.timeout)
        for name in missing:
            if value := exported.get(name, "").strip():
                merged[name] = Variable(value=value, origin="the login shell")
    return merged


def _candidates(
    config: Config,
    catalog: Catalog,
    provider_id: str,
    store: Store,
    variables: Mapping[str, Variable],
) -> Iterator[_Candidate]:
    """Yield what holds a key, or should, by precedence."""
    profile = store.of(canonical_id(provider_id))
    if profile is not None:
        source = f"auth profile {profile.id} (in {config.places.profiles})"
        yield _candidate(source, profile.key, config, variables)
    if canonical_id(provider_id) == PROVIDER:
        for name in catalog.key_variables:
            found = variables.get(name)
            if found is not None and found.value:
                source = f"{name} (in {found.origin})" if found.origin else name
                yield _Candidate(source=source, key=found.value)
    entry = entry_of(config, provider_id)
    if entry is not None and entry.api_key is not None:
        place = f"models.providers.{entry.id}.apiKey (in {config.file})"
        value = entry.api_key
        if isinstance(value, str) and value in catalog.key_variables:
            value = f"${value}"  # OpenClaw's marker for "from the environment"
        yield _candidate(place, value, config, variables)


def _candidate(
    source: str, value: Any, config: Config, variables: Mapping[str, Variable]
) -> _Candidate:
    key, problem = resolved(value, config, variables)
    return _Candidate(source=f"{source}: {problem}" if problem else source, key=key)


def _no_key(
    config: Config,
    catalog: Catalog,
    provider_id: str,
    store: Store,
    candidates: list[_Candidate],
) -> UsageError:
    if store.portal and canonical_id(provider_id) == PROVIDER:
        return UsageError(
            f"the auth profile {store.portal} in {config.places.profiles} no longer opens "
            f"anything. {MIGRATION}"
        )
    places = [f"an auth profile in {config.places.profiles}"]
    if canonical_id(provider_id) == PROVIDER:
        places.append(" or ".join(catalog.key_variables))
        places.append(f"these in {config.places.env_file}")
    places.append(f"models.providers.{provider_id}.apiKey in {config.file}")
    failed = "".join(f". {item.source}" for item in candidates if item.source != "api_key")
    return UsageError(
        f"no API key for {provider_id}; looked for {', '.join(places)}{failed}. "
        "Run qwensim onboard, or set one of them"
    )
