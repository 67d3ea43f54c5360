"""Where requests go: an auth choice or a base URL becomes an `Endpoint`.

What an endpoint can do is told by its host name alone, never by the name of a provider: a custom
configuration that points at one of the service's hosts is as native as a bundled one.
"""

import warnings
from dataclasses import dataclass

import httpx2

from qwensim.catalog import Catalog, Redactor
from qwensim.catalog.rows import HostRow, Plan, Region
from qwensim.errors import UsageError

DEFAULT_AUTH_CHOICE = "qwen-api-key"
"""The Coding Plan (Global), where OpenClaw goes when nothing is configured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A base URL and, on the service's own hosts, the plan and region that answer there."""

    base_url: str
    """Scheme and host in lower case, without a trailing slash."""
    plan: Plan | None = None
    """None on a foreign host, as `region`."""
    region: Region | None = None

    @property
    def native(self) -> bool:
        """Whether the host is one of the service's own."""
        return self.plan is not None


def resolve(
    catalog: Catalog, *, auth_choice: str | None = None, base_url: str | None = None
) -> Endpoint:
    """Return the endpoint of a base URL, else of an auth choice, else the default one.

    A legacy auth choice warns with `DeprecationWarning` and means the same as its successor.
    Raises `UsageError` for an unknown auth choice and for a base URL that cannot be one.
    """
    host = _host_of_choice(catalog, auth_choice or DEFAULT_AUTH_CHOICE)
    if base_url is None:
        return Endpoint(base_url=host.base_url, plan=host.plan, region=host.region)
    return _of_url(catalog, base_url)


def standard_choice(catalog: Catalog, region: Region) -> tuple[str, str]:
    """Return the auth choice and the base URL of the Standard endpoint of a region."""
    host = catalog.host_of("standard", region)
    choice = next(row.id for row in catalog.auth_choices.values() if row.host == host.name)
    return choice, host.base_url


def _host_of_choice(catalog: Catalog, auth_choice: str) -> HostRow:
    for choice in catalog.auth_choices.values():
        if auth_choice in choice.legacy:
            warnings.warn(
                f"auth choice {auth_choice!r} is deprecated; use {choice.id!r}",
                DeprecationWarning,
                stacklevel=5,  # the caller of the provider's constructor
            )
        elif auth_choice != choice.id:
            continue
        return catalog.hosts[choice.host]
    known = ", ".join(catalog.auth_choices)
    seen = Redactor(catalog).text(auth_choice)
    raise UsageError(f"no auth choice {seen!r}; there are: {known}")


def _of_url(catalog: Catalog, base_url: str) -> Endpoint:
    url = _parsed(catalog, base_url)
    name = url.host.removesuffix(".")
    path = url.path.rstrip("/")
    host = catalog.hosts.get(name)
    if host is None:
        return Endpoint(base_url=str(url.copy_with(host=name, path=path or "/")).rstrip("/"))
    if path.lower() == host.base_path:
        path = host.base_path
    return Endpoint(
        base_url=str(url.copy_with(host=name, path=path or "/")).rstrip("/"),
        plan=host.plan,
        region=host.region,
    )


def _parsed(catalog: Catalog, base_url: str) -> httpx2.URL:
    """Return the URL; an error shows it without what may be a password."""
    shown = Redactor(catalog).text(base_url.rpartition("@")[2])
    example = "write it like https://dashscope.aliyuncs.com/compatible-mode/v1"
    try:
        url = httpx2.URL(base_url.strip())
    except httpx2.InvalidURL as error:
        raise UsageError(f"base URL {shown!r} is no URL; {example}") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise UsageError(f"base URL {shown!r} must start with https:// or http:// and name a host")
    if url.userinfo:
        raise UsageError(
            f"the base URL of {url.host} must not carry a user name or password; pass api_key"
        )
    if url.query or url.fragment:
        raise UsageError(f"base URL {shown!r} must have neither a query nor a fragment; {example}")
    return url
