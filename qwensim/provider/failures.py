"""What the provider raises, and how it decides which.

QwensimError
 +-- ProviderError              kind "unexpected", and any kind without a class of its own
      +-- AuthError             the key is missing, wrong, or of another plan or region
      +-- AccessError           the account may not use the model or the plan in this way
      +-- OverdueError          the account has a debt
      +-- ModelNotOnPlanError   the Coding Plan does not have the model
      +-- UnknownModelError     nobody has the model
      +-- NotFoundError         nothing answers at the address
      +-- BadRequestError       a parameter or message is refused
      |    +-- InputTooLongError
      |    +-- ModerationError  input or output was held back
      +-- RateLimitError        too much at once; passes with time
      +-- PlanQuotaError        the plan's hour, week or month is spent
      +-- ServerError           the service is broken or busy
      +-- ConnectionFailure     no answer came
      +-- TruncatedStreamError  a stream ended before its end
      +-- MalformedAnswerError  what came is not what was asked for
      +-- TaskError             a task ended without a result
           +-- UnfinishedTaskError  it takes longer than it may

Which of them an answer becomes, whether it is tried again and what is advised are rows of the
catalogue's `failure` table.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from qwensim.catalog import Catalog, Redactor
from qwensim.catalog.failures import Failures
from qwensim.errors import QwensimError
from qwensim.provider import credentials
from qwensim.provider.credentials import Credential
from qwensim.provider.endpoints import Endpoint, standard_choice
from qwensim.provider.faults import Fault
from qwensim.provider.replies import Reply

_NO_KEY = "No key was sent"
_LONGEST_MESSAGE = 1000
"""Characters; the whole error page of some proxy is no message."""


class ProviderError(QwensimError):
    """A call that failed, in the service's words and with advice. It never holds the key."""

    kind = "unexpected"

    def __init__(
        self,
        fault: Fault,
        *,
        kind: str | None = None,
        advice: str = "",
        retry: bool = False,
        partial: Reply | None = None,
    ) -> None:
        super().__init__(fault)
        self.kind = kind or self.kind
        self.message = fault.message
        """The service's words, or the transport's."""
        self.status = fault.status
        """The HTTP status, 200 for what goes wrong inside a stream; None where no answer came."""
        self.code = fault.code
        """The service's code, or one of `qwensim.provider.faults` for what the client saw."""
        self.request_id = fault.request_id
        self.task_id = fault.task_id
        """The task that failed, where the call was about one."""
        self.retry_after = fault.retry_after
        """Seconds that the service asks to wait, if it says so."""
        self.advice = advice
        self.retry = retry
        """Whether the same request may succeed later."""
        self.partial = partial
        """What had come of a stream before it failed."""

    def __str__(self) -> str:
        wait = self.retry_after and f"retry after {self.retry_after:.10g} s"
        task = self.task_id and f"task {self.task_id}"
        request = self.request_id and f"request {self.request_id}"
        told = (self.status, self.code, wait, task, request)
        facts = ", ".join(str(fact) for fact in told if fact)
        return f"{self.message.strip()} ({facts or self.kind}) {self.advice}".strip()


class AuthError(ProviderError):
    """The key is missing, wrong, or of another plan or region."""

    kind = "auth"


class AccessError(ProviderError):
    """The account may not use the model or the plan in this way."""

    kind = "access"


class OverdueError(ProviderError):
    """The account has a debt."""

    kind = "overdue"


class ModelNotOnPlanError(ProviderError):
    """The Coding Plan does not have the model."""

    kind = "model_not_on_plan"


class UnknownModelError(ProviderError):
    """The model does not exist, or not for this account."""

    kind = "unknown_model"


class NotFoundError(ProviderError):
    """Nothing answers at the address."""

    kind = "not_found"


class BadRequestError(ProviderError):
    """A parameter or a message is refused."""

    kind = "bad_request"


class InputTooLongError(BadRequestError):
    """The prompt is longer than the model takes."""

    kind = "input_too_long"


class ModerationError(BadRequestError):
    """The input or the output was held back by the service's inspection."""

    kind = "moderation"


class RateLimitError(ProviderError):
    """Too many requests or tokens at once; it passes with time."""

    kind = "rate_limit"


class PlanQuotaError(ProviderError):
    """The plan's quota of the hour, week or month is spent."""

    kind = "plan_quota"


class ServerError(ProviderError):
    """The service is broken or busy."""

    kind = "server"


class ConnectionFailure(ProviderError):  # noqa: N818 - `ConnectionError` is a builtin
    """No answer came, or not in time."""

    kind = "connection"


class TruncatedStreamError(ProviderError):
    """A stream ended without a finish reason; `partial` holds what had come."""

    kind = "truncated"


class MalformedAnswerError(ProviderError):
    """What came is not what was asked for."""

    kind = "malformed"


class TaskError(ProviderError):
    """A task ended without a result: it failed, was cancelled, or is not known any more."""

    kind = "task"


class UnfinishedTaskError(TaskError):
    """A task takes longer than the caller allows; it goes on."""

    kind = "unfinished"


_CLASSES: Mapping[str, type[ProviderError]] = {
    error.kind: error
    for error in (
        AuthError,
        AccessError,
        OverdueError,
        ModelNotOnPlanError,
        UnknownModelError,
        NotFoundError,
        BadRequestError,
        InputTooLongError,
        ModerationError,
        RateLimitError,
        PlanQuotaError,
        ServerError,
        ConnectionFailure,
        TruncatedStreamError,
        MalformedAnswerError,
        TaskError,
        UnfinishedTaskError,
    )
}


class Classifier:
    """Judges the faults of one endpoint and key by the rows of the catalogue."""

    def __init__(self, catalog: Catalog, endpoint: Endpoint, credential: Credential) -> None:
        self._failures = Failures(catalog)
        self._endpoint = endpoint
        self._key = credential.key
        self._redactor = Redactor(catalog)
        plan = credentials.plan_of(catalog, credential.key)
        self._key_plan = plan.id if plan else None
        self._names = _names(catalog, endpoint, credential)

    def error(
        self, fault: Fault, *, model: str = "", partial: Reply | None = None
    ) -> ProviderError:
        """Return the exception to raise for a fault, clean of the key wherever it was echoed."""
        row = self._failures.find(
            status=fault.status,
            code=fault.code,
            message=fault.message,
            plan=self._endpoint.plan,
            key_plan=self._key_plan,
            task=fault.task_id is not None,
        )
        names = {**self._names, "model": model or "the model"}
        clean = replace(
            fault,
            message=self.redacted(fault.message)[:_LONGEST_MESSAGE],
            code=fault.code and self.redacted(fault.code),
            request_id=fault.request_id and self.redacted(fault.request_id),
        )
        return _CLASSES.get(row.kind, ProviderError)(
            clean,
            kind=row.kind,
            advice=self.redacted(_filled(row.advice, names)),
            retry=row.retry,
            partial=partial,
        )

    def redacted(self, text: str) -> str:
        """Return the text without the key or anything like one."""
        return self._redactor.text(text, secrets=(self._key,))


def _names(catalog: Catalog, endpoint: Endpoint, credential: Credential) -> dict[str, str]:
    """Return what an advice can name, but for the model."""
    plan = credentials.plan_of(catalog, credential.key)
    shape = f"a {plan.title} key" if plan else "no key of the service"
    key = f"The key came from {credential.source} and is {shape}" if credential.key else _NO_KEY
    names = {"endpoint": endpoint.base_url, "key": key}
    if endpoint.region is not None:
        names["auth_choice"], names["base_url"] = standard_choice(catalog, endpoint.region)
    return names


def _filled(template: str, names: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], found[0]), template)
