"""Which key OpenClaw would take, and which ones it would not.

The first that is set wins (openclaw 2026.5.18, measured): the auth profile, then the variables of
the catalogue in their order, then the `apiKey` of the provider's entry. A variable that the process
lacks is looked for in `~/.openclaw/.env`, the `env` block and the login shell, in that order
(OpenClaw docs/help/environment): so a daemon finds one that no shell gave it.
"""

import io
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import dotenv

from qwensim.catalog import Catalog
from qwensim.catalog.rows import Plan
from qwensim.errors import ConfigError, UsageError
from qwensim.provider.credentials import find
from qwensim.provider.openclaw.config import Config, ProviderEntry, read_text
from qwensim.provider.openclaw.profiles import Store, read_store
from qwensim.provider.openclaw.targets import MIGRATION, canonical_id, entry_of
from qwensim.provider.openclaw.values import below
from qwensim.provider.refs import PROVIDER

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
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
) -> FoundKey:
    """Return the key for a provider; a given `api_key` wins over all.

    The variables are qwen's: a custom provider has its profile and its `apiKey` alone.
    Raises `UsageError` if there is no key, or one that cannot stand in a header, and `ConfigError`
    for a file that is wrong.
    """
    environ = os.environ if environ is None else environ
    store = read_store(config.places)
    variables = _variables(config, catalog, environ, shell or login_shell)
    candidates = [_Candidate(source="api_key", key=(api_key or "").strip())]
    candidates += _candidates(config, catalog, provider_id, store, variables)
    found = [candidate for candidate in candidates if candidate.key]
    if not found:
        raise _no_key(config, catalog, provider_id, store, candidates)
    winner = found[0]
    try:
        credential = find(catalog, api_key=winner.key, environ={})
    except UsageError as error:
        raise UsageError(f"{winner.source}: {error}") from None
    return FoundKey(
        key=credential.key,
        source=winner.source,
        lost=tuple(
            candidate.source
            for candidate in candidates
            if candidate is not winner and (candidate.key or candidate.source != "api_key")
        ),
        plan=plan_of(catalog, credential.key),
    )


def plan_of(catalog: Catalog, key: str) -> Plan | None:
    """Return the plan whose keys have the form of this one."""
    return next(
        (row.id for row in catalog.plans.values() if re.fullmatch(row.key_pattern, key)), None
    )


def headers_of(
    config: Config, entry: ProviderEntry | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers of an entry. Raises `ConfigError` for one whose value cannot be had."""
    variables = _merged(config, environ)
    headers = {}
    for name, value in (entry.headers if entry else {}).items():
        headers[name], problem = _resolved(value, variables)
        if entry and problem:
            place = below(f"models.providers.{entry.id}.headers", name)
            raise ConfigError(problem, file=config.file, place=place)
    return headers


def login_shell(environ: Mapping[str, str], timeout: float) -> Mapping[str, str]:
    """Return the variables that a login shell exports; none if there is no shell or it fails."""
    shell = environ.get("SHELL", "").strip() or shutil.which("sh")
    if not shell:
        return {}
    try:
        done = subprocess.run(  # noqa: S603 - the user's own shell, as OpenClaw runs it
            [shell, "-l", "-c", "env -0"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    pairs = (line.partition("=") for line in done.stdout.decode(errors="replace").split("\0"))
    return {name: value for name, _, value in pairs if name}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Variable:
    value: str = field(repr=False)
    origin: str
    """Where it was found; blank for the process itself."""


def _merged(config: Config, environ: Mapping[str, str]) -> dict[str, _Variable]:
    """Return the variables of the process and those that files add; the first to name one wins."""
    env_file = config.places.env_file
    in_file = dotenv.dotenv_values(stream=io.StringIO(read_text(env_file)), interpolate=False)
    sources: tuple[tuple[str, Mapping[str, str | None]], ...] = (
        ("", dict(environ)),
        (str(env_file), in_file),
        (f"{config.file}: env", dict(config.env)),
    )
    merged: dict[str, _Variable] = {}
    for origin, values in sources:
        for name, value in values.items():
            if value is not None and name not in merged:
                merged[name] = _Variable(value=value, origin=origin)
    return merged


def _variables(
    config: Config, catalog: Catalog, environ: Mapping[str, str], shell: Shell
) -> dict[str, _Variable]:
    merged = _merged(config, environ)
    wanted = environ.get("OPENCLAW_LOAD_SHELL_ENV", "").strip().lower() in _TRUE
    missing = [name for name in catalog.key_variables if name not in merged]
    if missing and (config.shell_env.enabled or wanted):
        exported = shell(environ, config.shell_env.timeout)
        for name in missing:
            if value := exported.get(name, "").strip():
                merged[name] = _Variable(value=value, origin="the login shell")
    return merged


def _candidates(
    config: Config,
    catalog: Catalog,
    provider_id: str,
    store: Store,
    variables: Mapping[str, _Variable],
) -> Iterator[_Candidate]:
    """Yield what holds a key, or should, by precedence."""
    profile = store.of(canonical_id(provider_id))
    if profile is not None:
        yield _candidate(
            f"auth profile {profile.id} (in {config.places.profiles})", profile.key, variables
        )
    if canonical_id(provider_id) == PROVIDER:
        for name in catalog.key_variables:
            found = variables.get(name)
            if found is not None and found.value.strip():
                source = f"{name} (in {found.origin})" if found.origin else name
                yield _Candidate(source=source, key=found.value.strip())
    entry = entry_of(config, provider_id)
    if entry is not None and entry.api_key is not None:
        place = f"models.providers.{entry.id}.apiKey (in {config.file})"
        value = entry.api_key
        if (
            isinstance(value, str) and value in catalog.key_variables
        ):  # OpenClaw's marker for "from the environment"
            value = f"${{{value}}}"
        yield _candidate(place, value, variables)


def _candidate(source: str, value: Any, variables: Mapping[str, _Variable]) -> _Candidate:
    key, problem = _resolved(value, variables)
    return _Candidate(source=f"{source}: {problem}" if problem else source, key=key)


def _resolved(value: Any, variables: Mapping[str, _Variable]) -> tuple[str, str]:
    if isinstance(value, dict):
        if value.get("source") != "env":
            return "", f"secrets from {value.get('source')!r} are OpenClaw's own to read"
        value = f"${{{value.get('id')}}}"
    missing = [name for name in _REFERENCE.findall(value) if not _text_of(variables, name)]
    if missing:
        return "", f"{', '.join(missing)} is not set"
    text = _REFERENCE.sub(lambda found: _text_of(variables, found[1]), value).strip()
    return text, "" if text else "is blank"


def _text_of(variables: Mapping[str, _Variable], name: str) -> str:
    found = variables.get(name)
    return found.value.strip() if found else ""


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
