"""The simulator's own controls over HTTP, for tests in any language: `/__qwensim/`.

    GET     health              what there is: {"status": "ok", "scripts": 0, …}
    POST    reset               drop scripts, faults, tasks, requests and counts of limits
    GET     scripts             those not used up; in `unused` those that still owe a reply
    POST    scripts             set one, or a list of them: the fields of `ScriptSpec`
    DELETE  scripts             drop all
    GET     faults              those not used up
    POST    faults              arm one, or a list of them: the fields of `Fault`
    DELETE  faults              drop all
    GET     clock               {"now": seconds since the epoch}
    POST    clock               move it forward: {"advance": seconds}
    GET     task-pace           how long the tasks to come take: the fields of `TaskPace`
    POST    task-pace           set it; fields left out are as by default
    GET     settings            {"limits": whether they are enforced, "client_check": for whom}
    POST    settings            change those given; with `limits` counting begins anew
    GET     requests            the journal, oldest first; ?model=&host=&status=&limit=
    DELETE  requests            forget them

JSON in and out. What was changed is answered with what there is now. A request that is wrong in
any part, unknown fields included, is answered with 400 and `{"error": …}` and changes nothing.

Only clients on this machine are let in, and no web page that a browser on it shows.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Annotated, Any, NamedTuple, Protocol, runtime_checkable
from urllib.parse import parse_qsl, urlsplit

import msgspec

from qwensim.errors import UsageError
from qwensim.fields import convert_fields
from qwensim.server.app import MAX_BODY, Asgi, Message, Receive, Send, read_body
from qwensim.simulator import Simulator, TaskPace
from qwensim.simulator.gate import ClientCheck
from qwensim.simulator.journal import Entry
from qwensim.simulator.replies.spec import ScriptSpec, parse_scenario

PREFIX = b"/__qwensim/"

_END_OF_TIME = dt.datetime(9999, 1, 1, tzinfo=dt.UTC).timestamp()
"""Dates of answers have four digits for the year."""


class Control:
    """Answers what lies under `PREFIX`; passes on the rest to `app`."""

    def __init__(self, simulator: Simulator, app: Asgi) -> None:
        self._simulator = simulator
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not scope["raw_path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        if body is None:
            return
        answer = self._answer(scope, body)
        content = msgspec.json.encode(answer.body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(content)),
            *answer.headers,
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Message, body: bytes) -> "_Answer":
        if not _is_local(scope):
            return _refusal(403, "for programs on this machine only, under its loopback address")
        name = scope["raw_path"].removeprefix(PREFIX).decode("ascii") or "health"
        if name not in _ROUTES:
            return _refusal(404, f"no {name!r}; there are: {', '.join(_ROUTES)}")
        methods, method = _ROUTES[name], scope["method"]
        if method not in methods:
            allowed = ", ".join(methods)
            allow = (b"allow", allowed.encode())
            return _refusal(405, f"no method {method} for {name!r}; there are: {allowed}", allow)
        if len(body) > MAX_BODY:
            return _refusal(413, f"a body may have {MAX_BODY} bytes")
        try:
            query = scope["query_string"].decode("latin-1")
            return _Answer(200, methods[method](self._simulator, _given(method, query, body)))
        except UsageError as error:
            return _refusal(400, str(error))


class _Answer(NamedTuple):
    status: int
    body: Any
    headers: tuple[tuple[bytes, bytes], ...] = ()


def _refusal(status: int, error: str, *headers: tuple[bytes, bytes]) -> _Answer:
    return _Answer(status, {"error": error}, headers)


def _is_local(scope: Message) -> bool:
    """Whether a program on this machine asks.

    A web page is told by `Origin`, or by the name of its own that it had resolved to us.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    if b"origin" in headers:
        return False
    try:
        called = urlsplit(f"//{headers.get(b'host', '')}").hostname
    except ValueError:
        return False
    return _is_loopback(scope["client"][0]) and (
        called in (None, "localhost") or _is_loopback(called)
    )


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _given(method: str, query: str, body: bytes) -> Any:
    """Return the fields of a request: a GET has them in its query, others in their body."""
    if method == "GET":
        if body:
            raise UsageError("a GET has no body")
        pairs = parse_qsl(query, keep_blank_values=True)
        fields = dict(pairs)
        if len(fields) < len(pairs):
            raise UsageError("a field stands twice in the query")
        return fields
    if query:
        raise UsageError(f"a {method} has no query, but perhaps a JSON body")
    try:
        return msgspec.json.decode(body) if body else None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is no JSON: {error}") from error


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


class _Filter(msgspec.Struct, forbid_unknown_fields=True):
    model: str | None = None
    host: str | None = None
    status: int | None = None
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None

    def fits(self, entry: Entry) -> bool:
        return (
            (self.model is None or fnmatchcase(entry.model or "", self.model))
            and (self.host is None or fnmatchcase(entry.host, self.host))
            and (self.status is None or entry.status == self.status)
        )


class _Advance(msgspec.Struct, forbid_unknown_fields=True):
    advance: Annotated[float, msgspec.Meta(ge=0)]


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    limits: bool | msgspec.UnsetType = msgspec.UNSET
    client_check: ClientCheck | msgspec.UnsetType = msgspec.UNSET


@runtime_checkable
class _Movable(Protocol):
    def advance(self, seconds: float) -> None: ...


def _expect_nothing(given: Any) -> None:
    convert_fields({} if given is None else given, _Nothing)


def _health(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    scenario = simulator.scenario
    return {
        "status": "ok",
        "scripts": len(scenario.scripts),
        "faults": len(scenario.faults),
        "requests": len(simulator.journal),
    }


def _reset(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    simulator.reset()
    return _health(simulator, None)


def _show_scripts(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    scenario = simulator.scenario
    return {
        "scripts": [ScriptSpec.of(script) for script in scenario.scripts],
        "unused": [ScriptSpec.of(script) for script in scenario.unused_scripts],
    }


def _add_scripts(simulator: Simulator, given: Any) -> Any:
    written = parse_scenario({"scripts": given if isinstance(given, list) else [given]})
    simulator.scenario.add(scripts=written.scripts)
    return _show_scripts(simulator, None)


def _drop_scripts(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    simulator.scenario.clear_scripts()
    return _show_scripts(simulator, None)


def _show_faults(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    return {"faults": simulator.scenario.faults}


def _add_faults(simulator: Simulator, given: Any) -> Any:
    written = parse_scenario({"faults": given if isinstance(given, list) else [given]})
    simulator.scenario.add(faults=written.faults)
    return _show_faults(simulator, None)


def _drop_faults(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    simulator.scenario.clear_faults()
    return _show_faults(simulator, None)


def _show_clock(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    return {"now": simulator.clock.now()}


def _advance_clock(simulator: Simulator, given: Any) -> Any:
    seconds = convert_fields(given, _Advance).advance
    clock = simulator.clock
    if not isinstance(clock, _Movable):
        raise UsageError("this clock cannot be moved: it has no advance()")
    if clock.now() + seconds >= _END_OF_TIME:
        raise UsageError(f"advance: {seconds} is beyond the year 9998")
    clock.advance(seconds)
    return _show_clock(simulator, None)


def _show_task_pace(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    return simulator.tasks.pace


def _set_task_pace(simulator: Simulator, given: Any) -> Any:
    simulator.tasks.pace = convert_fields({} if given is None else given, TaskPace)
    return _show_task_pace(simulator, None)


def _show_settings(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    return {"limits": simulator.limits, "client_check": simulator.client_check}


def _change_settings(simulator: Simulator, given: Any) -> Any:
    wanted = convert_fields(given, _Settings)
    if wanted.limits is not msgspec.UNSET:
        simulator.limits = wanted.limits
    if wanted.client_check is not msgspec.UNSET:
        simulator.client_check = wanted.client_check
    return _show_settings(simulator, None)


def _show_requests(simulator: Simulator, given: Any) -> Any:
    wanted = convert_fields(given, _Filter, strict=False)
    found = simulator.journal.matching(wanted.fits)
    return {"requests": found[-wanted.limit :] if wanted.limit else found}


def _drop_requests(simulator: Simulator, given: Any) -> Any:
    _expect_nothing(given)
    simulator.journal.clear()
    return _show_requests(simulator, {})


_ROUTES: Mapping[str, Mapping[str, Callable[[Simulator, Any], Any]]] = {
    "health": {"GET": _health},
    "reset": {"POST": _reset},
    "scripts": {"GET": _show_scripts, "POST": _add_scripts, "DELETE": _drop_scripts},
    "faults": {"GET": _show_faults, "POST": _add_faults, "DELETE": _drop_faults},
    "clock": {"GET": _show_clock, "POST": _advance_clock},
    "task-pace": {"GET": _show_task_pace, "POST": _set_task_pace},
    "settings": {"GET": _show_settings, "POST": _change_settings},
    "requests": {"GET": _show_requests, "DELETE": _drop_requests},
}
