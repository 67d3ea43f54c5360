"""Takes orders for what tasks make: what videos and images have in common."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from qwensim.catalog import Catalog
from qwensim.catalog.rows import ModelRow
from qwensim.exchange import Chunk
from qwensim.simulator import headers, refusals
from qwensim.simulator.answers import Answer, Call
from qwensim.simulator.faults import error_of
from qwensim.simulator.media.sources import Sources
from qwensim.simulator.media.uploads import Uploads
from qwensim.simulator.parameters import shown
from qwensim.simulator.refusals import Refused
from qwensim.simulator.replies.reply import Ask
from qwensim.simulator.replies.scripts import Script, ScriptQueue
from qwensim.simulator.surfaces.availability import body_of, model_of
from qwensim.simulator.surfaces.tasks import owner_of
from qwensim.simulator.tasks import Failure, Order, Task, TaskBook, Work

_TIMEOUT = (("x-dashscope-timeout", "298"),)
"""Recorded in Dec 2025 and Jan 2026 (alibaba/loongsuite-python-agent)."""

_PARTS = "images"
"""The value of a script that says how many of several results fail with its error."""


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose form is right."""

    model: ModelRow
    input: dict[str, Any]
    parameters: dict[str, Any]


def read_order(
    catalog: Catalog, call: Call, *, surface: str, serves: Callable[[ModelRow], bool]
) -> Ordered:
    """Return the order of a call, or raise `Refused`; `serves` tells the models of the path.

    One order of checks, the first failure answers: JSON, model, availability and account state,
    path, `X-DashScope-Async`, input.
    """
    body = body_of(call)
    model = model_of(catalog, call, surface=surface, otherwise="native-url-error")
    if not serves(model):
        raise Refused("native-url-error")
    if (call.request.header("x-dashscope-async") or "").lower() != "enable":
        raise Refused("native-sync")
    given, parameters = body.get("input"), body.get("parameters")
    if not isinstance(given, dict):
        raise Refused("native-input-empty")
    if not isinstance(parameters, dict | None):
        raise Refused("body-invalid")
    return Ordered(model=model, input=given, parameters=parameters or {})


def sources_of(catalog: Catalog, call: Call, uploads: Uploads) -> Sources:
    """Return what finds the pictures, videos and sounds of a call."""
    resolves = call.request.header("x-dashscope-ossresourceresolve") or ""
    return Sources(
        plan=catalog.plans[call.host.plan],
        pictures=catalog.pictures,
        uploads=uploads,
        resolves_uploads=resolves.lower() == "enable",
    )


class Orders:
    """Makes tasks of orders, as scripts have them end."""

    def __init__(self, catalog: Catalog, *, book: TaskBook, scripts: ScriptQueue) -> None:
        self._catalog = catalog
        self._book = book
        self._scripts = scripts

    def scripted(self, call: Call, prompt: Any) -> tuple[Refused | None, int | None]:
        """Return the error with which the script of a call has it end, and for how many parts.

        The script is taken; None for a call that ends well, and None parts for all of them.
        """
        call.script = script = self._scripts.take(_ask(call, prompt), spoken=False)
        parts = script.values.get(_PARTS) if script is not None else None
        return _error_in(script), parts if isinstance(parts, int) and parts > 0 else None

    def place(
        self,
        call: Call,
        *,
        prompt: Any,
        limit: int,
        work: Callable[[], Work],
        parts: int | None = None,
    ) -> Answer:
        """Begin a task and tell of it, or raise `Refused` where a script has it not begin.

        `work` makes what is to be done, or raises `Refused`; then the task fails. `limit` and
        `parts` are those of `Order`.
        """
        refused, spoiled = self.scripted(call, prompt)
        if refused is not None and self._catalog.errors[refused.error].wire != "tasks":
            raise refused
        end: Work | Failure
        try:
            end = work()
        except Refused as found:
            end = self.failure(call, found, at_once=True)
        if refused is not None:
            failure = self.failure(call, refused, at_once=False)
            if isinstance(end, Failure) or spoiled is None:
                end = failure
            else:
                end = end.spoiled(failure, spoiled)
        task = Task(
            id=call.identity.task_id,
            owner=owner_of(call),
            order=Order(
                model=call.model or "",
                function=":".join(call.request.path.strip("/").split("/")[-3:]),
                limit=limit,
                end=end,
                parts=parts,
                script=_kept(call.script),
            ),
            request_id=call.identity.request_id,
            submitted=call.arrived,
        )
        self._book.submit(task)
        return _taken(call, task)

    def failure(self, call: Call, refused: Refused, *, at_once: bool) -> Failure:
        """Return a failed check as tasks tell it."""
        row = self._catalog.errors_on["tasks"][refused.error]
        message = refusals.worded(row, refused, call.host)
        return Failure(error=refused.error, code=row.code or "", message=message, at_once=at_once)


def _error_in(script: Script | None) -> Refused | None:
    if script is None:
        return None
    if script.error is not None:
        return Refused(script.error, **script.values)
    if script.fault is not None and script.fault.kind == "error":
        return error_of(script.fault)
    return None


def _kept(script: Script | None) -> Script | None:
    """Return a script without its fault, which met the request and no later one."""
    return None if script is None else msgspec.structs.replace(script, fault=None)


def _ask(call: Call, prompt: Any) -> Ask:
    return Ask(
        host=call.host.name,
        model=call.model or "",
        body=call.body,
        key=hashlib.blake2b(shown(call.body).encode(), digest_size=16).digest(),
        last_user=prompt if isinstance(prompt, str) else "",
        user_spoke_last=True,
    )


def _taken(call: Call, task: Task) -> Answer:
    body = {
        "request_id": call.identity.request_id,
        "output": {"task_id": task.id, "task_status": "PENDING"},
    }
    return Answer(
        content_type=headers.JSON_TYPE,
        events=iter((Chunk(data=msgspec.json.encode(body)),)),
        extra=_TIMEOUT,
    )
