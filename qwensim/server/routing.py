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


def locate(catalog: Catalog, region: Region, *, authority: str, path: str) -> Target:
    """Return the target of a request with the Host header `authority` for `path`.

    Raises `UsageError` if the catalogue has no Standard host in the region.
    """
    host = _host_name(authority)
    if host in catalog.hosts:
        return Target(host, path)
    first, slash, rest = path.removeprefix("/").partition("/")
    host = _host_name(first)
    if host in catalog.hosts:
        return Target(host, slash + rest or "/")
    for row in catalog.hosts.values():
        if row.region == region and f"{path}/".startswith(f"{row.base_path}/"):
            return Target(row.name, path)
    return Target(catalog.host_of("standard", region).name, path)


def _host_name(authority: str) -> str:
    """Return the name in `authority` in the catalogue's spelling: lower case, no port, no dot."""
    return authority.partition(":")[0].removesuffix(".").lower()
