"""What a provider reads in the answers that it gets."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import httpx2

from qwensim.provider import downloads, faults, wire
from qwensim.provider.calls import Calls
from qwensim.provider.failures import ProviderError
from qwensim.provider.images import Images
from qwensim.provider.replies import Reply
from qwensim.provider.requests import Call
from qwensim.provider.tasks import POLL_INTERVAL, Task
from qwensim.provider.transcript import Transcript
from qwensim.provider.vectors import Embeddings, Ranking

_T = TypeVar("_T")

# The SDK is asked for decoded JSON, not for its models: these know neither `enable_thinking` nor
# `reasoning_content`, and building one costs five times as much as the rest of a chunk.


class Answers(Calls):
    """Reads answers; raises `ProviderError` for those that tell of an error or make no sense."""

    def _transcript(self, response: httpx2.Response, call: Call) -> Transcript:
        return Transcript(
            self._judge(call),
            model=call.model,
            request_id=faults.request_id(response),
            reasoning_back=self._reasoning_back(call),
        )

    def _reply(self, response: httpx2.Response, call: Call) -> Reply:
        body = self._decoded(response, call)
        reply = Reply.from_wire(
            body,
            request_id=faults.request_id(response),
            reasoning_back=self._reasoning_back(call),
        )
        return self._checked(reply, response, call)

    def _reasoning_back(self, call: Call) -> bool:
        """Tell whether the model is to see its reasoning again."""
        row = self._catalog.models.get(call.model)
        return row is not None and row.reasoning_back

    def _model_ids(self, response: httpx2.Response, call: Call) -> tuple[str, ...]:
        body = self._decoded(response, call)
        ids = (wire.text(wire.mapping(row).get("id")) for row in wire.items(body.get("data")))
        return tuple(filter(None, ids))

    def _embeddings(self, response: httpx2.Response, call: Call) -> Embeddings:
        body = self._decoded(response, call)
        found = Embeddings.from_wire(body, rows=call.rows, request_id=faults.request_id(response))
        return self._checked(found, response, call)

    def _ranking(self, response: httpx2.Response, call: Call) -> Ranking:
        body = self._decoded(response, call)
        found = Ranking.from_wire(body, rows=call.rows, request_id=faults.request_id(response))
        return self._checked(found, response, call)

    def _images(self, response: httpx2.Response, call: Call) -> Images:
        body = self._decoded(response, call)
        found = Images.from_wire(body, request_id=faults.request_id(response))
        return self._checked(found, response, call)

    def _task(self, response: httpx2.Response, call: Call) -> Task:
        body = self._decoded(response, call)
        task = Task.from_wire(body, request_id=faults.request_id(response))
        return self._checked(task, response, call)

    def _result(self, task: Task, call: Call, read: Callable[[Task], _T | None]) -> _T | None:
        """Return the result of a task, or None as long as it goes on; raises if it has failed."""
        fault = task.failure
        if fault is None and task.state == "SUCCEEDED":
            if (found := read(task)) is not None:
                return found
            fault = task.fault("the task succeeded without a result", faults.ANSWER_MALFORMED)
        if fault is not None:
            raise self._error(fault, call)
        return None

    def _pause(self, task: Task, call: Call, deadline: float) -> float:
        """Return the seconds until the next question; raises if that is too late."""
        if self._clock() + POLL_INTERVAL > deadline:
            words = f"the task is still {task.state} at the end of the time allowed"
            raise self._error(task.fault(words, faults.TASK_UNFINISHED), call)
        return POLL_INTERVAL

    def _some(self, images: Images, call: Call) -> Images:
        """Return images of which one has come at least; raises the first failure if none has."""
        if (fault := images.failure) is not None:
            raise self._error(fault, call)
        return images

    def _judge_download(self, response: httpx2.Response, call: Call) -> None:
        if (fault := downloads.fault_of(response)) is not None:
            raise self._error(fault, call)

    def _decoded(self, response: httpx2.Response, call: Call) -> Mapping[str, Any]:
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        if (fault := faults.of_body(body)) is not None:
            raise self._error(
                replace(
                    fault,
                    status=response.status_code,
                    request_id=faults.request_id(response) or fault.request_id,
                ),
                call,
            )
        if not isinstance(body, Mapping):
            raise self._malformed(response, call)
        return body

    def _checked(self, found: _T | None, response: httpx2.Response, call: Call) -> _T:
        """Return what was read of an answer; raises if nothing could be."""
        if found is None:
            raise self._malformed(response, call)
        return found

    def _malformed(self, response: httpx2.Response, call: Call) -> ProviderError:
        fault = faults.Fault(
            message=f"the answer is not what was asked for: {response.text}",
            status=response.status_code,
            code=faults.ANSWER_MALFORMED,
            request_id=faults.request_id(response),
        )
        return self._error(fault, call)
