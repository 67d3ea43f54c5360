"""The checks that come before any surface: path, method, client, key."""

import re
from typing import Literal, get_args

from qwensim.catalog import Catalog
from qwensim.catalog.rows import RouteRow
from qwensim.errors import UsageError
from qwensim.simulator.accounts import Accounts
from qwensim.simulator.answers import Call
from qwensim.simulator.refusals import Refused
from qwensim.simulator.routes import Match, Routes

ClientCheck = Literal["any", "agents", "off"]
"""Which User-Agents a Coding Plan host lets in: any that is not empty (as observed), those of known
coding agents, or all."""


class Gate:
    """Lets a call in to the surface of its route, or refuses it."""

    def __init__(self, catalog: Catalog, accounts: Accounts, client_check: ClientCheck) -> None:
        self._catalog = catalog
        self._accounts = accounts
        self.client_check = client_check
        self._agents = [re.compile(row.pattern) for row in catalog.agents.values()]
        self._routes = Routes(catalog)

    @property
    def client_check(self) -> ClientCheck:
        """Which clients are let in."""
        return self._client_check

    @client_check.setter
    def client_check(self, value: ClientCheck) -> None:
        if value not in get_args(ClientCheck):
            known = ", ".join(get_args(ClientCheck))
            raise UsageError(f"no client check {value!r}; there are: {known}")
        self._client_check: ClientCheck = value

    def route(self, call: Call) -> RouteRow | None:
        """Return the route of a call, if there is one, and note what is known by it."""
        match: Match | None = self._routes.find(call.request.host, call.request.path)
        if match is None:
            return None
        wire = self._catalog.wires[match.route.wire]
        call.wire, call.path_values = wire.id, match.values
        call.stream = wire.stream == "headers" and _asks_by_headers(call)
        return match.route

    def admit(self, call: Call, route: RouteRow | None) -> str:
        """Return the surface that judges the rest, or raise `Refused`."""
        request, host = call.request, call.host
        if route is None:
            chat = f"{host.base_path}/chat/completions/"
            if request.path.startswith(chat) and host.plan == "standard":
                raise Refused("path-below-chat", path=request.path.removeprefix(chat))
            raise Refused("not-found")
        if request.method not in _methods(route):
            raise Refused("method-not-allowed", method=request.method, path=request.path)
        if not route.key:
            return route.surface
        plan = self._catalog.plans[host.plan]
        if plan.client_check is not None and not self._is_client(request.header("user-agent")):
            raise Refused(plan.client_check)
        header = self._catalog.wires[call.wire].key_header
        key = request.header(header) if header is not None else None
        authorization = f"Bearer {key}" if key else request.header("authorization")
        call.account = self._accounts.admit(plan, host, authorization)
        return route.surface

    def _is_client(self, user_agent: str | None) -> bool:
        if self._client_check == "off":
            return True
        if self._client_check == "any":
            return bool(user_agent and user_agent.strip())
        return any(pattern.search(user_agent or "") for pattern in self._agents)


def _methods(route: RouteRow) -> tuple[str, ...]:
    more = (("HEAD", route.head), ("DELETE", route.delete))
    return (route.method, *(method for method, answered in more if answered))


def _asks_by_headers(call: Call) -> bool:
    """Whether the headers ask for a stream: either of the two that the dashscope package sends."""
    sse = call.request.header("x-dashscope-sse") or ""
    return sse.lower() == "enable" or "text/event-stream" in (call.request.header("accept") or "")
