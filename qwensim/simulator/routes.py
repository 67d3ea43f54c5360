"""Which route of the catalogue a path is, on a given host."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from qwensim.catalog import PAGE_DATE, Catalog
from qwensim.catalog.rows import HostRow, RouteRow

NOWHERE = HostRow(
    name="",
    plan="standard",
    region="global",
    base_path="/",
    help="",
    source="none",
    checked=PAGE_DATE,
    confidence="guess",
)
"""Stands for a host that the catalogue does not know."""

_HOLE = re.compile(r"\{(\w+)(\*?)\}|[^{]+")


class Match(NamedTuple):
    """A route, and the segments of the path that differ."""

    route: RouteRow
    values: Mapping[str, str]


class Routes:
    """The routes of all hosts. A path without a `{name}` is looked up, the others are tried."""

    def __init__(self, catalog: Catalog) -> None:
        self._fixed: dict[tuple[str, str], Match] = {}
        self._varying: dict[str, list[tuple[re.Pattern[str], RouteRow]]] = {}
        for host in catalog.hosts.values():
            for name in catalog.plans[host.plan].routes:
                route = catalog.routes[name]
                self._add(host.name, route.path.replace("{base}", host.base_path), route)
        for asset_host in catalog.asset_hosts.values():
            for name in asset_host.routes:
                self._add(asset_host.name, catalog.routes[name].path, catalog.routes[name])

    def _add(self, host: str, path: str, route: RouteRow) -> None:
        if "{" not in path:
            for spelling in (path, f"{path}/") if route.trailing_slash else (path,):
                self._fixed[host, spelling] = Match(route, {})
            return
        pattern = _HOLE.sub(_segment, path) + ("/?" if route.trailing_slash else "")
        self._varying.setdefault(host, []).append((re.compile(pattern), route))

    def find(self, host: str, path: str) -> Match | None:
        """Return the route of a path on a host, or None if there is nothing."""
        if (match := self._fixed.get((host, path))) is not None:
            return match
        for pattern, route in self._varying.get(host, ()):
            if (found := pattern.fullmatch(path)) is not None:
                return Match(route, found.groupdict())
        return None


def _segment(found: re.Match[str]) -> str:
    """Return the pattern of a piece of a path: a text as it stands, or a hole."""
    name, rest = found.groups()
    if name is None:
        return re.escape(found[0])
    return f"(?P<{name}>{'.+' if rest else '[^/]+'})"
