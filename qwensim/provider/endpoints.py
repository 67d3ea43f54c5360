"""Where requests go: an auth choice or a base URL becomes an `Endpoint`.

What an endpoint can do is told by its host name alone, never by the name of a provider: a custom
configuration that points at one of the service's hosts is as native as a bundled one.
"""

import ipaddress
import re
import warnings
from dataclasses import dataclass, replace

import httpx2

from qwensim.catalog import Catalog, Redactor
from qwensim.catalog.rows import AuthChoiceRow, Plan, Region
from qwensim.errors import UsageError
from qwensim.provider.refs import MIGRATION, PORTALS

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

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine: OpenClaw asks there without a key, if it has none."""
        name = httpx2.URL(self.base_url).host
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False

    @property
    def local(self) -> bool:
        """Whether the host is this machine or, by its name, one of the own network."""
        return self.loopback or httpx2.URL(self.base_url).host.endswith((".local", ".internal"))

    @property
    def tells_usage(self) -> bool:
        """Whether a stream is asked for its usage (the rule of openclaw 2026.5.18).

        A foreign host is not: it may refuse the question.
        """
        return self.native or self.local


def auth_choice_of(catalog: Catalog, name: str, *, stacklevel: int = 2) -> AuthChoiceRow:
    """Return the row of an auth choice; a legacy name warns with `DeprecationWarning`.

    `stacklevel` is that of `warnings.warn`. Raises `UsageError` for a choice that is gone, with the
    way to migrate, and for an unknown one.
    """
    if name in catalog.auth_choices:
        return catalog.auth_choices[name]
    for row in catalog.auth_choices.values():
        if name in row.legacy:
            warnings.warn(
                f"auth choice {name!r} is deprecated; use {row.id!r}",
                DeprecationWarning,
                stacklevel=stacklevel,
            )
            return row
    if name in PORTALS:
        raise UsageError(f"auth choice {name!r}: {MIGRATION}")
    known = ", ".join(catalog.auth_choices)
    raise UsageError(f"no auth choice {Redactor(catalog).text(name)!r}; there are: {known}")


def resolve(
    catalog: Catalog, *, auth_choice: str | None = None, base_url: str | None = None
) -> Endpoint:
    """Return the endpoint of a base URL, else of an auth choice, else the default one.

    A legacy auth choice warns with `DeprecationWarning` and means the same as its successor.
    Raises `UsageError` for an unknown auth choice and for a base URL that cannot be one.
    """
    # The warning is for the caller of the provider's constructor.
    choice = auth_choice_of(catalog, auth_choice or DEFAULT_AUTH_CHOICE, stacklevel=5)
    if base_url is None:
        host = catalog.hosts[choice.host]
        return Endpoint(base_url=host.base_url, plan=host.plan, region=host.region)
    if not isinstance(base_url, str):
        raise UsageError(f"base_url is a text, not {base_url!r}")
    return _of_url(catalog, base_url)


def is_remote(address: str) -> bool:
    """Tell whether a text is an http(s) address."""
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def standard(catalog: Catalog, endpoint: Endpoint) -> Endpoint:
    """Return where the services lie that only Standard has: vision and video.

    That is the Standard endpoint of the same region (OpenClaw docs/providers/qwen.md, 2026-05-18);
    a foreign endpoint has no other.
    """
    if endpoint.region is None or endpoint.plan == "standard":
        return endpoint
    host = catalog.host_of("standard", endpoint.region)
    return Endpoint(base_url=host.base_url, plan=host.plan, region=host.region)


def native(catalog: Catalog, endpoint: Endpoint) -> Endpoint:
    """Return where the native API lies, `/api/v1/…`, at the Standard endpoint of the same region.

    On the service's own hosts that is the host. A foreign path is kept, but for the base path of
    OpenAI clients at its end.
    """
    found = standard(catalog, endpoint)
    url = httpx2.URL(found.base_url)
    path = ""
    if not found.native:
        base_paths = sorted((host.base_path for host in catalog.hosts.values()), key=len)
        end = next((end for end in reversed(base_paths) if url.path.endswith(end)), "")
        path = url.path.removesuffix(end)
    root = str(url.copy_with(path=path or "/")).rstrip("/")
    return replace(found, base_url=root)


def standard_choice(catalog: Catalog, region: Region) -> tuple[str, str]:
    """Return the auth choice and the base URL of the Standard endpoint of a region."""
    host = catalog.host_of("standard", region)
    choice = next(row.id for row in catalog.auth_choices.values() if row.host == host.name)
    return choice, host.base_url


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
    """Return the URL; an error shows it without what may be a password or a signature."""
    shown = Redactor(catalog).text(re.split("[?#]", base_url.rpartition("@")[2])[0])
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
