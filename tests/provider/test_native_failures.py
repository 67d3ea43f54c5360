"""The refusals of the native API and of tasks: the same classes as on the compatible surface."""

import pytest

from qwensim.catalog import load
from qwensim.catalog.rows import ErrorRow
from qwensim.provider import BadRequestError, ModerationError, ProviderError, ServerError
from qwensim.provider.credentials import Credential
from qwensim.provider.endpoints import resolve
from qwensim.provider.failures import Classifier
from qwensim.provider.faults import Fault

CATALOG = load()
JUDGE = Classifier(
    CATALOG,
    resolve(CATALOG, auth_choice="qwen-standard-api-key"),
    Credential(key="sk-abcdefgh1234", source="api_key"),
)
SHARED = [
    name
    for name, row in CATALOG.errors.items()
    if row.wire == "compatible" and name != "model-not-compatible"
]
FAILURES = [row for name, row in CATALOG.errors.items() if name.startswith("task-failed-")]


def judged(row: ErrorRow, *, task_id: str | None = None) -> ProviderError:
    fault = Fault(message=row.message, status=row.status, code=row.code, task_id=task_id)
    return JUDGE.error(fault)


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("wire", ["native", "tasks"])
def test_a_refusal_is_the_same_error_on_every_wire(wire: str, name: str) -> None:
    told = judged(CATALOG.errors_on[wire][name])
    compatible = judged(CATALOG.errors[name])
    assert (type(told), told.retry) == (type(compatible), compatible.retry)


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row.id)
def test_a_failure_on_record_tells_what_to_do(row: ErrorRow) -> None:
    error = judged(row, task_id="t1")
    assert type(error) in {BadRequestError, ModerationError, ServerError}
    assert error.advice
    assert error.task_id == "t1"
