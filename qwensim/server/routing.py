"""Which of the service's hosts a request that came over a socket is meant for.

The first that says so wins:

    the Host header       dashscope.aliyuncs.com, behind a name server or a proxy of one's own
    the path's first part /dashscope.aliyuncs.com/compatible-mode/v1/…, which is then taken off
    the rest of the path  in the server's region, the host on whose base path it lies
    the key               where several hosts have the path, that of the plan whose keys look so;
                          or else the Standard one
"""

import re
from typing import NamedTuple

from qwensim.catalog import Catalog
from qwensim.catalog.rows import Region
from qwensim.exchange import Headers


class Target(NamedTuple):
    """A host of the catalogue and the path as that host sees it."""

    host: str
    path: str
    by_name: bool
    """The client reaches the host under its own name."""


def locate(
    catalog: Catalog, region: Region, *, authority: str, path: str, headers: Headers = ()
) -> Target:
    """Return the target of a request with the Host header `authority` for `path`.

    `headers` are looked through for the key. Raises `UsageError` if the catalogue has no Standard
    host in the region.
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
    plan = _plan_of(catalog, path, headers)
    return Target(catalog.host_of(plan, region).name, path, by_name=False)


def _plan_of(catalog: Catalog, path: str, headers: Headers) -> str:
    """Return the plan that has the path and keys like that of the request, or else Standard."""
    for plan in catalog.plans.values():
        for route in (catalog.routes[name] for name in plan.routes):
            if route.path == path:
                holders = (catalog.wires[route.wire].key_header, "authorization")
                held = (value for holder in holders for name, value in headers if name == holder)
                key = next(held, "").rpartition(" ")[2]
                if re.fullmatch(plan.key_pattern, key):
                    return plan.id
    return "standard"


def served_name(catalog: Catalog, name: str) -> str | None:
    """Return a host name in the catalogue's spelling, or None if the service has no such host.

    Upper case and one trailing dot are the same name; anything else but the name itself is not.
    """
    name = name.removesuffix(".").lower()
    return name if name in catalog.host_names else None


def _host_name(authority: str) -> str:
    """Return the name in `authority` in the catalogue's spelling: lower case, no port, no dot."""
    return authority.partition(":")[0].removesuffix(".").lower()
