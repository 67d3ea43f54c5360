"""Which of the service's hosts a request that came over a socket is meant for.

The first that says so wins:

    the Host header       dashscope.aliyuncs.com, behind a name server or a proxy of one's own
    the path's first part /dashscope.aliyuncs.com/compatible-mode/v1/…, which is then taken off
    the rest of the path  in the server's region, the host on whose base path it lies,
                          or else the Standard one
"""

from typing import NamedTuple

from qwensim.catalog import Catalog
from qwensim.catalog.rows import Region


class Target(NamedTuple):
    """A host of the catalogue and the path as that host sees it."""

    host: str
    path: str
    by_name: bool
    """The client reaches the host under its own name."""


def locate(catalog: Catalog, region: Region, *, authority: str, path: str) -> Target:
    """Return the target of a request with the Host header `authority` for `path`.

    Raises `UsageError` if the catalogue has no Standard host in the region.
    """
    names = catalog.host_names
    host = _host_name(authority)
    if host in names:
        return Target(host, path, by_name=True)
    first, slash, rest = path.removeprefix("/").partition("/")
    host = _host_name(first)
    if host in names:
        return Target(host, slash + rest or "/", by_name=False)
    for row in catalog.hosts.values():
        if row.region == region and f"{path}/".startswith(f"{row.base_path}/"):
            return Target(row.name, path, by_name=False)
    return Target(catalog.host_of("standard", region).name, path, by_name=False)


def served_name(catalog: Catalog, name: str) -> str | None:
    """Return a host name in the catalogue's spelling, or None if the service has no such host.

    Upper case and one trailing dot are the same name; anything else but the name itself is not.
    """
    name = name.removesuffix(".").lower()
    return name if name in catalog.host_names else None


def _host_name(authority: str) -> str:
    """Return the name in `authority` in the catalogue's spelling: lower case, no port, no dot."""
    return authority.partition(":")[0].removesuffix(".").lower()
