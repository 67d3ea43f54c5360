"""The task service: how a task is, which there are, and an end to one that has not begun."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from math import inf
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import HostRow
from qwensim.exchange import Chunk, Head
from qwensim.simulator import headers
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.assets import Content, Storage
from qwensim.simulator.clock import BEIJING
from qwensim.simulator.refusals import Refused
from qwensim.simulator.tasks import Failure, Link, Order, Owner, Sight, TaskBook

_TYPE = "application/json;charset=UTF-8"

_PAGE_SIZE = 10
_NUMBER = re.compile(r"[0-9]{1,9}")
_MOMENT = re.compile(r"[0-9]{14}")
_MILLISECONDS = re.compile(r"[0-9]{13}")


def owner_of(call: Call) -> Owner:
    """Return whose tasks a call is about: they belong to a key and stay on its host."""
    authorization = call.request.header("authorization") or ""
    key = authorization.strip().partition(" ")[2].strip()
    return hashlib.blake2b(f"{call.host.name} {key}".encode(), digest_size=16).digest()


def link_of(catalog: Catalog, storage: Storage, call: Call, *, stored: float) -> Link:
    """Return what stores contents of that moment where a call can download them."""

    def link(name: str, content: Content) -> str:
        host = catalog.result_host(call.host.region)
        asset = storage.store(content, host=host.name, name=name, stored=stored)
        return storage.address(asset, gateway=call.request.gateway)

    return link


def counted(usage: Mapping[str, Any]) -> dict[str, int]:
    """Return the counts of a usage object, as the journal keeps them."""
    return {name: int(value) for name, value in usage.items() if _is_count(value)}


class TaskSurface:
    """GET /api/v1/tasks/{id}."""

    def __init__(self, catalog: Catalog, *, book: TaskBook, storage: Storage) -> None:
        self._catalog = catalog
        self._book = book
        self._storage = storage

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        task_id = unquote(call.path_values["task_id"])
        sight = self._book.poll(task_id, owner_of(call), call.arrived)
        if sight is None:
            return _answer(call, {"output": {"task_id": task_id, "task_status": "UNKNOWN"}})
        order = sight.task.order
        call.model, call.script = order.model, order.script
        output: dict[str, Any] = {"task_id": task_id, "task_status": sight.state}
        if sight.state not in ("SUCCEEDED", "FAILED"):
            return _answer(call, {"output": output | _times(sight) | _metrics(order)})
        if isinstance(order.end, Failure):
            output |= {"code": order.end.code, "message": order.end.message}
            output |= _times(sight) | _metrics(order, failed=order.parts)
            return _answer(call, {"output": output}, error=order.end.error)
        link = link_of(self._catalog, self._storage, call, stored=sight.ended or 0.0)
        result = order.end.result(task_id, link)
        output |= {**_times(sight), **result.output}
        output |= _metrics(order, made=(order.parts or 0) - result.failed, failed=result.failed)
        return _answer(call, {"output": output, "usage": result.usage}, usage=counted(result.usage))


class TaskListSurface:
    """GET /api/v1/tasks, by filters and in pages, the newest first."""

    def __init__(self, book: TaskBook) -> None:
        self._book = book

    def answer(self, call: Call) -> Answer:
        """Answer a call. As the service does not tell, a filter that makes no sense is left out."""
        query = dict(parse_qsl(call.request.query))
        sights = self._book.of(owner_of(call), call.arrived)
        found = [sight for sight in sights if _fits(sight, query)]
        size, page = _number(query, "page_size", _PAGE_SIZE), _number(query, "page_no", 1)
        shown = found[(page - 1) * size : page * size]
        body = {
            "total": len(found),
            "data": [_listed(sight, call.host) for sight in shown],
            "total_page": -(-len(found) // size),
            "page_no": page,
            "request_id": call.identity.request_id,
            "page_size": size,
        }
        return _written(call, body)


class TaskCancelSurface:
    """POST /api/v1/tasks/{id}/cancel."""

    def __init__(self, book: TaskBook) -> None:
        self._book = book

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise `Refused`."""
        task_id = unquote(call.path_values["task_id"])
        if not self._book.cancel(task_id, owner_of(call), call.arrived):
            raise Refused("task-not-pending")
        return _answer(call, {})


def _answer(
    call: Call,
    body: Mapping[str, Any],
    *,
    usage: dict[str, int] | None = None,
    error: str | None = None,
) -> Answer:
    state = body.get("output", {}).get("task_status")
    body = {"request_id": call.identity.request_id, **body}
    return msgspec.structs.replace(_written(call, body, usage=usage, error=error), task=state)


def _written(
    call: Call,
    body: Mapping[str, Any],
    *,
    usage: dict[str, int] | None = None,
    error: str | None = None,
) -> Answer:
    return Answer(
        content_type=_TYPE,
        head=Head(
            status=200, headers=headers.task_service(content_type=_TYPE, arrived=call.arrived)
        ),
        events=iter((Chunk(data=msgspec.json.encode(body)),)),
        usage=usage,
        error=error,
    )


def _times(sight: Sight) -> dict[str, str]:
    """Return the moments of a task that have come."""
    moments = {
        "submit_time": sight.task.submitted,
        "scheduled_time": sight.scheduled,
        "end_time": sight.ended,
    }
    return {name: _local(moment) for name, moment in moments.items() if moment is not None}


def _metrics(order: Order, *, made: int = 0, failed: int | None = 0) -> dict[str, Any]:
    """Return how many parts have come out, where tasks tell it."""
    if order.parts is None:
        return {}
    return {"task_metrics": {"TOTAL": order.parts, "SUCCEEDED": made, "FAILED": failed}}


def _local(moment: float) -> str:
    """Return a moment as tasks tell it."""
    local = dt.datetime.fromtimestamp(moment, BEIJING)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d}"


def _listed(sight: Sight, host: HostRow) -> dict[str, Any]:
    """Return a task as lists show it."""
    task = sight.task
    number = int.from_bytes(task.owner[:7])
    listed = {
        "api_key_id": str(number % 10**6),
        "caller_parent_id": f"{number % 10**16:016d}",
        "caller_uid": f"{number % 10**16:016d}",
        "end_time": _milliseconds(sight.ended),
        "gmt_create": _milliseconds(task.submitted),
        "model_name": task.order.model,
        "region": host.cloud_region,
        "request_id": task.request_id,
        "start_time": _milliseconds(sight.scheduled),
        "status": sight.state,
        "task_id": task.id,
        "user_api_unique_key": f"apikey:v1:{task.order.function}:{task.order.model}",
    }
    return {name: value for name, value in listed.items() if value is not None}


def _milliseconds(moment: float | None) -> int | None:
    return None if moment is None else int(moment * 1000)


def _fits(sight: Sight, query: Mapping[str, str]) -> bool:
    """Return whether a task is among those that a list is asked for."""
    task = sight.task
    seen = {"status": sight.state, "model_name": task.order.model, "task_id": task.id}
    if any(query.get(name) not in (None, "", value) for name, value in seen.items()):
        return False
    start = _moment(query.get("start_time", ""), -inf)
    return start <= task.submitted <= _moment(query.get("end_time", ""), inf)


def _moment(text: str, default: float) -> float:
    """Return a moment as lists are asked for it: YYYYMMDDhhmmss or milliseconds."""
    if _MILLISECONDS.fullmatch(text):
        return int(text) / 1000
    if not _MOMENT.fullmatch(text):
        return default
    try:
        return dt.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING).timestamp()
    except ValueError:
        return default


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    return (int(text) if _NUMBER.fullmatch(text) else 0) or default


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
